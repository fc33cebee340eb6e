"""A database that nobody will miss: an embedded server of its own in a temporary folder."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shenyong.cli.output import Unavailable


@contextlib.contextmanager
def throwaway(work: Path | None = None) -> Iterator[str]:
    """The address of an empty database, which is gone at the end; in `work`, or the system's place.

    Raises:
        Unavailable: it does not start.
    """
    import psycopg

    from shenyong.cli.database import plain_locale, runtime_folder
    from shenyong.storage.server import EmbeddedServer, ServerError

    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir=work))  # short: a socket's path has 107 bytes
    folder.chmod(0o755)  # the server may run as another user; its own folder below is 0700
    try:
        runtime_folder(folder)
        with plain_locale():
            server = EmbeddedServer(folder / "pg")
    except ServerError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(str(error)) from None
    try:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield server.dsn
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
