"""What was found in a text before: unchanged text is not inspected again.

A conversation comes whole with every turn. Findings depend on nothing but a string and whose words
it is, so those of a string seen before are looked up by its keyed digest: turn n costs what its new
words cost. Seams between neighbouring strings are inspected each time.

The text is not kept, nor anything of it but places and masked values; the key is the process's own
and ends with it. Who could read this process's memory could read the requests themselves.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from shenyong.inspection.finding import Finding
from shenyong.inspection.inspector import Inspector, Placed
from shenyong.reading import passage_of, seams_of
from shenyong.reading.passage import Source

_TEXTS = 20_000
_PLACED = 200_000
_SHORT = 24  # characters; to look one up would cost as much as to inspect it


class _Known:
    """What is remembered of one text: what its views show, and the findings at its last path."""

    __slots__ = ("findings", "path", "placed")

    def __init__(self, placed: tuple[Placed, ...], findings: tuple[Finding, ...], path: str):
        self.placed, self.findings, self.path = placed, findings, path

    def at(self, path: str) -> tuple[Finding, ...]:
        """The findings in the string at a path; the same ones, if it is where it was."""
        findings = self.findings
        if path != self.path:
            findings = tuple(msgspec.structs.replace(each, path=path) for each in findings)
        return findings


class RememberingInspector:
    """Reads and inspects sources, each text once. Safe to use from any thread.

    At most `texts` texts with at most `placed` findings in all are remembered; those that were not
    asked for longest go first.
    """

    def __init__(self, inspector: Inspector, texts: int = _TEXTS, placed: int = _PLACED) -> None:
        self._inspector = inspector
        self._texts, self._most = texts, placed
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self.hits = self.misses = 0

    def inspect(self, sources: Sequence[Source]) -> tuple[Finding, ...]:
        """The findings, by the sources' order, then by place."""
        known = [(source.path, self._of(source)) for source in sources]
        over = [each for seam in seams_of(sources) for each in self._inspector.placed(seam)]
        if not over:
            return tuple(each for path, one in known for each in one.at(path))
        # A value over a seam may be one with what stands in the strings that it joins.
        placed = [each.at(path) for path, one in known for each in one.placed]
        return self._inspector.merged([*placed, *over], [path for path, _ in known])

    def _of(self, source: Source) -> _Known:
        if len(source.text) < _SHORT:
            return self._new(source)
        # surrogatepass: a lone surrogate is a character like any other here
        text = source.text.encode("utf-8", "surrogatepass")
        name = source.role.encode()
        digest = hashlib.blake2b(text, digest_size=16, key=self._key, person=name[:16]).digest()
        with self._lock:
            known = self._known.get(digest)
            if known is not None:
                self._known.move_to_end(digest)
                self.hits += 1
                return known
        known = self._new(source)
        self._keep(digest, known)
        return known

    def _new(self, source: Source) -> _Known:
        placed = self._inspector.placed(passage_of(source))
        return _Known(placed, self._inspector.merged(placed, (source.path,)), source.path)

    def _keep(self, digest: bytes, known: _Known) -> None:
        with self._lock:
            self.misses += 1
            if digest in self._known or len(known.placed) > self._most // 10:
                return
            self._known[digest] = known
            self._held += len(known.placed)
            while len(self._known) > self._texts or self._held > self._most:
                _, gone = self._known.popitem(last=False)
                self._held -= len(gone.placed)
