"""Writing the ledger: durable before it is acknowledged, many entries in one commit.

Whatever waits when a commit ends goes into the next one, so concurrent requests share commits and a
lone request waits for nobody. One statement does it all, in one round trip: it takes the head row's
lock, gives the batch its indexes, inserts it, and commits. So several workers keep one contiguous
log, and there is no moment at which an index exists without its entry.

If the commit fails, or its answer is lost, every entry of the batch fails: nothing is tried again,
because a second try could record twice. What was committed but not acknowledged is an intent
without a call, which the next start closes as ``interrupted``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import psycopg

from shenyong.ledger.entry import Entry, encode
from shenyong.ledger.merkle import leaf_hash

_APPEND = """
WITH head AS (
  UPDATE ledger_head SET size = size + %(count)s WHERE agency = %(agency)s
  RETURNING size - %(count)s AS base
), entries AS (
  INSERT INTO ledger_entry (agency, idx, request_id, attempt, type, leaf, leaf_hash)
  SELECT %(agency)s, head.base + batch.place - 1, batch.request_id, batch.attempt, batch.type,
         batch.leaf, batch.leaf_hash
  FROM head, unnest(%(requests)b::uuid[], %(attempts)b::int2[], %(types)s::text[],
                    %(leaves)b::bytea[], %(hashes)b::bytea[])
       WITH ORDINALITY AS batch(request_id, attempt, type, leaf, leaf_hash, place)
)
SELECT base FROM head
"""
_REGISTER = "INSERT INTO worker (started) VALUES (%s) RETURNING id"
_HOLD = "SELECT pg_advisory_lock(%s, %s)"
_CREATE = """
INSERT INTO ledger_head (agency, size, integrated, public_key) VALUES (%s, 0, 0, %s)
ON CONFLICT (agency) DO NOTHING
"""
WORKER_LOCK = 0x5359
"""First half of the advisory lock that a living worker holds; the second is its number."""


class LedgerUnavailableError(RuntimeError):
    """The ledger could not take an entry: nothing may be forwarded (design.md, sentence 4)."""


class _Waiting(msgspec.Struct):
    entry: Entry
    leaf: bytes
    done: asyncio.Future[int]


def _type_of(entry: Entry) -> str:
    return str(entry.__struct_config__.tag)


class LedgerWriter:
    """One worker's way into the ledger.

    `timeout` is how long a commit may take, in seconds, before the ledger counts as unavailable.
    """

    def __init__(self, dsn: str, *, started: int, timeout: float = 2.0) -> None:
        self._dsn = dsn
        self._started = started
        self._timeout = timeout
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._task: asyncio.Task[None] | None = None
        self.worker = ""

    async def start(self, public_keys: Mapping[str, str]) -> None:
        """Connect, register this worker, and make sure that each agency has a log.

        `public_keys` maps each agency to its log's public key (signed-note form).

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        connection = await self._connect()
        try:
            for agency, key in public_keys.items():
                await connection.execute(_CREATE, [agency, key])
        except psycopg.Error:
            raise LedgerUnavailableError from None
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    async def stop(self) -> None:
        """Write what waits, then disconnect."""
        if self._task is not None:
            await asyncio.gather(*(each.done for each in self._waiting), return_exceptions=True)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                if self.worker:
                    await self._connection.execute(
                        "DELETE FROM worker WHERE id = %s", [int(self.worker)]
                    )
                await self._connection.close()

    async def append(self, entry: Entry) -> int:
        """Record the entry; returns its index once it is durable.

        Raises:
            LedgerUnavailableError: it could not be recorded, or it isn't known whether it was.
            EntryError: the entry is too large.
        """
        if self._task is None or self._task.done():
            raise LedgerUnavailableError
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(entry, encode(entry), done))
        self._wake.set()
        return await done

    async def ready(self) -> bool:
        """Whether the database answers now."""
        try:
            connection = self._connection or await self._connect()
            async with asyncio.timeout(self._timeout):
                async with connection.cursor() as cursor:
                    await cursor.execute("SELECT 1")
        except (psycopg.Error, TimeoutError, LedgerUnavailableError):
            return False
        return True

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        try:
            async with asyncio.timeout(self._timeout):
                connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, prepare_threshold=1
                )
                await connection.execute("SET synchronous_commit = on")
                if not self.worker:
                    row = await (await connection.execute(_REGISTER, [self._started])).fetchone()
                    assert row is not None
                    self.worker = str(row[0])
                # Held as long as the connection lives: who can take it knows that we are dead.
                await connection.execute(_HOLD, [WORKER_LOCK, int(self.worker)])
        except (psycopg.Error, TimeoutError, OSError):
            raise LedgerUnavailableError from None
        self._connection = connection
        return connection

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            by_agency: dict[str, list[_Waiting]] = defaultdict(list)
            for each in batch:
                by_agency[each.entry.agency].append(each)
            for agency, entries in by_agency.items():
                await self._commit(agency, entries)

    async def _commit(self, agency: str, entries: Sequence[_Waiting]) -> None:
        try:
            connection = await self._connect()
            async with asyncio.timeout(self._timeout):
                cursor = await connection.execute(
                    _APPEND,
                    {
                        "agency": agency,
                        "count": len(entries),
                        "requests": [each.entry.request for each in entries],
                        "attempts": [each.entry.attempt for each in entries],
                        "types": [_type_of(each.entry) for each in entries],
                        "leaves": [each.leaf for each in entries],
                        "hashes": [leaf_hash(each.leaf) for each in entries],
                    },
                )
                row = await cursor.fetchone()
            if row is None:  # no log of that agency
                raise LedgerUnavailableError
        except (psycopg.Error, TimeoutError, OSError, LedgerUnavailableError):
            await self._fail(entries)
            return
        base = int(str(row[0]))
        for place, each in enumerate(entries):
            if not each.done.done():
                each.done.set_result(base + place)

    async def _fail(self, entries: Sequence[_Waiting]) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                await connection.close()
        for each in entries:
            if not each.done.done():
                each.done.set_exception(LedgerUnavailableError())
