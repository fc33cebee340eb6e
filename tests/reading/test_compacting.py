"""The compact view: number runs joined, ordinary numbers left."""

from __future__ import annotations

import pytest

from shenyong.reading.compacting import compact
from shenyong.reading.folding import fold
from shenyong.reading.passage import View


def _compact(text: str) -> View | None:
    return compact(*fold(text))


@pytest.mark.parametrize(
    ("written", "run"),
    [
        ("a 1 2 3-456.789", "A123456789"),
        ("〇九一二三四五六七八", "0912345678"),
        ("零玖壹貳參肆伍陸柒捌", "0912345678"),
        ("A1234\n56789", "A123456789"),
        ("09l2345O78", "0912345078"),
    ],
)
def test_a_run_stands_plainly(written: str, run: str) -> None:
    view = _compact(f"請查詢 {written} 的進度")
    assert view is not None
    assert run in view.text


@pytest.mark.parametrize(
    "text",
    [
        "115年12月3日 10:30",
        "一億二千三百萬元",
        "一百二十、三十四、五十六",
        "第15條第16條第17條第18條",
        "0912345678",
        "1    2    3    4    5    6    7    8",
        "",
    ],
)
def test_what_is_no_run_or_already_plain_makes_no_view(text: str) -> None:
    assert _compact(text) is None


def test_the_map_covers_the_run_with_its_separators() -> None:
    text = "電話：0912-345-678。"
    view = _compact(text)
    assert view is not None
    at = view.text.index("0912345678")
    low, high = view.original(at, at + 10)
    assert text[low:high] == "0912-345-678"


def test_the_label_before_the_run_is_kept() -> None:
    view = _compact("身分證字號 A1 2345 6789")
    assert view is not None
    assert "身分證字號 A123456789" in view.text
