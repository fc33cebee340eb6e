"""The personal-data identifiers of Taiwan, and the numbers that look like them.

One detector for all of `identifiers.toml`: a trigger of the automaton opens a small window; the
exact expression, the check digit, the context and the identifier's own rule judge what stands in
it; of two findings that overlap, the higher class, then the stronger proof, then the longer stays.

Source: domain.md 4.1 to 4.4; 個人資料保護法 2 ①. guideline point 4.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Any

import msgspec

from shenyong.guideline.terms import DataClass
from shenyong.inspection.checksums import CHECKSUMS
from shenyong.inspection.context import Surroundings, windows
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.identifier_rules import RULES, Candidate, Lists, Rule
from shenyong.inspection.intervals import Intervals
from shenyong.reading.passage import Passage, View, ViewKind

_LINK = r"[\s:：＝=為是*「『\"'（(【\[]{0,6}$"


class Identifier(msgspec.Struct, frozen=True):
    """One entry of `identifiers.toml`, compiled; the fields are explained there."""

    id: str
    data_class: DataClass
    triggers: tuple[str, ...]
    reach: tuple[int, int]
    value: re.Pattern[str]
    checksum: str
    context: re.Pattern[str] | None
    required: bool
    label: re.Pattern[str] | None
    head: re.Pattern[str] | None
    confidence: float
    known: float
    priority: int
    views: frozenset[ViewKind]
    rule: Rule | None

    def judge(self, around: Surroundings, match: re.Match[str], lists: Lists) -> Candidate | None:
        """The candidate at `match`, or None."""
        group = 1 if self.value.groups else 0
        start, end = match.span(group)
        if self.checksum and not CHECKSUMS[self.checksum](match.group(group)):
            return None
        if self.label and not self._labelled(around, start):
            return None
        known = self._known(around, start, end)
        if self.required and not known:
            return None
        confidence = self.known if known else self.confidence
        found = Candidate(around, start, end, match, self.data_class, confidence, known)
        return self.rule(found, lists) if self.rule else found

    def _known(self, around: Surroundings, start: int, end: int) -> bool:
        if self.context is None:
            return False
        if self.required:
            return around.near(start, end, self.context)
        return around.beside(start, end, self.context)

    def _labelled(self, around: Surroundings, start: int) -> bool:
        assert self.label is not None
        assert self.head is not None
        return bool(
            self.label.search(around.text[max(0, start - 28) : start])
            or self.head.search(around.column_head(start))
        )


def _identifier(entry: dict[str, Any]) -> Identifier:
    label = entry.get("label")
    words = entry.get("context")
    confidence = float(entry["confidence"])
    return Identifier(
        id=entry["id"],
        data_class=DataClass(entry["class"]),
        triggers=tuple(entry["triggers"]),
        reach=(entry["reach"][0], entry["reach"][1]),
        value=re.compile(entry["value"]),
        checksum=entry.get("checksum", ""),
        context=re.compile(words) if words else None,
        required=entry.get("required", False),
        label=re.compile(f"(?:{label}){_LINK}") if label else None,
        head=re.compile(label) if label else None,
        confidence=confidence,
        known=float(entry.get("known", confidence)),
        priority=int(entry["priority"]),
        views=frozenset([ViewKind.FOLDED, *map(ViewKind, entry.get("views", ()))]),
        rule=RULES[entry["rule"]] if "rule" in entry else None,
    )


def load() -> tuple[tuple[Identifier, ...], Lists]:
    """The identifiers of the package data, in the file's order, and the lists beside them."""
    data = resources.files(__package__).joinpath("identifiers.toml").read_text("utf-8")
    table = tomllib.loads(data)
    lists = Lists(
        frozenset(table["bank"]["codes"].split()), frozenset(table["plate"]["standards"].split())
    )
    return tuple(_identifier(entry) for entry in table["identifier"]), lists


class Identifiers:
    """The detector of `identifiers.toml`; see the module.

    guideline: ey-genai-2023:4
    """

    name = "identifiers/1"

    def __init__(self) -> None:
        self._identifiers, self._lists = load()
        self._by_trigger: dict[str, list[int]] = {}
        for index, identifier in enumerate(self._identifiers):
            for trigger in identifier.triggers:
                self._by_trigger.setdefault(trigger, []).append(index)

    def patterns(self) -> Sequence[Pattern]:
        """The triggers; identifiers with the same trigger share it."""
        return tuple(Pattern(trigger, trigger) for trigger in self._by_trigger)

    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The identifiers in one view."""
        ends: dict[int, list[int]] = {}
        for match in matches:
            for index in self._by_trigger[match.key]:
                if view.kind in self._identifiers[index].views:
                    ends.setdefault(index, []).append(match.end)
        around = Surroundings(view.text)
        found: list[tuple[Candidate, Identifier]] = []
        for index in sorted(ends):
            identifier = self._identifiers[index]
            found.extend(
                (candidate, identifier)
                for candidate in self._candidates(around, identifier, ends[index])
            )
        return [
            Hit(
                kind=identifier.id,
                data_class=candidate.data_class,
                start=candidate.start,
                end=candidate.end,
                confidence=candidate.confidence,
                detector=self.name,
            )
            for candidate, identifier in _strongest(found)
        ]

    def _candidates(
        self, around: Surroundings, identifier: Identifier, ends: Sequence[int]
    ) -> Iterator[Candidate]:
        cells: Iterator[tuple[int, int]] = iter(())
        if identifier.label is not None:
            cells = (cell for end in ends for cell in around.column_cells(end - 1))
        for low, high in windows(ends, identifier.reach, len(around.text), cells):
            for match in identifier.value.finditer(around.text, low, high):
                candidate = identifier.judge(around, match, self._lists)
                if candidate is not None:
                    yield candidate


def _strongest(
    found: Iterable[tuple[Candidate, Identifier]],
) -> list[tuple[Candidate, Identifier]]:
    """Of findings that overlap: the higher class, then the priority, then the longer."""
    ranked = sorted(
        found,
        key=lambda item: (
            -item[0].data_class.rank,
            -item[1].priority,
            item[0].start - item[0].end,
            item[0].start,
        ),
    )
    taken: Intervals[bool] = Intervals()
    kept: list[tuple[Candidate, Identifier]] = []
    for candidate, identifier in ranked:
        if taken.overlapping(candidate.start, candidate.end) is None:
            taken.add(candidate.start, candidate.end, True)
            kept.append((candidate, identifier))
    return sorted(kept, key=lambda item: item[0].start)
