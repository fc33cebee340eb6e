"""Rules without code, ready packs, and editions of the guideline (points 7 and 10, 滾動修正)."""

from __future__ import annotations

# guideline: ey-genai-2023:7
# guideline: ey-genai-2023:rolling
# guideline: ey-genai-2023:10
import asyncio
import io
import json
import zipfile
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shenyong.decision.compose import TOPICS, Composed, Limit, cedar
from shenyong.governance import KINDS, Record, Refused
from shenyong.governance.record import Actor
from shenyong.guideline.pack import PackError, parse_pack
from shenyong.guideline.ready import ready_pack, ready_packs
from shenyong.guideline.terms import DataClass
from shenyong.registry import ApiKey, Registry, Role
from shenyong.storage import rules
from shenyong.web import office
from shenyong.web.context import Desk, Guest, now
from shenyong.web.view import SECURITY, failed, fields, files, not_found, page, redirect
from shenyong.web.words import local
from shenyong.wording import text

_WRITERS = KINDS["rules"].open_to
_MOST_PACK = 2 * 1024 * 1024


def _may_write(guest: Guest) -> bool:
    return bool(_WRITERS & guest.actor.roles)


async def compose_form(request: Request, desk: Desk, guest: Guest) -> Response:
    """The page on which a rule officer composes common rules."""
    return _composing(desk, guest, {}, "")


def _composing(desk: Desk, guest: Guest, given: dict[str, Any], problem: str) -> Response:
    registry, who = desk.worker.world.registry, guest.actor
    units = sorted(
        {each.unit for each in registry.people.values() if each.agency == who.agency and each.unit}
    )
    values = {
        "nav": "office", "given": given, "problem": problem, "models": list(registry.models),
        "uses": office.choices(desk, who)["use"], "units": units, "topics": TOPICS,
        "classes": [each.value for each in DataClass if each.rank <= 6],
    }  # fmt: skip
    return page(desk, guest, "compose.html", values, status=400 if problem else 200)


async def compose(request: Request, desk: Desk, guest: Guest) -> Response:
    """Choices → a draft of rules, to be read, tried and proposed like any other."""
    form = await fields(request)
    given = {name: [each for each in form.getlist(name) if isinstance(each, str)] for name in form}
    try:
        chosen = _chosen({name: [str(each) for each in values] for name, values in given.items()})
        made = cedar(chosen)
    except ValueError:
        return _composing(desk, guest, given, "gov.compose.wrong")
    if not made:
        return _composing(desk, guest, given, "gov.compose.nothing")
    values: dict[str, str | list[str]] = {
        "pack": chosen.pack, "reason": (given.get("reason") or [""])[0].strip(), "cedar": made,
        "examples": "",
    }  # fmt: skip
    if not values["reason"]:
        return _composing(desk, guest, given, "gov.compose.reason")
    return await drafted(desk, guest, values)


async def drafted(desk: Desk, guest: Guest, values: dict[str, str | list[str]]) -> Response:
    """A draft of rules from elsewhere: composed, or of a ready pack."""
    try:
        made = await office.create(desk, KINDS["rules"], guest.actor, values, now())
    except Refused as refused:
        return failed(desk, guest, f"gov.refused.{refused.code}", 409)
    return redirect(f"/office/rules/{made.id}")


async def ready(request: Request, desk: Desk, guest: Guest) -> Response:
    """Ready packs, each clause with its source and how it is met."""
    values = {"nav": "office", "packs": ready_packs(), "may_adopt": _may_write(guest)}
    return page(desk, guest, "ready.html", values)


async def adopt(request: Request, desk: Desk, guest: Guest) -> Response:
    """A ready pack as a draft of the agency's own rules, with its examples."""
    pack = ready_pack(request.path_params["id"])
    if pack is None or not pack.policy_text:
        return not_found(desk, guest)
    values: dict[str, str | list[str]] = {
        "pack": pack.id, "reason": f"{pack.title_zh}（{pack.source}）",
        "cedar": pack.policy_text.strip(), "examples": pack.examples.strip(),
    }  # fmt: skip
    return await drafted(desk, guest, values)


