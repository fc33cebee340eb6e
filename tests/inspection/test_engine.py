"""The automaton: one pass, characters instead of bytes, any thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.inspection.passages import plain

from shenyong.guideline.terms import DataClass
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.engine import Engine
from shenyong.reading.passage import Passage, View


class Marks:
    """Finds every ``#`` with a digit, and counts how often it was asked."""

    name = "marks/1"

    def __init__(self, expression: str = "#[0-9]", *, caseless: bool = False) -> None:
        self.asked = 0
        self._pattern = Pattern("mark", expression, caseless)

    def patterns(self) -> Sequence[Pattern]:
        return (self._pattern,)

    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        self.asked += 1
        return [
            Hit("mark", DataClass.PUBLIC, each.end - 2, each.end, 1.0, self.name)
            for each in matches
        ]


ENGINE = Engine([Marks()])


@given(st.text(st.sampled_from("#01a甲é😀\ud800\x00\n"), max_size=60))
def test_matches_end_where_the_expression_says(text: str) -> None:
    expected = [found.end() for found in re.finditer("#[01]", text)]
    assert [end for end, _ in ENGINE.matches(text)] == expected


def test_a_detector_without_a_match_is_not_asked() -> None:
    marks, others = Marks(), Marks("甲乙")
    engine = Engine([others, marks])
    passage = plain("一段沒有乙甲的文字 #1 #2")
    found = list(engine.scan(passage, passage.folded))
    assert [passage.original[hit.start : hit.end] for hit in found] == ["#1", "#2"]
    assert (marks.asked, others.asked) == (1, 0)


def test_caseless_patterns() -> None:
    engine = Engine([Marks("line", caseless=True)])
    assert len(engine.matches("LINE line LiNe")) == 3


def test_a_bad_pattern_is_named() -> None:
    with pytest.raises(ValueError, match=r"marks/1: pattern mark"):
        Engine([Marks("(?<=a)b")])


def test_a_kept_automaton_is_used_only_if_it_fits() -> None:
    kept = ENGINE.automaton()
    revived = Engine([Marks()], kept)
    assert revived.matches("甲#1") == ENGINE.matches("甲#1") != []
    for other in (b"", kept[:-1], kept[:70] + b"\x00" + kept[71:], b"junk" * 40):
        assert Engine([Marks()], other).matches("甲#1") == ENGINE.matches("甲#1")
    assert Engine([Marks("乙")], kept).matches("#1乙") == [(3, 0)]


def test_threads_share_the_automaton() -> None:
    texts = ["甲" * n + "#1" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(ENGINE.matches, texts))
    assert [result[0][0] for result in results] == [n + 2 for n in range(200)]
