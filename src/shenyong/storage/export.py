"""Exporting a log to a folder that anybody can verify offline, and verifying such a folder.

The folder's tiles, entry bundles and checkpoint lie as C2SP tlog-tiles says, so that other readers
of such logs find them. Beside them, for people and for `tools/verify_ledger.py`::

    entries.jsonl      each entry's exact bytes, one a line; line n (from 0) is entry n
    checkpoint         the latest signed checkpoint
    checkpoints/<size> every signed checkpoint
    tile/…             hashes and entry bundles
    log.vkey           the log's public key; compare it with the one the agency publishes
    README.md          what this is and how to verify it

What no checkpoint covers yet is not exported: it could not be proved.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import psycopg

from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.merkle import leaf_hash
from shenyong.ledger.tiles import WIDTH, entries_path, tile_path
from shenyong.ledger.verify import Report, Row, verify
from shenyong.storage.verification import UnknownLogError, rows

README = """\
# 審用紀錄匯出 An exported ledger

{agency}：{size} 筆紀錄，由檢核點（checkpoint）簽署。紀錄只有決定、類型、數量與帶鑰摘要，沒有內容。
{size} entries, covered by a signed checkpoint. They hold decisions, types, counts and keyed
digests, never content.

查驗（不需安裝任何套件，只要 Python 3.11 以上）：
To verify (nothing to install; Python 3.11 or newer):

    python3 verify_ledger.py 本資料夾 --key 機關公布的公鑰檔

請用機關另外公布的公鑰；本資料夾內的 log.vkey 只供比對。
Use the key that the agency publishes elsewhere; log.vkey in this folder is for comparison only.
"""


class Exported(msgspec.Struct, frozen=True):
    """What was exported: entries, checkpoints, and entries that no checkpoint covers yet."""

    entries: int
    checkpoints: int
    unsigned: int


class ExportError(RuntimeError):
    """The folder can't be used: it is not empty, or not an export."""


def export_log(dsn: str, agency: str, folder: Path) -> Exported:
    """Write an agency's log into a new or empty folder, in one snapshot.

    Raises:
        UnknownLogError: there is no such log.
        ExportError: the folder is not empty, or nothing is signed yet.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportError(f"資料夾 {folder} 不是空的。 The folder {folder} is not empty.")
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        head = connection.execute(
            "SELECT size, public_key FROM ledger_head WHERE agency = %s", [agency]
        ).fetchone()
        if head is None:
            raise UnknownLogError(agency)
        notes = connection.execute(
            "SELECT size, note FROM ledger_checkpoint WHERE agency = %s ORDER BY size", [agency]
        ).fetchall()
        if not notes:
            raise ExportError("尚無檢核點可匯出。 No checkpoint has been signed yet.")
        size = int(notes[-1][0])
        for at, note in notes:
            _write(folder / "checkpoints" / str(at), bytes(note))
        _write(folder / "checkpoint", bytes(notes[-1][1]))
        _write_entries(folder, rows(connection, agency, size))
        _write_tiles(folder, connection, agency, size)
    _write(folder / "log.vkey", f"{head[1]}\n".encode())
    _write(folder / "README.md", README.format(agency=agency, size=size).encode())
    return Exported(size, len(notes), int(head[0]) - size)


def verify_export(
    folder: Path, key: VerifyingKey | None = None, *, kept: Iterable[bytes] = ()
) -> Report:
    """Verify an export with the same rules as the database. `key` and `kept` as in `verify_log`.

    Raises:
        ExportError: the folder is not an export.
        NoteError: ``log.vkey`` is not a key.
    """
    try:
        key = key or VerifyingKey.parse((folder / "log.vkey").read_text("utf-8"))
        latest = (folder / "checkpoint").read_bytes()
        each_note = [each.read_bytes() for each in (folder / "checkpoints").iterdir()]
        notes = [latest, *(each_note or [b""])]  # the latest has its copy there
    except OSError as error:
        raise ExportError("這不是匯出的紀錄。 This is not an exported ledger.") from error
    try:
        size = Checkpoint.parse(open_note(latest, key)).size
    except NoteError:
        size = 0  # `verify` says what is wrong with it

    def tile(level: int, index: int) -> bytes:
        width = size // WIDTH**level - index * WIDTH
        path = folder / tile_path(level, index, min(width, WIDTH))
        return path.read_bytes() if path.is_file() else b""

    return verify(
        key.name.rpartition("/")[2],
        exported_rows(folder, size),
        notes=[*notes, *kept],
        key=key,
        tiles=tile,
        integrated=size,
        size=size,
    )


def exported_rows(folder: Path, size: int) -> Iterator[Row]:
    """The entries of the bundles, each with the hash of its line; ends where one is missing."""
    with (folder / "entries.jsonl").open("rb") as lines:
        for number in range(-(-size // WIDTH)):
            path = folder / entries_path(number, min(WIDTH, size - number * WIDTH))
            data = path.read_bytes() if path.is_file() else b""
            for index in range(number * WIDTH, min(size, (number + 1) * WIDTH)):
                end = 2 + int.from_bytes(data[:2], "big")
                line = lines.readline()
                if len(data) < max(end, 3) or not line:
                    return
                # Every line ends in a newline, the last one too.
                hashed = leaf_hash(line[:-1] if line.endswith(b"\n") else line + b"?")
                yield Row(index, data[2:end], hashed)
                data = data[end:]
        if size and (line := lines.readline()):
            yield Row(size, line)


def _write_entries(folder: Path, entries: Iterator[Row]) -> None:
    bundle: list[bytes] = []
    number = 0
    with (folder / "entries.jsonl").open("wb") as file:
        for row in entries:
            file.write(row.leaf + b"\n")
            bundle.append(struct.pack(">H", len(row.leaf)) + row.leaf)
            if len(bundle) == WIDTH:
                _write(folder / entries_path(number), b"".join(bundle))
                number, bundle = number + 1, []
        file.flush()
        os.fsync(file.fileno())
    if bundle:
        _write(folder / entries_path(number, len(bundle)), b"".join(bundle))


def _write_tiles(
    folder: Path, connection: psycopg.Connection[tuple[object, ...]], agency: str, size: int
) -> None:
    cursor = connection.execute(
        "SELECT level, idx, hashes FROM ledger_tile WHERE agency = %s", [agency], binary=True
    )
    for level, index, hashes in cursor:
        assert isinstance(level, int)
        assert isinstance(index, int)
        assert isinstance(hashes, bytes)
        width = min(size // WIDTH**level - index * WIDTH, WIDTH)
        if width > 0:
            _write(folder / tile_path(level, index, width), hashes[: width * 32])


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
