"""The contract between the engine and its detectors.

A detector declares patterns; the engine compiles the patterns of all detectors into one automaton,
runs it once over each view, and hands each detector only its own matches. The detector then judges:
exact span, checksum, context. So text without a candidate costs one pass, whatever the number of
detectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from shenyong.guideline.terms import DataClass, Likelihood
from shenyong.reading.passage import Passage, View


class Pattern(NamedTuple):
    """A regular expression in Hyperscan's syntax, over a view's text (UTF-8 mode).

    No look-around and no back-references: the detector checks the neighbourhood itself.
    """

    key: str
    expression: str
    caseless: bool = False


class Match(NamedTuple):
    """Where a pattern matched, in the view's characters (not bytes).

    `start` is exact only where the engine was asked for it; a detector re-anchors from `end` with
    its own exact expression when it needs the start.
    """

    key: str
    start: int
    end: int


class Hit(NamedTuple):
    """A detector's finding in the view's own characters; the engine maps it back."""

    kind: str
    data_class: DataClass | None
    start: int
    end: int
    confidence: float
    detector: str
    likelihood: Likelihood = Likelihood.NONE


class Detector(Protocol):
    """One detector: a name with a version, its patterns, and its judgement."""

    name: str  # e.g. "identifiers/1"

    def patterns(self) -> Sequence[Pattern]:
        """The patterns that make this detector look at a view."""
        ...

    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """Decide which of the matches are findings. Called only if there is a match."""
        ...
