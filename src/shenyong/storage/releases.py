"""Releases and the public register: what was released, its proof, and whether it still stands.

A register's record is made of the ledger's entry of the release. Source: guideline point 6.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shenyong.disclosure import Record
from shenyong.ledger import Step
from shenyong.ledger.entry import decode
from shenyong.storage.pool import Connection, Pool

_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))
_COLUMNS = "r.number, r.agency, a.name_zh, a.name_en, r.voided, e.leaf"
_FROM = (
    f"SELECT {_COLUMNS} FROM release r JOIN agency a ON a.id = r.agency "  # noqa: S608
    "JOIN ledger_entry e ON e.agency = r.agency AND e.idx = r.entry "
)
_ONE = _FROM + "WHERE r.number = %s"
_PAGE = (
    _FROM + "WHERE (%(words)s = '' OR r.number = %(words)s OR a.name_zh LIKE %(like)s "
    "OR a.name_en ILIKE %(like)s) "
    "AND (%(month)s = '' OR to_char(to_timestamp(r.at / 1000000) AT TIME ZONE 'Asia/Taipei', "
    "'YYYY-MM') = %(month)s) ORDER BY r.at DESC, r.number LIMIT %(most)s OFFSET %(skip)s"
)
_COUNT = "SELECT count(*) FROM release"
_PROOF = "SELECT agency, entry, payload, envelope, voided FROM release WHERE number = %s"
_LEAF = "SELECT leaf FROM ledger_entry WHERE agency = %s AND idx = %s"
MOST = 10_000
"""Records of one answer."""


class Kept(NamedTuple):
    """What is kept of a release for its proof."""

    agency: str
    entry: int
    payload: bytes
    envelope: str
    voided: int


class Releases:
    """Access to releases: the register's pages know no more than this."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, number: str) -> Record | None:
        """The public record of a number; None if there is none."""
        async with self._pool.transaction() as connection:
            rows = await _records(connection, _ONE, [number])
        return rows[0] if rows else None

    async def page(
        self, words: str = "", month: str = "", *, skip: int = 0, most: int = 50
    ) -> list[Record]:
        """Records, the newest first: of a number or an agency's name, of a month (ISO)."""
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        values = {
            "words": words,
            "like": like,
            "month": month,
            "most": min(most, MOST),
            "skip": skip,
        }
        async with self._pool.transaction() as connection:
            return await _records(connection, _PAGE, values)

    async def count(self) -> int:
        """How many releases there are."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_COUNT)).fetchone()
        return int(str(row[0])) if row else 0

    async def kept(self, number: str) -> Kept | None:
        """What proves a release; None if there is none."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_PROOF, [number])).fetchone()
        return Kept(*row) if row else None  # type: ignore[arg-type]

    async def leaf(self, agency: str, entry: int) -> bytes:
        """The bytes of an entry of an agency's log; empty if there is none."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_LEAF, [agency, entry])).fetchone()
        leaf = row[0] if row else b""
        assert isinstance(leaf, bytes)
        return leaf


async def _records(
    connection: Connection, query: str, values: Sequence[object] | Mapping[str, object]
) -> list[Record]:
    cursor = await connection.execute(query.encode(), values)
    return [_record(row) for row in await cursor.fetchall()]


def _record(row: tuple[object, ...]) -> Record:
    _, agency, name, name_en, voided, leaf = row
    assert isinstance(leaf, bytes)
    step = decode(leaf)
    assert isinstance(step, Step)
    return Record(
        number=step.subject,
        agency=str(agency),
        agency_name=str(name),
        agency_name_en=str(name_en),
        template=step.template,
        level=step.level,
        model=step.model,
        month=_month(step.at),
        voided=_month(int(str(voided))) if voided else "",
    )


def _month(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, _TAIPEI).strftime("%Y-%m")
