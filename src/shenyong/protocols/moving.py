"""Moving: strings read from one document and written in another, each still in its place.

A door reads its own format through shapes; the sources then stand in *that* document. `Moves` says
where each part of it went in the chat completion that is sent, so that redaction reaches the right
string. A string that went nowhere is a fault of the door: it fails, rather than being lost or sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from shenyong.protocols.shapes import Place, Slot


class Moves:
    """Where the parts of one document went in another."""

    def __init__(self) -> None:
        self._to: dict[Slot, Slot] = {}

    def move(self, old: Slot, new: Slot) -> None:
        """What stood at `old`, and all below it, stands at `new`."""
        self._to[old] = new

    def places(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """The places in the new document. Raises ``LookupError`` for a part that was not moved."""
        return tuple(Place(self._moved(place.slot), place.is_key) for place in places)

    def _moved(self, slot: Slot) -> Slot:
        for end in range(len(slot), 0, -1):
            new = self._to.get(slot[:end])
            if new is not None:
                return (*new, *slot[end:])
        raise LookupError("a string was read that is not written")
