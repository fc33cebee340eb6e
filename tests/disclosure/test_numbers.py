from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.disclosure import new_number, tidy

pytestmark = pytest.mark.point("ey-genai-2023:6")


@given(st.integers(100, 999))
def test_a_number_is_read_back_however_it_is_typed(year: int) -> None:
    number = new_number(year)
    wide = "".join(chr(ord(each) + 0xFEE0) if each.isalnum() else each for each in number)
    for typed in (number, number.lower(), f" {number} ", number.replace("-", ""), wide):
        assert tidy(typed) == number


def test_numbers_are_of_chance() -> None:
    assert len({new_number(115) for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    "typed", ["", "SY", "SY-115-0O1IL2", "SY-115-4K7QP", "' OR 1=1", "SY-115-4K7QPXX"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert tidy(typed) == ""
