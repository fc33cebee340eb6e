"""The engine of records, on any sequence of actions: four eyes, states, roles, history."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.governance import KINDS, Actor, Kind, Record, Refused, act, opened
from shenyong.governance.form import Field, Values
from shenyong.governance.record import Action, may_read, possible
from shenyong.registry import Role

pytestmark = pytest.mark.point("ey-genai-2023:7")

PEOPLE = tuple(f"p{number}" for number in range(6))
_kinds = st.sampled_from(sorted(KINDS.values(), key=lambda each: each.name))
_roles = st.frozensets(st.sampled_from(Role), min_size=1, max_size=4)
_crowds = st.fixed_dictionaries(dict.fromkeys(PEOPLE, _roles))
_days = st.sampled_from(["115-01-01", "115-06-30", "116-12-31", "no day", ""])


def _answer(field: Field) -> st.SearchStrategy[str | list[str]]:
    """Answers as a form gives them, and some that no form would."""
    if field.sort == "choices":
        return st.lists(st.sampled_from(field.choices), unique=True)
    if field.sort == "choice":
        return st.sampled_from(field.choices)
    if field.sort == "day":
        return _days
    if field.sort == "number":
        return st.integers(max(0, field.low), min(field.high, 100_000)).map(str)
    return st.sampled_from(["", "一", "x" * 64, *PEOPLE])


def _answers(fields: tuple[Field, ...]) -> st.SearchStrategy[Values]:
    return st.fixed_dictionaries({each.name: _answer(each) for each in fields})


def _begun(data: st.DataObject, kind: Kind, crowd: dict[str, frozenset[Role]]) -> Record | None:
    person = data.draw(st.sampled_from(PEOPLE))
    values = data.draw(_answers(kind.fields))
    who = Actor(person, "house", crowd[person])
    try:
        record = opened(kind, who, 1, values, id="r", number="115-0001")
    except Refused:
        return None
    assert kind.open_to & who.roles
    return record


@settings(max_examples=250, deadline=None)
@given(_kinds, _crowds, st.data())
def test_whatever_is_done_the_rules_hold(
    kind: Kind, crowd: dict[str, frozenset[Role]], data: st.DataObject
) -> None:
    record = _begun(data, kind, crowd)
    if record is None:
        return
    assert record.state == kind.states[0]
    for at in range(2, 14):
        person = data.draw(st.sampled_from(PEOPLE))
        agency = data.draw(st.sampled_from(["house", "house", "house", "elsewhere"]))
        who = Actor(person, agency, crowd[person])
        action = data.draw(st.sampled_from(kind.actions))
        offered = action in possible(kind, record, who)
        try:
            after = act(kind, record, action, who, at=at,
                        values=data.draw(_answers(action.fields)))  # fmt: skip
        except Refused:
            continue
        # What is done was offered to that person, in that state, by a role that may.
        assert offered
        assert agency == record.agency
        assert record.state in action.before
        assert action.roles & who.roles
        assert not action.own or person == record.opened_by
        # Four eyes: nobody takes a step that judges a step of one's own.
        assert all(each.actor != person for each in record.steps if each.action in action.four_eyes)
        # A state is reached by the action that names it, and nothing is forgotten.
        assert after.state == (action.after or record.state)
        assert after.state in kind.states
        assert after.steps[:-1] == record.steps
        assert (after.steps[-1].actor, after.steps[-1].action) == (person, action.name)
        assert after.version == record.version + 1
        assert after.opened_by == record.opened_by
        assert action.merges or after.values == record.values
        record = after


@settings(max_examples=60, deadline=None)
@given(_kinds, _crowds, st.data())
def test_what_is_not_offered_is_refused(
    kind: Kind, crowd: dict[str, frozenset[Role]], data: st.DataObject
) -> None:
    record = _begun(data, kind, crowd)
    if record is None:
        return
    for person in PEOPLE:
        who = Actor(person, "house", crowd[person])
        offered = possible(kind, record, who)
        for action in kind.actions:
            if action not in offered:
                with pytest.raises(Refused):
                    act(kind, record, action, who, at=2, values={})


@settings(max_examples=60, deadline=None)
@given(_kinds, _crowds, st.data())
def test_another_agency_neither_reads_nor_acts(
    kind: Kind, crowd: dict[str, frozenset[Role]], data: st.DataObject
) -> None:
    record = _begun(data, kind, crowd)
    if record is None:
        return
    stranger = Actor(record.opened_by, "elsewhere", frozenset(Role))
    assert not may_read(kind, record, stranger)
    assert possible(kind, record, stranger) == ()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda each: each.name)
class TestEachKind:
    def test_states_and_actions_fit(self, kind: Kind) -> None:
        reached = {kind.states[0]} | {each.after for each in kind.actions if each.after}
        assert reached == set(kind.states)
        for action in kind.actions:
            assert set(action.before) <= set(kind.states)
            assert action.roles
            assert set(action.four_eyes) <= {"open", *(each.name for each in kind.actions)}
        names = [each.name for each in kind.actions]
        assert len(names) == len(set(names))

    def test_every_state_can_be_reached(self, kind: Kind) -> None:
        found, new = {kind.states[0]}, True
        while new:
            more = {
                each.after
                for each in kind.actions
                if each.after and found & set(each.before) and each.after not in found
            }
            found, new = found | more, bool(more)
        assert found == set(kind.states)

    def test_what_takes_effect_takes_two(self, kind: Kind) -> None:
        """No one alone brings about what the registry, the rules or the law hang on."""
        effective = {
            "rules": ("approve",), "use": ("approve",), "confirmation": ("approve",),
            "exemption": ("approve",), "contract": ("deleted",), "incident": ("close",),
            "retention": ("approve",), "likeness": ("grant",), "delegation": ("grant",),
            "reservation": ("record",), "revision": ("adopt",),
        }  # fmt: skip
        for name in effective.get(kind.name, ()):
            assert kind.action(name).four_eyes, (kind.name, name)


def _plain(**more: Any) -> Action:
    return Action("go", ("a",), "b", frozenset({Role.CISO}), **more)


def test_a_check_of_an_action_refuses_it() -> None:
    action = _plain(check=lambda record, values: "no" if values.get("x") else "")
    kind = Kind("k", "7", (), ("a", "b"), (action,), frozenset({Role.CISO}), frozenset())
    who = Actor("p", "house", frozenset({Role.CISO}))
    record = opened(kind, who, 1, {}, id="r", number="1")
    with pytest.raises(Refused, match="no"):
        act(kind, record, action, who, at=2, values={"x": "1"})
    assert act(kind, record, action, who, at=2, values={}).state == "b"
