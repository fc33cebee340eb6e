"""The demonstration's officers: each story's answers are what its form would take."""

from __future__ import annotations

import pytest

from shenyong.cli.demo_office import stories
from shenyong.cli.seeds import PEOPLE
from shenyong.governance import KINDS, read_form
from shenyong.governance.form import Known, Values
from shenyong.registry import Role

AT = 1_795_000_000_000_000
KNOWN = Known(
    frozenset(each.id for each in PEOPLE), frozenset({"onprem/gemma-3-270m"}), frozenset()
)


def given(values: Values) -> dict[str, list[str]]:
    return {name: each if isinstance(each, list) else [each] for name, each in values.items()}


@pytest.mark.parametrize("told", stories(AT), ids=lambda each: f"{each.kind}-{each.days}")
def test_a_story_could_be_typed_into_the_pages(told) -> None:  # type: ignore[no-untyped-def]
    kind, people = KINDS[told.kind], {each.id: each for each in PEOPLE}
    assert read_form(kind.fields, given(told.values), KNOWN)[1] == ()
    assert kind.check is None or kind.check(told.values) == ""
    assert kind.open_to & people[told.actor].roles
    for taken in told.steps:
        action = kind.action(taken.action)
        assert read_form(action.fields, given(taken.values), KNOWN)[1] == ()
        assert action.roles & people[taken.actor].roles


def test_there_is_an_officer_of_each_role() -> None:
    assert {role for each in PEOPLE for role in each.roles} == set(Role)
