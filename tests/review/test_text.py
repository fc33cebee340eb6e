from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.review import canonical, digest, reading_seconds


@given(st.text())
def test_one_form(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert digest(text) == digest(once)
    assert digest(text.replace("\n", "\r\n")) == digest(text.replace("\r", "")) or "\r" in text


def test_what_is_not_seen_is_not_approved() -> None:
    assert canonical("准\u202e駁\u2066回\u200b\U000e0041\x07") == "准駁回"
    assert canonical("\ud800") == "?"


def test_reading_takes_time() -> None:
    assert reading_seconds("字" * 600) == 60
    assert reading_seconds("") == 0