def _chosen(given: dict[str, list[str]]) -> Composed:
    """What was chosen. Raises ValueError."""

    def one(name: str) -> str:
        return (given.get(name) or [""])[0].strip()

    def words(name: str) -> tuple[str, ...]:
        return tuple(
            each.strip() for each in one(name).replace("、", ",").split(",") if each.strip()
        )

    pack = one("pack")
    if not KINDS["rules"].fields[0].pattern or not _is_name(pack):
        raise ValueError(pack)
    hours = (int(one("first")), int(one("after"))) if one("first") or one("after") else None
    limits = tuple(
        Limit(unit, DataClass(highest))
        for unit, highest in zip(given.get("unit", []), given.get("highest", []), strict=True)
        if highest
    )
    return Composed(
        pack=pack,
        models=tuple(given.get("models", [])),
        approved_uses=tuple(given.get("uses", [])),
        topics=tuple(given.get("topics", [])),
        hours=hours,
        weekdays_only=bool(given.get("weekdays")),
        training=bool(given.get("training")),
        limits=limits,
        lineages=tuple(each.lower() for each in words("lineages")),
        countries=tuple(each.upper() for each in words("countries")),
    )


def _is_name(pack: str) -> bool:
    import re

    return re.fullmatch(KINDS["rules"].fields[0].pattern, pack) is not None


async def guideline(request: Request, desk: Desk, guest: Guest) -> Response:
    """The edition in force, those that were imported, and the comments by point."""
    who = guest.actor
    judge = desk.worker.world.judges[who.agency]

    def look() -> list[rules.Edition]:
        with desk.engine.connect() as connection:
            return rules.editions(connection)

    comments = await asyncio.to_thread(desk.records.listed, who.agency, "comment")
    by_point: dict[str, int] = {}
    for each in comments:
        number = str(each.values.get("point", ""))
        by_point[number] = by_point.get(number, 0) + 1
    values = {
        "nav": "office", "pack": judge.pack.id, "edition": judge.pack,
        "own": judge.agency_packs, "editions": await asyncio.to_thread(look),
        "comments": by_point, "may_import": _may_write(guest),
        "applies": desk.worker.world.registry.agencies[who.agency].applicability,
        "reservations": await _reservations(desk, who.agency),
    }  # fmt: skip
    return page(desk, guest, "guideline.html", values)


# guideline: ey-genai-2023:9
# guideline: ey-genai-2023:10
async def _reservations(desk: Desk, agency: str) -> dict[str, list[Record]]:
    """What an agency that applies the guideline 準用 or 參照 holds in reserve, by point."""
    found: dict[str, list[Record]] = {}
    kept = await asyncio.to_thread(desk.records.listed, agency, "reservation", "recorded")
    for each in sorted(kept, key=lambda each: each.number):
        found.setdefault(str(each.values["point"]), []).append(each)
    return found


async def take_edition(request: Request, desk: Desk, guest: Guest) -> Response:
    """Import an edition of the guideline: a ZIP of its four files; then a record to adopt it."""
    given = await files(request, "pack")
    raw = await given[0].read(_MOST_PACK + 1) if given else b""
    try:
        sources = pack_files(raw)
        import tomllib

        pack = parse_pack(str(tomllib.loads(sources["pack.toml"]).get("id", "")), sources)
    except (PackError, ValueError, KeyError, zipfile.BadZipFile) as error:
        told = str(error) if isinstance(error, PackError) else type(error).__name__
        return failed(desk, guest, "gov.edition.unreadable", 400, reason=told)
    at, who = now(), guest.actor

    def keep() -> None:
        with desk.engine.begin() as connection:
            rules.take_edition(connection, sources, pack, at)
        desk.records.note(
            desk.admin(who, "guideline.import", at, subject=pack.id, digest=pack.digest)
        )

    await asyncio.to_thread(keep)
    return redirect(f"/office/revision/new?edition={pack.digest}")


