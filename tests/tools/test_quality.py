"""The measure itself: marks, scores, and values whose check digits hold by another's count."""

from __future__ import annotations

from random import Random

import pytest
from quality.marks import Mark, Sample, parsed
from quality.score import Said, Sheet
from stdnum import luhn

from quality import evasions, made, values


def test_marks_stand_where_the_text_has_them() -> None:
    sample = parsed("請⟦PERSON|王小明⟧回電⟦tw_mobile|0912345678⟧。")
    assert sample.text == "請王小明回電0912345678。"
    assert [sample.text[mark.start : mark.end] for mark in sample.marks] == ["王小明", "0912345678"]


def test_a_value_is_found_whole_or_not_at_all() -> None:
    sample = parsed("⟦PERSON|王小明⟧與⟦OFFICIAL|陳科長⟧及⟦FOLLOW|王先生⟧")
    sheet = Sheet()
    sheet.add(
        sample,
        [
            Said("person_name", 0, 2),  # half of a citizen's
            Said("person_name", 4, 7),  # an official's
            Said("person_name", 8, 11),  # a later mention: neither right nor wrong
            Said("tw_mobile", 0, 3),
        ],
    )
    score = sheet.score("PERSON")
    assert (score.values, score.found, score.said, score.right) == (1, 0, 2, 1)
    assert score.replaced == 1, "whatever it was called"
    assert sheet.score("FOLLOW").found == 1
    assert sheet.score("tw_mobile").right == 0


def test_made_texts_are_the_same_for_the_same_seed_and_well_marked() -> None:
    samples = made.made(7, 60)
    assert samples == made.made(7, 60)
    assert samples != made.made(8, 60)
    assert any(not sample.marks for sample in samples)
    for sample in samples:
        assert "{" not in sample.text
        assert all(0 <= mark.start < mark.end <= len(sample.text) for mark in sample.marks)


@pytest.mark.parametrize("seed", range(40))
def test_check_digits_hold(seed: int) -> None:
    random = Random(seed)
    assert luhn.is_valid(values.credit_card(random).replace("-", ""))
    number = values.national_id(random)
    letters = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    tens, ones = divmod(letters.index(number[0]) + 10, 10)
    digits = [tens, ones, *map(int, number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    assert sum(a * b for a, b in zip(digits, weights, strict=True)) % 10 == 0
    digits = [int(digit) for digit in values.ubn(random)]
    products = [a * b for a, b in zip(digits, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)]
    assert sum(sum(divmod(each, 10)) for each in products) % 5 == 0


@pytest.mark.parametrize("way", evasions.EVASIONS)
def test_an_evasion_hides_the_value_from_a_plain_search(way: str) -> None:
    for sample in evasions.hidden(3, 3)[way]:
        (mark,) = sample.marks
        assert isinstance(mark, Mark)
        assert isinstance(sample, Sample)
        assert mark.end <= len(sample.text)
    assert evasions.EVASIONS[way]("A123456789") != "A123456789"
