"""Rules and tagger together: one finding a name, the right class, the surname of a follow-up."""

from __future__ import annotations

import pytest
from tests.inspection.driving import found, hits

from shenyong.guideline.terms import DataClass
from shenyong.inspection.people import Person
from shenyong.inspection.persons import Persons, united
from shenyong.inspection.tagging import Kind, Tagged

pytestmark = pytest.mark.point("ey-genai-2023:4")


def classes(text: str) -> dict[str, DataClass | None]:
    return {text[each.start : each.end]: each.data_class for each in hits(Persons, text)}


def test_a_name_without_a_sign_is_found() -> None:
    assert found(Persons, "昨天下午鍾佩芸打來罵人，說補助款還沒下來。") == ["鍾佩芸"]


def test_a_private_firm_is_an_organisation_and_no_personal_data() -> None:
    told = hits(Persons, "得標廠商為宏達營造股份有限公司，決標金額三百萬元。")
    assert [(each.kind, each.data_class) for each in told] == [("organisation", DataClass.PUBLIC)]


def test_an_agency_is_not_reported() -> None:
    assert found(Persons, "本案業經新北市政府社會局核定在案。") == []


def one(told: list[tuple[Person, float]], tagged: list[Tagged], text: str) -> list[tuple[str, str]]:
    return [
        (text[each.start : each.end], str(each.data_class)) for each in united(text, told, tagged)
    ]


def test_one_place_is_one_finding_and_the_tagger_says_where_it_ends() -> None:
    text = "王小明天來"
    told = [(Person(0, 4, 3.0), 0.8)]
    assert one(told, [Tagged(0, 3, Kind.PERSON, 0.9)], "王小明天來") == [
        ("王小明天", str(DataClass.PERSONAL))
    ], "the rules' longer name stays whole"
    shorter = [(Person(0, 2, 3.0), 0.8)]
    assert one(shorter, [Tagged(0, 3, Kind.PERSON, 0.9)], text) == [
        ("王小明", str(DataClass.PERSONAL))
    ]


def test_only_who_is_surely_in_office_is_public() -> None:
    text = "鍾佩芸"
    sure = Tagged(0, 3, Kind.OFFICIAL, 0.9, 0.99)
    assert one([], [sure], text)[0][1] == str(DataClass.PUBLIC)
    assert one([], [sure._replace(office=0.8)], text)[0][1] == str(DataClass.PERSONAL)
    assert one([(Person(0, 3, 3.0), 0.8)], [sure], text)[0][1] == str(DataClass.PERSONAL)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("王小姐說好", "王小姐", Kind.FOLLOW),
        ("歐陽先生說好", "歐陽先生", Kind.FOLLOW),
    ],
)
def test_of_a_follow_up_the_surname_goes(text: str, value: str, kind: Kind) -> None:
    told = one([], [Tagged(0, len(value), kind, 0.9)], text)
    assert [each for each, _ in told] == [value[:-2]]


@pytest.mark.parametrize("value", ["王○明", "陳OO", "媽媽", "王"])
def test_what_points_to_nobody_stays(value: str) -> None:
    for kind in (Kind.PERSON, Kind.FOLLOW):
        assert one([], [Tagged(0, len(value), kind, 0.99)], value + "說") == []


def test_a_latin_name_is_taken_whole() -> None:
    text = "案母Nguyen Thi Bich Hanh來電"
    assert one([], [Tagged(2, 8, Kind.PERSON, 0.9)], text) == [
        ("Nguyen Thi Bich Hanh", str(DataClass.PERSONAL))
    ]
