from __future__ import annotations

import pytest

from shenyong.registry.lineage import bans, of_banned_family


@pytest.mark.point("ey-genai-2023:7")
def test_every_listed_family_is_recognised_in_its_usual_spellings():
    for family in bans().distinctive:
        for name in (family, family.upper(), f"{family}-7b", f"{family}2.5", f"org/{family}_chat"):
            assert of_banned_family(name, declared=False), name
    for family in bans().declared:
        assert of_banned_family(f"{family}-1.5", declared=True)
        assert not of_banned_family(f"{family}-1.5", declared=False)


def test_the_two_lists_are_disjoint_and_plain():
    assert not bans().distinctive & bans().declared
    assert all(name.isascii() and name.isalpha() and name.islower() for name in bans().distinctive)
    assert bans().countries == {"CN", "HK", "MO"}
