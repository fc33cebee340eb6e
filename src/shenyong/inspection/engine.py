"""One automaton for the patterns of all detectors (design.md: many patterns at once).

The patterns are compiled into one Hyperscan database, once per process and set of detectors. A
view is scanned once, as UTF-8; byte offsets become characters only where something matched; each
detector then judges its own matches. Hyperscan has no look-around and reports every end at which a
pattern matches, so neighbours and exact spans are the detectors' work (`detector.py`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence

import hyperscan

from shenyong.inspection.detector import Detector, Hit, Match
from shenyong.reading.passage import Passage, View


def _collect(number: int, _start: int, end: int, _flags: int, found: object) -> None:
    assert isinstance(found, list)
    found.append((end, number))


class Engine:
    """The compiled detectors.

    Use `scan` from any thread: the automaton is shared, its scratch space is per thread. `cached`
    is what `automaton` gave in another process; it is used if it was made from the same patterns,
    which saves the seconds that compiling takes.

    Raises:
        ValueError: a pattern does not compile; the message names its detector and key.
    """

    def __init__(self, detectors: Sequence[Detector], cached: bytes = b"") -> None:
        self._detectors = tuple(detectors)
        owned = [
            (index, pattern)
            for index, detector in enumerate(self._detectors)
            for pattern in detector.patterns()
        ]
        self._owners = [index for index, _ in owned]
        self._patterns = [pattern for _, pattern in owned]
        self._local = threading.local()
        self._digest = self._fingerprint()
        database = self._revived(cached)
        self._database = self._compiled() if database is None else database

    def automaton(self) -> bytes:
        """The compiled automaton, for `cached` in a process to come on this machine."""
        body = hyperscan.dumpb(self._database)
        return self._digest + hashlib.sha256(body).digest() + body

    def _fingerprint(self) -> bytes:
        parts = [self._info(hyperscan.Database())]
        parts += [f"{pattern.caseless}{pattern.expression}".encode() for pattern in self._patterns]
        return hashlib.sha256(b"\0".join(parts)).digest()

    @staticmethod
    def _info(database: hyperscan.Database) -> bytes:
        """The automaton's version and the processor's features, for which it was compiled."""
        database.compile(expressions=[b"a"], ids=[0], flags=[0])
        return repr(database.info()).encode()

    def _revived(self, cached: bytes) -> hyperscan.Database | None:
        digest, check, body = cached[:32], cached[32:64], cached[64:]
        if digest != self._digest or check != hashlib.sha256(body).digest():
            return None
        try:
            return hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK)
        except hyperscan.error:
            return None  # of another platform: compile anew

    def _compiled(self) -> hyperscan.Database:
        flags = [
            hyperscan.HS_FLAG_UTF8 | (hyperscan.HS_FLAG_CASELESS if pattern.caseless else 0)
            for pattern in self._patterns
        ]
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[pattern.expression.encode() for pattern in self._patterns],
                ids=list(range(len(flags))),
                flags=flags,
            )
        except hyperscan.error as error:
            raise ValueError(self._culprit(flags)) from error
        return database

    def _culprit(self, flags: Sequence[int]) -> str:
        """Which pattern it is that does not compile."""
        for owner, pattern, flag in zip(self._owners, self._patterns, flags, strict=True):
            try:
                hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(
                    expressions=[pattern.expression.encode()], ids=[0], flags=[flag]
                )
            except hyperscan.error as error:
                return f"{self._detectors[owner].name}: pattern {pattern.key}: {error}"
        return "the patterns of all detectors together do not compile"

    def _scratch(self) -> hyperscan.Scratch:
        scratch: hyperscan.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch

    def matches(self, text: str) -> list[tuple[int, int]]:
        """Every match in `text` as (end in characters, number of the pattern), in order of end."""
        ascii_only = text.isascii()
        # Undefined behaviour waits for invalid UTF-8; a lone surrogate becomes one "?".
        data = text.encode("ascii") if ascii_only else text.encode("utf-8", "replace")
        found: list[tuple[int, int]] = []
        self._database.scan(
            data, match_event_handler=_collect, context=found, scratch=self._scratch()
        )
        if not found:
            return found
        found = sorted(set(found))
        if ascii_only:
            return found
        mapped: list[tuple[int, int]] = []
        byte = character = 0
        for end, number in found:
            if end != byte:
                character += len(data[byte:end].decode())
                byte = end
            mapped.append((character, number))
        return mapped

    def scan(self, passage: Passage, view: View) -> Iterator[Hit]:
        """What the detectors find in one view, detector by detector."""
        found = self.matches(view.text)
        if not found:
            return
        grouped: dict[int, list[Match]] = {}
        for end, number in found:
            match = Match(self._patterns[number].key, end, end)
            grouped.setdefault(self._owners[number], []).append(match)
        for index in sorted(grouped):
            yield from self._detectors[index].judge(passage, view, grouped[index])
