"""Passages made by hand, for tests of detectors apart from reading."""

from __future__ import annotations

import numpy as np

from shenyong.inspection.finding import Finding
from shenyong.inspection.inspector import Inspector
from shenyong.reading.passage import Passage, View, ViewKind


def plain(text: str, path: str = "p") -> Passage:
    """A passage whose only view is the original."""
    return Passage(path, text, (View(ViewKind.FOLDED, text),))


def compacted(text: str, drop: str) -> Passage:
    """A passage with a second view in which the characters of `drop` are gone."""
    kept = [place for place, character in enumerate(text) if character not in drop]
    starts = np.array(kept, dtype=np.int32)
    joined = "".join(text[place] for place in kept)
    return Passage(
        "p",
        text,
        (View(ViewKind.FOLDED, text), View(ViewKind.COMPACT, joined, starts, starts + 1)),
    )


def decoded(text: str, start: int, end: int, value: str, encoding: str = "base64") -> Passage:
    """A passage whose run ``start..end`` decodes to `value`."""
    size = len(value)
    starts, ends = np.full(size, start, dtype=np.int32), np.full(size, end, dtype=np.int32)
    return Passage(
        "p",
        text,
        (
            View(ViewKind.FOLDED, text),
            View(ViewKind.DECODED, value, starts, ends, encoding=encoding),
        ),
    )


def inspect(text: str) -> tuple[Finding, ...]:
    """The findings in a plain text."""
    return Inspector().inspect([plain(text)])


def kinds(text: str) -> dict[str, str]:
    """The value of the last finding of each kind in a plain text."""
    return {finding.kind: text[finding.start : finding.end] for finding in inspect(text)}
