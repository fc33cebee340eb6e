"""Folding, against Unicode's own data."""

from __future__ import annotations

import string
import sys
import unicodedata

import pytest

from shenyong.reading.folding import codes_of, fold, text_of


def _all() -> list[str]:
    return [chr(code) for code in range(sys.maxunicode + 1)]


def test_every_decimal_digit_of_every_script_becomes_its_ascii_digit() -> None:
    for char in _all():
        value = unicodedata.decimal(char, None)
        if value is not None:
            assert fold(char)[0].text == str(value)


def test_no_format_or_combining_character_stays() -> None:
    for char in _all():
        if unicodedata.category(char) in ("Cf", "Mn", "Me"):
            assert fold(char)[0].text == ""


def test_printable_ascii_and_han_stay() -> None:
    text = string.digits + string.ascii_letters + string.punctuation + " \n溫温机密臺台"
    view, codes = fold(text)
    assert view.text == text
    assert view.starts is None
    assert text_of(codes) == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Ａ１２３，（甲）", "A123,(甲)"),
        ("㈱⑩ﬁ", "(株)10fi"),
        ("a\u3000b\u00a0c\u2003d", "a b c d"),
        ("一\u2028二\u2029三", "一\n二\n三"),
        ("1–2—3‐4－5", "1-2-3-4-5"),
        ("АВСΑΒ", "ABCAB"),
        ("⼈⽔", "人水"),
        ("❶⓵➁𝍣⓿½²", "112401⁄22"),
        ("\ud800A", "\ud800A"),
    ],
)
def test_what_it_becomes(written: str, said: str) -> None:
    view, codes = fold(written)
    assert view.text == said
    assert text_of(codes) == said


def test_a_character_that_becomes_several_maps_each_to_itself() -> None:
    view, _ = fold("甲\u200b㈱乙")
    assert view.text == "甲(株)乙"
    assert [view.original(at, at + 1) for at in range(5)] == [
        (0, 1),
        (2, 3),
        (2, 3),
        (2, 3),
        (3, 4),
    ]


def test_codes_and_text_are_each_others_inverse() -> None:
    text = "A溫\U0001f600\ud800\n"
    assert text_of(codes_of(text)) == text
