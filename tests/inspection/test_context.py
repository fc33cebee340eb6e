"""Neighbourhoods: sentence, line, column."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from shenyong.inspection.context import Surroundings, windows


def test_words_of_another_sentence_do_not_count() -> None:
    around = Surroundings("請附護照。編號300123456 護照")
    assert around.before(7) == "編號"
    assert not around.beside(7, 16, re.compile("附護照"))
    assert around.beside(7, 16, re.compile("護照"))
    assert Surroundings("12\n護照").after(2) == ""


def test_the_head_of_the_column() -> None:
    text = "甲|乙|丙\n1|2|3\n4|5|6\n\n7|8|9"
    around = Surroundings(text)
    assert around.column_head(text.index("5")) == "乙"
    assert around.column_head(text.index("8")) == ""  # another table, without a head
    assert [text[low:high] for low, high in around.column_cells(text.index("丙"))] == ["3", "6"]
    assert list(around.column_cells(text.index("5"))) == []


def test_prose_with_commas_is_no_table() -> None:
    text = "依護照條例辦理者應附具相關文件正本及影本各一份備查,其餘\n300123456,x"
    assert Surroundings(text).column_head(text.index("300")) == ""


@given(st.lists(st.integers(0, 200)), st.integers(0, 30), st.integers(0, 30))
def test_windows_are_disjoint_and_cover(ends: list[int], back: int, ahead: int) -> None:
    found = windows(ends, (back, ahead), 200)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))
    for end in ends:
        low, high = max(0, end - back), min(200, end + ahead)
        assert any(a <= low and high <= b for a, b in found)
