"""The pages of a matter: begin one, ask, edit, judge, submit, countersign.

Every change goes through `desk.matters.change`: made from what is there at that moment, recorded
in the ledger in the same transaction. What `review` refuses is shown as its words on the page.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shenyong.governance.effects import day_of
from shenyong.governance.form import text as text_of
from shenyong.inspection import register
from shenyong.inspection.finding import Finding
from shenyong.reading.passage import Source as Passage
from shenyong.review import (
    Check,
    Material,
    Matter,
    NotAllowed,
    Review,
    Source,
    Span,
    Stage,
    Template,
    canonical,
    imitated,
    may_read,
    prepare,
)
from shenyong.review.frames import frame
from shenyong.storage.matters import Changed, NumberTakenError
from shenyong.web import asking, assessing
from shenyong.web.context import Desk, Guest, now
from shenyong.web.keys import use_case_id
from shenyong.web.matter_page import matter_values, spans
from shenyong.web.view import (
    explained,
    field,
    not_found,
    page,
    redirect,
)
from shenyong.web.words import translator

_NAMES = ("person_name",)
MOST_TEXT = 1_000_000
_LEVELS = ("普通", "密", "機密", "極機密", "絕對機密")
Change = Callable[[Review], Changed]


async def found(desk: Desk, guest: Guest, matter_id: str) -> Review | None:
    """The matter, if there is one and this person may see it."""
    try:
        uuid.UUID(matter_id)
    except ValueError:
        return None
    review = await desk.matters.get(matter_id)
    return review if review is not None and may_read(guest.who, review.matter) else None


async def material(desk: Desk, review: Review, text: str) -> Material:
    """What a text is checked against: sources, the official's own words, statutes, names in it."""
    mine = Source("prompt", "您的提示", review.prompt)
    sources = (*review.sources, mine) if review.prompt else review.sources

    def look() -> tuple[Finding, ...]:
        inspect = desk.worker.world.inspect
        return tuple(inspect((Passage("text", text), Passage("prompt", review.prompt))))

    findings = await asyncio.to_thread(look)
    protected = await _protected(desk, review.matter.agency, text)
    in_text = [each for each in findings if each.path == "text" and each.kind in _NAMES]
    in_prompt = [each for each in findings if each.path == "prompt"]
    asked = imitated(review.prompt, spans(in_prompt, _NAMES))
    return Material(
        sources,
        desk.corpus,
        spans(in_text, _NAMES),
        protected,
        await _consented(desk, review.matter.agency, asked) if asked else (),
    )


# guideline: ey-genai-2023:7
async def _consented(desk: Desk, agency: str, asked: tuple[Span, ...]) -> tuple[Span, ...]:
    """Requests to imitate a person, with the number of that person's consent where it holds.

    The person is still to be judged by the official: a consent is for a use, and for a time.
    """
    kept = await asyncio.to_thread(desk.records.listed, agency, "likeness", "granted")
    consents = {
        text_of(each.values, "person"): each.number
        for each in kept
        if day_of(each, "until") + 86_400_000_000 > now()
    }
    return tuple(
        msgspec.structs.replace(
            each, consent=next((no for who, no in consents.items() if who in each.about), "")
        )
        for each in asked
    )


# guideline: ey-genai-2023:7
async def _protected(desk: Desk, agency: str, text: str) -> tuple[Span, ...]:
    """Where the text is that of a registered protected work."""
    mine = desk.worker.world.registers.get(agency)
    suspects = mine.suspects({"text": text}).get("text", ()) if mine else ()
    if not suspects:
        return ()
    wanted = tuple(sorted({each.value for each in suspects}))
    known = await desk.worker.register.known(agency, wanted)
    return tuple(
        Span(each.start, each.end, each.title) for each in register.overlaps(suspects, known)
    )


async def checks_of(desk: Desk, review: Review, text: str) -> tuple[Check, ...]:
    """The checks of a text, prepared beside the event loop."""
    clean = canonical(text)
    against = await material(desk, review, clean)
    return await asyncio.to_thread(prepare, clean, against)


# -- beginning ---------------------------------------------------------------------------------


async def new(request: Request, desk: Desk, guest: Guest) -> Response:
    """The form of a new matter."""
    return _new_form(desk, guest, {})


def _new_form(desk: Desk, guest: Guest, values: dict[str, Any], problem: str = "") -> Response:
    told = {
        "nav": "new",
        "templates": list(Template),
        "levels": _LEVELS,
        "values": {
            "number": "",
            "title": "",
            "template": "letter",
            "level": "普通",
            "use": "",
            **values,
        },
        "uses": assessing.uses_of(desk.worker.world.registry, guest.who.agency),
        "problem": problem,
    }
    return page(desk, guest, "new.html", told, status=400 if problem else 200)


