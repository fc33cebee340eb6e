"""Disjoint ranges, against a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.inspection.intervals import Intervals

RANGE = st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda r: (r[0], r[0] + r[1]))


@given(st.lists(RANGE, max_size=30))
def test_overlaps_as_a_list_would_say(ranges: list[tuple[int, int]]) -> None:
    taken: Intervals[tuple[int, int]] = Intervals()
    kept: list[tuple[int, int]] = []
    for start, end in ranges:
        expected = [each for each in kept if each[0] < end and start < each[1]]
        found = taken.overlapping(start, end)
        assert (found is None) == (not expected)
        assert found is None or found in expected
        if found is None:
            taken.add(start, end, (start, end))
            kept.append((start, end))
