"""What keys used in a month, and in a minute: counted in memory, written together every second.

A budget and a rate are exact to within a second's traffic of all workers: nothing on a request's
way waits for the count. Months are Taipei's.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg

from shenyong.registry import ApiKey

_TAIPEI = timedelta(hours=8)
_ADD = """
INSERT INTO key_use (key, period, requests, tokens)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
ON CONFLICT (key, period) DO UPDATE
SET requests = key_use.requests + excluded.requests, tokens = key_use.tokens + excluded.tokens
RETURNING key, period, requests, tokens
"""
_FORGET = "DELETE FROM key_use WHERE length(period) > 7 AND period < %s"
_ALL = "SELECT key, requests, tokens FROM key_use WHERE period = %s"


def period_of(at: int) -> str:
    """The month in Taipei of a time in microseconds UTC: ``2026-11``."""
    return f"{datetime.fromtimestamp(at / 1e6, UTC) + _TAIPEI:%Y-%m}"


def minute_of(at: int) -> str:
    """The minute in Taipei of a time in microseconds UTC: ``2026-11-28 00:31``."""
    return f"{datetime.fromtimestamp(at / 1e6, UTC) + _TAIPEI:%Y-%m-%d %H:%M}"


class Used(msgspec.Struct):
    """Requests and tokens of a month."""

    requests: int = 0
    tokens: int = 0


def used(connection: psycopg.Connection[tuple[object, ...]], at: int) -> dict[str, Used]:
    """What each key used in the month of `at`, as far as it is written."""
    rows = connection.execute(_ALL, [period_of(at)]).fetchall()
    return {str(key): Used(int(str(n)), int(str(tokens))) for key, n, tokens in rows}


class Budgets:
    """One worker's count."""

    def __init__(self, dsn: str, every_seconds: float = 1.0) -> None:
        self._dsn, self._every = dsn, every_seconds
        self._period = ""
        self._minute = ""
        self._known: dict[str, Used] = {}
        self._now: dict[str, Used] = {}  # of this minute, only of keys that have a rate
        self._fresh: dict[tuple[str, str], Used] = {}

    async def start(self, at: int) -> None:
        """Read what was used before."""
        self._period = period_of(at)

        def read() -> dict[str, Used]:
            with psycopg.connect(self._dsn, connect_timeout=5) as connection:
                return used(connection, at)

        self._known = await asyncio.to_thread(read)

    def spent(self, key: ApiKey, at: int) -> bool:
        """Whether the key's budget of the month is used up."""
        if not (key.budget_requests or key.budget_tokens):
            return False
        self._turn(at)
        so_far = self._known.get(key.id, Used())
        return (0 < key.budget_requests <= so_far.requests) or (
            0 < key.budget_tokens <= so_far.tokens
        )

    def hasty(self, key: ApiKey, at: int) -> bool:
        """Whether the key has asked as often this minute as it may; if not, it has once more."""
        if not key.rate:
            return False
        minute = minute_of(at)
        if minute != self._minute:
            self._minute, self._now = minute, {}
        so_far = self._now.setdefault(key.id, Used())
        if so_far.requests >= key.rate:
            return True
        so_far.requests += 1
        self._fresh.setdefault((key.id, minute), Used()).requests += 1
        return False

    def count(self, key: str, at: int, tokens: int) -> None:
        """One more request, and its tokens."""
        self._turn(at)
        for told in (
            self._known.setdefault(key, Used()),
            self._fresh.setdefault((key, self._period), Used()),
        ):
            told.requests += 1
            told.tokens += tokens

    def _turn(self, at: int) -> None:
        period = period_of(at)
        if period != self._period:
            self._period, self._known = period, {}

    async def run(self) -> None:
        """Until cancelled: write what was counted. What could not be written is kept for later."""
        try:
            while True:
                await asyncio.sleep(self._every)
                with contextlib.suppress(psycopg.Error, OSError):
                    await self.flush()
        finally:
            with contextlib.suppress(psycopg.Error, OSError):
                await asyncio.shield(self.flush())

    async def flush(self) -> None:
        """Write what was counted, and learn what other workers counted of the same keys."""
        fresh, self._fresh = self._fresh, {}
        if not fresh:
            return
        places = list(fresh)
        values = [
            [key for key, _ in places], [period for _, period in places],
            [fresh[place].requests for place in places], [fresh[place].tokens for place in places],
        ]  # fmt: skip
        try:
            async with await psycopg.AsyncConnection.connect(
                self._dsn, connect_timeout=5
            ) as connection:
                rows = await (await connection.execute(_ADD, values)).fetchall()
                if self._minute:
                    await connection.execute(_FORGET, [self._minute])
        except (psycopg.Error, OSError):
            for place, told in fresh.items():
                again = self._fresh.setdefault(place, Used())
                again.requests += told.requests
                again.tokens += told.tokens
            raise
        for key, period, requests, tokens in rows:
            known = {self._period: self._known, self._minute: self._now}.get(str(period))
            if known is not None:
                pending = self._fresh.get((str(key), str(period)), Used())
                known[str(key)] = Used(
                    int(requests) + pending.requests, int(tokens) + pending.tokens
                )
