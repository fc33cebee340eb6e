"""A backup: one consistent state of the database, taken while the gateway writes.

One snapshot is shared by everything that is read (``pg_export_snapshot``), so the checkpoints and
counts in the manifest are those of the dump beside them, whatever is written meanwhile. Nothing
waits for a backup, and a backup waits for nothing but a migration.

The manifest says what a restore must find: how many entries each agency's log has, the newest
checkpoint in it, how many rows each table holds. Its sha256 is signed with a key of the
installation, so that a backup from elsewhere, or one put together by somebody, is told.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql

from shenyong.ledger.checkpoint import NoteError, SigningKey, VerifyingKey, open_note
from shenyong.storage.backup_archive import DATABASE, KEYS, MANIFEST, NOTE, Archive, Part, Writer
from shenyong.storage.postgres_tools import environment, output, program

KEY_NAME = "shenyong/backup"
"""The name of the key that signs manifests."""
_DUMP = ["--format=custom", "--compress=gzip:3", "--no-owner", "--no-privileges",
         "--lock-wait-timeout=60s"]  # fmt: skip
_LOGS = """
SELECT h.agency, h.size, h.integrated, h.public_key,
  (SELECT note FROM ledger_checkpoint c WHERE c.agency = h.agency ORDER BY c.size DESC LIMIT 1)
FROM ledger_head h ORDER BY h.agency
"""
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
_ERASED = """
SELECT id::text FROM matter WHERE key IS NULL UNION ALL
SELECT id::text FROM record WHERE key IS NULL ORDER BY 1
"""
Connection = psycopg.Connection[tuple[object, ...]]


class LogState(msgspec.Struct, frozen=True):
    """A log in a backup: its entries, how many are signed for, and its newest checkpoint."""

    agency: str
    entries: int
    signed: int
    public_key: str
    checkpoint: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is. `taken` is UTC in microseconds, `revision` the schema's version.

    `keys` says how the keys in it are sealed: ``passphrase``, ``recipient``, or "" for none.
    `erased` are the ids of matters and records whose content was erased: restoring an older backup
    must not bring it back (個資法 11).
    """

    taken: int
    program: str
    revision: str
    server: int
    parts: tuple[Part, ...]
    logs: tuple[LogState, ...]
    rows: dict[str, int]
    keys: str = ""
    erased: tuple[str, ...] = ()
    v: int = 1


class Taken(msgspec.Struct, frozen=True):
    """A backup that was written."""

    path: Path
    size: int
    manifest: Manifest
    signed: bool


class BackupError(RuntimeError):
    """There is nothing to back up, or its schema is none of ours; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def take(
    dsn: str,
    path: Path,
    *,
    program_version: str,
    at: int,
    settings: Mapping[str, bytes] | None = None,
    keys: bytes = b"",
    keys_by: str = "",
    signing: SigningKey | None = None,
) -> Taken:
    """Write a backup to `path`.

    `settings` are the files of the settings by their names, `keys` the sealed keys.

    Raises:
        BackupError: ``no_schema``: the database holds none of our tables.
        ToolError: ``pg_dump`` is missing, or failed.
        OSError: the file can't be written.
        psycopg.Error: the database does not answer.
    """
    with snapshot(dsn) as (connection, name), Writer(path) as writer:
        server = connection.info.server_version // 10_000
        revision = _revision(connection)
        if not revision:
            raise BackupError("no_schema")
        arguments = [*_DUMP, f"--snapshot={name}"]
        writer.add(DATABASE, output(program("pg_dump", server), arguments, environment(dsn)))
        for file, content in (settings or {}).items():
            writer.add(f"settings/{file}", [content])
        if keys:
            writer.add(KEYS, [keys])
        manifest = Manifest(
            at, program_version, revision, server, tuple(writer.parts), tuple(_logs(connection)),
            counts(connection), keys_by if keys else "", erased(connection),
        )  # fmt: skip
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
        writer.add(MANIFEST, [text])
        if signing is not None:
            writer.add(NOTE, [signing.sign(_statement(text))])
        return Taken(path, writer.finish(), manifest, signing is not None)


def manifest_of(archive: Archive) -> Manifest:
    """What the backup says that it is. Raises msgspec.MsgspecError where it is none of ours."""
    return msgspec.json.decode(archive.read(MANIFEST), type=Manifest)


def signed_by(archive: Archive, key: VerifyingKey) -> bool | None:
    """Whether the installation with this key wrote the manifest; None where nobody signed it."""
    if NOTE not in archive.names:
        return None
    try:
        return open_note(archive.read(NOTE), key) == _statement(archive.read(MANIFEST))
    except NoteError:
        return False


def _statement(manifest: bytes) -> bytes:
    return f"{KEY_NAME}\n{hashlib.sha256(manifest).hexdigest()}\n".encode()


@contextlib.contextmanager
def snapshot(dsn: str) -> Iterator[tuple[Connection, str]]:
    """A connection that sees one state of the database, and the name by which others see it too."""
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield connection, str(row[0])


def _revision(connection: Connection) -> str:
    there = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
    if there is None or there[0] is None:
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _logs(connection: Connection) -> Iterator[LogState]:
    for agency, size, integrated, key, note in connection.execute(_LOGS).fetchall():
        text = note.decode() if isinstance(note, bytes) else ""
        yield LogState(str(agency), int(str(size)), int(str(integrated)), str(key), text)


def counts(connection: Connection) -> dict[str, int]:
    """Rows by table; partitions count in the table that they are parts of."""
    found = {}
    for (name,) in connection.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(str(name)))
        row = connection.execute(query).fetchone()
        found[str(name)] = int(str(row[0])) if row else 0
    return found


def erased(connection: Connection) -> tuple[str, ...]:
    """The ids of what was erased; none where the schema is older than such a thing."""
    row = connection.execute("SELECT to_regclass('matter'), to_regclass('record')").fetchone()
    if row is None or None in row:
        return ()
    return tuple(str(name) for (name,) in connection.execute(_ERASED).fetchall())
