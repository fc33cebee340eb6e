"""The inspector: all detectors over all views of all passages, as findings in the original.

Findings are facts, never decisions (design.md). One value is one finding, however many views show
it: the plainest view's finding stays, with the highest class of all. A value cut over neighbouring
strings becomes one finding for each string, tied by `Finding.group`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shenyong.guideline.terms import DataClass, Likelihood
from shenyong.inspection import pseudonyms
from shenyong.inspection.detector import Hit
from shenyong.inspection.detectors import DETECTORS
from shenyong.inspection.directory import Directory
from shenyong.inspection.engine import Engine
from shenyong.inspection.finding import Finding
from shenyong.inspection.icons import is_icon
from shenyong.inspection.intervals import Intervals
from shenyong.inspection.masking import mask
from shenyong.reading.passage import Passage, Span, View, ViewKind

_LIKELIHOODS = tuple(Likelihood)
_DECODED = 2
_PLAINNESS = {ViewKind.FOLDED: 0, ViewKind.COMPACT: 1, ViewKind.DECODED: _DECODED}


_ENGINES: list[Engine] = []
_LOCK = threading.Lock()


def engine(cached: bytes = b"") -> Engine:
    """The automaton of all detectors, made once per process.

    `cached` is what `Engine.automaton` gave in an earlier process: with it the first call takes
    milliseconds instead of seconds. Who keeps it is the caller's affair; it is no secret, and one
    that does not fit is ignored.
    """
    with _LOCK:
        if not _ENGINES:
            _ENGINES.append(Engine([make() for make in DETECTORS], cached))
        return _ENGINES[0]


class Placed(NamedTuple):
    """A hit with its place in the original, before duplicates go."""

    hit: Hit
    spans: tuple[Span, ...]
    masked: str
    evasion: str
    plainness: int

    def at(self, path: str) -> Placed:
        """The same in the string at another path; not for a seam's."""
        (span,) = self.spans
        return self._replace(spans=(Span(path, span.start, span.end),))


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
        placed = [each for passage in passages for each in self.placed(passage)]
        paths = (
            path
            for passage in passages
            for path in [seam[1] for seam in passage.seams] or [passage.path]
        )
        return self.merged(placed, paths)

    def placed(self, passage: Passage) -> tuple[Placed, ...]:
        """All that one passage's views show, before what is the same value becomes one."""
        placed = [
            each
            for view in passage.views
            for hit in self._engine.scan(passage, view)
            if (each := self._place(passage, view, hit)) is not None
        ]
        return (*placed, *_unreadable(passage))

    @staticmethod
    def merged(placed: Sequence[Placed], paths: Iterable[str]) -> tuple[Finding, ...]:
        """The findings of what several passages showed; `paths` in the order to tell them in."""
        if not placed:
            return ()
        order: dict[str, int] = {}
        for path in paths:
            order.setdefault(path, len(order))
        return _findings(_absorbed(_distinct(placed)), order)

    def _place(self, passage: Passage, view: View, hit: Hit) -> Placed | None:
        value = view.text[hit.start : hit.end]
        if not value or self._directory.holds(hit.kind, value):
            return None
        start, end = view.original(hit.start, hit.end)
        if pseudonyms.inside(passage.original, start, end):
            return None
        plainness = _PLAINNESS[view.kind]
        spans = tuple(passage.places(start, end))
        evasion = "split" if len(spans) > 1 else ""
        if plainness:
            evasion = view.encoding or view.kind.value
        asked = hit.data_class is None and hit.likelihood is not Likelihood.NONE
        masked = "" if asked else mask(hit.kind, value)
        return Placed(hit, spans, masked, evasion, plainness)


def _unreadable(passage: Passage) -> Iterable[Placed]:
    """What could not be decoded within the budget: no data class, but never silence."""
    for start, end in passage.unreadable:
        if is_icon(passage.original[start:end]):
            continue
        hit = Hit("encoded", None, start, end, 1.0, "reading/1")
        masked = mask("encoded", passage.original[start:end])
        yield Placed(hit, tuple(passage.places(start, end)), masked, "", 3)


def _rank(data_class: DataClass | None) -> int:
    return -1 if data_class is None else data_class.rank


def _distinct(placed: Iterable[Placed]) -> list[Placed]:
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
    kept: list[Placed] = []
    taken: dict[tuple[str, str], Intervals[int]] = defaultdict(Intervals)
    for each in ranked:
        kind = each.hit.kind
        overlaps = [taken[kind, at.path].overlapping(at.start, at.end) for at in each.spans]
        twin = next((index for index in overlaps if index is not None), None)
        if twin is None:
            for at in each.spans:
                taken[kind, at.path].add(at.start, at.end, len(kept))
            kept.append(each)
            continue
        if each.plainness < _DECODED and _holds(each.spans, kept[twin].spans):
            kept[twin] = each._replace(hit=_stricter(each.hit, kept[twin].hit))  # hidden in part
        else:
            kept[twin] = kept[twin]._replace(hit=_stricter(kept[twin].hit, each.hit))
    return kept


def _holds(outer: Sequence[Span], inner: Sequence[Span]) -> bool:
    """Whether the outer value goes beyond the inner one and holds all of it."""
    return tuple(outer) != tuple(inner) and all(
        any(a.path == b.path and a.start <= b.start and b.end <= a.end for a in outer)
        for b in inner
    )


def _stricter(kept: Hit, twin: Hit) -> Hit:
    """`kept` with the higher class and the greater likelihood of both."""
    if _rank(twin.data_class) > _rank(kept.data_class):
        kept = kept._replace(data_class=twin.data_class)
    if _LIKELIHOODS.index(twin.likelihood) > _LIKELIHOODS.index(kept.likelihood):
        kept = kept._replace(likelihood=twin.likelihood)
    return kept


def _absorbed(placed: Sequence[Placed]) -> list[Placed]:
    """Without what another explains: ``pass@host`` in a URL is no mail address, and the digits of
    203.0.113.7 no account."""
    placed = _without_addresses_of_machines(placed)
    secrets: dict[str, Intervals[Span]] = {}
    for each in placed:
        if each.hit.kind == "secret":
            for at in each.spans:
                secrets.setdefault(at.path, Intervals()).add(at.start, at.end, at)

    def explained(each: Placed) -> bool:
        for at in each.spans:
            secret = secrets[at.path].overlapping(at.start, at.end) if at.path in secrets else None
            if secret is None:
                return False
            if each.hit.kind == "encoded" and not secret.start <= at.start <= at.end <= secret.end:
                return False
        return each.hit.kind in ("email", "encoded")

    return [each for each in placed if not explained(each)] if secrets else list(placed)


def _without_addresses_of_machines(placed: Sequence[Placed]) -> list[Placed]:
    machines = {
        (at.path, at.start, at.end) for p in placed if p.hit.kind == "ipv4" for at in p.spans
    }
    return [
        each
        for each in placed
        if each.hit.kind != "bank_account"
        or not machines & {(at.path, at.start, at.end) for at in each.spans}
    ]


def _findings(placed: Iterable[Placed], order: dict[str, int]) -> tuple[Finding, ...]:
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
