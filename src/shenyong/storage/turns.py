"""Turns that were refused, remembered by keyed digest so that one refusal ends no conversation.

Nothing of the turn is kept but a digest that needs the agency's key, and it expires.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg

from shenyong.storage.ledger import LedgerUnavailableError

KEPT_SECONDS = 30 * 24 * 3600
"""How long a conversation may rest and still be recovered."""

_REMEMBER = """
INSERT INTO denied_turn (digest, decision_id, expires)
SELECT digest, %(decision)s::uuid, %(expires)s FROM unnest(%(digests)b::bytea[]) AS digest
ON CONFLICT (digest) DO UPDATE
SET decision_id = excluded.decision_id, expires = excluded.expires
"""
_RECALL = """
SELECT digest, decision_id::text FROM denied_turn
WHERE digest = ANY(%(digests)b::bytea[]) AND expires > %(now)s
"""
_FORGET = "DELETE FROM denied_turn WHERE expires <= %s"


class RefusedTurns:
    """One worker's access; reconnects by itself. `timeout` in seconds."""

    def __init__(self, dsn: str, *, timeout: float = 2.0) -> None:
        self._dsn, self._timeout = dsn, timeout
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._lock = asyncio.Lock()

    async def remember(self, digests: Sequence[str], decision_id: str, now: int) -> None:
        """Keep these digests (hex). `now` in seconds since 1970.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        await self._execute(
            _REMEMBER,
            {
                "digests": [bytes.fromhex(each) for each in digests],
                "decision": decision_id,
                "expires": now + KEPT_SECONDS,
            },
        )

    async def recall(self, digests: Sequence[str], now: int) -> dict[str, str]:
        """Which of these were refused, and by which decision.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        rows = await self._execute(
            _RECALL, {"digests": [bytes.fromhex(each) for each in digests], "now": now}
        )
        return {bytes(row[0]).hex(): str(row[1]) for row in rows}  # type: ignore[call-overload]

    async def forget_expired(self, now: int) -> None:
        """Delete what has expired."""
        await self._execute(_FORGET, [now])

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()

    async def _execute(
        self, statement: str, values: dict[str, object] | list[int]
    ) -> list[tuple[object, ...]]:
        async with self._lock:
            try:
                async with asyncio.timeout(self._timeout):
                    if self._connection is None or self._connection.closed:
                        self._connection = await psycopg.AsyncConnection.connect(
                            self._dsn, autocommit=True
                        )
                    cursor = await self._connection.execute(statement.encode(), values)
                    return await cursor.fetchall() if cursor.description else []
            except (psycopg.Error, OSError, TimeoutError):
                connection, self._connection = self._connection, None
                if connection is not None:
                    await connection.close()
                raise LedgerUnavailableError from None