def pack_files(raw: bytes) -> dict[str, str]:
    """The four files of a pack from its ZIP. Raises ValueError, BadZipFile, KeyError."""
    if not raw or len(raw) > _MOST_PACK:
        raise ValueError("size")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        infos = {each.filename.rpartition("/")[2]: each for each in archive.infolist()}
        if sum(each.file_size for each in infos.values()) > _MOST_PACK:
            raise ValueError("size")
        return {name: archive.read(infos[name]).decode("utf-8") for name in rules.FILES}


def zipped(sources: dict[str, str], more: dict[str, str] | None = None) -> bytes:
    """A pack as a ZIP, the same bytes for the same pack; `more` are files beside its four."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        told = {**{name: sources[name] for name in rules.FILES}, **(more or {})}
        for name, body in told.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body)
    return out.getvalue()


# guideline: ey-genai-2023:9
# guideline: ey-genai-2023:10
async def template(request: Request, desk: Desk, guest: Guest) -> Response:
    """第十點: the pack in force as a template that other agencies may refer to.

    Beside the pack's four files, which another installation imports as they are, go the agency's
    applicability with its reservations, and its own rules for whoever wants to follow them.
    """
    agency = guest.actor.agency
    judge = desk.worker.world.judges[agency]
    pack = judge.pack
    reserved = await _reservations(desk, agency)
    more = {
        "README.txt": "\n\n".join(text("template.readme", lang) for lang in ("zh_TW", "en")) + "\n",
        "applicability.json": _applicability(desk, agency, reserved),
        **{f"agency/{each.id}.cedar": each.policy_text for each in judge.agency_packs},
    }
    body = zipped(dict(zip(rules.FILES, pack.sources, strict=True)), more)
    name = f'attachment; filename="{pack.id}-{pack.particulars.version}.zip"'
    headers = {**SECURITY, "content-disposition": name, "content-type": "application/zip"}
    return Response(body, headers=headers)


def _applicability(desk: Desk, agency: str, reserved: dict[str, list[Record]]) -> str:
    """How the guideline applies to the agency, with its reservations, as JSON."""
    told = {
        "agency": agency,
        "applicability": desk.worker.world.registry.agencies[agency].applicability,
        "reservations": [
            {
                "number": each.number,
                "point": point,
                "text": str(each.values["text"]),
                "instead": str(each.values["instead"]),
                "recorded_on": local(each.steps[-1].at).date().isoformat(),
            }
            for point, kept in reserved.items()
            for each in kept
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


async def agencies(request: Request, desk: Desk, guest: Guest) -> Response:
    """The agencies as a tree, and the people and keys of one's own."""
    registry, who = desk.worker.world.registry, guest.actor
    at = now()
    rows: list[tuple[int, Any]] = []

    def add(parent: str, depth: int) -> None:
        for each in registry.agencies.values():
            if each.parent == parent:
                rows.append((depth, each))
                add(each.id, depth + 1)

    add("", 0)
    people = [each for each in registry.people.values() if each.agency == who.agency]
    values = {
        "nav": "office", "tree": rows,
        "people": [
            {"person": each, "roles_now": sorted(registry.roles(each.id, at))}
            for each in sorted(people, key=lambda each: (each.unit, each.id))
        ],
        "keys": _keys(registry, who),
        "own": [
            (up, [pack.id for pack in desk.worker.world.judges[up.id].agency_packs])
            for up in registry.line(who.agency)
        ],
    }  # fmt: skip
    return page(desk, guest, "agencies.html", values)


def _keys(registry: Registry, who: Actor) -> list[ApiKey]:
    """The agency's keys, for those who answer for them."""
    if not who.roles & {Role.ADMIN, Role.CISO, Role.OPERATOR, Role.AUDITOR}:
        return []
    return [each for each in registry.keys if each.agency == who.agency]
