"""Changes that an operator makes by a command: each is an entry in the agency's log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shenyong.settings import Settings


def record_changes(settings: Settings, agency: str, changes: Iterable[tuple[str, str]]) -> None:
    """Write changes, each an action and its subject, into the agency's log."""
    _record(settings, agency, [(action, subject, "") for action, subject in changes])


def record_restore(settings: Settings, agency: str, subject: str, root: str) -> None:
    """Say in an agency's log that it goes on from a backup; `root` is that of the newest state
    that is known, or of the restored one where nothing is lost."""
    _record(settings, agency, [("ledger.restore", subject, root)])


def _record(settings: Settings, agency: str, changes: Iterable[tuple[str, str, str]]) -> None:
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
            for action, subject, digest in changes:
                await writer.append(
                    Admin(agency, new_request_id(), now(), whoever(), action, subject, digest)
                )
        finally:
            await writer.stop()

    asyncio.run(write())


def vault_keys(settings: Settings) -> Callable[[str], bytes]:
    """The keys, by agency, under which contents are sealed."""
    from shenyong.gateway.worker import derived, key_bytes

    ledger = settings.ledger
    master = key_bytes(ledger.digest_key, ledger.digest_key_file, "ledger.digest_key")
    return lambda agency: derived(master, "vault", agency)


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
