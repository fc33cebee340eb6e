"""使用紀錄 and what is asked of a second person: appeals of false positives, approvals."""

from __future__ import annotations

# guideline: ey-genai-2023:4
import uuid

from starlette.requests import Request
from starlette.responses import Response

from shenyong.ledger import Decided
from shenyong.registry import Role
from shenyong.storage.decisions import Recorded
from shenyong.storage.pleas import AskedBeforeError, Plea, PleaKind, Words
from shenyong.web.context import Desk, Guest, now
from shenyong.web.view import failed, field, not_found, page, redirect

_PAGE = 25
_WEEK = 7 * 86_400_000_000


async def log(request: Request, desk: Desk, guest: Guest) -> Response:
    """What was decided: one's own requests, a supervisor's unit's, the auditor's agency's."""
    who, people = guest.who, desk.worker.world.registry.people
    rows = await desk.decisions(who.agency)
    if Role.AUDITOR in guest.roles:
        mine = {each.id for each in people.values() if each.agency == who.agency}
    elif Role.SUPERVISOR in guest.roles:
        mine = {
            each.id
            for each in people.values()
            if each.unit == who.unit and each.agency == who.agency
        }
    else:
        mine = {who.id}
    shown = [each for each in rows if each.owner in mine]
    verdict = request.query_params.get("verdict", "")
    if verdict in ("allow", "redact", "approve", "deny"):
        shown = [each for each in shown if each.verdict == verdict]
    wanted = request.query_params.get("page", "1")
    at = max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1
    values = {
        "nav": "log",
        "rows": [
            {"entry": each, "owner": people[each.owner].name if each.owner in people else ""}
            for each in shown[(at - 1) * _PAGE : at * _PAGE]
        ],
        "page": at,
        "more": len(shown) > at * _PAGE,
        "verdict": verdict,
        "pleas": await desk.pleas.of_person(who.agency, who.id),
    }
    return page(desk, guest, "log.html", values)


async def _decision(desk: Desk, guest: Guest, decision: str) -> Recorded | None:
    """A decision of the person's own."""
    found = await desk.worker.decision(decision)
    if found is None or found.entry.agency != guest.who.agency:
        return None
    return found if found.entry.owner == guest.who.id else None


async def appeal_form(request: Request, desk: Desk, guest: Guest) -> Response:
    """The form in which an official says that a finding was none, or asks for approval."""
    recorded = await _decision(desk, guest, request.path_params["id"])
    if recorded is None or not isinstance(recorded.entry, Decided):
        return not_found(desk, guest)
    kind = "approval" if recorded.entry.verdict == "approve" else "appeal"
    values = {"nav": "log", "entry": recorded.entry, "kind": kind, "problem": ""}
    return page(desk, guest, "appeal.html", values)


async def appeal(request: Request, desk: Desk, guest: Guest) -> Response:
    """Ask a second person."""
    recorded = await _decision(desk, guest, request.path_params["id"])
    if recorded is None or not isinstance(recorded.entry, Decided):
        return not_found(desk, guest)
    entry, who, at = recorded.entry, guest.who, now()
    reason = (await field(request, "reason")).strip()[:2000]
    kind = PleaKind.APPROVAL if entry.verdict == "approve" else PleaKind.APPEAL
    if not reason:
        values = {"nav": "log", "entry": entry, "kind": kind.value, "problem": "web.appeal.reason"}
        return page(desk, guest, "appeal.html", values, status=400)
    plea = Plea(
        str(uuid.uuid4()), kind, who.agency, who.unit, entry.request, who.id, "open",
        Words(reason), at,
    )  # fmt: skip
    step = desk.step(who, f"{kind.value}.ask", at, subject=plea.id, decision=entry.request)
    try:
        await desk.pleas.add(plea, step)
    except AskedBeforeError:
        return failed(desk, guest, "web.appeal.before", 409)
    return redirect("/log#pleas")


async def decide(request: Request, desk: Desk, guest: Guest) -> Response:
    """A second person's word on an appeal or an approval: never one's own, never twice."""
    import msgspec

    plea = await _plea(desk, request.path_params["id"])
    who, at = guest.who, now()
    if plea is None or plea.agency != who.agency or plea.unit != who.unit:
        return not_found(desk, guest)
    if plea.person == who.id:
        return failed(desk, guest, "not_allowed.same_person", 409)
    what = "granted" if await field(request, "what") == "grant" else "refused"
    answer = (await field(request, "answer")).strip()[:2000]
    if not answer:
        return failed(desk, guest, "not_allowed.no_comment", 400)
    if what == "granted" and plea.kind is PleaKind.APPROVAL and not await _may_be(desk, plea):
        return failed(desk, guest, "web.appeal.denied_by_table", 409)
    decided = msgspec.structs.replace(
        plea, state=what, words=Words(plea.words.reason, answer), decided_by=who.id,
        decided_at=at, until=at + _WEEK if what == "granted" else 0,
    )  # fmt: skip
    step = desk.step(who, f"{plea.kind.value}.{what}", at, subject=plea.id, decision=plea.decision)
    if not await desk.pleas.decide(decided, step):
        return failed(desk, guest, "web.appeal.decided", 409)
    return redirect("/queue#pleas")


async def _may_be(desk: Desk, plea: Plea) -> bool:
    """Whether an approver may grant it: what the table denies stays denied."""
    recorded = await desk.worker.decision(plea.decision)
    return recorded is not None and recorded.entry.verdict == "approve"


async def _plea(desk: Desk, plea_id: str) -> Plea | None:
    try:
        uuid.UUID(plea_id)
    except ValueError:
        return None
    return await desk.pleas.get(plea_id)
