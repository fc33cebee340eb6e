"""Changes that an operator makes by a command: each is an entry in the agency's log."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shenyong.settings import Settings


def record_changes(settings: Settings, agency: str, changes: Iterable[tuple[str, str]]) -> None:
    """Write changes, each an action and its subject, into the agency's log."""
    import asyncio

    from shenyong.gateway.ids import new_request_id
    from shenyong.gateway.worker import key_bytes, log_key
    from shenyong.ledger.entry import Admin
    from shenyong.storage.ledger import LedgerWriter

    seed = key_bytes(
        settings.ledger.signing_key, settings.ledger.signing_key_file, "ledger.signing_key"
    )

    async def write() -> None:
        writer = LedgerWriter(settings.database.dsn, started=now())
        await writer.start({agency: str(log_key(seed, agency).verifying)})
        try:
            for action, subject in changes:
                await writer.append(
                    Admin(agency, new_request_id(), now(), whoever(), action, subject)
                )
        finally:
            await writer.stop()

    asyncio.run(write())


def now() -> int:
    """UTC in microseconds."""
    return time.time_ns() // 1000


def whoever() -> str:
    """Who runs the command, as the system knows them."""
    import getpass

    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli"
