"""稽核: prove that nothing is missing, follow a case, sample, look for ways round, take it away.

Masked by default: the pages name people where an auditor has to ask them, never what they wrote.
"""

from __future__ import annotations

# guideline: ey-genai-2023:0
# guideline: ey-genai-2023:1
import asyncio
import random
import tempfile
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import Response

from shenyong.ledger.entry import Admin, Decided, Entry, Intent, Step, decode
from shenyong.ledger.survey import Survey, survey
from shenyong.storage.evidence import evidence_pack
from shenyong.storage.export import ExportError
from shenyong.storage.verification import UnknownLogError, verify_log
from shenyong.web import sheets
from shenyong.web.context import Desk, Guest, now
from shenyong.web.office import name_of
from shenyong.web.view import SECURITY, failed, field, not_found, page, redirect
from shenyong.web.words import local, translator

_DAY = 86_400_000_000
PERIODS = (7, 30, 90, 365)
_SAMPLE = 20
_TOP = 12
_LEAVES = """
SELECT idx, leaf FROM ledger_entry WHERE agency = %s ORDER BY idx
"""
_OF_REQUEST = (
    "SELECT idx, leaf FROM ledger_entry WHERE agency = %s AND request_id = %s ORDER BY idx"
)
_OF_SUBJECT = """
SELECT e.idx, e.leaf FROM matter_step s JOIN matter m ON m.id = s.matter
JOIN ledger_entry e ON e.agency = m.agency AND e.idx = s.entry
WHERE m.agency = %s AND s.matter = %s ORDER BY e.idx
"""
_MATTER_OF = """
SELECT DISTINCT s.matter FROM matter_step s JOIN matter m ON m.id = s.matter
JOIN ledger_entry e ON e.agency = m.agency AND e.idx = s.entry
WHERE m.agency = %s AND convert_from(e.leaf, 'UTF8')::jsonb ->> 'decision' = %s
"""


def _period(request: Request) -> int:
    told = request.query_params.get("days", "")
    return int(told) if told in {str(each) for each in PERIODS} else 30


def _surveyed(desk: Desk, agency: str, since: int) -> Survey:
    people = desk.worker.world.registry.people
    units = {each.id: each.unit for each in people.values() if each.agency == agency}
    with (
        psycopg.connect(desk.settings.database.dsn) as connection,
        connection.cursor("survey") as cursor,
    ):
        cursor.itersize = 5000
        cursor.execute(_LEAVES.encode(), [agency])
        return survey(((int(idx), decode(bytes(leaf))) for idx, leaf in cursor), units, since)


async def figures(request: Request, desk: Desk, guest: Guest) -> Response:
    """Use, risk and efficiency by unit and point, as plots with their tables."""
    days, who, t = _period(request), guest.actor, translator(guest.lang)
    found = await asyncio.to_thread(_surveyed, desk, who.agency, now() - days * _DAY)
    registry = desk.worker.world.registry
    uses = {each.id: each.title for each in registry.use_cases.values()}
    tables = [
        _table("units", [(name or t("web.none"), count) for name, count in top(found.units)]),
        _table("points", [(t("figures.point", point=name), n) for name, n in top(found.points)]),
        _table("verdicts", [(t(f"verdict.{name}"), count) for name, count in top(found.verdicts)]),
        _table("kinds", [(t(f"kind.{name}"), count) for name, count in top(found.kinds)]),
        _table("models", [(name or t("web.none"), count) for name, count in top(found.models)]),
        _table("uses", [(uses.get(name, name), count) for name, count in top(found.uses)]),
        _table("days", [(day, sum(row.values())) for day, row in sorted(found.by_day.items())]),
    ]
    form = request.query_params.get("as", "")
    if form in sheets.FORMATS:
        rows = [
            (t(_title(str(each["name"]))), name, count)
            for each in tables
            for name, count in each["rows"]
        ]
        heads = (t("figures.what"), t("figures.name"), t("gov.trial.count"))
        return sheets.given(sheets.Sheet("figures", t("gov.figures"), heads, rows), form)
    values = {
        "nav": "office", "found": found, "tables": tables, "days": days, "periods": PERIODS,
        "minutes": found.median_confirm_us // 60_000_000,
    }  # fmt: skip
    return page(desk, guest, "figures.html", values)


