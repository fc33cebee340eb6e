"""The held-out evasions: measured, with a floor that may rise and not fall."""

from __future__ import annotations

import pytest
from attack.evade import HELD_OUT, measured, plain
from quality.evasions import EVASIONS
from tests.reading.evading import TRANSFORMS

pytestmark = pytest.mark.point("ey-genai-2023:4")

FLOOR = 0.40
"""The share of values held, of all held-out transforms; docs/security.md has the table."""


def test_they_are_held_out() -> None:
    assert len(HELD_OUT) >= 50
    assert not set(HELD_OUT) & (set(TRANSFORMS) | set(EVASIONS))
    value = "A123456789"
    known = {hide(value) for hide in (*TRANSFORMS.values(), *EVASIONS.values())}
    same = [name for name, hide in HELD_OUT.items() if hide(value) in known]
    assert same == []
    assert all(hide(value) != value for hide in HELD_OUT.values())


@pytest.mark.slow
def test_most_are_held_and_what_is_plain_is_not() -> None:
    found = measured(each=1)
    assert sum(found.values()) / len(found) >= FLOOR, found
    assert plain() == []
