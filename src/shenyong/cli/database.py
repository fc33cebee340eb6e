"""The database that the settings name: an address, or the embedded server while it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from shenyong.cli.output import Misused, Unavailable
from shenyong.cli.words import say
from shenyong.settings import Settings, secret


@contextmanager
def opened(
    settings: Settings, *, migrate: bool = False, owner: bool = False, schema: bool = True
) -> Iterator[Settings]:
    """The settings with ``database.dsn`` set to a server that answers.

    An embedded server is started, and stopped at the end; one that runs already belongs to a
    gateway that serves, and is left running, unless the caller is its `owner`. With `migrate`, its
    schema is brought up to date; without, a schema that isn't stops the command, unless `schema`
    is false: then it is the caller's to look at.

    Raises:
        Misused: the settings name no database.
        Unavailable: it does not start or answer, or its schema is another version's.
    """
    if settings.database.data_dir:
        runtime_folder(Path(settings.database.data_dir).parent)
    import psycopg
    from sqlalchemy.exc import SQLAlchemyError

    from shenyong.storage.migrate import SchemaError, check, engine_for
    from shenyong.storage.migrate import migrate as bring_up
    from shenyong.storage.server import EmbeddedServer, ServerError, check_durability, wait_for

    place = settings.database
    server: EmbeddedServer | None = None
    try:
        if place.data_dir:
            with plain_locale():
                server = EmbeddedServer(Path(place.data_dir))
            dsn = server.dsn
        elif place.dsn or place.dsn_file:
            dsn = secret(place.dsn, place.dsn_file, "database.dsn").decode().strip()
        else:
            raise Misused(say("no_database"))
        wait_for(dsn, 10)
        check_durability(dsn)
        if migrate:
            bring_up(dsn)
        elif schema:
            engine = engine_for(dsn)
            with engine.connect() as connection:
                check(connection)
            engine.dispose()
        database = msgspec.structs.replace(place, dsn=dsn, dsn_file="", data_dir="")
        yield msgspec.structs.replace(settings, database=database)
    except (ServerError, SchemaError) as error:
        raise Unavailable(str(error)) from error
    except (psycopg.Error, SQLAlchemyError) as error:
        raise Unavailable(say("database_fault", kind=type(error).__name__)) from error
    finally:
        if server is not None and (owner or not server.joined):
            server.stop()


def runtime_folder(beside: Path) -> None:
    """Make the folder that the server's package wants, before it is imported.

    It reads the variable then; unset, or not 0700, it warns.
    """
    runtime = beside / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))


@contextmanager
def plain_locale() -> Iterator[None]:
    """``LC_ALL=C.UTF-8`` for a while: ``initdb`` refuses a locale that the machine lacks.

    zh_TW.UTF-8 in the environment of a machine without it is common; the product's own language
    needs no locale of the system.
    """
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C.UTF-8"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before
