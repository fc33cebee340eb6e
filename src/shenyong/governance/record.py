"""Records and their engine: a form, states, actions, and who may take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from shenyong.governance.form import Field, Values
from shenyong.registry import Role

ANYBODY = frozenset(Role)


class Actor(msgspec.Struct, frozen=True):
    """Who acts: a person of an agency with the roles of this moment, lent ones included."""

    id: str
    agency: str
    roles: frozenset[Role]
    unit: str = ""


class Taken(msgspec.Struct, frozen=True):
    """A step that was taken; `entry` is its index in the agency's log, -1 before it is stored."""

    at: int
    actor: str
    action: str
    state: str
    values: Values = {}
    entry: int = -1


class Record(msgspec.Struct, frozen=True):
    """A record. Times are UTC in microseconds; `due` is the next time limit (0: none).

    `values` are the answers of its form, and of later steps what changed them.
    """

    id: str
    kind: str
    agency: str
    number: str
    state: str
    values: Values
    steps: tuple[Taken, ...]
    version: int = 0
    due: int = 0

    @property
    def opened_by(self) -> str:
        """Who opened it."""
        return self.steps[0].actor

    @property
    def opened_at(self) -> int:
        """When it was opened."""
        return self.steps[0].at

    def last(self, action: str) -> Taken | None:
        """The last step of that name."""
        return next((each for each in reversed(self.steps) if each.action == action), None)

    def all(self, action: str) -> tuple[Taken, ...]:
        """All steps of that name."""
        return tuple(each for each in self.steps if each.action == action)


class Action(msgspec.Struct, frozen=True):
    """What may be done with a record in one of the states `before`.

    `after` is the state that follows ("" leaves it). `four_eyes` names the steps whose actors may
    not take it. `own` says that only who opened the record may. `merges` lets its answers replace
    the form's. `check` looks at the record and the step's answers: a code of ``gov.refused``, ""
    if all is well. `tone` is how grave a button looks.
    """

    name: str
    before: tuple[str, ...]
    after: str
    roles: frozenset[Role]
    fields: tuple[Field, ...] = ()
    four_eyes: tuple[str, ...] = ()
    own: bool = False
    merges: bool = False
    check: Callable[[Record, Values], str] | None = None
    tone: Literal["", "pri", "deny"] = ""


_CODES = {"confirmation": "ENV", "revision": "EDI", "reservation": "RSV", "retention": "KEEP"}


class Kind(msgspec.Struct, frozen=True):
    """A kind of record.

    `point` is the guideline's point that it carries out. `open_to` may open one, `read_by` read
    all of the agency's; who opened one reads that one. `due` gives the time by which the next
    thing must have happened, from the record and the time of the step.
    """

    name: str
    point: str
    fields: tuple[Field, ...]
    states: tuple[str, ...]
    actions: tuple[Action, ...]
    open_to: frozenset[Role]
    read_by: frozenset[Role]
    due: Callable[[Record], int] | None = None
    check: Callable[[Values], str] | None = None  # a code of gov.problem, "" if all is well
    group: str = "rules"

    def action(self, name: str) -> Action:
        """The action of that name. Raises KeyError."""
        return {each.name: each for each in self.actions}[name]

    @property
    def code(self) -> str:
        """The letters in its records' numbers: its name's first, or its own where they clash."""
        return _CODES.get(self.name, self.name[:3].upper())

    @property
    def masked(self) -> frozenset[str]:
        """The names of personal answers, of the form and of actions."""
        fields = [*self.fields, *(each for action in self.actions for each in action.fields)]
        return frozenset(each.name for each in fields if each.masked)


class Refused(Exception):  # noqa: N818 - an answer to a person, not an error of ours
    """An action that is refused; its words are ``gov.refused.<code>``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def may_read(kind: Kind, record: Record, who: Actor) -> bool:
    """Whether the record may be shown."""
    if who.agency != record.agency:
        return False
    return bool(kind.read_by & who.roles) or record.opened_by == who.id


def opened(kind: Kind, who: Actor, at: int, values: Values, *, id: str, number: str) -> Record:
    """A new record in its kind's first state.

    Raises:
        Refused: the person has no role that opens one, or the answers contradict each other.
    """
    if not kind.open_to & who.roles:
        raise Refused("role")
    _sound(kind, values)
    step = Taken(at, who.id, "open", kind.states[0], values)
    record = Record(id, kind.name, who.agency, number, kind.states[0], values, (step,))
    return _dated(kind, record)


def possible(kind: Kind, record: Record, who: Actor) -> tuple[Action, ...]:
    """What the person may do with the record now."""
    return tuple(each for each in kind.actions if not _barred(each, record, who))


def act(
    kind: Kind, record: Record, action: Action, who: Actor, *, at: int, values: Values
) -> Record:
    """The record after an action.

    Raises:
        Refused: the state has moved on, the person may not, or another person is wanted.
    """
    code = _barred(action, record, who)
    if code:
        raise Refused(code)
    code = action.check(record, values) if action.check is not None else ""
    if code:
        raise Refused(code)
    state = action.after or record.state
    merged = {**record.values, **values} if action.merges else record.values
    _sound(kind, merged)
    return _dated(
        kind,
        msgspec.structs.replace(
            record,
            state=state,
            values=merged,
            version=record.version + 1,
            steps=(*record.steps, Taken(at, who.id, action.name, state, values)),
        ),
    )


def _barred(action: Action, record: Record, who: Actor) -> str:
    if who.agency != record.agency:
        return "role"
    if record.state not in action.before:
        return "state"
    if not action.roles & who.roles or (action.own and who.id != record.opened_by):
        return "role"
    judged = [each for each in record.steps if each.action in action.four_eyes]
    # What was changed last is what is judged; earlier rounds are others' work too.
    if any(each.actor == who.id for each in judged):
        return "same_person"
    return ""


def _sound(kind: Kind, values: Values) -> None:
    code = kind.check(values) if kind.check is not None else ""
    if code:
        raise Refused(code)


def _dated(kind: Kind, record: Record) -> Record:
    due = kind.due(record) if kind.due is not None else 0
    return msgspec.structs.replace(record, due=due)
