"""Birth dates: forms, contexts, and the dates that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspection.passages import kinds

from shenyong.inspection.births import exists, numeral


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("出生年月日：民國85年3月12日", "民國85年3月12日"),
        ("王君（85.3.12生）", "85.3.12"),
        ("民國八十五年三月十二日生", "民國八十五年三月十二日"),
        ("出生日期 0850312", "0850312"),
        ("生日：85/03/12，", "85/03/12"),
        ("出生：1996-03-12", "1996-03-12"),
        ("西元1996年3月12日出生", "西元1996年3月12日"),
        ("19960312生", "19960312"),
        ("DOB: March 12, 1996", "March 12, 1996"),
        ("date of birth: 12 Mar 1996", "12 Mar 1996"),
        ("出生年月日\n中華民國 70 年 12 月 31 日", "中華民國 70 年 12 月 31 日"),
        ("生於民國前3年5月1日", "民國前3年5月1日"),
        ("姓名|生日|電話\n甲|85.3.12|無", "85.3.12"),
        ("姓名\t生日\t電話\n甲\t85.3.12\t無", "85.3.12"),
        ("王明,男,36.08.15,病歷在卷", "36.08.15"),
        ("1 王明 85/3/3 P208124059", "85/3/3"),
        ("D.O.B. 1991/02/27", "1991/02/27"),
    ],
)
def test_birth_dates(text: str, value: str) -> None:
    assert kinds(text).get("tw_birth_roc") == value


@pytest.mark.parametrize(
    "text",
    [
        "發文日期：中華民國115年11月23日",
        "生日：85/02/30",
        "出生日期：85年3月",
        "民國85年13月12日生",
        "本要點自115年1月1日生效",
        "中華民國八十三年一月一日以前出生之役男",
        "出生於中華民國83年1月1日以前者",
        "核發出生證明。申請日期115年3月1日",
        "六十九年一月一日至六十九年十二月三十一日出生，其生母",
        "九十年一月一日生產之產品",
        "男女兩組於115.3.12開賽",
        "發文115/3/12 A級案件",
        "年齡,月數\n本條例施行後至中華民國一百零八年五月二日前,另定之",
    ],
)
def test_other_dates(text: str) -> None:
    assert "tw_birth_roc" not in kinds(text)


@given(st.integers(1, 999))
def test_numerals_by_units(number: int) -> None:
    figures = "〇一二三四五六七八九"
    hundreds, tens, units = number // 100, number // 10 % 10, number % 10
    words = f"{figures[hundreds]}百" if hundreds else ""
    if tens:
        words += f"{figures[tens]}十"
    elif hundreds and units:
        words += "零"
    words += figures[units] if units else ""
    assert numeral(words) == number
    assert numeral("".join(figures[int(figure)] for figure in str(number))) == number


@given(st.integers(1, 130), st.integers(0, 14), st.integers(0, 33))
def test_roc_days_are_gregorian_days(year: int, month: int, day: int) -> None:
    assert exists(year, month, day, era="") == exists(year + 1911, month, day, era="")
