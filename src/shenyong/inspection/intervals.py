"""Disjoint half-open ranges with a value each: which of them does a new one overlap?"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Intervals(Generic[Value]):
    """Ranges that never overlap, in order; O(log n) to ask."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ranges: dict[int, tuple[int, Value]] = {}

    def overlapping(self, start: int, end: int) -> Value | None:
        """The value of a range that overlaps ``start..end``, or None."""
        place = bisect_left(self._starts, end)
        if place == 0:
            return None
        stop, value = self._ranges[self._starts[place - 1]]
        return value if stop > start else None

    def add(self, start: int, end: int, value: Value) -> None:
        """Take the range in. It must overlap none."""
        insort(self._starts, start)
        self._ranges[start] = (end, value)
