"""公務櫃: what officers decide, as lists, forms and histories of one shape (points 7 to 10).

One set of pages for every kind of record; what a kind asks and who may do what is its own data in
`governance`. What follows from a step is carried out in the same transaction (`web.following`).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shenyong.governance import KINDS, Actor, Field, Kind, Record, Refused, act, opened, read_form
from shenyong.governance.form import Known, Problem, Values, text
from shenyong.governance.kinds.personal import by_category
from shenyong.governance.record import may_read, possible
from shenyong.ledger import Admin
from shenyong.storage.records import NumberTakenError
from shenyong.web import following, sheets
from shenyong.web.context import Desk, Guest, now
from shenyong.web.view import failed, fields, not_found, page, redirect
from shenyong.web.words import day as day_words
from shenyong.web.words import local, named, translator

GROUPS = ("rules", "use", "environment", "contract", "personal", "staff", "revision")
_SOON = 3 * 86_400_000_000
_MOST_FILE = 256 * 1024


async def index(request: Request, desk: Desk, guest: Guest) -> Response:
    """The kinds that concern this person, by group, with what is open in each."""
    who = guest.actor
    counts = await asyncio.to_thread(desk.records.counts, who.agency)
    groups = []
    for group in GROUPS:
        kinds = [
            {
                "kind": each,
                "counts": counts.get(each.name, {}) if each.read_by & who.roles else {},
                "may_open": bool(each.open_to & who.roles),
            }
            for each in KINDS.values()
            if each.group == group and (each.read_by | each.open_to) & who.roles
        ]
        if kinds:
            groups.append({"name": group, "kinds": kinds})
    return page(desk, guest, "office.html", {"nav": "office", "groups": groups})


def _kind(request: Request) -> Kind | None:
    return KINDS.get(request.path_params["kind"])


async def listed(request: Request, desk: Desk, guest: Guest) -> Response:
    """The records of a kind that the person may read."""
    kind, who = _kind(request), guest.actor
    if kind is None or not (kind.read_by | kind.open_to) & who.roles:
        return not_found(desk, guest)
    rows = await _readable(desk, kind, who)
    form = request.query_params.get("as", "")
    if form in sheets.FORMATS:
        step = desk.admin(who, "records.export", now(), subject=kind.name)
        await asyncio.to_thread(desk.records.note, step)
        return sheets.given(_sheet(desk, guest, kind, rows), form)
    values = {
        "nav": "office", "kind": kind, "rows": [_row(desk, kind, each) for each in rows],
        "may_open": bool(kind.open_to & who.roles), "columns": _columns(kind), "at": now(),
        "sums": by_category(rows) if kind.name == "incident" else {},
    }  # fmt: skip
    return page(desk, guest, "office_list.html", values)


async def _readable(desk: Desk, kind: Kind, who: Actor) -> list[Record]:
    rows = await asyncio.to_thread(desk.records.listed, who.agency, kind.name)
    return [each for each in rows if may_read(kind, each, who)]


def _columns(kind: Kind) -> tuple[Field, ...]:
    """The first answers that say what a record is about, none of them personal or long."""
    plain = [each for each in kind.fields if not each.masked and each.sort != "text"]
    return tuple(plain[:3])


def _row(desk: Desk, kind: Kind, record: Record) -> dict[str, Any]:
    return {
        "record": record,
        "answers": [(each, _shown(desk, each, record.values)) for each in _columns(kind)],
        "by": name_of(desk, record.opened_by),
    }


def name_of(desk: Desk, person_id: str) -> str:
    """A person's name; the id where the registry has none."""
    person = desk.person(person_id)
    return person.name if person else person_id


def _shown(desk: Desk, field: Field, values: Mapping[str, str | list[str]]) -> list[str]:
    """An answer as it is shown: names instead of ids; choices are named by the template."""
    value = values.get(field.name, "")
    answers = value if isinstance(value, list) else [value] if value else []
    if field.sort == "person":
        return [name_of(desk, each) for each in answers]
    if field.sort == "use":
        cases = desk.worker.world.registry.use_cases
        return [cases[each].title if each in cases else each for each in answers]
    return answers


def _sheet(desk: Desk, guest: Guest, kind: Kind, rows: list[Record]) -> sheets.Sheet:
    """The list as a table: masked answers stay out of it."""
    t = translator(guest.lang)
    told = [each for each in kind.fields if not each.masked]
    heads = (
        t("gov.number"), t("gov.state"), t("gov.opened"), t("gov.by"),
        *(named(guest.lang, kind.name, each.name) for each in told),
    )  # fmt: skip
    body = [
        (
            each.number, named(guest.lang, kind.name, "state", each.state),
            day_words(each.opened_at, guest.lang), name_of(desk, each.opened_by),
            *(
                "、".join(
                    named(guest.lang, kind.name, field.name, answer) if field.choices else answer
                    for answer in _shown(desk, field, each.values)
                )
                for field in told
            ),
        )
        for each in rows
    ]  # fmt: skip
    return sheets.Sheet(kind.name, t(f"gov.{kind.name}"), heads, body)


