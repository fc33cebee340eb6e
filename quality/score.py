"""Scores: what was to be found, what was found, and what redaction left.

A value counts as *found* if findings of its kind cover all of it, as *replaced* if findings that
redaction replaces, of whatever kind, cover all of it. A finding is *right* if it touches a value of
its kind; one that touches what is no business of its kind (`NEUTRAL`) counts neither way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quality.marks import Mark, Sample


class Said(NamedTuple):
    """What an inspector says of a place: our kind's name, and whether redaction replaces it."""

    kind: str
    start: int
    end: int
    replaced: bool = True


KINDS: dict[str, tuple[str, ...]] = {
    "PERSON": ("person_name",),
    "FOLLOW": ("person_name",),
    "ADDRESS": ("address",),
    "COMPANY": ("organisation",),
}
"""Kind of a mark → kinds of findings that are right for it; every other stands for itself."""
NEUTRAL: dict[str, tuple[str, ...]] = {
    "person_name": ("FOLLOW",),
    "address": ("AGENCY_ADDRESS",),
    "organisation": ("AGENCY",),
    "plate_legacy": ("plate_car_new",),
    "plate_car_new": ("plate_legacy",),
}
"""Kind of a finding → kinds of marks that it may touch without being right or wrong."""


_NICK = "阿小老大"


class Score(NamedTuple):
    """Figures of one kind."""

    values: int
    found: int
    replaced: int
    said: int
    right: int

    @property
    def recall(self) -> float:
        """Found, of all values."""
        return self.found / self.values if self.values else float("nan")

    @property
    def precision(self) -> float:
        """Right, of all findings."""
        return self.right / self.said if self.said else float("nan")

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


class Sheet:
    """Counts over many samples."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self.missed: list[tuple[Sample, Mark]] = []
        self.wrong: list[tuple[Sample, Said]] = []

    def add(self, sample: Sample, said: Sequence[Said]) -> None:
        """Count one sample."""
        for whole in sample.marks:
            mark = pointing(sample, whole)
            wanted = KINDS.get(mark.kind, (mark.kind,))
            mine = [each for each in said if each.kind in wanted]
            counts = self._of(mark.kind)
            counts["values"] += 1
            counts["replaced"] += covered(mark, [each for each in said if each.replaced])
            if covered(mark, mine):
                counts["found"] += 1
            else:
                self.missed.append((sample, mark))
        for each in said:
            touched = {
                mark.kind
                for mark in sample.marks
                if mark.start < each.end and each.start < mark.end
            }
            right = {kind for kind in touched if each.kind in KINDS.get(kind, (kind,))}
            if not right & {*KINDS, each.kind} - {"FOLLOW"} and touched & set(
                NEUTRAL.get(each.kind, ())
            ):
                continue
            name = next((mark for mark, kinds in KINDS.items() if each.kind in kinds), each.kind)
            counts = self._of(name)
            counts["said"] += 1
            counts["right"] += bool(right)
            if not right:
                self.wrong.append((sample, each))

    def score(self, kind: str) -> Score:
        """The figures of a kind of mark."""
        counts = self._of(kind)
        return Score(*(counts[name] for name in Score._fields))

    @property
    def kinds(self) -> list[str]:
        """The kinds with values, the most frequent first."""
        return sorted(
            (kind for kind, counts in self._counts.items() if counts["values"]),
            key=lambda kind: -self._counts[kind]["values"],
        )

    def _of(self, kind: str) -> Counter[str]:
        return self._counts.setdefault(kind, Counter())


def named(samples: Sequence[Sample], said: Sequence[Sequence[Said]]) -> Score:
    """Full names of citizens and officials alike, however classed; what is found is exact."""
    values = found = told = right = 0
    for sample, each in zip(samples, said, strict=True):
        names = {(m.start, m.end) for m in sample.marks if m.kind in ("PERSON", "OFFICIAL")}
        follow = [(m.start, m.end) for m in sample.marks if m.kind == "FOLLOW"]
        mine = {(one.start, one.end) for one in each if one.kind == "person_name"}
        mine -= {(a, b) for a, b in mine - names if any(a < d and c < b for c, d in follow)}
        values, found = values + len(names), found + len(names & mine)
        told, right = told + len(mine), right + len(names & mine)
    return Score(values, found, found, told, right)


def pointing(sample: Sample, mark: Mark) -> Mark:
    """Of a follow-up mention the part that points to somebody: 王小姐's surname, all of 阿明."""
    if mark.kind != "FOLLOW" or sample.text[mark.start] in _NICK or mark.end - mark.start < 2:
        return mark
    return mark._replace(end=mark.start + 1)


def covered(mark: Mark, said: Iterable[Said]) -> bool:
    """Whether findings cover every code point of the value."""
    left = set(range(mark.start, mark.end))
    for each in said:
        left.difference_update(range(each.start, each.end))
    return not left
