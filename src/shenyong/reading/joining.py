"""Seams: the end of one string and the beginning of the next, read as one text.

A number cut over two messages is whole for the model, so it must be whole for inspection. Only
edges that could be cut through a value are joined; short strings are joined wholly, so a value in
many pieces is seen too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shenyong.reading.passage import Source

EDGE = 64
"""Code points of each side of a seam."""

_NUMERAL = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ〇零一二三四五六七八九壹貳參肆伍陸柒捌玖@"
_END = re.compile(rf"[{_NUMERAL}][^\w\n]{{0,3}}\s{{0,3}}\Z")
_BEGIN = re.compile(rf"\s{{0,3}}[^\w\n]{{0,3}}[{_NUMERAL}]")

Seams = tuple[tuple[int, str, int], ...]


_SAYS = re.compile(r"\w")


def joints(sources: Sequence[Source]) -> Iterator[tuple[str, Seams, Source]]:
    """Joined texts with their seams and the source that the seam begins in.

    A chain goes on over strings of at most 64 code points, so pieces of pieces are joined too.
    """
    # What says nothing does not keep two pieces apart.
    sources = [each for each in sources if _SAYS.search(each.text)]
    at = 0
    while at < len(sources) - 1:
        last = at
        while last < len(sources) - 1 and _joins(sources[last], sources[last + 1]):
            last += 1
            if len(sources[last].text) > EDGE:
                break
        if last > at:
            yield _joined(sources[at : last + 1])
        at = max(last, at + 1)


def _joins(left: Source, right: Source) -> bool:
    return bool(_END.search(left.text[-8:]) and _BEGIN.match(right.text[:8]))


def _joined(chain: Sequence[Source]) -> tuple[str, Seams, Source]:
    parts: list[str] = []
    seams: list[tuple[int, str, int]] = []
    length = 0
    for number, source in enumerate(chain):
        text, inner = source.text, 0
        if number == 0:
            inner = max(0, len(text) - EDGE)
        piece = text[inner:] if number == 0 else text[:EDGE]
        seams.append((length, source.path, inner))
        parts.append(piece)
        length += len(piece)
    return "".join(parts), tuple(seams), chain[0]
