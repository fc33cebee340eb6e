"""Matters in the database: sealed, each change whole, with the ledger's entry that says so.

Two reviewers at once, a double click, a lost connection, a restart: the row is locked while a
change is made, the change is made from what is there then, and it is committed together with its
entries; so one outcome is left. Source: issue (State changes are atomic); reliability.md 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import psycopg

from shenyong.ledger import Step
from shenyong.review import Release, Review
from shenyong.storage.pool import Connection, Pool, record
from shenyong.storage.vault import new_key, seal, unseal

_COLUMNS = "id, agency, key, sealed"
_INSERT = """
INSERT INTO matter (id, agency, unit, number, responsible, stage, version, key, sealed, created,
                    updated)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_UPDATE = "UPDATE matter SET stage = %s, version = %s, sealed = %s, updated = %s WHERE id = %s"
_ONE = f"SELECT {_COLUMNS} FROM matter WHERE id = %s AND key IS NOT NULL"  # noqa: S608
_OF_PERSON = (
    f"SELECT {_COLUMNS} FROM matter WHERE agency = %s AND responsible = %s AND key IS NOT NULL "  # noqa: S608
    "ORDER BY updated DESC LIMIT %s"
)
_OF_UNIT = (
    f"SELECT {_COLUMNS} FROM matter WHERE agency = %s AND unit = %s AND stage = %s "  # noqa: S608
    "AND key IS NOT NULL ORDER BY updated LIMIT %s"
)
_OF_AGENCY = (
    f"SELECT {_COLUMNS} FROM matter WHERE agency = %s AND key IS NOT NULL "  # noqa: S608
    "ORDER BY updated DESC LIMIT %s"
)
_STEP = """
INSERT INTO matter_step (matter, version, at, actor, action, entry)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_STEPS = """
SELECT s.at, s.actor, s.action, s.entry, encode(e.leaf_hash, 'hex')
FROM matter_step s JOIN matter m ON m.id = s.matter
LEFT JOIN ledger_entry e ON e.agency = m.agency AND e.idx = s.entry
WHERE s.matter = %s ORDER BY s.entry
"""
_RELEASE = """
INSERT INTO release (number, agency, matter, entry, at, voided, payload, envelope)
VALUES (%s, %s, %s, %s, %s, 0, %s, %s)
"""
_VOID = "UPDATE release SET voided = %s WHERE matter = %s AND voided = 0"
_ERASE = "UPDATE matter SET key = NULL WHERE id = %s AND agency = %s"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Review).decode
MOST = 200
"""Matters of one list."""


class NumberTakenError(ValueError):
    """The agency has a matter of that number already."""


class StepTaken(NamedTuple):
    """A step as it is kept: `digest` is the ledger entry's leaf hash in hex."""

    at: int
    actor: str
    action: str
    entry: int
    digest: str


class Changed(NamedTuple):
    """A change: the review afterwards, the entries that say so, and what was released."""

    review: Review
    steps: tuple[Step, ...] = ()
    payload: bytes = b""
    envelope: str = ""


