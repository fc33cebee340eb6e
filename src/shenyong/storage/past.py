"""Past decisions, counted by their facts, for a trial of revised rules.

A million entries are read in one pass and counted by what they were decided upon, without keeping
more than one of each kind in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
import psycopg
import psycopg.sql

from shenyong.decision.trial import Past
from shenyong.ledger.entry import Decided, Intent, Seen
from shenyong.ledger.seen import decidable

_LEAVES = """
COPY (SELECT leaf FROM ledger_entry WHERE agency = {agency} AND idx >= {first}
      AND type IN ('intent', 'decision') ORDER BY idx) TO STDOUT (FORMAT BINARY)
"""
_SIZE = "SELECT coalesce(max(idx) + 1, 0) FROM ledger_entry WHERE agency = %s"
_AT = "SELECT leaf FROM ledger_entry WHERE agency = %s AND idx >= %s ORDER BY idx LIMIT 1"
_SLACK = 600_000_000
"""How far, in microseconds, an entry may stand from its place in time: clocks of many workers."""


class _Brief(msgspec.Struct, frozen=True):
    """Of an entry, what it was decided upon and for whom; the rest is passed over."""

    at: int
    owner: str
    purpose: str
    actor: str
    model: str
    environment: str
    use_case: str
    kinds: dict[str, int] = {}
    seen: msgspec.Raw = msgspec.Raw(b"")


_BRIEF = msgspec.json.Decoder(_Brief)


class _Time(msgspec.Struct):
    at: int


_TIME = msgspec.json.Decoder(_Time)


class PastDecisions(msgspec.Struct):
    """`pasts` with how often each happened, and how many entries keep no facts."""

    pasts: dict[Past, int]
    undecidable: int = 0


def past_decisions(
    connection: psycopg.Connection[tuple[object, ...]], agency: str, since: int, until: int
) -> PastDecisions:
    """An agency's decisions of the time from `since` to before `until` (UTC in microseconds)."""
    counts: Counter[tuple[object, ...]] = Counter()
    undecidable = 0
    for leaf in _leaves(connection, agency, _first(connection, agency, since - _SLACK)):
        brief = _BRIEF.decode(leaf)
        if not since <= brief.at < until:
            continue
        facts = bytes(brief.seen)
        if not facts:
            undecidable += 1
            continue
        kinds = tuple(brief.kinds)
        counts[
            brief.owner, brief.purpose, brief.actor, brief.model, brief.environment,
            brief.use_case, kinds, facts,
        ] += 1  # fmt: skip
    pasts: dict[Past, int] = {}
    for told, count in counts.items():
        past = _past(told)
        pasts[past] = pasts.get(past, 0) + count
    return PastDecisions(pasts, undecidable)


def _past(told: tuple[object, ...]) -> Past:
    owner, purpose, actor, model, environment, use_case, kinds, facts = told
    assert isinstance(facts, bytes)
    assert isinstance(kinds, tuple)
    entry = Decided(
        agency="", request="", at=0, key="", owner=str(owner), use_case=str(use_case),
        purpose=str(purpose), actor=str(actor), model=str(model), environment=str(environment),
        verdict="", pack="", inspector="", received="", size=0,
        kinds=dict.fromkeys(kinds, 1), seen=msgspec.json.decode(facts, type=Seen),
    )  # fmt: skip
    found = decidable(entry)
    assert found is not None
    return Past(found.facts, found.left, str(owner))


def past_of(entry: Intent | Decided) -> Past | None:
    """One entry as the trial sees it; None where it keeps no facts."""
    found = decidable(entry)
    return Past(found.facts, found.left, entry.owner) if found else None


def _first(connection: psycopg.Connection[tuple[object, ...]], agency: str, since: int) -> int:
    """An index before which no entry is as late as `since`: found by halving."""
    row = connection.execute(_SIZE, [agency]).fetchone()
    low, high = 0, int(str(row[0])) if row else 0
    while low < high:
        middle = (low + high) // 2
        found = connection.execute(_AT, [agency, middle]).fetchone()
        leaf = found[0] if found else b""
        assert isinstance(leaf, bytes)
        if _TIME.decode(leaf).at < since:
            low = middle + 1
        else:
            high = middle
    return low


def _leaves(
    connection: psycopg.Connection[tuple[object, ...]], agency: str, first: int
) -> Iterator[bytes]:
    query = psycopg.sql.SQL(_LEAVES).format(
        agency=psycopg.sql.Literal(agency), first=psycopg.sql.Literal(first)
    )
    with connection.cursor().copy(query) as copy:
        copy.set_types(["bytea"])
        for row in copy.rows():
            yield row[0]
