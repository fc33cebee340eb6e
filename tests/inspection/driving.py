"""Runs detectors over a text, each alone, through the real automaton."""

from __future__ import annotations

from functools import cache
from time import thread_time

from shenyong.inspection.detector import Detector, Hit
from shenyong.inspection.engine import Engine
from shenyong.reading.passage import Passage, View, ViewKind


@cache
def _engine(kind: type[Detector]) -> Engine:
    return Engine((kind(),))


def fold(text: str) -> str:
    """Full-width forms to ASCII one to one, as far as these tests need it."""
    return "".join(
        chr(ord(each) - 0xFEE0)
        if "\uff01" <= each <= "\uff5e"
        else " "
        if each == "\u3000"
        else each
        for each in text
    )


def hits(kind: type[Detector], text: str, role: str = "user") -> list[Hit]:
    """What the detector finds in `text`; folding keeps every offset."""
    view = View(ViewKind.FOLDED, fold(text))
    passage = Passage("text", text, (view,), role)
    return list(_engine(kind).scan(passage, view))


def found(kind: type[Detector], text: str, role: str = "user") -> list[str]:
    """The found parts of the text as it was written."""
    return [text[hit.start : hit.end] for hit in hits(kind, text, role)]


def growth(kind: type[Detector], unit: str, size: int = 10_000) -> float:
    """How many times as much processor time four times the text takes: linear 4, quadratic 16.

    The text is `unit` repeated to `size` characters; the least of three runs counts, and at least
    5 ms, below which a clock measures itself.
    """

    def least(characters: int) -> float:
        text = (unit * (characters // len(unit) + 1))[:characters]
        times = []
        for _ in range(3):
            begun = thread_time()
            hits(kind, text)
            times.append(thread_time() - begun)
        return max(min(times), 0.005)

    hits(kind, unit)
    return least(4 * size) / least(size)
