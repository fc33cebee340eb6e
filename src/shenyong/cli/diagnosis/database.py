"""PostgreSQL as it answers: whether it keeps what it acknowledges, and has our schema."""

from __future__ import annotations

import time
from collections.abc import Iterator

from shenyong.cli.diagnosis.found import Fault, Look, Place

_KEEPING = ("fsync", "synchronous_commit", "full_page_writes")
_TESTED = 18
_SKEW = 5.0
_EACH_WORKER = 12
"""Connections that a worker holds at most: ledger, checkpoints, registry, pages, listening."""
_RIGHTS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
  AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
           AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
ORDER BY 1
"""
_INVALID = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND NOT i.indisvalid
"""
_IDLE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%%'
  AND state_change < now() - interval '10 minutes'
"""


def durability(at: Place) -> Iterator[Fault]:
    """What was acknowledged is on the disk."""
    for name in _KEEPING:
        if at.one("SELECT current_setting(%s)", name) == "off":
            mend = f"psql -c 'ALTER SYSTEM SET {name} = on' -c 'SELECT pg_reload_conf()'"
            yield Fault("durability_off", mend, f"{name} = off")


def read_only(at: Place) -> Iterator[Fault]:
    """It takes writes: it is no standby, and isn't set to read only."""
    if at.one("SELECT pg_is_in_recovery()"):
        yield Fault("database_standby", "pg_ctl promote", "pg_is_in_recovery()")
    # Our own line is read only; what others get is the database's or the role's setting.
    elif at.one(
        "SELECT count(*) FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase"
        " LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(setconfig) AS line"
        " WHERE line = 'default_transaction_read_only=on'"
        " AND (d.datname IS NULL OR d.datname = current_database())"
        " AND (r.rolname IS NULL OR r.rolname = current_user)"
    ):
        mend = "psql -c 'ALTER DATABASE shenyong RESET default_transaction_read_only'"
        yield Fault("database_read_only", mend, "default_transaction_read_only")


def connections(at: Place) -> Iterator[Fault]:
    """There are connections for all workers."""
    have = int(at.one("SELECT current_setting('max_connections')"))
    wanted = at.settings.server.workers * _EACH_WORKER + 10
    if have < wanted:
        mend = f"psql -c 'ALTER SYSTEM SET max_connections = {2 * wanted}'"
        yield Fault("connections_few", mend, str(have), {"wanted": wanted})


def encoding(at: Place) -> Iterator[Fault]:
    """It keeps Chinese."""
    found = at.one("SELECT current_setting('server_encoding')")
    if found != "UTF8":
        yield Fault("database_encoding", "createdb -E UTF8 -T template0 shenyong", str(found))


def release(at: Place) -> Iterator[Fault]:
    """It is the release that is tested."""
    found = at.connection.info.server_version // 10_000
    if found != _TESTED:
        mend = f"pg_upgrade  # {_TESTED}"
        yield Fault("server_untested", mend, str(found), {"tested": _TESTED}, advice=True)


def superuser(at: Place) -> Iterator[Fault]:
    """In a server of your own, the gateway is nobody special."""
    if not at.settings.database.data_dir and at.one(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ):
        yield Fault("role_superuser", "createuser --no-superuser shenyong", advice=True)


def clock(at: Place) -> Iterator[Fault]:
    """The database's clock and ours agree."""
    began = time.time()
    theirs = float(at.one("SELECT extract(epoch FROM clock_timestamp())"))
    ours = (began + time.time()) / 2
    if abs(theirs - ours) > _SKEW:
        yield Fault("clock_differs", "chronyc makestep", f"{theirs - ours:+.0f} s")


def held(at: Place) -> Iterator[Fault]:
    """Nobody forgot an open transaction, which keeps old rows from being cleared away."""
    if at.one(_IDLE):
        mend = "psql -c \"SELECT pid, query FROM pg_stat_activity WHERE state LIKE 'idle in %'\""
        yield Fault("transaction_forgotten", mend, str(at.one(_IDLE)), advice=True)


def revision(at: Place) -> Iterator[Fault]:
    """The schema is that of this program."""
    from shenyong.storage.migrate import head, knows

    there = at.one("SELECT to_regclass('public.alembic_version')")
    found = at.one("SELECT version_num FROM alembic_version") if there else None
    if found is None:
        yield Fault("schema_none", f"shenyong migrate {at.file}")
    elif not knows(found):
        yield Fault("schema_newer", "pip install --upgrade shenyong", found)
    elif found != head():
        yield Fault("schema_old", f"shenyong migrate {at.file}", f"{found} < {head()}")


def schema(at: Place) -> Iterator[Fault]:
    """The tables are as the migrations made them."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from shenyong.storage.migrate import engine_for
    from shenyong.storage.tables import metadata

    engine = engine_for(at.dsn)
    try:
        with engine.connect() as connection:
            found = compare_metadata(MigrationContext.configure(connection), metadata)
    finally:
        engine.dispose()
    if found:
        newest = at.settings.backup.folder or "BACKUP"
        yield Fault("schema_differs", f"shenyong restore {newest} --verify",
                    ", ".join(sorted({_named(each) for each in found})[:5]))  # fmt: skip


def _named(change: object) -> str:
    """``add_column key_use.tokens`` and the like."""
    first = change[0] if isinstance(change, list) else change
    assert isinstance(first, tuple)
    parts = [str(getattr(each, "name", each)) for each in first[1:] if each is not None]
    return f"{first[0]} {'.'.join(parts[:2])}"


def indexes(at: Place) -> Iterator[Fault]:
    """No index is half made."""
    for (name,) in at.rows(_INVALID):
        yield Fault("index_invalid", f"psql -c 'REINDEX INDEX {name}'", name)


def rights(at: Place) -> Iterator[Fault]:
    """The role may read and write every table."""
    closed = [name for (name,) in at.rows(_RIGHTS)]
    if closed:
        mend = (
            "psql -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public "
            "TO shenyong'"
        )
        yield Fault("rights_missing", mend, ", ".join(closed[:5]))


LOOKS: tuple[Look, ...] = (
    durability, read_only, connections, encoding, release, superuser, clock, held,
)  # fmt: skip
SCHEMA: tuple[Look, ...] = (revision,)
TABLES: tuple[Look, ...] = (schema, indexes, rights)