async def new(request: Request, desk: Desk, guest: Guest) -> Response:
    """An empty form of a kind."""
    kind = _kind(request)
    if kind is None or not kind.open_to & guest.actor.roles:
        return not_found(desk, guest)
    start = {name: value for name, value in request.query_params.items() if len(value) <= 300}
    return _form(desk, guest, kind, start)


def _form(
    desk: Desk,
    guest: Guest,
    kind: Kind,
    values: Mapping[str, str | list[str]],
    *,
    problems: tuple[Problem, ...] = (),
    refused: str = "",
) -> Response:
    told = {each.field: each.code for each in problems}
    parts = {
        "nav": "office", "kind": kind, "values": values, "problems": told, "refused": refused,
        "known": choices(desk, guest.actor),
    }  # fmt: skip
    return page(desk, guest, "office_new.html", parts, status=400 if told or refused else 200)


def choices(desk: Desk, who: Actor) -> dict[str, list[tuple[str, str]]]:
    """What there is to choose from: people, models and uses of the agency, as (id, name)."""
    registry = desk.worker.world.registry
    return {
        "person": [
            (each.id, f"{each.name}（{each.unit}）")
            for each in registry.people.values()
            if each.agency == who.agency and each.active
        ],
        "model": [(each.id, each.id) for each in registry.models.values()],
        "use": [
            (each.id, each.title)
            for each in registry.use_cases.values()
            if each.agency == who.agency and each.active
        ],
    }


def _known(desk: Desk, who: Actor) -> Known:
    names = choices(desk, who)
    ids = {name: frozenset(each for each, _ in found) for name, found in names.items()}
    return Known(ids["person"], ids["model"], ids["use"])


async def _answers(
    request: Request, desk: Desk, who: Actor, asked: tuple[Field, ...]
) -> tuple[Values, tuple[Problem, ...]]:
    form = await fields(request)
    given: dict[str, list[str]] = {}
    read = {each.name for each in asked if each.sort == "file"}
    for name, value in form.multi_items():
        if isinstance(value, str):
            given.setdefault(name, []).append(value)
        elif name in read:
            raw = await value.read(_MOST_FILE + 1)
            given.setdefault(name, []).append(raw.decode("utf-8", "replace"))
    return read_form(asked, given, _known(desk, who))


async def begin(request: Request, desk: Desk, guest: Guest) -> Response:
    """A new record from its form; what was typed comes back with what is wrong."""
    kind, who, at = _kind(request), guest.actor, now()
    if kind is None or not kind.open_to & who.roles:
        return not_found(desk, guest)
    values, problems = await _answers(request, desk, who, kind.fields)
    if problems:
        return _form(desk, guest, kind, values, problems=problems)
    try:
        made = await create(desk, kind, who, values, at)
    except Refused as refused:
        return _form(desk, guest, kind, values, refused=refused.code)
    return redirect(f"/office/{kind.name}/{made.id}")


async def create(desk: Desk, kind: Kind, who: Actor, values: Values, at: int) -> Record:
    """A record, kept and recorded. Raises Refused."""
    name = str(uuid.uuid4())
    year = local(at).year - 1911
    for _ in range(20):  # two officers at once: the next number then
        count = await asyncio.to_thread(following.next_number, desk, who.agency, kind.name, year)
        number = f"{year}-{kind.code}-{count:04d}"
        following.admissible(desk, kind, who.agency, values)
        record = opened(kind, who, at, values, id=name, number=number)
        follow = following.follow(desk, record)
        try:
            return await asyncio.to_thread(
                desk.records.add, record, _entry(desk, who, record), follow
            )
        except NumberTakenError:
            continue
    raise Refused("state")


def _entry(desk: Desk, who: Actor, record: Record) -> Admin:
    last = record.steps[-1]
    digest = desk.text_digest(record.agency, following.fingerprint(record))
    action = f"{record.kind}.{last.action}"
    return desk.admin(who, action, last.at, subject=record.id, digest=digest)


async def _found(request: Request, desk: Desk, guest: Guest) -> tuple[Kind, Record] | None:
    kind = _kind(request)
    try:
        name = str(uuid.UUID(request.path_params["id"]))
    except ValueError:
        return None
    record = await asyncio.to_thread(desk.records.get, name)
    if kind is None or record is None or record.kind != kind.name:
        return None
    return (kind, record) if may_read(kind, record, guest.actor) else None


