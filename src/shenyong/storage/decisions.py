"""Finding one decision in the ledger by its id."""

from __future__ import annotations

import uuid

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from shenyong.ledger import Decided, Intent
from shenyong.ledger.entry import decode
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.tables import ledger_entry


def find_decision(engine: Engine, decision_id: str) -> Intent | Decided | None:
    """The intent or decision with this request id, None if there is none.

    Raises:
        LedgerUnavailableError: the database does not answer.
    """
    try:
        wanted = uuid.UUID(decision_id)
    except ValueError:
        return None
    statement = (
        select(ledger_entry.c.leaf)
        .where(ledger_entry.c.request_id == wanted, ledger_entry.c.type.in_(["intent", "decision"]))
        .limit(1)
    )
    try:
        with engine.connect() as connection:
            leaf = connection.execute(statement).scalar()
    except SQLAlchemyError:
        raise LedgerUnavailableError from None
    entry = decode(leaf) if leaf is not None else None
    return entry if isinstance(entry, Intent | Decided) else None
