"""What waits: the first page of each role, and the queue of those who decide a second time."""

from __future__ import annotations

# guideline: ey-genai-2023:2
from starlette.requests import Request
from starlette.responses import Response

from shenyong.registry import Role
from shenyong.review import Review, Stage, may_read
from shenyong.storage.pleas import Plea
from shenyong.web.context import Desk, Guest, now
from shenyong.web.view import page


async def home(request: Request, desk: Desk, guest: Guest) -> Response:
    """The role's own list; a supervisor's is the queue."""
    if guest.role is Role.SUPERVISOR:
        return await queue(request, desk, guest)
    if guest.role is Role.AUDITOR:
        return await everything(request, desk, guest)
    if guest.role is Role.OPERATOR:
        return await machines(request, desk, guest)
    if guest.role in (Role.CISO, Role.DPO, Role.PROCUREMENT, Role.ADMIN):
        from shenyong.web.office import index

        return await index(request, desk, guest)
    return await own(request, desk, guest)


async def own(request: Request, desk: Desk, guest: Guest) -> Response:
    """An official's matters: what waits for the official first."""
    who = guest.who
    mine = await desk.matters.of_person(who.agency, who.id)
    first = sorted(mine, key=_urgency)
    values = {"nav": "home", "reviews": [summary(each) for each in first],
              "pleas": await desk.pleas.of_person(who.agency, who.id)}  # fmt: skip
    return page(desk, guest, "home.html", values)


def _urgency(review: Review) -> int:
    if summary(review)["refused"]:  # the official was in the middle of it
        return -2
    order = [Stage.CONFIRMED, Stage.JUDGING, Stage.DRAFTING, Stage.SUBMITTED, Stage.RELEASED]
    sent_back = review.stage is Stage.JUDGING and bool(review.returned)
    return -1 if sent_back else order.index(review.stage)


def summary(review: Review) -> dict[str, object]:
    """A row of a list."""
    last = review.attempts[-1] if review.attempts else None
    return {
        "matter": review.matter,
        "stage": review.stage.value,
        "act": review.act,
        "unsettled": len(review.unsettled),
        "refused": bool(last and last.verdict in ("deny", "approve") and not review.text),
        "returned": bool(review.returned) and review.stage is Stage.JUDGING,
        "hasty": bool(review.submitted and review.submitted.hasty),
        "release": review.release,
        "voided": len(review.voided),
    }


async def queue(request: Request, desk: Desk, guest: Guest) -> Response:
    """待我審閱: the acts first, then what has waited longest; and what else waits for a word."""
    who = guest.who
    waiting = await desk.matters.of_unit(who.agency, who.unit, Stage.SUBMITTED.value)
    mine = [each for each in waiting if each.matter.responsible != who.id]
    mine.sort(key=lambda each: not each.act)
    pleas = await desk.pleas.waiting(who.agency, who.unit, who.id)
    people = desk.worker.world.registry.people
    values = {
        "nav": "queue",
        "reviews": [
            {**summary(each), "official": people[each.matter.responsible].name} for each in mine
        ],
        "pleas": [{"plea": each, "who": _name(desk, each)} for each in pleas],
    }
    return page(desk, guest, "queue.html", values)


def _name(desk: Desk, plea: Plea) -> str:
    found = desk.person(plea.person)
    return found.name if found else plea.person


async def everything(request: Request, desk: Desk, guest: Guest) -> Response:
    """The auditor's list: all matters of the agency, their state and signatures."""
    who = guest.who
    found = [
        each for each in await desk.matters.of_agency(who.agency) if may_read(who, each.matter)
    ]
    people = desk.worker.world.registry.people
    values = {
        "nav": "home",
        "reviews": [
            {**summary(each), "official": people[each.matter.responsible].name} for each in found
        ],
        "hasty": sum(bool(each.submitted and each.submitted.hasty) for each in found),
    }
    return page(desk, guest, "audit.html", values)


async def machines(request: Request, desk: Desk, guest: Guest) -> Response:
    """Models and their environments, as they are now."""
    registry, world = desk.worker.world.registry, desk.worker
    at = now()
    rows = []
    for model in registry.models.values():
        environment, level = registry.effective(model, at)
        rows.append(
            {
                "model": model,
                "environment": environment.value,
                "level": level.value if level else "",
                "until": registry.confirmed_until(model, at) or 0,
            }
        )
    parts = await world.ready()
    values = {"nav": "models", "rows": rows, "parts": parts, "statutes": desk.corpus}
    return page(desk, guest, "machines.html", values)
