"""What the ledger holds, compared with what the model received (reliability.md 4.1, I1 and I3)."""

from __future__ import annotations

import psycopg
from tests.house import AGENCY, House

from shenyong.gateway.worker import derived
from shenyong.ledger import Digester, Entry, Intent, Outcome
from shenyong.ledger.entry import decode


def entries(house: House) -> list[Entry]:
    """Every entry, in order."""
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE agency = %s ORDER BY idx", [AGENCY]
        ).fetchall()
    return [decode(bytes(row[0])) for row in rows]


def digester(house: House) -> Digester:
    """The agency's digests, from the installation's key."""
    master = bytes.fromhex((house.folder / "keys" / "digest.key").read_text().strip())
    return Digester(derived(master, "digest", AGENCY))


def unrecorded(house: House) -> list[bytes]:
    """Bodies that reached the model and have no intent in the ledger. Must be empty."""
    intents = {each.forwarded for each in entries(house) if isinstance(each, Intent)}
    digests = digester(house)
    return [body for body in house.model_server.received if digests.body(body) not in intents]


def without_outcome(house: House) -> list[str]:
    """Request ids of intents that nobody has closed."""
    found = entries(house)
    closed = {each.request for each in found if isinstance(each, Outcome)}
    return [
        each.request for each in found if isinstance(each, Intent) and each.request not in closed
    ]


def completed(house: House) -> set[str]:
    """Request ids whose outcome is ``answered``."""
    return {
        each.request
        for each in entries(house)
        if isinstance(each, Outcome) and each.outcome.value == "answered"
    }
