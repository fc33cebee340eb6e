"""What follows from officers' steps: in the registry, in the rules, in what is kept; and trials.

Everything here happens in the transaction that keeps the record, or before it as a trial that
changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg
from sqlalchemy import Connection

from shenyong.decision import Judge, examples, load_agency_pack, try_out
from shenyong.decision.planner import Candidate
from shenyong.decision.trial import Trial
from shenyong.governance import KINDS, Kind, Record, Refused
from shenyong.governance.effects import day_of, effects
from shenyong.governance.form import Values, text
from shenyong.governance.kinds.personal import must_be_reported, reported_late
from shenyong.governance.kinds.use import verdict
from shenyong.governance.record import Action
from shenyong.guideline.pack import Pack, PackError
from shenyong.registry.model import descent
from shenyong.storage import registry as stored
from shenyong.storage import rules
from shenyong.storage.past import past_decisions
from shenyong.storage.records import saved
from shenyong.web import contracting
from shenyong.web.context import Desk, now

_DAY = 86_400_000_000
_ALL = 1_000_000
TRIAL_DAYS = 30


def fingerprint(record: Record) -> str:
    """A digest of a record's last step and answers: what the ledger keeps a keyed digest of."""
    last = record.steps[-1]
    told = msgspec.json.encode([record.id, last.action, last.values, record.values], order="sorted")
    return hashlib.sha256(told).hexdigest()


def next_number(desk: Desk, agency: str, kind: str, year: int) -> int:
    """The next number of a kind's records in a year of the 民國 era."""
    statement = (
        "SELECT count(*) FROM record WHERE agency = %(agency)s AND kind = %(kind)s "
        "AND number LIKE %(like)s"
    )
    values = {"agency": agency, "kind": kind, "like": f"{year}-%"}
    with desk.engine.connect() as connection:
        return int(connection.exec_driver_sql(statement, values).scalar_one()) + 1


def follow(desk: Desk, record: Record) -> Callable[[Connection, Record], None]:
    """What the record's last step brings about, within its transaction."""

    def carried(connection: Connection, after: Record) -> None:
        registry = stored.load(connection)
        saved(connection, effects(after, registry))
        step = _STEPS.get((after.kind, after.steps[-1].action))
        if step is not None:
            step(desk, connection, after)

    return carried


def _approved(desk: Desk, connection: Connection, record: Record) -> None:
    """Rules take effect on their day, if they fit those of the agencies above and below."""
    begin = max(day_of(record.steps[-1], "from"), record.steps[-1].at)
    made = rules.Rules(
        record.agency, text(record.values, "pack"), 0, text(record.values, "cedar"), begin,
        record=record.id,
    )  # fmt: skip
    put = rules.put(connection, made)
    _fits(desk, connection, put.valid_from)


def _fits(desk: Desk, connection: Connection, at: int) -> None:
    """Every agency can be judged by what would be in force then. Raises Refused."""
    registry = stored.load(connection)
    packs = stored.packs(connection, at)
    floor = rules.floor(connection, desk.worker.floor, at)
    try:
        for agency in registry.agencies:
            judge_of(floor, [each for up in registry.line(agency) for each in packs.get(up.id, [])])
    except PackError as error:
        raise Refused("pack") from error


def _ended(desk: Desk, connection: Connection, record: Record) -> None:
    at = max(day_of(record.steps[-1], "until"), record.steps[-1].at)
    rules.end(connection, record.agency, text(record.values, "pack"), at)


def _closed(desk: Desk, connection: Connection, record: Record) -> None:
    """第八點: the keys that hang on a contract end with it."""
    registry = stored.load(connection)
    ended = [
        msgspec.structs.replace(each, revoked=True)
        for each in registry.keys
        if each.contract == record.id and not each.revoked
    ]
    if ended:
        stored.save(connection, *ended)


def _adopted(desk: Desk, connection: Connection, record: Record) -> None:
    at = max(day_of(record.steps[-1], "from"), record.steps[-1].at)
    rules.adopt(connection, text(record.values, "edition"), at)
    _fits(desk, connection, at)


def _withdrawn(desk: Desk, connection: Connection, record: Record) -> None:
    if record.all("adopt"):
        rules.adopt(connection, text(record.values, "edition"), 0)


def _erased(desk: Desk, connection: Connection, record: Record) -> None:
    """個資法 11: the content's key is thrown away with the content; entries and digests stay."""
    values = {
        "agency": record.agency,
        "number": text(record.steps[-1].values, "number"),
        "kinds": list(ERASABLE),
    }
    for statement in _ERASING:
        if connection.exec_driver_sql(statement, values).rowcount:
            return
    raise Refused("case")


