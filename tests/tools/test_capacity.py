"""The model of capacity: what is measured goes in, and it grows as the officials do."""

from __future__ import annotations

import pytest
from tools.capacity import OFFICIALS, Cost, measured, mix, need, table

PAGE = """
| Shenyong, everything on | plain 16 | 2,017 | 1,473 + 42 PostgreSQL | 7.78 | 0 | 127 |
| Shenyong, everything on | stream 16 | 1,068 | 958 + 55 PostgreSQL | 14.62 | 0 | 130 |
| nginx | plain 16 | 47,674 | 16 | 0.22 | 0 | 7 |
"""


def test_costs_are_read_from_the_table() -> None:
    assert measured(PAGE) == {"plain 16": Cost(1473, 42), "stream 16": Cost(958, 55)}
    with pytest.raises(ValueError, match="make bench"):
        measured("nothing")


def test_a_request_of_the_usual_mix() -> None:
    assert mix(measured(PAGE)).worker == pytest.approx((1473 * 3 + 958) / 4)


def test_needs_grow_with_the_officials() -> None:
    found = [need(count, Cost(10_000, 50)) for count in OFFICIALS]
    assert found[0].peak == pytest.approx(1000 * 30 / 28_800 * 4)
    assert found[0].workers == 1
    assert found[2].workers == pytest.approx(found[1].workers * 10, rel=0.1)
    assert found[2].database_cores == pytest.approx(found[0].database_cores * 1000)
    assert all(f"{count:,}" in table(measured(PAGE)) for count in OFFICIALS)
