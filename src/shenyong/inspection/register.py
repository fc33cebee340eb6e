"""The register of what is not released: from shared fingerprints to findings. Pure.

A document is a secret until its day: draft, approved for release, released on a day. Also
registered are texts that everybody may read (statutes, what is published), so that a draft's
quotations of them are no findings; and what stands in many documents alike is a form's wording.

Source: guideline.md reading 4 (未經核准公開資訊); 政府資訊公開法 18; domain.md 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec
import numpy as np

from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.inspection.fingerprints import Filter, Print, Printer

NAME = "fingerprints/1"
COMMON = 8
"""In so many documents of one agency a passage is a form's wording."""
_NEAR = 80  # characters between two shared fingerprints of one passage, at most
_SURE = {1: 0.6, 2: 0.8}


class State(StrEnum):
    """How far a document is on its way to the public."""

    DRAFT = "draft"
    APPROVED = "approved"
    RELEASED = "released"
    PUBLIC = "public"  # was never a secret; registered so that quotations of it are none
    PROTECTED = "protected"  # somebody's work: everybody reads it, a draft may not copy it


class Registered(msgspec.Struct, frozen=True):
    """A document of the register. Times are UTC in microseconds since 1970; 0 is not set.

    `level` is D1 or higher. The text itself is not kept.
    """

    id: str
    agency: str
    title: str
    owner: str
    level: DataClass = DataClass.UNRELEASED
    reason: str = ""
    consent: str = ""
    state: State = State.DRAFT
    added_at: int = 0
    added_by: str = ""
    approved_at: int = 0
    release_at: int = 0

    def open_at(self, at: int) -> bool:
        """Whether everybody may read it at that time."""
        if self.state in (State.PUBLIC, State.PROTECTED):
            return True
        approved = self.state in (State.APPROVED, State.RELEASED)
        return approved and 0 < self.release_at <= at


# guideline: ey-genai-2023:4
def findings(
    prints: Mapping[str, Sequence[Print]],
    known: Mapping[int, Sequence[Registered]],
    at: int,
) -> tuple[Finding, ...]:
    """What of the texts (path → fingerprints) stands in documents that are not released at `at`.

    `known` has the documents of the fingerprints that were found. One finding for each run of
    shared fingerprints, from the first to the last code point that they were made of.
    """
    secret = {value: _secret(documents, at) for value, documents in known.items()}
    found = []
    for path, some in prints.items():
        for document, runs in _runs(some, secret).items():
            for run in runs:
                found.append(_finding(path, document, run))
    return tuple(sorted(found, key=lambda each: (each.path, each.start)))


class Overlap(msgspec.Struct, frozen=True):
    """A run of a text, ``start..end``, that stands in a protected work of that title."""

    start: int
    end: int
    title: str


# guideline: ey-genai-2023:7
def overlaps(
    prints: Sequence[Print], known: Mapping[int, Sequence[Registered]]
) -> tuple[Overlap, ...]:
    """Where a text is a protected work's, near enough word for word.

    A single shared fingerprint (some 20 to 30 characters) is a quotation and is left alone; of two
    near each other on, it is said. Source: 著作權法 52 (quotation), guideline point 7.
    """
    protected = {
        value: tuple(each for each in documents if each.state is State.PROTECTED)
        for value, documents in known.items()
    }
    found = [
        Overlap(run[0].start, max(each.end for each in run), document.title)
        for document, runs in _runs(prints, protected).items()
        for run in runs
        if len(run) > 1
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.end)))


def _secret(documents: Sequence[Registered], at: int) -> tuple[Registered, ...]:
    """Whose secret a passage is: nobody's that is in an open document, or in many."""
    if len(documents) >= COMMON or any(each.open_at(at) for each in documents):
        return ()
    return tuple(documents)


def _runs(
    prints: Iterable[Print], secret: Mapping[int, tuple[Registered, ...]]
) -> dict[Registered, list[list[Print]]]:
    runs: dict[Registered, list[list[Print]]] = {}
    for each in prints:
        for document in secret.get(each.value, ()):
            mine = runs.setdefault(document, [])
            if mine and each.start - mine[-1][-1].end <= _NEAR:
                mine[-1].append(each)
            else:
                mine.append([each])
    return runs


def _finding(path: str, document: Registered, run: list[Print]) -> Finding:
    return Finding(
        "unreleased",
        document.level,
        path,
        run[0].start,
        max(each.end for each in run),
        f"#{document.id[:8]}",
        _SURE.get(len(run), 0.95),
        NAME,
    )


class Register(msgspec.Struct, frozen=True):
    """What a worker needs of one agency's register: how it prints, and what there may be."""

    printer: Printer
    filter: Filter

    def suspects(self, texts: Mapping[str, str]) -> dict[str, list[Print]]:
        """Path → those fingerprints of the text that may be registered; few are not."""
        if not self.filter.count:
            return {}
        found = {}
        for path, text in texts.items():
            prints = self.printer.prints(text)
            if prints:
                there = self.filter.has(np.array([each.value for each in prints], np.int64))
                mine = [each for each, may in zip(prints, there.tolist(), strict=True) if may]
                if mine:
                    found[path] = mine
        return found