async def show(request: Request, desk: Desk, guest: Guest) -> Response:
    """A record, its history, and what this person may do with it now."""
    found = await _found(request, desk, guest)
    if found is None:
        return not_found(desk, guest)
    return await _page(desk, guest, *found)


async def _page(
    desk: Desk,
    guest: Guest,
    kind: Kind,
    record: Record,
    *,
    problems: tuple[Problem, ...] = (),
    refused: str = "",
    tried: tuple[str, Mapping[str, str | list[str]]] = ("", {}),
    bare: bool = False,
) -> Response:
    who = guest.actor
    steps = [
        {
            "step": each,
            "who": name_of(desk, each.actor),
            "answers": _answered(desk, kind, kind.action(each.action).fields, each.values, bare)
            if each.action != "open"
            else [],
        }
        for each in record.steps
    ]
    beside = await following.beside(desk, record)
    values = {
        "nav": "office", "kind": kind, "record": record, "steps": steps,
        "answers": _answered(desk, kind, kind.fields, record.values, bare),
        "actions": possible(kind, record, who), "known": choices(desk, who),
        "problems": {each.field: each.code for each in problems}, "refused": refused,
        "tried": tried[0], "given": tried[1], "bare": bare, "at": now(), "soon": _SOON,
        "masked": bool(kind.masked) and not bare, "beside": beside,
    }  # fmt: skip
    status = 400 if problems else 409 if refused else 200
    return page(desk, guest, "office_record.html", values, status=status)


def _answered(
    desk: Desk,
    kind: Kind,
    asked: tuple[Field, ...],
    values: Mapping[str, str | list[str]],
    bare: bool,
) -> list[dict[str, Any]]:
    """Answers as they are shown; personal ones masked unless they were uncovered."""
    found = []
    for field in asked:
        shown = _shown(desk, field, values)
        if not shown:
            continue
        hidden = field.masked and not bare
        found.append(
            {"field": field, "shown": ["●●●" for _ in shown] if hidden else shown, "masked": hidden}
        )
    return found


async def do(request: Request, desk: Desk, guest: Guest) -> Response:
    """An action on a record."""
    found = await _found(request, desk, guest)
    form = await fields(request)
    name = str(form.get("action", ""))
    if found is None:
        return not_found(desk, guest)
    kind, record = found
    action = next((each for each in kind.actions if each.name == name), None)
    if action is None:
        return not_found(desk, guest)
    who, at = guest.actor, now()
    values, problems = await _answers(request, desk, who, action.fields)
    if problems:
        return await _page(desk, guest, kind, record, problems=problems, tried=(name, values))
    try:
        await step(desk, record.id, name, who, values, at=at)
    except Refused as refused:
        shown = {"refused": refused.code, "tried": (name, values)}
        return await _page(desk, guest, kind, record, **shown)  # type: ignore[arg-type]
    return redirect(f"/office/{kind.name}/{record.id}")


async def step(
    desk: Desk, record_id: str, name: str, who: Actor, values: Values, *, at: int
) -> Record | None:
    """Take an action on a record, and what follows from it; None if there is no such record.

    Raises:
        Refused: it may not be taken now, or not by this person.
        KeyError: the record's kind has no such action.
    """
    record = await asyncio.to_thread(desk.records.get, record_id)
    if record is None:
        return None
    kind = KINDS[record.kind]
    action = kind.action(name)
    told = {**values, **await following.prepared(desk, record, action, values)}

    def change(before: Record) -> Record:
        return act(kind, before, action, who, at=at, values=told)

    def follow(connection: Any, after: Record) -> None:
        following.follow(desk, after)(connection, after)

    return await asyncio.to_thread(
        desk.records.change, record.id, change, lambda after: _entry(desk, who, after), follow
    )


async def unmask(request: Request, desk: Desk, guest: Guest) -> Response:
    """The record with its personal answers: that somebody looked is itself recorded."""
    found = await _found(request, desk, guest)
    if found is None:
        return not_found(desk, guest)
    kind, record = found
    reason = str((await fields(request)).get("reason", "")).strip()
    if not kind.masked:
        return not_found(desk, guest)
    if not reason:
        return failed(desk, guest, "gov.unmask.reason", 400)
    digest = desk.text_digest(record.agency, reason)
    step = desk.admin(guest.actor, "record.unmask", now(), subject=record.id, digest=digest)
    await asyncio.to_thread(desk.records.note, step)
    return await _page(desk, guest, kind, record, bare=True)


def title_of(record: Record) -> str:
    """What a list calls a record."""
    for name in ("title", "pack", "model", "tool", "course", "point"):
        if text(record.values, name):
            return text(record.values, name)
    return record.number
