"""Forms: what is an answer, what is not, and what nobody can put into one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.governance.form import Field, Known, day, many, read_form, text

KNOWN = Known(frozenset({"lin"}), frozenset({"local/m"}), frozenset({"work"}))


@pytest.mark.parametrize(
    ("field", "answer", "code"),
    [
        (Field("a"), "x", ""),
        (Field("a"), "", "missing"),
        (Field("a"), "  ", "missing"),
        (Field("a", required=False), "", ""),
        (Field("a"), "x" * 301, "too_long"),
        (Field("a"), "x\ny", "too_long"),
        (Field("a"), "x\x07", "control"),
        (Field("a", "text"), "x\ny", ""),
        (Field("a", "text"), "x" * 200_001, "too_long"),
        (Field("a", "file"), '{"x":\n1}', ""),
        (Field("a", "choice", choices=("y",)), "z", "choice"),
        (Field("a", "choices", choices=("y",)), "y", ""),
        (Field("a", "day"), "115-13-01", "day"),
        (Field("a", "day"), "115/2/28", ""),
        (Field("a", "number", low=2, high=9), "1", "number"),
        (Field("a", "number", low=2, high=9), "９", "number"),
        (Field("a", "number", low=2, high=9), "9", ""),
        (Field("a", "person"), "lin", ""),
        (Field("a", "person"), "far", "person"),
        (Field("a", "model"), "cloud/m", "model"),
        (Field("a", "use"), "other", "use"),
        (Field("a", pattern=r"\d{8}"), "1234567", "pattern"),
    ],
)
def test_an_answer_and_what_is_wrong_with_it(field: Field, answer: str, code: str) -> None:
    _, problems = read_form((field,), {"a": [answer]}, KNOWN)
    assert [each.code for each in problems] == ([code] if code else [])


def test_what_is_not_asked_can_not_be_given() -> None:
    values, problems = read_form((Field("a", asked=False),), {"a": ["forged"], "b": ["x"]}, KNOWN)
    assert (values, problems) == ({}, ())


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.text(max_size=30), max_size=3)))
def test_nothing_typed_is_thrown_away(given: dict[str, list[str]]) -> None:
    fields = (Field("a"), Field("b", "text"), Field("c", "choices", choices=("y",)))
    values, _ = read_form(fields, given, KNOWN)
    for name, answers in given.items():
        kept = [each.replace("\r\n", "\n").rstrip() for each in answers if each.strip()]
        if kept and name == "c":
            assert values[name] == [each.strip() for each in kept]
        elif kept:
            assert values[name] == (kept[0] if name == "b" else kept[0].strip())


def test_days_of_both_eras() -> None:
    assert day("115-11-24") == day("2026/11/24") == day("115.11.24") == date(2026, 11, 24)
    assert day("115-02-30") is None
    assert day("soon") is None


def test_answers_as_one_and_as_many() -> None:
    assert text({"a": ["x", "y"]}, "a") == "x、y"
    assert many({"a": "x\n\n y "}, "a") == ("x", "y")
    assert text({}, "a") == ""
