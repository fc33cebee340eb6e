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


def seconds(kind: type[Detector], unit: str, size: int = 30_000) -> float:
    """Processor time of the detector over `unit` repeated to `size` characters, warmed up."""
    hits(kind, unit)
    text = (unit * (size // len(unit) + 1))[:size]
    begun = thread_time()
    hits(kind, text)
    return thread_time() - begun