class Matters:
    """Access to matters. `keys` gives an agency's 32 bytes."""

    def __init__(self, pool: Pool, keys: Callable[[str], bytes]) -> None:
        self._pool, self._keys = pool, keys

    async def create(self, review: Review, steps: Sequence[Step]) -> None:
        """A new matter.

        Raises:
            NumberTakenError: its number is taken.
            LedgerUnavailableError: the database does not answer.
        """
        matter, key = review.matter, new_key()
        wrapped = seal(self._keys(matter.agency), key, f"matter\0{matter.id}")
        values = (
            matter.id, matter.agency, matter.unit, matter.number, matter.responsible,
            review.stage.value, review.version, wrapped, self._sealed(review, key), matter.created,
            matter.created,
        )  # fmt: skip
        try:
            async with self._pool.transaction() as connection:
                await connection.execute(_INSERT, values)
                await self._note(connection, review, steps)
        except psycopg.errors.UniqueViolation:
            raise NumberTakenError from None

    async def get(self, matter_id: str) -> Review | None:
        """A matter, or None. Who may see it is the caller's to ask."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_ONE.encode(), [matter_id])).fetchone()
        return self._opened(row)[0] if row else None

    async def change(
        self, matter_id: str, change: Callable[[Review], Changed], at: int
    ) -> Review | None:
        """Carry out a change on what is there now; None if there is no such matter.

        `change` is pure; what it raises ends the transaction, and nothing is changed.

        Raises:
            LedgerUnavailableError: it was not recorded; nothing is changed.
        """
        async with self._pool.transaction() as connection:
            cursor = await connection.execute(f"{_ONE} FOR UPDATE".encode(), [matter_id])
            row = await cursor.fetchone()
            if row is None:
                return None
            before, key = self._opened(row)
            changed = change(before)
            after = changed.review
            if after == before and not changed.steps:
                return before
            values = (after.stage.value, after.version, self._sealed(after, key), at, matter_id)
            await connection.execute(_UPDATE.encode(), values)
            entries = await self._note(connection, after, changed.steps)
            if before.release is not None and before.release != after.release:
                await connection.execute(_VOID, [at, matter_id])
            if after.release is not None and after.release != before.release:
                await self._release(connection, after, after.release, changed, entries[-1])
        return after

    async def _release(
        self, connection: Connection, review: Review, release: Release, made: Changed, entry: int
    ) -> None:
        values = (
            release.number, review.matter.agency, review.matter.id, entry, release.at,
            made.payload, made.envelope,
        )  # fmt: skip
        await connection.execute(_RELEASE, values)

    async def _note(
        self, connection: Connection, review: Review, steps: Sequence[Step]
    ) -> list[int]:
        entries = []
        for step in steps:
            entry = await record(connection, step)
            entries.append(entry)
            values = (review.matter.id, review.version, step.at, step.actor, step.action, entry)
            await connection.execute(_STEP, values)
        return entries

    async def steps(self, matter_id: str) -> list[StepTaken]:
        """What was done, in the ledger's order."""
        async with self._pool.transaction() as connection:
            rows = await (await connection.execute(_STEPS, [matter_id])).fetchall()
        return [StepTaken(*row) for row in rows]  # type: ignore[arg-type]

    async def of_person(self, agency: str, person: str, most: int = MOST) -> list[Review]:
        """A person's own matters, the newest change first."""
        return await self._listed(_OF_PERSON, [agency, person, most])

    async def of_unit(self, agency: str, unit: str, stage: str, most: int = MOST) -> list[Review]:
        """A unit's matters in a stage, the oldest change first."""
        return await self._listed(_OF_UNIT, [agency, unit, stage, most])

    async def of_agency(self, agency: str, most: int = MOST) -> list[Review]:
        """An agency's matters, the newest change first."""
        return await self._listed(_OF_AGENCY, [agency, most])

    async def erase(self, agency: str, matter_id: str) -> bool:
        """Throw the matter's key away: its content is gone, the ledger's entries stay."""
        async with self._pool.transaction() as connection:
            cursor = await connection.execute(_ERASE, [matter_id, agency])
            return cursor.rowcount > 0

    async def _listed(self, query: str, values: Sequence[object]) -> list[Review]:
        async with self._pool.transaction() as connection:
            rows = await (await connection.execute(query.encode(), values)).fetchall()
        return [self._opened(row)[0] for row in rows]

    def _sealed(self, review: Review, key: bytes) -> bytes:
        return seal(key, _encode(review), f"review\0{review.matter.id}")

    def _opened(self, row: tuple[object, ...]) -> tuple[Review, bytes]:
        matter_id, agency, wrapped, sealed = row
        assert isinstance(wrapped, bytes)
        assert isinstance(sealed, bytes)
        key = unseal(self._keys(str(agency)), wrapped, f"matter\0{matter_id}")
        return _decode(unseal(key, sealed, f"review\0{matter_id}")), key
