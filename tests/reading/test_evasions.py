"""Whatever form a number hides in, some view says it plainly."""

from __future__ import annotations

import random

import pytest
from tests.reading import evading

from shenyong.reading import Source, read

_random = random.Random(20231003)
VALUES = [make(_random) for make in (evading.national_id, evading.mobile) for _ in range(10)]


def _says(text: str, value: str) -> bool:
    (passage,) = read([Source(path="messages[0].content", text=text)])
    return any(value in view.text.upper() for view in passage.views)


@pytest.mark.parametrize("name", evading.TRANSFORMS)
def test_some_view_says_the_value(name: str) -> None:
    transform = evading.TRANSFORMS[name]
    for value in VALUES:
        assert _says(f"請查詢 {transform(value)} 的申辦進度。", value)


@pytest.mark.parametrize("name", evading.TRANSFORMS)
def test_where_a_view_says_it_the_map_leads_into_what_was_written(name: str) -> None:
    value = VALUES[0]
    hidden = evading.TRANSFORMS[name](value)
    before = "請查詢 "
    (passage,) = read([Source(path="p", text=f"{before}{hidden} 的申辦進度。")])
    low, high = len(before), len(before) + len(hidden)
    ranges = [
        view.original(at, at + len(value))
        for view in passage.views
        if (at := view.text.upper().find(value)) >= 0
    ]
    assert ranges
    assert all(start < high and low < end for start, end in ranges)


@pytest.mark.parametrize(
    "text",
    [
        "依據個人資料保護法第15條及第16條規定辦理。",
        "會議訂於115年12月3日 10:30 召開，地點為第3會議室。",
        "經費新臺幣一億二千三百萬元，核定一百二十件。",
        "https://agency.example/LawClass/LawAll.aspx?pcode=I0050021&lang=zh",
        "/usr/local/lib/python3.11/site-packages/numpy/core/tests/test_multiarray_umath.py",
    ],
)
def test_ordinary_text_is_only_folded_and_readable(text: str) -> None:
    (passage,) = read([Source(path="p", text=text)])
    assert [view.text for view in passage.views] == [passage.folded.text]
    assert passage.unreadable == ()


@pytest.mark.parametrize(
    "text", ["550e8400-e29b-41d4-a716-446655440000", "report-v2.final_1150101.odt"]
)
def test_an_id_or_a_file_name_is_readable(text: str) -> None:
    (passage,) = read([Source(path="p", text=text)])
    assert passage.unreadable == ()
