"""Contracts in pages: clauses and terms to give away, acceptances, summaries handed in (point 8).

rules in force ──▶ clauses (ODT), terms (signed) ──▶ the contractor
the contractor ──▶ named acceptances, a signed summary ──▶ what they are worth now
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
import asyncio
import hmac
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shenyong.disclosure.attestation import Examined, Expected, Result, examine
from shenyong.disclosure.clauses import Contract, InForce, clauses_odt
from shenyong.disclosure.terms import Terms, terms_file
from shenyong.gateway.worker import derived
from shenyong.governance import KINDS, Record
from shenyong.governance.form import Values, many, text
from shenyong.governance.kinds.contract import acceptances, contractor_keys, declared_tools
from shenyong.governance.record import may_read
from shenyong.storage.rules import FILES
from shenyong.web.context import Desk, Guest, now
from shenyong.web.view import SECURITY, not_found
from shenyong.web.words import day, iso_day, named, translator
from shenyong.wording import Lang
from shenyong.wording import text as words_of

_CONTRACT = KINDS["contract"]
_ODT = "application/vnd.oasis.opendocument.text"


async def _found(request: Request, desk: Desk, guest: Guest) -> Record | None:
    try:
        name = str(uuid.UUID(request.path_params["id"]))
    except ValueError:
        return None
    record = await asyncio.to_thread(desk.records.get, name)
    readable = record is not None and record.kind == "contract"
    return record if readable and may_read(_CONTRACT, record, guest.actor) else None  # type: ignore[arg-type]


async def clauses(request: Request, desk: Desk, guest: Guest) -> Response:
    """The clauses as they are in force now, as ODT."""
    record = await _found(request, desk, guest)
    if record is None:
        return not_found(desk, guest)
    lang: Lang = "en" if request.query_params.get("lang") == "en" else "zh_TW"
    body = await asyncio.to_thread(
        clauses_odt, _contract(desk, record, lang), in_force(desk, record.agency, lang), lang
    )
    await _noted(desk, guest, "contract.clauses", record, rules_digest(desk, record.agency))
    return _given(body, f"{record.number}-clauses{'-en' if lang == 'en' else ''}.odt", _ODT)


async def terms(request: Request, desk: Desk, guest: Guest) -> Response:
    """The terms with which the contractor scans: the rules' sources, signed."""
    record = await _found(request, desk, guest)
    if record is None or record.state not in ("running", "closing"):
        return not_found(desk, guest)
    judge, key, at = desk.worker.world.judges[record.agency], desk.log_key(record.agency), now()
    made = Terms(
        contract=record.id, number=record.number, agency=record.agency,
        agency_name=desk.worker.world.registry.agencies[record.agency].name_zh,
        pack=judge.pack.id, pack_version=judge.pack.particulars.version, rules=judge.digest,
        issued=at, challenge=_challenge(desk, record, at), key=str(key.verifying),
        sources=dict(zip(FILES, judge.pack.sources, strict=True)),
        own=tuple((each.id, each.policy_text) for each in judge.agency_packs),
    )  # fmt: skip
    await _noted(desk, guest, "contract.terms", record, judge.digest)
    return _given(terms_file(made, key), f"{record.number}-terms.json", "application/json")


def _challenge(desk: Desk, record: Record, issued: int) -> str:
    """What only this agency can have written into terms of that moment."""
    return derived(desk.pepper, "terms", f"{record.agency}\0{record.id}\0{issued}").hex()[:32]


async def _noted(desk: Desk, guest: Guest, action: str, record: Record, digest: str) -> None:
    step = desk.admin(guest.actor, action, now(), subject=record.id, digest=digest)
    await asyncio.to_thread(desk.records.note, step)


