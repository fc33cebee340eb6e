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
from shenyong.ledger.merkle import ProofError, leaf_hash, tree_root
from shenyong.ledger.tiles import WIDTH, entries_path, subtree_from, tile_path
from shenyong.ledger.verify import Report, Row, verify
from shenyong.storage.proofs import reader
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


def export_log(dsn: str, agency: str, folder: Path, *, grow: bool = False) -> Exported:
    """Write an agency's log into a folder, in one snapshot.

    The folder is new or empty; with `grow` it may hold an earlier export of the same log, of which
    what is there stays as it is and only what is new is written: full tiles and bundles never
    change, so the folder may lie in object storage or be copied there. That what is there is what
    the database still has is checked first. The checkpoint is written last: an export that was
    broken off is the earlier one, and the next goes on from there.

    Raises:
        UnknownLogError: there is no such log.
        ExportError: the folder is not empty or holds another history, or nothing is signed yet.
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grows = grow and (folder / "checkpoint").is_file()
    if not grows and any(folder.iterdir()):
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
        known = _known(folder, connection, agency, str(head[1]), size) if grows else 0
        _write(folder / "log.vkey", f"{head[1]}\n".encode())
        _write(folder / "README.md", README.format(agency=agency, size=size).encode())
        _write_entries(folder, rows(connection, agency, size, known - known % WIDTH), known)
        _write_tiles(folder, connection, agency, size, known)
        for at, note in notes:
            if at > known or not (folder / "checkpoints" / str(at)).is_file():
                _write(folder / "checkpoints" / str(at), bytes(note))
        _replace(folder / "checkpoint", bytes(notes[-1][1]))
    return Exported(size, len(notes), int(head[0]) - size)


def _known(
    folder: Path,
    connection: psycopg.Connection[tuple[object, ...]],
    agency: str,
    public_key: str,
    size: int,
) -> int:
    """How many entries the folder has, by its checkpoint. Raises ExportError where it is of another
    log, of another history, or newer than the database.
    """
    try:
        note = open_note((folder / "checkpoint").read_bytes(), VerifyingKey.parse(public_key))
        there = Checkpoint.parse(note)
        if there.size > size:
            raise ExportError(
                f"資料夾有 {there.size} 筆，資料庫只簽到 {size} 筆：資料庫可能倒回舊狀態。"
                f" The folder has {there.size} entries, the database has signed {size}: it may have"
                " been put back to an older state."
            )
        if there.size and tree_root(subtree_from(reader(connection, agency)), there.size) != (
            there.root
        ):
            raise ExportError(
                f"資料夾前 {there.size} 筆與資料庫不是同一段歷史，請先查驗兩者。"
                f" The folder's {there.size} entries are another history than the database's;"
                " verify both first."
            )
    except (NoteError, ProofError) as error:
        raise ExportError(
            f"資料夾 {folder} 不是這部紀錄的匯出。 The folder {folder} is no export of this log."
        ) from error
    return there.size


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


def _write_entries(folder: Path, entries: Iterator[Row], known: int) -> None:
    """The entries from the bundle on that entry `known` belongs to; `known` lines are there."""
    number = known // WIDTH
    bundle: list[bytes] = []
    file = folder / "entries.jsonl"
    _cut(file, known)
    with file.open("ab") as lines:
        for row in entries:
            if row.index >= known:
                lines.write(row.leaf + b"\n")
            bundle.append(struct.pack(">H", len(row.leaf)) + row.leaf)
            if len(bundle) == WIDTH:
                _write(folder / entries_path(number), b"".join(bundle))
                number, bundle = number + 1, []
        lines.flush()
        os.fsync(lines.fileno())
    if bundle:
        _write(folder / entries_path(number, len(bundle)), b"".join(bundle))


def _cut(file: Path, lines: int) -> None:
    """Leave so many lines of a file: what an export that was broken off had written more."""
    if not file.is_file():
        return
    place = 0
    with file.open("r+b") as written:
        for _ in range(lines):
            place += len(written.readline())
        written.truncate(place)


def _write_tiles(
    folder: Path,
    connection: psycopg.Connection[tuple[object, ...]],
    agency: str,
    size: int,
    known: int,
) -> None:
    """The tiles of `size` entries that were not full at `known`."""
    cursor = connection.execute(
        "SELECT level, idx, hashes FROM ledger_tile WHERE agency = %s "
        "AND (idx + 1) * power(256, level + 1) > %s",
        [agency, known],
        binary=True,
    )
    for level, index, hashes in cursor:
        assert isinstance(level, int)
        assert isinstance(index, int)
        assert isinstance(hashes, bytes)
        width = min(size // WIDTH**level - index * WIDTH, WIDTH)
        if width > 0:
            _write(folder / tile_path(level, index, width), hashes[: width * 32])


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
