"""A small inspector for tests of what is done with findings, not of what is found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding

_KINDS = {
    "tw_national_id": re.compile(r"(?<![0-9A-Za-z])[A-Z][12][0-9]{8}(?![0-9A-Za-z])"),
    "tw_mobile": re.compile(r"(?<![0-9])09[0-9]{8}(?![0-9])"),
    "email": re.compile(r"[a-z0-9.]+@[a-z0-9.]+\.tw"),
    "person_name": re.compile(r"王\s?小\s?明|陳大文"),
}


def found(kind: str, path: str, start: int, end: int, data: DataClass | None = DataClass.PERSONAL):
    """A finding whose place and kind alone matter."""
    return Finding(kind, data, path, start, end, "*", 0.9, "test/1")


def spot(text: str, path: str = "content") -> Sequence[Finding]:
    """The findings of `text`: four kinds of personal data."""
    return [
        found(kind, path, match.start(), match.end())
        for kind, pattern in _KINDS.items()
        for match in pattern.finditer(text)
    ]
