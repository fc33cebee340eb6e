"""Passages: text as it will be inspected, with a map back to the original.

A passage holds one string of the request (or one seam over neighbouring messages) and the *views*
of it that detectors look at. Every character of every view maps back to a half-open range of code
points of an original string, so a finding always points at what the person wrote. Offsets are code
points, 0-based, half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int32]


class ViewKind(StrEnum):
    """How a view was made from the original."""

    FOLDED = "folded"  # width, compatibility, look-alikes, invisible characters
    COMPACT = "compact"  # and separators and numerals inside number runs
    DECODED = "decoded"  # an encoded run, decoded; maps as a whole onto the run


class Span(msgspec.Struct, frozen=True):
    """A half-open range of code points in the string at `path`."""

    path: str
    start: int
    end: int


class View(msgspec.Struct, frozen=True):
    """One reading of a passage.

    `starts[i]` and `ends[i]` are the original code-point range of the view's character i;
    both are ``None`` where the view is the original, character for character.
    """

    kind: ViewKind
    text: str
    starts: Offsets | None = None
    ends: Offsets | None = None
    encoding: str = ""  # for DECODED: e.g. "base64", "percent", "base64+hex"

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original range of the view's characters ``start..end`` (``start < end``)."""
        if self.starts is None or self.ends is None:
            return start, end
        return int(self.starts[start]), int(self.ends[end - 1])


class Passage(msgspec.Struct, frozen=True):
    """A string of the request, ready for inspection.

    `path` is its place (``messages[0].content``); `role` is whose words they are (``user``,
    ``system``, ``assistant``, ``tool``, or ``""``). `seams` is set on the passage that joins
    neighbouring strings: sorted ``(offset in original, path, offset in that string)``.
    `unreadable` lists ranges that could not be decoded within the budget.
    """

    path: str
    original: str
    views: tuple[View, ...]
    role: str = "user"
    newest: bool = True  # of the turn now sent, not of the history
    seams: tuple[tuple[int, str, int], ...] = ()
    unreadable: tuple[tuple[int, int], ...] = ()

    @property
    def folded(self) -> View:
        """The first view, which every passage has."""
        return self.views[0]

    def places(self, start: int, end: int) -> Sequence[Span]:
        """Where the original range really stands: one span, or one for each joined string."""
        if not self.seams:
            return (Span(self.path, start, end),)
        spans: list[Span] = []
        bounds = [seam[0] for seam in self.seams[1:]] + [len(self.original)]
        for (offset, path, inner), bound in zip(self.seams, bounds, strict=True):
            low, high = max(start, offset), min(end, bound)
            if low < high:
                spans.append(Span(path, low - offset + inner, high - offset + inner))
        return spans


class Source(msgspec.Struct, frozen=True):
    """One string that would leave, as the protocol room hands it over."""

    path: str
    text: str
    role: str = "user"
    newest: bool = True