async def begin(request: Request, desk: Desk, guest: Guest) -> Response:
    """A new matter."""
    told = {
        name: (await field(request, name)).strip()
        for name in ("number", "title", "template", "level", "use")
    }
    told["number"], told["title"] = told["number"][:60], told["title"][:200]
    if not told["number"] or not told["title"]:
        return _new_form(desk, guest, told, "web.new.missing")
    if told["level"] not in _LEVELS or told["template"] not in list(Template):
        return _new_form(desk, guest, told, "web.new.missing")
    who, at = guest.who, now()
    assert guest.person is not None
    uses = assessing.uses_of(desk.worker.world.registry, who.agency)
    use = next((each for each in uses if each.id == told["use"]), None)
    if told["use"] and use is None:
        return _new_form(desk, guest, told, "web.new.missing")
    if use is not None:
        await assessing.hang_on(desk, guest.person, use)
    matter = Matter(
        str(uuid.uuid4()), who.agency, who.unit, told["number"], told["title"],
        Template(told["template"]), told["level"], use.id if use else use_case_id(who.agency),
        who.id, at,
        countersign=await field(request, "countersign") != "no",
    )  # fmt: skip
    review = Review(matter)
    try:
        step = desk.step(who, "matter.create", at, subject=matter.id, template=told["template"])
        await desk.matters.create(review, (step,))
    except NumberTakenError:
        return _new_form(desk, guest, told, "web.new.taken")
    return redirect(f"/m/{matter.id}")


# -- showing -----------------------------------------------------------------------------------


async def show(request: Request, desk: Desk, guest: Guest) -> Response:
    """The page of a matter."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None:
        return not_found(desk, guest)
    return await shown(request, desk, guest, review)


async def shown(
    request: Request,
    desk: Desk,
    guest: Guest,
    review: Review,
    *,
    said: str = "",
    status: int = 200,
) -> Response:
    """The matter's page; `said` is why an action was refused."""
    # Who countersigns looks at what the official changed first (ux.md 1.2).
    second = review.stage is Stage.SUBMITTED and guest.who.id != review.matter.responsible
    view = request.query_params.get("view", "changes" if second else "marks")
    places = asking.destinations(desk, review.matter)
    chosen = _chosen(review, places, request.query_params.get("model", ""))
    considered = None
    fresh = review.stage is Stage.DRAFTING or request.query_params.get("again") == "1"
    if fresh and review.prompt and not said:
        considered = await asking.look(desk, review, chosen)
    values = matter_values(
        desk,
        guest,
        review,
        considered=considered,
        places=places,
        chosen=chosen,
        trail=await desk.matters.steps(review.matter.id),
        view=view if view in ("marks", "changes", "clean") else "marks",
        at=now(),
    )
    values["use"] = assessing.label(desk, review.matter.use_case)
    values["approved"] = await _approved(desk, guest, review)
    opened = desk.opening(guest.who, review.matter.id, now())
    if said:  # the same reading goes on
        told = await field(request, "opened")
        opened = told if desk.opened_at(guest.who, review.matter.id, told) else opened
    flash = said or _flash(guest, request)
    values |= {"said": flash, "fresh": fresh, "frame": frame(review.matter.template)}
    values |= {"problem": bool(said), "opened": opened, "stream_words": _stream_words(guest)}
    return page(desk, guest, "matter.html", values, status=status)


async def _approved(desk: Desk, guest: Guest, review: Review) -> bool:
    """Whether a second person approved what was held last."""
    if not review.attempts or review.attempts[-1].verdict != "approve":
        return False
    mine = await desk.pleas.of_person(guest.who.agency, guest.who.id)
    last, at = review.attempts[-1].decision, now()
    return any(
        each.decision == last and each.state == "granted" and each.until > at for each in mine
    )


def _flash(guest: Guest, request: Request) -> str:
    code = request.query_params.get("said", "")
    known = {"saved", "applied", "stopped", "failed", "submitted", "returned", "judged"}
    return translator(guest.lang)(f"web.said.{code}") if code in known else ""


def _stream_words(guest: Guest) -> str:
    t = translator(guest.lang)
    names = ("asking", "writing", "stopped", "stop", "seconds")
    return json.dumps({name: t(f"web.stream.{name}") for name in names}, ensure_ascii=False)


def _chosen(review: Review, places: Sequence[asking.Destination], wanted: str) -> str:
    known = [each.id for each in places]
    for name in (wanted, review.attempts[-1].model if review.attempts else ""):
        if name in known:
            return name
    return known[0] if known else ""


async def changed(
    request: Request, desk: Desk, guest: Guest, change: Change, *, then: str = ""
) -> Response:
    """Carry out a change and go back to the page; a refusal is said there, and nothing is lost."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    try:
        await desk.matters.change(matter_id, change, now())
    except NotAllowed as refused:
        now_there = await desk.matters.get(matter_id) or review
        return await shown(
            request, desk, guest, now_there, said=explained(guest, refused), status=409
        )
    return redirect(f"/m/{matter_id}{then}")
