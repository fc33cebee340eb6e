"""Marked texts: ``⟦KIND|text⟧`` around each value, ``=== id style`` before each text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_HEAD = re.compile(r"^=== (\S+) (\S+)$", re.MULTILINE)
_MARK = re.compile(r"⟦([A-Za-z_0-9]+)\|([^⟦⟧]*)⟧")


class Mark(NamedTuple):
    """A value: what it is and where it stands, in code points of the sample's text, half-open."""

    kind: str
    start: int
    end: int


class Sample(NamedTuple):
    """A text with its marks."""

    id: str
    style: str
    text: str
    marks: tuple[Mark, ...]


def parsed(text: str, name: str = "", style: str = "") -> Sample:
    """The sample in a marked text."""
    out: list[str] = []
    marks: list[Mark] = []
    size = last = 0
    for match in _MARK.finditer(text):
        before = text[last : match.start()]
        start = size + len(before)
        size = start + len(match[2])
        marks.append(Mark(match[1], start, size))
        out += [before, match[2]]
        last = match.end()
    return Sample(name, style, "".join(out) + text[last:], tuple(marks))


def read(file: Path) -> list[Sample]:
    """The samples of a file."""
    pieces = _HEAD.split(file.read_text("utf-8"))
    heads = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    return [parsed(text.strip("\n"), name, style) for name, style, text in heads]
