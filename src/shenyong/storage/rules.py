"""Rules with their days: agencies' packs, editions of the guideline, what was in force when.

What a decision was made by stays to be read: every combination that ever served is kept under the
digest that the ledger's entries name. Source: point 7; the guideline's rolling revision (滾動修正).
"""

from __future__ import annotations

# guideline: ey-genai-2023:rolling
# guideline: ey-genai-2023:7
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shenyong.decision import Judge, load_agency_pack
from shenyong.guideline.pack import Pack, parse_pack
from shenyong.storage import tables

FILES = ("pack.toml", "points.toml", "policies.cedar", "schema.cedarschema")
_BUMP = text(
    "INSERT INTO registry_version (one, version) VALUES (true, 1) "
    "ON CONFLICT (one) DO UPDATE SET version = registry_version.version + 1"
)


class Rules(msgspec.Struct, frozen=True):
    """A version of an agency's own pack. It holds from `valid_from` to `until` (0: without end)."""

    agency: str
    id: str
    version: int
    text: str
    valid_from: int
    until: int = 0
    record: str = "00000000-0000-0000-0000-000000000000"

    @property
    def digest(self) -> str:
        """sha256 (hex) of the Cedar text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Edition(msgspec.Struct, frozen=True):
    """An imported pack of the guideline; `valid_from` 0 while nobody adopted it."""

    digest: str
    id: str
    version: str
    sources: dict[str, str]
    imported: int
    valid_from: int = 0

    def pack(self) -> Pack:
        """The pack. Raises PackError if it isn't sound."""
        return parse_pack(self.id, self.sources)


def put(connection: Connection, rules: Rules) -> Rules:
    """Let rules hold from their day; the version before them ends then. Returns them numbered.

    Versions that would begin later are taken back: the newest word counts.
    """
    table = tables.agency_rule
    mine = (table.c.agency == rules.agency) & (table.c.id == rules.id)
    newest = connection.execute(select(func.max(table.c.version)).where(mine)).scalar()
    made = msgspec.structs.replace(rules, version=int(newest or 0) + 1)
    end(connection, rules.agency, rules.id, rules.valid_from)
    row = msgspec.to_builtins(made) | {"digest": made.digest}
    connection.execute(insert(table).values(row))
    connection.execute(_BUMP)
    return made


def end(connection: Connection, agency: str, rules_id: str, at: int) -> None:
    """Let an agency's pack hold no longer from `at` on."""
    table = tables.agency_rule
    mine = (table.c.agency == agency) & (table.c.id == rules_id)
    still = mine & ((table.c.until == 0) | (table.c.until > at))
    later = func.greatest(table.c.valid_from, at)  # one that has not begun ends as it begins
    connection.execute(update(table).where(still).values(until=later))
    connection.execute(_BUMP)


def history(connection: Connection, agency: str, rules_id: str = "") -> list[Rules]:
    """All versions of an agency's packs, the newest first."""
    table = tables.agency_rule
    query = select(table).where(table.c.agency == agency).order_by(table.c.id, -table.c.version)
    if rules_id:
        query = query.where(table.c.id == rules_id)
    return [_rules(dict(row)) for row in connection.execute(query).mappings()]


def in_force(connection: Connection, at: int) -> dict[str, list[Rules]]:
    """The agencies' packs that hold at `at`, by agency."""
    table = tables.agency_rule
    holds = (table.c.valid_from <= at) & ((table.c.until == 0) | (at < table.c.until))
    found: dict[str, list[Rules]] = {}
    for row in connection.execute(select(table).where(holds).order_by(table.c.id)).mappings():
        found.setdefault(str(row["agency"]), []).append(_rules(dict(row)))
    return found


def next_change(connection: Connection, at: int) -> int:
    """When, after `at`, the rules change by themselves; 0 if they don't."""
    rule, pack = tables.agency_rule, tables.guideline_pack
    days = [
        select(func.min(rule.c.valid_from)).where(rule.c.valid_from > at),
        select(func.min(rule.c.until)).where(rule.c.until > at),
        select(func.min(pack.c.valid_from)).where(pack.c.valid_from > at),
    ]
    found = [connection.execute(each).scalar() for each in days]
    return min((int(each) for each in found if each), default=0)


def _rules(row: dict[Any, Any]) -> Rules:
    return Rules(
        row["agency"], row["id"], row["version"], row["text"], row["valid_from"], row["until"],
        str(row["record"]),
    )  # fmt: skip


def take_edition(connection: Connection, sources: dict[str, str], pack: Pack, at: int) -> Edition:
    """Keep an imported edition of the guideline; it is not in force by that."""
    table = tables.guideline_pack
    edition = Edition(pack.digest, pack.id, pack.particulars.version, sources, at)
    row = msgspec.to_builtins(edition)
    connection.execute(insert(table).values(row).on_conflict_do_nothing())
    return edition


def adopt(connection: Connection, digest: str, valid_from: int) -> None:
    """Let an edition be in force from `valid_from` on (0: take that back), without a restart."""
    table = tables.guideline_pack
    connection.execute(update(table).where(table.c.digest == digest).values(valid_from=valid_from))
    connection.execute(_BUMP)


def editions(connection: Connection) -> list[Edition]:
    """The imported editions, the newest import first."""
    table = tables.guideline_pack
    rows = connection.execute(select(table).order_by(-table.c.imported)).mappings()
    return [
        msgspec.convert({str(name): value for name, value in row.items()}, Edition) for row in rows
    ]


def floor(connection: Connection, built_in: Pack, at: int) -> Pack:
    """The guideline in force at `at`: the edition that began last, else the built-in one."""
    begun = [each for each in editions(connection) if 0 < each.valid_from <= at]
    return max(begun, key=lambda each: each.valid_from).pack() if begun else built_in


def remember(connection: Connection, judges: Sequence[Judge], at: int) -> None:
    """Keep what decides from now on, so that its decisions can be explained ever after."""
    table = tables.edition
    for judge in judges:
        particulars = judge.pack
        row = {
            "digest": judge.digest,
            "pack": particulars.digest,
            "sources": dict(zip(FILES, particulars.sources, strict=True)),
            "own": [[each.id, each.policy_text] for each in judge.agency_packs],
            "first_used": at,
        }
        connection.execute(insert(table).values(row).on_conflict_do_nothing())


def judge_of(connection: Connection, digest: str) -> Judge | None:
    """The judge that decided under `digest`; None if it isn't known."""
    table = tables.edition
    row = connection.execute(select(table).where(table.c.digest == digest)).mappings().first()
    if row is None:
        return None
    import tomllib

    sources: dict[str, str] = row["sources"]
    pack = parse_pack(tomllib.loads(sources["pack.toml"])["id"], sources)
    return Judge(pack, [load_agency_pack(name, each, pack) for name, each in row["own"]])
