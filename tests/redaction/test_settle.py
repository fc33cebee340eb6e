"""Redaction is looked at again until nothing more is found, or is given back with what is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.redaction import settle
from shenyong.redaction.settle import ROUNDS

pytestmark = pytest.mark.point("ey-genai-2023:4")

Look = Callable[[Mapping[str, str]], tuple[Finding, ...]]


def finding(path: str, start: int, end: int) -> Finding:
    return Finding("person_name", DataClass.PERSONAL, path, start, end, "", 0.9, "test/1")


def places(texts: Mapping[str, str], word: str) -> tuple[Finding, ...]:
    return tuple(
        finding(path, at, at + len(word))
        for path, text in texts.items()
        for at in range(len(text))
        if text.startswith(word, at)
    )


def always(_: Finding) -> bool:
    return True


def test_a_name_that_shows_only_when_another_is_gone_goes_too() -> None:
    texts = {"a": "阿娟找阿明", "b": "阿明不在"}

    def look(now: Mapping[str, str]) -> tuple[Finding, ...]:
        return () if "阿娟" in now["a"] else places(now, "阿明")

    redaction, left = settle(texts, places(texts, "阿娟"), look, always)
    assert redaction.texts == {"a": "〔姓名1〕找〔姓名2〕", "b": "〔姓名2〕不在"}
    assert redaction.pseudonyms == {"〔姓名1〕": "阿娟", "〔姓名2〕": "阿明"}
    assert left == ()


def test_what_still_shows_at_last_is_told() -> None:
    looks = []

    def look(now: Mapping[str, str]) -> tuple[Finding, ...]:
        looks.append(now)
        return places(now, "一二三四五六"[len(looks)])

    texts = {"a": "一二三四五六"}
    _, left = settle(texts, places(texts, "一"), look, always)
    assert len(looks) == ROUNDS
    assert left


def test_what_may_not_be_taken_out_stays_and_is_told() -> None:
    texts = {"a": "阿娟找阿明"}
    found = places(texts, "阿娟")
    redaction, left = settle(
        texts, found, lambda now: places(now, "阿明"), lambda each: each in found
    )
    assert redaction.texts == {"a": "〔姓名1〕找阿明"}
    assert left


@given(st.text("甲乙丙丁", max_size=30), st.text("甲乙丙丁", min_size=1, max_size=2))
def test_what_a_second_look_finds_stands_nowhere(text: str, word: str) -> None:
    texts = {"a": text + word}
    redaction, left = settle(texts, (), lambda now: places(now, word)[:1], always)
    assert word not in redaction.texts["a"]
    assert left == ()
