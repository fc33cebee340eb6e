"""Uses of AI in pages: the checklist to take away, and where a use's warning is met.

an approved use ──▶ a key of each person for it, made when a matter hangs on it
               ├──▶ the label over that matter, as the assessment found it (人工智慧基本法 17)
               └──▶ the checklist in the ministry's five steps, ODS and ODT (人工智慧基本法 19)
"""

from __future__ import annotations

# guideline: ey-genai-2023:0
import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shenyong.disclosure.paper import Paper
from shenyong.governance import KINDS, Actor, Record
from shenyong.governance.form import Field, text
from shenyong.governance.kinds.use import STEPS, verdict
from shenyong.governance.record import may_read
from shenyong.registry import Person, Registry, UseCase
from shenyong.storage import registry as stored
from shenyong.web import sheets
from shenyong.web.context import Desk, Guest, now
from shenyong.web.keys import key_id, use_key
from shenyong.web.view import SECURITY, not_found
from shenyong.web.words import day, iso_day, named, translator
from shenyong.wording import Lang

_USE = KINDS["use"]
_ODT = "application/vnd.oasis.opendocument.text"


# -- the checklist -----------------------------------------------------------------------------


async def checklist(request: Request, desk: Desk, guest: Guest) -> Response:
    """A use's assessment as the checklist of the five steps: ``?as=odt`` or ``ods``."""
    try:
        name = str(uuid.UUID(request.path_params["id"]))
    except ValueError:
        return not_found(desk, guest)
    record = await asyncio.to_thread(desk.records.get, name)
    form = request.query_params.get("as", "odt")
    if record is None or record.kind != "use" or not may_read(_USE, record, guest.actor):
        return not_found(desk, guest)
    if form not in ("odt", "ods"):
        return not_found(desk, guest)
    rows = list(checklist_rows(desk, record, guest.lang))
    step = desk.admin(guest.actor, "use.checklist", now(), subject=record.id)
    await asyncio.to_thread(desk.records.note, step)
    t, file = translator(guest.lang), f"{record.number}-checklist"
    heads = (t("checklist.step"), t("checklist.item"), t("checklist.answer"))
    if form == "ods":
        return sheets.given(sheets.Sheet(file, t("checklist.title"), heads, rows), "ods")
    body = await asyncio.to_thread(_on_paper, desk, record, guest.lang, rows)
    disposition = f'attachment; filename="{file}.odt"'
    headers = {**SECURITY, "content-disposition": disposition, "content-type": _ODT}
    return Response(body, headers=headers)


def checklist_rows(desk: Desk, record: Record, lang: Lang) -> Iterator[tuple[str, str, str]]:
    """(step, item, answer) in the order of the five steps, the verdict last."""
    t, fields = translator(lang), {each.name: each for each in _USE.fields}
    for step, names in STEPS.items():
        for name in names:
            answer = _answer(desk, fields[name], record, lang)
            yield t(f"checklist.{step}"), named(lang, "use", name), answer or t("web.none")
    grade = verdict(record.values)
    last = t("checklist.verdict")
    yield last, t("checklist.grade"), t(f"gov.choice.{grade}")
    yield last, t("checklist.label"), t(f"use.warning.{'yes' if grade == 'high' else 'no'}")
    for action in ("submit", "approve"):
        taken = record.last(action)
        if taken is not None:
            person = desk.person(taken.actor)
            who = person.name if person else taken.actor
            told = t("checklist.by", who=who, day=day(taken.at, lang), entry=taken.entry)
            yield last, named(lang, "use", "do", action), told
    yield last, t("gov.state"), named(lang, "use", "state", record.state)


def _answer(desk: Desk, field: Field, record: Record, lang: Lang) -> str:
    value = record.values.get(field.name, "")
    answers = value if isinstance(value, list) else [value] if value else []
    if field.sort == "person":
        people = [desk.person(each) for each in answers]
        return "、".join(each.name for each in people if each)
    if field.sort == "day":
        return "、".join(iso_day(each, lang) for each in answers)
    if field.choices:
        return "、".join(named(lang, "use", field.name, each) for each in answers)
    return "、".join(answers)


def _on_paper(desk: Desk, record: Record, lang: Lang, rows: list[tuple[str, str, str]]) -> bytes:
    t = translator(lang)
    agency = desk.worker.world.registry.agencies[record.agency]
    name = agency.name_en if lang == "en" else agency.name_zh
    title = f"{t('checklist.title')}：{text(record.values, 'title')}"
    paper = Paper(title, name, record.number, lang)
    paper.put("Title", t("checklist.title"))
    paper.put("Plain", f"{name}　{record.number}　{text(record.values, 'title')}")
    paper.put("Plain", t("checklist.basis"))
    for step in dict.fromkeys(row[0] for row in rows):
        paper.put("Head", step)
        heads = (t("checklist.item"), t("checklist.answer"))
        paper.table(f"T{len(step)}", heads, [row[1:] for row in rows if row[0] == step])
    return paper.made()


# -- where a use is met ------------------------------------------------------------------------


def uses_of(registry: Registry, agency: str) -> list[UseCase]:
    """The assessed uses of an agency that a matter may hang on."""
    found = registry.use_cases.values()
    return [each for each in found if each.agency == agency and each.active and each.risk]


async def hang_on(desk: Desk, person: Person, use: UseCase) -> None:
    """See to it that the person has a key for the use: no traffic without one."""
    registry = desk.worker.world.registry
    made = use_key(person, use, desk.pepper, _until(registry, person))
    known = registry.key(made.id)
    if known is not None and not known.revoked and known.expires > now():
        return
    entry = desk.admin(_actor(person, registry), "registry.key.add", now(), subject=made.id)

    def keep() -> None:
        with desk.engine.begin() as connection:
            stored.save(connection, made)
        desk.records.note(entry)

    await asyncio.to_thread(keep)
    await desk.worker.catch_up()


def _actor(person: Person, registry: Registry) -> Actor:
    return Actor(person.id, person.agency, registry.roles(person.id, now()), person.unit)


def _until(registry: Registry, person: Person) -> int:
    """As long as the person's own drafting key opens."""
    own = registry.key(key_id(person.id))
    return own.expires if own else now() + 365 * 86_400_000_000


def label(desk: Desk, use_case: str) -> dict[str, Any] | None:
    """What stands over a matter of an assessed use: its risk, its warning, its review."""
    use = desk.worker.world.registry.use_cases.get(use_case)
    if use is None or not use.risk:
        return None
    overdue = 0 < use.review_by < now()
    return {"use": use, "overdue": overdue}
