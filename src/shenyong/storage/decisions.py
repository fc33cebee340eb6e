"""Finding one decision, and what came of it, in the ledger by its id."""

from __future__ import annotations

import uuid

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from shenyong.ledger import Decided, Intent, Outcome
from shenyong.ledger.entry import decode
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.pool import Pool
from shenyong.storage.tables import ledger_entry

_MOST = 16  # entries with one id: an intent and its outcome, and what later issues add


class Recorded(msgspec.Struct, frozen=True):
    """A decision, and the outcome of the call that followed it, as far as there is one yet."""

    entry: Intent | Decided
    outcome: Outcome | None = None


def find_decision(engine: Engine, decision_id: str) -> Recorded | None:
    """What is recorded of this request id, None if nothing is.

    Raises:
        LedgerUnavailableError: the database does not answer.
    """
    try:
        wanted = uuid.UUID(decision_id)
    except ValueError:
        return None
    statement = (
        select(ledger_entry.c.leaf)
        .where(ledger_entry.c.request_id == wanted)
        .order_by(ledger_entry.c.agency, ledger_entry.c.idx)
        .limit(_MOST)
    )
    try:
        with engine.connect() as connection:
            leaves = connection.execute(statement).scalars().all()
    except SQLAlchemyError:
        raise LedgerUnavailableError from None
    found = [decode(leaf) for leaf in leaves]
    entry = next((each for each in found if isinstance(each, Intent | Decided)), None)
    ends = [each for each in found if isinstance(each, Outcome)]
    return Recorded(entry, ends[-1] if ends else None) if entry else None


_NEWEST = """
SELECT leaf FROM ledger_entry WHERE agency = %s AND type IN ('intent', 'decision')
ORDER BY idx DESC LIMIT %s
"""


async def newest_decisions(pool: Pool, agency: str, most: int) -> list[Intent | Decided]:
    """An agency's newest decisions, the newest first.

    Raises:
        LedgerUnavailableError: the database does not answer.
    """
    async with pool.transaction() as connection:
        rows = await (await connection.execute(_NEWEST, [agency, most])).fetchall()
    found = [decode(leaf) for (leaf,) in rows if isinstance(leaf, bytes)]
    return [each for each in found if isinstance(each, Intent | Decided)]
