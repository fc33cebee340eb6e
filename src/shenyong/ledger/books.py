"""What must hold between entries, kept while they go by: each once, endings after beginnings.

Source: reliability.md 4.1 (I5: no request twice; every outcome refers to its intent).
"""

from __future__ import annotations

from collections.abc import Iterator

from shenyong.ledger.entry import Entry, Intent, Outcome

BACKWARDS = 5_000_000
"""How far apart, in microseconds, the clocks of workers may put neighbouring entries."""


class Books:
    """The state between entries. It grows by about 100 bytes an entry, so a million fit."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[str, int]] = {}
        self._seen: set[bytes] = set()
        self._last = 0

    def enter(self, index: int, entry: Entry) -> Iterator[tuple[str, str]]:
        """Take the next entry; yields what is wrong with it as (code, detail)."""
        kind = str(entry.__struct_config__.tag)
        mark = _mark(entry, kind)
        if mark in self._seen:
            yield "duplicate", kind
        self._seen.add(mark)
        if entry.at < self._last - BACKWARDS:
            yield "time_reversed", ""
        self._last = max(self._last, entry.at)
        call = (entry.request, entry.attempt)
        if isinstance(entry, Intent):
            self.open[index] = call
        elif isinstance(entry, Outcome):
            if self.open.get(entry.intent) == call:
                del self.open[entry.intent]
            else:
                yield "orphan_outcome", ""


def _mark(entry: Entry, kind: str) -> bytes:
    """(request, attempt, type) in few bytes; ids are UUIDs unless damage made them others."""
    tail = f"/{entry.attempt}/{kind[0]}".encode()
    try:
        return bytes.fromhex(entry.request.replace("-", "")) + tail
    except ValueError:
        return entry.request.encode("utf-8", "replace") + tail
