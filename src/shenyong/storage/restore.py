"""A backup's database put into an empty one, whole or not at all.

It is one transaction, so a restore that was killed has left an empty database and is begun again.
What an older state brings back although it had been erased since is erased again, from the lists
that newer backups and the living database hold.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from shenyong.storage.backup_archive import DATABASE, Archive
from shenyong.storage.postgres_tools import environment, feed, program

_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
"""
_RESTORE = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
_ERASE = (
    "UPDATE matter SET key = NULL WHERE id::text = ANY(%s) AND key IS NOT NULL",
    "UPDATE record SET key = NULL WHERE id::text = ANY(%s) AND key IS NOT NULL",
)


class NotEmptyError(RuntimeError):
    """The database has tables already; nothing was changed."""


def put(dsn: str, archive: Archive, server: int) -> None:
    """Restore the backup's database into the empty one at `dsn`.

    `server` is the release that the backup was taken from; the program must know its format.

    Raises:
        NotEmptyError: there is something already.
        ToolError: ``pg_restore`` is missing, or failed; the database is empty then.
        ArchiveError: the backup is cut short; the database is empty then.
        psycopg.Error: the database does not answer.
    """
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        row = connection.execute(_TABLES).fetchone()
        newest = max(server, connection.info.server_version // 10_000)
        if row is not None and row[0]:
            raise NotEmptyError
    variables = environment(dsn)
    arguments = [*_RESTORE, f"--dbname={variables.get('PGDATABASE', 'postgres')}"]
    feed(program("pg_restore", newest), arguments, variables, archive.blocks(DATABASE))


def erase_again(dsn: str, erased: Iterable[str]) -> int:
    """Throw away the keys of what had been erased; returns of how many matters and records."""
    names = sorted(set(erased))
    if not names:
        return 0
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        return sum(connection.execute(each.encode(), [names]).rowcount for each in _ERASE)


def end_sessions(dsn: str) -> None:
    """Nobody is signed in any more by a session of the past."""
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        row = connection.execute("SELECT to_regclass('web_session')").fetchone()
        if row is not None and row[0] is not None:
            connection.execute("DELETE FROM web_session")
