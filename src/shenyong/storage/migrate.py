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
LOCK = 0x5359_0001  # one migration at a time, whoever starts it


class SchemaError(RuntimeError):
    """The database's schema is not one that this version can use. Says what to do."""


class NewerSchemaError(SchemaError):
    """The database was brought up by a newer version of this program."""


def engine_for(dsn: str) -> Engine:
    """A SQLAlchemy engine for a ``postgresql://`` address, through psycopg 3."""
    return create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1))


def config_of() -> Config:
    """Alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(config_of()).get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this code has the migration that leads to a revision."""
    scripts = ScriptDirectory.from_config(config_of())
    return revision in {each.revision for each in scripts.walk_revisions()}


def refuse_newer(revision: str | None) -> None:
    """Raise NewerSchemaError for a revision that this code doesn't know."""
    if revision is not None and not knows(revision):
        raise NewerSchemaError(
            f"資料庫結構 {revision} 比本版程式新，請改用較新的版本。"
            f" The database's schema {revision} is newer than this program; use a newer version."
        )


def check(connection: Connection) -> None:
    """Raise SchemaError unless the database is exactly at the revision of this code."""
    found, needed = current(connection), head()
    if found == needed:
        return
    refuse_newer(found)
    raise SchemaError(
        "資料庫結構尚未更新，請先執行 shenyong migrate。"
        " The database's schema is not up to date; run `shenyong migrate` first."
    )


def migrate(dsn: str) -> tuple[str | None, str]:
    """Bring the database to this code's revision. Returns the revisions before and after.

    It is one transaction: killed half-way, it has changed nothing, and the next run begins anew.

    Raises:
        NewerSchemaError: the database is newer than this code.
    """
    engine = engine_for(dsn)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        before = current(connection)
        refuse_newer(before)
        config = config_of()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = current(connection)
    engine.dispose()
    assert after is not None
    return before, after


def dry_run(since: str | None = None) -> str:
    """The SQL that brings a database at revision `since` (None: an empty one) to this code's.

    Raises:
        NewerSchemaError: `since` is newer than this code.
    """
    refuse_newer(since)
    buffer = io.StringIO()
    config = config_of()
    config.attributes["buffer"] = buffer
    command.upgrade(config, "head" if since is None else f"{since}:head", sql=True)
    return buffer.getvalue()