ERASABLE = ("likeness", "comment")
"""Kinds of records that a data subject may have erased; others the law wants kept."""
_ERASING = (
    "UPDATE matter SET key = NULL, sealed = '' WHERE agency = %(agency)s "
    "AND number = %(number)s AND key IS NOT NULL",
    "UPDATE record SET key = NULL, sealed = '' WHERE agency = %(agency)s "
    "AND number = %(number)s AND kind = ANY(%(kinds)s) AND key IS NOT NULL",
)


_STEPS: dict[tuple[str, str], Callable[[Desk, Connection, Record], None]] = {
    ("rules", "approve"): _approved,
    ("rules", "end"): _ended,
    ("contract", "close"): _closed,
    ("revision", "adopt"): _adopted,
    ("revision", "withdraw"): _withdrawn,
    ("subject_request", "erase"): _erased,
}


async def prepared(desk: Desk, record: Record, action: Action, values: Values) -> Values:
    """What is found out before a step is taken, and kept with it. Raises Refused."""
    if record.kind in ("rules", "revision") and action.name in ("try", "propose"):
        trying = _rules_tried if record.kind == "rules" else _revision_tried
        found = await asyncio.to_thread(trying, desk, record)
        if action.name == "propose" and found.keys() & {"fault", "failed"}:
            raise Refused("untested")
        return found
    if record.kind == "subject_request" and action.name == "search":
        return await _searched(desk, record)
    if record.kind == "contract":
        return contracting.prepared(desk, record, action.name, values)
    return {}


# guideline: ey-genai-2023:9
# guideline: ey-genai-2023:10
def admissible(desk: Desk, kind: Kind, agency: str, values: Values) -> None:
    """Whether such a record may be opened in this agency at all. Raises Refused.

    Only an agency that applies the guideline 準用 or 參照 has reservations, and those of its kind.
    """
    if kind.name == "reservation":
        applies = desk.worker.world.registry.agencies[agency].applicability
        if text(values, "applies") != applies:
            raise Refused("applicability")


def judge_of(floor: Pack, packs: list[tuple[str, str]]) -> Judge:
    """A judge of Cedar texts. Raises PackError."""
    return Judge(floor, [load_agency_pack(name, each, floor) for name, each in packs])


def own_packs(desk: Desk, agency: str) -> list[tuple[str, str]]:
    """What tightens the floor for an agency now, those of the agencies above it included."""
    judge = desk.worker.world.judges[agency]
    return [(each.id, each.policy_text) for each in judge.agency_packs]


def revised(desk: Desk, record: Record) -> Judge:
    """The judge as it would be with the record's rules. Raises PackError."""
    name = text(record.values, "pack")
    others = [each for each in own_packs(desk, record.agency) if each[0] != name]
    floor = desk.worker.world.judges[record.agency].pack
    return judge_of(floor, [*others, (name, text(record.values, "cedar"))])


def _rules_tried(desk: Desk, record: Record) -> Values:
    """Rules: they load, their examples hold, and what the past thirty days would have been."""
    try:
        after = revised(desk, record)
    except PackError as error:
        return {"fault": str(error)}
    try:
        failed = examples.run(examples.read(text(record.values, "examples")), after)
    except examples.ExampleError as error:
        return {"fault": f"{error.line}: {error.code} {error.word}".strip()}
    if failed:
        told = "\n".join(
            f"{each.example.line}: {each.example.expect.word} ≠ {each.verdict.word}"
            for each in failed
        )
        return {"failed": told}
    return _told(tried(desk, record.agency, after))


def _revision_tried(desk: Desk, record: Record) -> Values:
    with desk.engine.connect() as connection:
        found = {each.digest: each for each in rules.editions(connection)}
    edition = found.get(text(record.values, "edition"))
    if edition is None:
        return {"fault": text(record.values, "edition")[:12]}
    try:
        after = judge_of(edition.pack(), own_packs(desk, record.agency))
    except PackError as error:
        return {"fault": str(error)}
    return _told(tried(desk, record.agency, after))


def tried(desk: Desk, agency: str, after: Judge, days: int = TRIAL_DAYS) -> Trial:
    """The past days' decisions by the rules of now and by `after`."""
    registry, at = desk.worker.world.registry, now()
    with psycopg.connect(desk.settings.database.dsn) as connection:
        past = past_decisions(connection, agency, at - days * _DAY, at + _DAY)
    candidates = [
        Candidate(each.id, *registry.effective(each, at), descent(each), each.hosting_country)
        for each in registry.models.values()
    ]
    return try_out(
        past.pasts,
        desk.worker.world.judges[agency],
        after,
        undecidable=past.undecidable,
        candidates=candidates,
    )


