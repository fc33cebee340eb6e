"""Bringing a database to the schema that this code knows, and refusing one that is newer."""

from __future__ import annotations

import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

_HERE = Path(__file__).parent / "migrations"
_LOCK = 0x5359_0001  # one migration at a time, whoever starts it


class SchemaError(RuntimeError):
    """The database's schema is not one that this version can use. Says what to do."""


def engine_for(dsn: str) -> Engine:
    """A SQLAlchemy engine for a ``postgresql://`` address, through psycopg 3."""
    return create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def check(connection: Connection) -> None:
    """Raise SchemaError unless the database is exactly at the revision of this code."""
    found, needed = current(connection), head()
    if found == needed:
        return
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(
            f"資料庫結構 {found} 比本版程式新，請改用較新的版本。"
            f" The database's schema {found} is newer than this program; use a newer version."
        )
    raise SchemaError(
        "資料庫結構尚未更新，請先執行 shenyong migrate。"
        " The database's schema is not up to date; run `shenyong migrate` first."
    )


def migrate(dsn: str) -> tuple[str | None, str]:
    """Bring the database to this code's revision. Returns the revisions before and after.

    Raises:
        SchemaError: the database is newer than this code.
    """
    engine = engine_for(dsn)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = current(connection)
        if before is not None and before != head():
            try:
                check(connection)
            except SchemaError as error:
                if "newer" in str(error):
                    raise
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = current(connection)
    engine.dispose()
    assert after is not None
    return before, after


def dry_run() -> str:
    """The SQL that brings an empty database to this code's revision."""
    buffer = io.StringIO()
    config = _config()
    config.attributes["buffer"] = buffer
    command.upgrade(config, "head", sql=True)
    return buffer.getvalue()