def _given(body: bytes, name: str, sort: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    headers = {**SECURITY, "content-disposition": disposition, "content-type": sort}
    return Response(body, headers=headers)


def rules_digest(desk: Desk, agency: str) -> str:
    """The joint digest of the rules in force for an agency."""
    return desk.worker.world.judges[agency].digest


def rules_version(desk: Desk, agency: str) -> str:
    """The same for people: ``ey-genai-2023 1.1.0 · 3f2a1b4c5d6e7f80``."""
    judge = desk.worker.world.judges[agency]
    return f"{judge.pack.id} {judge.pack.particulars.version} · {judge.digest[:16]}"


def in_force(desk: Desk, agency: str, lang: Lang) -> InForce:
    """What is in force today, for print."""
    judge = desk.worker.world.judges[agency]
    told, english = judge.pack.particulars, lang == "en"
    return InForce(
        pack=judge.pack.id, version=told.version,
        title=told.title_en if english else told.title_zh,
        digest=judge.digest, day=day(now(), lang),
        points=tuple(
            (each.number, each.title_en if english else each.title_zh) for each in judge.pack.points
        ),
        own=tuple(
            (rule.id, rule.reason_en if english else rule.reason_zh)
            for pack in judge.agency_packs
            for rule in pack.policies
        ),
    )  # fmt: skip


def _contract(desk: Desk, record: Record, lang: Lang) -> Contract:
    values, t = record.values, translator(lang)
    agency = desk.worker.world.registry.agencies[record.agency]
    classes = "、".join(t(f"gov.choice.{each}") for each in many(values, "classes"))
    traits = {text(values, "nature")}
    traits |= {name for name in ("secrets", "core_system") if text(values, name) == "yes"}
    if "D2" in many(values, "classes"):
        traits.add("personal")
    return Contract(
        number=record.number, title=text(values, "title"),
        agency=agency.name_en if lang == "en" else agency.name_zh,
        contractor=text(values, "contractor"),
        begins=iso_day(text(values, "begins"), lang), ends=iso_day(text(values, "ends"), lang),
        incident_hours=text(values, "incident_hours"),
        retention_months=text(values, "retention_months"),
        classes=classes or words_of("clauses.none", lang),
        traits=frozenset(traits),
        tools=tuple(
            (
                text(each, "tool"), text(each, "version"), text(each, "country"),
                text(each, "tool_purpose"), "、".join(many(each, "tool_classes")),
                named(lang, "contract", "approved", text(each, "approved")),
            )
            for each in declared_tools(record)
        ),
    )  # fmt: skip


def prepared(desk: Desk, record: Record, action: str, values: Values) -> Values:
    """What the program finds out for a step: the rules of now, what a summary is."""
    now_in_force: Values = {
        "rules": rules_digest(desk, record.agency),
        "rules_version": rules_version(desk, record.agency),
    }
    if action in ("accept", "deliver"):
        return now_in_force
    if action != "scan":
        return {}
    found = examined(desk, record, text(values, "summary").encode())
    summary = found.summary
    if summary is None:
        return {"found": found.result.value}
    counts = f"{summary.found}/{summary.refused}/{summary.files}"
    told = f"{counts} · {summary.program} · {summary.at}"
    version = f"{summary.pack} {summary.pack_version} · {summary.rules[:16]}"
    return {"found": found.result.value, "told": told, "rules_version": version}


def examined(desk: Desk, record: Record, raw: bytes) -> Examined:
    """What a summary is worth now."""
    expected = Expected(record.id, rules_digest(desk, record.agency))
    found = examine(raw, contractor_keys(record), expected)
    summary = found.summary
    if summary is None or found.result is Result.OTHER_CONTRACT:
        return found
    if not hmac.compare_digest(summary.challenge, _challenge(desk, record, summary.issued)):
        return Examined(Result.NOT_ISSUED, summary, found.root)
    return found


def beside(desk: Desk, record: Record) -> dict[str, Any]:
    """What the page of a contract shows beside its answers and steps.

    A summary is looked at anew each time: rules that changed since make it one of older rules.
    """
    world = desk.worker.world
    judge = world.judges[record.agency]
    return {
        "keys": [each for each in world.registry.keys if each.contract == record.id],
        "rules": [(each.id, each.digest[:12]) for each in judge.agency_packs],
        "pack": judge.pack,
        "version": rules_version(desk, record.agency),
        "signers": acceptances(record, judge.digest),
        "scans": [
            {"at": each.at, "found": examined(desk, record, text(each.values, "summary").encode())}
            for each in reversed(record.all("scan"))
        ],
    }
