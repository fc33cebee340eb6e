"""What a second person decides: appeals of a false positive, and approvals of a decision.

One row of each kind for a decision and a person; deciding is one statement, so two who decide at
once leave one outcome. Source: guideline.md reading 12 (the requester is never the approver).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec
import psycopg

from shenyong.ledger import Decided, Step
from shenyong.ledger.entry import decode
from shenyong.storage.pool import Pool, record
from shenyong.storage.vault import seal, unseal

_COLUMNS = (
    "id::text, kind, agency, unit, decision::text, person, state, sealed, created, until, "
    "decided_by, decided_at"
)
_INSERT = """
INSERT INTO plea (id, kind, agency, unit, decision, person, state, sealed, created, until,
                  decided_by, decided_at)
VALUES (%s, %s, %s, %s, %s, %s, 'open', %s, %s, %s, '', 0)
"""
_ONE = f"SELECT {_COLUMNS} FROM plea WHERE id = %s"  # noqa: S608
_WAITING = (
    f"SELECT {_COLUMNS} FROM plea WHERE agency = %s AND unit = %s AND state = 'open' "  # noqa: S608
    "AND person <> %s ORDER BY created LIMIT 200"
)
_MINE = (
    f"SELECT {_COLUMNS} FROM plea WHERE agency = %s AND person = %s ORDER BY created DESC LIMIT 200"  # noqa: S608
)
_ALL = f"SELECT {_COLUMNS} FROM plea WHERE agency = %s ORDER BY created DESC LIMIT 500"  # noqa: S608
_DECIDE = """
UPDATE plea SET state = %s, sealed = %s, until = %s, decided_by = %s, decided_at = %s
WHERE id = %s AND state = 'open' AND person <> %s
"""
_GRANTED = """
SELECT e.leaf FROM plea p JOIN ledger_entry e ON e.agency = p.agency AND e.request_id = p.decision
WHERE p.kind = 'approval' AND p.agency = %s AND p.decision = %s AND p.person = %s
AND p.state = 'granted' AND p.until > %s
"""


class PleaKind(StrEnum):
    """What is asked of a second person; its words are ``plea.<value>``."""

    APPEAL = "appeal"  # this was no finding
    APPROVAL = "approval"  # the decision was ``approve``: may it go?


class Words(msgspec.Struct, frozen=True):
    """What was said: the asker's reason, the decider's answer."""

    reason: str
    answer: str = ""


class Plea(msgspec.Struct, frozen=True):
    """One of them. Times in microseconds; `state` is open, granted or refused."""

    id: str
    kind: PleaKind
    agency: str
    unit: str
    decision: str
    person: str
    state: str
    words: Words
    created: int
    until: int = 0
    decided_by: str = ""
    decided_at: int = 0


class AskedBeforeError(ValueError):
    """The person asked this of that decision already."""


class Pleas:
    """Access to them. `keys` gives an agency's 32 bytes: reasons are content, and sealed."""

    def __init__(self, pool: Pool, keys: Callable[[str], bytes]) -> None:
        self._pool, self._keys = pool, keys

    async def add(self, plea: Plea, step: Step) -> None:
        """Ask. Raises AskedBeforeError, LedgerUnavailableError."""
        values = (
            plea.id, plea.kind.value, plea.agency, plea.unit, plea.decision, plea.person,
            self._sealed(plea), plea.created, plea.until,
        )  # fmt: skip
        try:
            async with self._pool.transaction() as connection:
                await connection.execute(_INSERT, values)
                await record(connection, step)
        except psycopg.errors.UniqueViolation:
            raise AskedBeforeError from None

    async def get(self, plea_id: str) -> Plea | None:
        """One of them; who may see it is the caller's to ask."""
        found = await self._listed(_ONE, [plea_id])
        return found[0] if found else None

    async def waiting(self, agency: str, unit: str, person: str) -> list[Plea]:
        """What waits for somebody of a unit: never one's own."""
        return await self._listed(_WAITING, [agency, unit, person])

    async def of_person(self, agency: str, person: str) -> list[Plea]:
        """What a person asked."""
        return await self._listed(_MINE, [agency, person])

    async def of_agency(self, agency: str) -> list[Plea]:
        """What was asked in an agency, for its auditor."""
        return await self._listed(_ALL, [agency])

    async def decide(self, plea: Plea, step: Step) -> bool:
        """Write a decision down; False if somebody else was first, or it is one's own."""
        values = (
            plea.state, self._sealed(plea), plea.until, plea.decided_by, plea.decided_at, plea.id,
            plea.decided_by,
        )  # fmt: skip
        async with self._pool.transaction() as connection:
            cursor = await connection.execute(_DECIDE, values)
            if cursor.rowcount == 0:
                return False
            await record(connection, step)
        return True

    async def _listed(self, query: str, values: Sequence[object]) -> list[Plea]:
        async with self._pool.transaction() as connection:
            rows = await (await connection.execute(query.encode(), values)).fetchall()
        return [self._opened(row) for row in rows]

    def _sealed(self, plea: Plea) -> bytes:
        words = msgspec.msgpack.encode(plea.words)
        return seal(self._keys(plea.agency), words, f"plea\0{plea.id}")

    def _opened(self, row: tuple[object, ...]) -> Plea:
        (name, kind, agency, unit, decision, person, state, sealed, created, until, by, at) = row
        assert isinstance(sealed, bytes)
        raw = unseal(self._keys(str(agency)), sealed, f"plea\0{name}")
        return Plea(
            str(name), PleaKind(str(kind)), str(agency), str(unit), str(decision), str(person),
            str(state), msgspec.msgpack.decode(raw, type=Words), int(str(created)),
            int(str(until)), str(by), int(str(at)),
        )  # fmt: skip


class Approvals:
    """One worker's way to what was approved."""

    def __init__(self, dsn: str) -> None:
        self._pool = Pool(dsn, timeout=2.0, most=2)

    async def received(self, agency: str, decision: str, person: str) -> str:
        """The digest of what was received when the decision was held; "" if it wasn't approved.

        Only a decision of `approve` counts, and only for the person who asked, until its time.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        try:
            uuid.UUID(decision)
        except ValueError:
            return ""
        values = [agency, decision, person, time.time_ns() // 1000]
        async with self._pool.transaction() as connection:
            rows = await (await connection.execute(_GRANTED, values)).fetchall()
        for (leaf,) in rows:
            assert isinstance(leaf, bytes)
            entry = decode(leaf)
            if isinstance(entry, Decided) and entry.verdict == "approve":
                return entry.received
        return ""

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.close()
