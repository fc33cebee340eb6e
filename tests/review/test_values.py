from __future__ import annotations

import pytest

from shenyong.review.values import agrees, values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("30萬元", "新臺幣300,000元"),
        ("參拾萬元", "30萬元"),
        ("１５日內", "十五日以內"),
        ("115年11月12日", "2026-11-12"),
        ("115.11.12", "中華民國一百十五年十一月十二日"),
        ("百分之五", "5%"),
        ("1.5億元", "150,000,000元"),
        ("3個月內", "三個月之內"),
        ("14個工作日內", "14工作天內"),
        ("府建字第 1150012345 號", "府建字1150012345號"),
        ("3萬5000元", "35,000元"),
    ],
)
def test_one_value_in_two_writings(one: str, other: str) -> None:
    (mine,), (theirs,) = values(one), values(other)
    assert agrees(mine, theirs), (mine, theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [("30萬元", "300元"), ("15日內", "15個月內"), ("11月12日", "11月13日"), ("5%", "5元")],
)
def test_different_values_do_not_agree(one: str, other: str) -> None:
    (mine,), (theirs,) = values(one), values(other)
    assert not agrees(mine, theirs)


def test_a_day_without_a_year_fits_a_years() -> None:
    (mine,), (theirs,) = values("11月12日"), values("115年11月12日")
    assert agrees(mine, theirs)
