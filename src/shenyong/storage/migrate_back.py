"""One version back, for a program that has to be put back too; what that would lose is counted.

What a migration added, its way back removes. Where that holds rows, or values other than the
default, the way back loses them, so it is refused until the operator has been told and says so. The
ledger is never lost by it. A migration that only moves rows on its way back (from one shape of a
table into another) names the tables in ``KEEPS``: removing their old shape loses nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import msgspec
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from shenyong.storage.ledger import WORKER_LOCK
from shenyong.storage.migrate import LOCK, config_of, current, engine_for, refuse_newer
from shenyong.storage.migrate_effects import Effect, effects

NEVER = frozenset({"ledger_head", "ledger_entry", "ledger_tile", "ledger_checkpoint"})
"""Tables whose rows no way back may remove."""
_GATEWAYS = """
SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
WHERE locktype = 'advisory' AND classid = :lock AND objsubid = 2 AND granted
  AND d.datname = current_database()
"""


class Loss(msgspec.Struct, frozen=True):
    """Rows that would be gone with a table, or values with a column."""

    table: str
    rows: int
    column: str = ""


class BackError(RuntimeError):
    """It can't go back; nothing was changed. `code` says why:

    ``nothing`` (there is no earlier version), ``one_way`` (this migration has no way back),
    ``gateway`` (one is running), ``loss`` (something would be lost), ``ledger`` (entries would be).
    """

    def __init__(self, code: str, losses: tuple[Loss, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.losses = code, losses


class Way(msgspec.Struct, frozen=True):
    """The way back: between which revisions, by which SQL, with which effects and losses."""

    before: str
    after: str
    sql: str
    effects: list[Effect]
    losses: tuple[Loss, ...]


def way_back(dsn: str) -> Way:
    """What `back` would do. Raises BackError, NewerSchemaError."""
    engine = engine_for(dsn)
    try:
        with engine.connect() as connection:
            return _way(connection)
    finally:
        engine.dispose()


def back(dsn: str, *, lose: bool = False) -> Way:
    """Bring the database one version back, in one transaction. `lose` accepts the losses.

    Raises:
        BackError: it can't, or something would be lost.
        NewerSchemaError: the database is newer than this code: go back with that version.
    """
    engine = engine_for(dsn)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            if connection.execute(text(_GATEWAYS), {"lock": WORKER_LOCK}).scalar():
                raise BackError("gateway")
            way = _way(connection)
            if any(each.table in NEVER for each in way.losses):
                raise BackError("ledger", way.losses)
            if way.losses and not lose:
                raise BackError("loss", way.losses)
            config = config_of()
            config.attributes["connection"] = connection
            command.downgrade(config, "-1")
            return way
    finally:
        engine.dispose()


def _way(connection: Connection) -> Way:
    before = current(connection)
    refuse_newer(before)
    script = ScriptDirectory.from_config(config_of()).get_revision(before) if before else None
    after = script.down_revision if script is not None else None
    if script is None or not isinstance(after, str):
        raise BackError("nothing")
    buffer = io.StringIO()
    config = config_of()
    config.attributes["buffer"] = buffer
    try:
        command.downgrade(config, f"{before}:{after}", sql=True)
    except NotImplementedError:
        raise BackError("one_way") from None
    found = effects(buffer.getvalue())
    keeps = frozenset(getattr(script.module, "KEEPS", ()))
    losses = tuple(each for each in _losses(connection, found) if each.table not in keeps)
    return Way(str(before), after, buffer.getvalue(), found, losses)


def _losses(connection: Connection, found: list[Effect]) -> Iterator[Loss]:
    removed = {each.name for each in found if each.code == "table_removed"}
    for table in sorted(removed):
        rows = _count(connection, f'SELECT count(*) FROM "{table}"')  # noqa: S608
        if rows:
            yield Loss(table, rows)
    for each in found:
        if each.code == "column_removed" and each.name not in removed:
            default = connection.execute(
                text(
                    "SELECT column_default FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name = :table AND column_name = :name"
                ),
                {"table": each.name, "name": each.column},
            ).scalar()
            rows = _count(
                connection,
                f'SELECT count(*) FROM "{each.name}" '  # noqa: S608 - names of our own migrations
                f'WHERE "{each.column}" IS DISTINCT FROM {default or "NULL"}',
            )
            if rows:
                yield Loss(each.name, rows, each.column)


def _count(connection: Connection, query: str) -> int:
    return int(connection.exec_driver_sql(query).scalar() or 0)