def top(counts: Counter[str]) -> list[tuple[str, int]]:
    """The commonest, the most first."""
    return counts.most_common(_TOP)


def _title(name: str) -> str:
    return "figures.days.title" if name == "days" else f"figures.{name}"


def _table(name: str, rows: list[tuple[str, int]]) -> dict[str, Any]:
    return {"name": name, "rows": rows, "most": max((count for _, count in rows), default=1)}


async def console(request: Request, desk: Desk, guest: Guest) -> Response:
    """The auditor's page: the ledger's state, signs of ways round, a sample, one case."""
    days, who = _period(request), guest.actor
    found = await asyncio.to_thread(_surveyed, desk, who.agency, now() - days * _DAY)
    state = await asyncio.to_thread(_state, desk, who.agency)
    seed = request.query_params.get("seed", "")[:40]
    values = {
        "nav": "audit", "days": days, "periods": PERIODS, "state": state, "seed": seed,
        "signs": [
            {"sign": each, "who": ", ".join(name_of(desk, one) for one in each.subject.split(", "))}
            for each in found.signs
        ],
        "sample": await asyncio.to_thread(_sampled, desk, who.agency, seed) if seed else [],
        "counted": _directly(request, found), "models": list(desk.worker.world.registry.models),
    }  # fmt: skip
    return page(desk, guest, "auditing.html", values)


def _directly(request: Request, found: Survey) -> dict[str, Any] | None:
    """What a model's server counted against what the ledger has: more means a way round."""
    model, told = request.query_params.get("model", ""), request.query_params.get("counted", "")
    if not (model and told.isascii() and told.isdigit() and len(told) < 12):
        return None
    ours = found.models.get(model, 0)
    return {"model": model, "told": int(told), "ours": ours, "more": int(told) - ours}


def _state(desk: Desk, agency: str) -> dict[str, Any]:
    with psycopg.connect(desk.settings.database.dsn) as connection:
        head = connection.execute(
            "SELECT size, public_key FROM ledger_head WHERE agency = %s", [agency]
        ).fetchone()
        point = connection.execute(
            "SELECT size, at FROM ledger_checkpoint WHERE agency = %s ORDER BY size DESC LIMIT 1",
            [agency],
        ).fetchone()
        witnesses = connection.execute(
            "SELECT witness, max(size), max(at) FROM cosignature WHERE agency = %s GROUP BY 1",
            [agency],
        ).fetchall()
    return {
        "size": head[0] if head else 0, "key": head[1] if head else "",
        "signed": point[0] if point else 0, "at": point[1] if point else 0,
        "witnesses": witnesses,
    }  # fmt: skip


def _sampled(desk: Desk, agency: str, seed: str) -> list[tuple[int, Intent | Decided]]:
    """A sample that anybody can draw again from the same seed and ledger."""
    with psycopg.connect(desk.settings.database.dsn) as connection:
        rows = connection.execute(
            "SELECT idx FROM ledger_entry WHERE agency = %s AND type IN ('intent', 'decision') "
            "ORDER BY idx",
            [agency],
        ).fetchall()
        chosen = random.Random(seed).sample(rows, min(_SAMPLE, len(rows)))  # noqa: S311
        found = []
        for (index,) in sorted(chosen):
            row = connection.execute(
                "SELECT leaf FROM ledger_entry WHERE agency = %s AND idx = %s", [agency, index]
            ).fetchone()
            entry = decode(bytes(row[0])) if row else None
            if isinstance(entry, Intent | Decided):
                found.append((int(index), entry))
    return found


