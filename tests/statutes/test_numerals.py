from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.statutes.numerals import number

_DIGITS = "零一二三四五六七八九"


def _written(value: int) -> str:
    said, gap = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + sign
            gap = False
        else:
            gap = True
    return said


@given(st.integers(1, 9999))
def test_numerals_are_read_as_they_are_written(value: int) -> None:
    assert number(_written(value)) == value
    assert number(str(value)) == value


def test_other_forms() -> None:
    assert [number(each) for each in ("十", "廿三", "卅", "一二三", "二〇", "天", "")] == [
        *(10, 23, 30, 123, 20, 0, 0),
    ]
