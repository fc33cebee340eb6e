"""The held-out evasions: measured, with a floor that may rise and not fall."""

from __future__ import annotations

import pytest
from attack.evade import SETS, measured, plain
from quality.evasions import EVASIONS
from tests.reading.evading import TRANSFORMS

pytestmark = pytest.mark.point("ey-genai-2023:4")

FLOORS = {"held out": 0.90, "unseen, first": 0.60, "unseen, second": 0.62}
"""The share of values held, of all transforms; docs/security.md has the tables, and says which
was measured before anybody looked."""


@pytest.mark.parametrize("name", SETS)
def test_they_are_others_than_those_it_was_built_with(name: str) -> None:
    hidden = SETS[name]
    assert len(hidden) >= 40
    value = "A123456789"
    known = {hide(value) for hide in (*TRANSFORMS.values(), *EVASIONS.values())}
    same = [each for each, hide in hidden.items() if hide(value) in known]
    assert len(same) <= 3, same
    assert all(hide(value) != value for hide in hidden.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_most_are_held(name: str) -> None:
    found = measured(each=1, hidden=SETS[name])
    assert sum(found.values()) / len(found) >= FLOORS[name], found


def test_what_is_plain_is_not_held() -> None:
    assert plain() == []
