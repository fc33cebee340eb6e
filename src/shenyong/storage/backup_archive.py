"""A backup's file: a plain tar, written in one pass, whose last member says what is in it.

    database.dump   what ``pg_dump`` wrote (its custom format)
    settings/…      shenyong.toml and the agency's own packs
    keys.sealed     the keys, only where they were asked for, under a passphrase or a recipient
    manifest.json   every part with its size and sha256, and what the parts must turn out to be
    manifest.note   a signed note over the manifest's sha256

So ``tar -xf`` and ``pg_restore`` open it without us. It is written beside and put in place when it
is whole and on the disk: a file of that name is a complete backup, whenever the machine stopped.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

MANIFEST, NOTE, DATABASE, KEYS = "manifest.json", "manifest.note", "database.dump", "keys.sealed"
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20
_MOST = 64 << 20
"""Bytes of a member that is read into memory."""


class ArchiveError(ValueError):
    """The file is no backup, or not the one that was written; `code` says which."""

    def __init__(self, code: str, part: str = "") -> None:
        super().__init__(f"{code} {part}".rstrip())
        self.code, self.part = code, part


class Part(msgspec.Struct, frozen=True):
    """A part of a backup."""

    name: str
    size: int
    sha256: str


class Writer:
    """Writes a backup's file. Use as a context; without `finish` nothing is left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.parts: list[Part] = []

    def __enter__(self) -> Writer:
        """Begin. Raises OSError."""
        descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        return self

    def __exit__(self, *_: object) -> None:
        """End; what is not finished is taken away."""
        if not self._file.closed:
            self._file.close()
        self._fresh.unlink(missing_ok=True)

    def add(self, name: str, blocks: Iterable[bytes]) -> Part:
        """Write a member whose size is known only at its end: its header is written last."""
        start = self._file.tell()
        self._file.write(bytes(_BLOCK))
        digest, size = hashlib.sha256(), 0
        for block in blocks:
            self._file.write(block)
            digest.update(block)
            size += len(block)
        self._file.write(bytes(-size % _BLOCK))
        end = self._file.tell()
        header = tarfile.TarInfo(name)
        header.size, header.mtime, header.mode = size, int(time.time()), 0o600
        self._file.seek(start)
        self._file.write(header.tobuf(tarfile.GNU_FORMAT))
        self._file.seek(end)
        part = Part(name, size, digest.hexdigest())
        self.parts.append(part)
        return part

    def finish(self) -> int:
        """Put the file in place, durable. Returns its size in bytes."""
        self._file.write(bytes(2 * _BLOCK))
        size = self._file.tell()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return size


class Archive:
    """Reads a backup's file. Use as a context.

    Raises:
        ArchiveError: ``no_archive``, ``no_manifest``.
        OSError: it can't be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Archive:
        """Open, and find the members."""
        self._file = self.path.open("rb")
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as tar:
                members = tar.getmembers()
        except tarfile.TarError:
            self._file.close()
            raise ArchiveError("no_archive") from None
        self._places = {each.name: (each.offset_data, each.size) for each in members}
        if len(self._places) != len(members) or not all(each.isreg() for each in members):
            raise ArchiveError("no_archive")
        if MANIFEST not in self._places:
            raise ArchiveError("no_manifest")
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._file.close()

    @property
    def names(self) -> frozenset[str]:
        """The members."""
        return frozenset(self._places)

    def read(self, name: str) -> bytes:
        """A small member whole. Raises ArchiveError where there is none."""
        if self._places.get(name, (0, _MOST + 1))[1] > _MOST:
            raise ArchiveError("missing_part", name)
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """A member in blocks. Raises ArchiveError where there is none, or it ends too early."""
        if name not in self._places:
            raise ArchiveError("missing_part", name)
        place, left = self._places[name]
        while left:
            self._file.seek(place)
            block = self._file.read(min(left, _CHUNK))
            if not block:
                raise ArchiveError("short", name)
            yield block
            place, left = place + len(block), left - len(block)

    def compare(self, parts: Iterable[Part]) -> Iterator[ArchiveError]:
        """Read every part: those that are not what the manifest says, and those it doesn't name."""
        told = {MANIFEST, NOTE}
        for part in parts:
            told.add(part.name)
            digest = hashlib.sha256()
            try:
                for block in self.blocks(part.name):
                    digest.update(block)
            except ArchiveError as error:
                yield error
                continue
            if digest.hexdigest() != part.sha256 or self._places[part.name][1] != part.size:
                yield ArchiveError("changed_part", part.name)
        for name in sorted(self.names - told):
            yield ArchiveError("unknown_part", name)
