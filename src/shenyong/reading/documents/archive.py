"""ZIP archives, read with suspicion: names, sizes and structure are claims until they are checked.

Members are read in order, in pieces, against the budget; the size that the directory declares only
serves to refuse early. An archive whose members overlap, that does not begin with its first member,
or behind whose end more follows, could be read differently by another reader: it is refused.
"""

from __future__ import annotations

import io
import itertools
import stat
import zipfile
from collections.abc import Iterator

from shenyong.reading.documents.document import Budget, DocumentError, Fault

_PIECE = 1 << 16
_ENCRYPTED = 0x1
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MANY = 1 << 20  # from this size on the ratio counts


class Archive:
    """The members of a ZIP archive, in its directory's order."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._budget = budget
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self.names = [each.filename for each in self._zip.infolist()]
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
            raise DocumentError(Fault.DAMAGED) from None
        self._check(data)

    def _check(self, data: bytes) -> None:
        infos = self._zip.infolist()
        if len(set(self.names)) != len(self.names):
            raise DocumentError(Fault.POLYGLOT)
        end = data.rfind(b"PK\x05\x06")
        comment = int.from_bytes(data[end + 20 : end + 22], "little")
        if end < 0 or end + 22 + comment != len(data):
            raise DocumentError(Fault.POLYGLOT)
        spans = sorted((each.header_offset, each.compress_size) for each in infos)
        if spans and spans[0][0] != 0:
            raise DocumentError(Fault.POLYGLOT)
        for (offset, size), (following, _) in itertools.pairwise(spans):
            if offset + 30 + size > following:
                raise DocumentError(Fault.POLYGLOT)
        for each in infos:
            self._budget.member(each.filename)
            if each.flag_bits & _ENCRYPTED:
                raise DocumentError(Fault.ENCRYPTED, each.filename)
            if each.compress_type not in _PLAIN:
                raise DocumentError(Fault.DAMAGED, each.filename)
            if _unsafe(each):
                raise DocumentError(Fault.UNSAFE_NAME, each.filename)

    def read(self, name: str) -> bytes:
        """One member whole. Raises DocumentError where it is damaged or too much."""
        info = self._zip.getinfo(name)
        if info.file_size > self._budget.limits.expanded:
            raise DocumentError(Fault.TOO_LARGE, name)
        pieces: list[bytes] = []
        size = 0
        try:
            with self._zip.open(info) as member:
                while piece := member.read(_PIECE):
                    size += len(piece)
                    self._budget.expand(len(piece), name)
                    if size > max(_MANY, info.compress_size * self._budget.limits.ratio):
                        raise DocumentError(Fault.TOO_LARGE, name)
                    pieces.append(piece)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
            if isinstance(error, DocumentError):
                raise
            raise DocumentError(Fault.DAMAGED, name) from None
        except Exception as error:  # zlib.error is none of these
            if type(error).__name__ != "error":
                raise
            raise DocumentError(Fault.DAMAGED, name) from None
        return b"".join(pieces)

    def files(self) -> Iterator[str]:
        """The names of members that are files."""
        return (name for name in self.names if not name.endswith("/"))


def _unsafe(info: zipfile.ZipInfo) -> bool:
    name = info.filename.replace("\\", "/")
    steps = name.split("/")
    link = stat.S_ISLNK(info.external_attr >> 16)
    return name.startswith("/") or ".." in steps or ":" in steps[0] or "\0" in name or link