def _told(trial: Trial) -> Values:
    """A trial in few words, kept with the step: whoever approves sees what the proposer saw."""
    changes = [
        f"{each.before.word}\t{each.after.word}\t{each.count}\t{len(each.owners)}\t"
        f"{each.facts.use_case}\t{each.facts.model}\t{'+'.join(sorted(each.facts.data)) or 'D0'}\t"
        f"{' '.join(each.rules[:2])}\t{' '.join(each.remedies)}"
        for each in trial.changes[:30]
    ]
    return {
        "decided": str(trial.decided),
        "undecidable": str(trial.undecidable),
        "stricter": str(trial.stricter),
        "looser": str(trial.looser),
        "people": str(trial.people),
        "changes": "\n".join(changes),
    }


async def _searched(desk: Desk, record: Record) -> Values:
    """Where the person's words stand in what the agency keeps: by number, never by content.

    Matters, records of officers, appeals and approvals are looked through; the ledger holds keyed
    digests only, and an upload is gone after a day.
    """
    terms = [each.strip() for each in text(record.values, "terms").splitlines() if each.strip()]

    def told(content: object) -> bool:
        words = msgspec.json.encode(content).decode()
        return any(term in words for term in terms)

    hits = []
    for review in await desk.matters.of_agency(record.agency, _ALL):
        if told(review):
            hits.append(
                f"matter\t{review.matter.number}\t{review.matter.title}\t{review.stage.value}"
            )
    for kind in KINDS.values():
        kept = await asyncio.to_thread(desk.records.listed, record.agency, kind.name, most=_ALL)
        for each in kept:
            if each.id != record.id and told(each):
                hits.append(f"{kind.name}\t{each.number}\t\t{each.state}")
    for plea in await desk.pleas.of_agency(record.agency):
        if told(plea.words):
            hits.append(f"plea\t{plea.decision}\t\t{plea.state}")
    return {"found": "\n".join(hits), "count": str(len(hits))}


async def beside(desk: Desk, record: Record) -> dict[str, Any]:
    """What a kind's page shows beside its answers and steps."""
    found: dict[str, Any] = {}
    last = next(
        (each for each in reversed(record.steps) if each.action in ("try", "propose")), None
    )
    if last is not None and record.kind in ("rules", "revision"):
        found["trial"] = {"at": last.at, "told": last.values}
        found["changes"] = [row.split("\t") for row in text(last.values, "changes").splitlines()]
    if record.kind == "rules":
        found["versions"] = await asyncio.to_thread(_versions, desk, record)
    if record.kind == "contract":
        found |= contracting.beside(desk, record)
    if record.kind == "revision":
        found["points"] = await asyncio.to_thread(_compared, desk, record)
    if record.kind == "use":
        found["grade"] = verdict(record.values)
    if record.kind == "incident":
        found["threshold"] = must_be_reported(record.values)
        found["late"] = reported_late(record)
    search = record.last("search") if record.kind == "subject_request" else None
    if search is not None:
        found["hits"] = [row.split("\t") for row in text(search.values, "found").splitlines()]
    return found


def _versions(desk: Desk, record: Record) -> list[dict[str, Any]]:
    """The versions of a pack, each with how it differs from the one before."""
    from difflib import unified_diff

    with desk.engine.connect() as connection:
        history = rules.history(connection, record.agency, text(record.values, "pack"))
    texts = [*(each.text for each in history[1:]), ""][: len(history)]
    return [
        {
            "rules": each,
            "lines": [
                line
                for line in unified_diff(before.splitlines(), each.text.splitlines(), lineterm="")
                if not line.startswith(("---", "+++"))
            ],
        }
        for each, before in zip(history, texts, strict=True)
    ]


def _compared(desk: Desk, record: Record) -> list[dict[str, str]]:
    """The points of the edition beside those in force."""
    with desk.engine.connect() as connection:
        found = {each.digest: each for each in rules.editions(connection)}
    edition = found.get(text(record.values, "edition"))
    if edition is None:
        return []
    now_in_force = desk.worker.world.judges[record.agency].pack
    return compared(now_in_force, edition.pack())


def compared(old: Pack, new: Pack) -> list[dict[str, str]]:
    """Two editions point by point, by number; a point that one of them lacks is empty there."""
    left = {each.number: each for each in old.points}
    right = {each.number: each for each in new.points}
    return [
        {
            "number": number,
            "old": left[number].text_zh if number in left else "",
            "new": right[number].text_zh if number in right else "",
            "old_title": left[number].title_zh if number in left else "",
            "new_title": right[number].title_zh if number in right else "",
        }
        for number in dict.fromkeys([*left, *right])
    ]