async def verify(request: Request, desk: Desk, guest: Guest) -> Response:
    """Prove the whole log now: every entry, tile and checkpoint."""
    who = guest.actor
    key = desk.log_key(who.agency).verifying
    began = now()
    report = await asyncio.to_thread(verify_log, desk.settings.database.dsn, who.agency, key)
    step = desk.admin(who, "audit.verify", now(), subject=str(report.entries))
    await asyncio.to_thread(desk.records.note, step)
    values = {"nav": "audit", "report": report, "took_ms": (now() - began) // 1000}
    return page(desk, guest, "proved.html", values)


async def case(request: Request, desk: Desk, guest: Guest) -> Response:
    """One case, from the request to the register: every entry that belongs to it, in order."""
    told = (request.query_params.get("id", "")).strip()
    if not told:
        return redirect("/audit")
    found = await asyncio.to_thread(_followed, desk, guest.actor.agency, told)
    if not found:
        return not_found(desk, guest)
    rows = [
        {"index": index, "entry": entry, "kind": _named(entry), "who": _who(desk, entry)}
        for index, entry in found
    ]
    return page(desk, guest, "case.html", {"nav": "audit", "rows": rows, "told": told})


def _named(entry: Entry) -> str:
    return str(entry.__struct_config__.tag)


def _who(desk: Desk, entry: Entry) -> str:
    if isinstance(entry, Intent | Decided):
        return name_of(desk, entry.owner)
    return name_of(desk, entry.actor) if isinstance(entry, Step | Admin) else ""


def _followed(desk: Desk, agency: str, told: str) -> list[tuple[int, Entry]]:
    """By a decision's id, a matter's id or number, or a number in the register."""
    with psycopg.connect(desk.settings.database.dsn) as connection:
        matter = connection.execute(
            "SELECT id::text FROM matter WHERE agency = %s AND (number = %s OR id::text = %s) "
            "UNION "
            "SELECT matter::text FROM release WHERE agency = %s AND number = %s",
            [agency, told, told, agency, told],
        ).fetchone()
        name = str(matter[0]) if matter else ""
        try:
            decision = str(uuid.UUID(told))
        except ValueError:
            decision = ""
        if not name and decision:
            row = connection.execute(_MATTER_OF, [agency, decision]).fetchone()
            name = str(row[0]) if row else ""
        rows: dict[Any, Any] = (
            dict(connection.execute(_OF_SUBJECT, [agency, name]).fetchall()) if name else {}
        )
        if decision:
            rows |= dict(connection.execute(_OF_REQUEST, [agency, decision]).fetchall())
        asked = [decode(bytes(leaf)) for leaf in rows.values()]
        for each in asked:
            if isinstance(each, Step) and each.decision:
                rows |= dict(connection.execute(_OF_REQUEST, [agency, each.decision]).fetchall())
    return [(int(index), decode(bytes(leaf))) for index, leaf in sorted(rows.items())]


async def evidence(request: Request, desk: Desk, guest: Guest) -> Response:
    """The evidence pack: what a court's expert checks on a bare machine. Taking it is recorded."""
    who, at = guest.actor, now()
    reason = (await field(request, "reason")).strip()
    digest = desk.text_digest(who.agency, reason)
    step = desk.admin(who, "audit.evidence", at, digest=digest)
    await asyncio.to_thread(desk.records.note, step)

    def made() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "evidence.zip"
            evidence_pack(desk.settings.database.dsn, who.agency, desk.log_key(who.agency), out)
            return out.read_bytes()

    try:
        body = await asyncio.to_thread(made)
    except (ExportError, UnknownLogError):
        return failed(desk, guest, "audit.unsigned", 409)
    name = f'attachment; filename="evidence-{who.agency}-{local(at):%Y%m%d}.zip"'
    headers = {**SECURITY, "content-disposition": name, "content-type": "application/zip"}
    return Response(body, headers=headers)


__all__ = ["PERIODS", "case", "console", "evidence", "figures", "top", "verify"]
