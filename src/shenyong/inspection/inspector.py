"""The inspector: all detectors over all views of all passages, as findings in the original.

Findings are facts, never decisions (design.md). One value is one finding, however many views show
it: the plainest view's finding stays, with the highest class of all. A value cut over neighbouring
strings becomes one finding for each string, tied by `Finding.group`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shenyong.guideline.terms import DataClass
from shenyong.inspection.detector import Hit
from shenyong.inspection.detectors import DETECTORS
from shenyong.inspection.directory import Directory
from shenyong.inspection.engine import Engine
from shenyong.inspection.finding import Finding
from shenyong.inspection.masking import mask
from shenyong.reading.passage import Passage, Span, View, ViewKind

PSEUDONYM = re.compile(r"〔[一-鿿A-Za-z ]{1,12}[0-9]{1,5}〕")
"""What redaction writes in a value's place (design.md: 〔姓名1〕)."""

_PLAINNESS = {ViewKind.FOLDED: 0, ViewKind.COMPACT: 1, ViewKind.DECODED: 2}


@functools.cache
def engine() -> Engine:
    """The automaton of all detectors: compiled once per process, in about a quarter second."""
    return Engine([make() for make in DETECTORS])


class _Placed(NamedTuple):
    """A hit with its place in the original, before duplicates go."""

    hit: Hit
    spans: tuple[Span, ...]
    masked: str
    evasion: str
    plainness: int


class Inspector:
    """Inspects passages. Safe to use from any thread.

    guideline: ey-genai-2023:4
    """

    def __init__(self, directory: Directory | None = None) -> None:
        self._directory = directory or Directory()
        self._engine = engine()

    def inspect(self, passages: Sequence[Passage]) -> tuple[Finding, ...]:
        """The findings, by the passages' order, then by place.

        Offsets are code points of the original string at `Finding.path`, half-open.
        """
        placed: list[_Placed] = []
        for passage in passages:
            for view in passage.views:
                for hit in self._engine.scan(passage, view):
                    each = self._place(passage, view, hit)
                    if each is not None:
                        placed.append(each)
            placed.extend(_unreadable(passage))
        if not placed:
            return ()
        order: dict[str, int] = {}
        for passage in passages:
            for path in [seam[1] for seam in passage.seams] or [passage.path]:
                order.setdefault(path, len(order))
        return _findings(_absorbed(_distinct(placed)), order)

    def _place(self, passage: Passage, view: View, hit: Hit) -> _Placed | None:
        value = view.text[hit.start : hit.end]
        if not value or self._directory.holds(hit.kind, value):
            return None
        start, end = view.original(hit.start, hit.end)
        if _in_pseudonym(passage.original, start, end):
            return None
        plainness = _PLAINNESS[view.kind]
        evasion = view.encoding or view.kind.value if plainness else ""
        return _Placed(
            hit, tuple(passage.places(start, end)), mask(hit.kind, value), evasion, plainness
        )


def _in_pseudonym(original: str, start: int, end: int) -> bool:
    """Whether ``start..end`` lies in one of our own pseudonyms."""
    opening = original.rfind("〔", max(0, start - 20), start + 1)
    if opening < 0:
        return False
    found = PSEUDONYM.match(original, opening)
    return found is not None and end <= found.end()


def _unreadable(passage: Passage) -> Iterable[_Placed]:
    """What could not be decoded within the budget: no data class, but never silence."""
    for start, end in passage.unreadable:
        hit = Hit("encoded", None, start, end, 1.0, "reading/1")
        masked = mask("encoded", passage.original[start:end])
        yield _Placed(hit, tuple(passage.places(start, end)), masked, "", 3)


def _rank(data_class: DataClass | None) -> int:
    return -1 if data_class is None else data_class.rank


def _distinct(placed: Iterable[_Placed]) -> list[_Placed]:
    """One of those of a kind that overlap: the plainest, the longest, with the highest class."""
    ranked = sorted(
        placed,
        key=lambda each: (
            each.plainness,
            each.spans[0].start - each.spans[-1].end,
            each.hit.start,
            -each.hit.confidence,
        ),
    )
    kept: list[_Placed] = []
    by_place: dict[tuple[str, str], list[int]] = {}
    for each in ranked:
        places = [(each.hit.kind, span.path) for span in each.spans]
        twin = next(
            (
                index
                for place in places
                for index in by_place.get(place, ())
                if _overlap(kept[index].spans, each.spans)
            ),
            None,
        )
        if twin is None:
            for place in places:
                by_place.setdefault(place, []).append(len(kept))
            kept.append(each)
            continue
        other = kept[twin]
        if _rank(each.hit.data_class) > _rank(other.hit.data_class):
            raised = other.hit._replace(data_class=each.hit.data_class)
            kept[twin] = other._replace(hit=raised)
    return kept


def _absorbed(placed: Sequence[_Placed]) -> list[_Placed]:
    """Without what a secret explains: ``pass@host`` in a URL is no mail address."""
    secrets: dict[str, list[Span]] = {}
    for each in placed:
        if each.hit.kind == "secret":
            for span in each.spans:
                secrets.setdefault(span.path, []).append(span)
    if not secrets:
        return list(placed)

    def explained(each: _Placed) -> bool:
        spans = [(span, secret) for span in each.spans for secret in secrets.get(span.path, ())]
        if each.hit.kind == "email":
            return any(a.start < b.end and b.start < a.end for a, b in spans)
        if each.hit.kind == "encoded":
            return any(b.start <= a.start and a.end <= b.end for a, b in spans)
        return False

    return [each for each in placed if not explained(each)]


def _overlap(one: Sequence[Span], other: Sequence[Span]) -> bool:
    return any(a.path == b.path and a.start < b.end and b.start < a.end for a in one for b in other)


def _findings(placed: Iterable[_Placed], order: dict[str, int]) -> tuple[Finding, ...]:
    ordered = sorted(
        placed,
        key=lambda each: (
            order.get(each.spans[0].path, len(order)),
            each.spans[0].path,
            each.spans[0].start,
            each.spans[0].end,
            each.hit.kind,
        ),
    )
    findings: list[Finding] = []
    group = 0
    for each in ordered:
        if len(each.spans) > 1:
            group += 1
        findings.extend(
            Finding(
                kind=each.hit.kind,
                data_class=each.hit.data_class,
                path=span.path,
                start=span.start,
                end=span.end,
                masked=each.masked,
                confidence=round(each.hit.confidence, 3),
                detector=each.hit.detector,
                likelihood=each.hit.likelihood,
                group=group if len(each.spans) > 1 else 0,
                evasion=each.evasion,
            )
            for span in each.spans
        )
    return tuple(
        sorted(
            findings, key=lambda f: (order.get(f.path, len(order)), f.path, f.start, f.end, f.kind)
        )
    )


__all__ = ["PSEUDONYM", "Inspector", "engine"]
