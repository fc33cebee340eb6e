"""Checkpoints: new leaves are read back from the database, checked, and only then signed for.

The most serious failure of a public log was one flipped bit in a leaf's hash (reliability.md 0.13),
so nothing is signed from memory: the leaves' hashes are computed anew, the tiles that the new ones
are joined to must give the root that was signed last, and the root to be signed is computed from
the tiles as they were stored. One worker at a time does it for a log, whichever holds its lock; the
logs are shared out among the living workers, and those of one that dies are taken over.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import time
from collections.abc import Collection, Mapping

import psycopg

from shenyong.ledger.checkpoint import Checkpoint, NoteError, SigningKey, open_note
from shenyong.ledger.merkle import ProofError, leaf_hash, tree_root
from shenyong.ledger.tiles import Tile, TileBuilder, partial_tiles, subtree_from
from shenyong.storage.ledger import WORKER_LOCK

LEADER_LOCK = 0x5359_0002
"""With an agency's hash the advisory lock of whoever signs its log."""
_SIGN_LOCK = 0x5359_0003  # with the agency's hash: one transaction at a time signs a log
_CHUNK = 2_000  # entries read at once; the event loop does nothing else for some 5 ms
_LEAD = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
_LEAVE = "SELECT pg_advisory_unlock(%s, hashtext(%s))"
_LIVING = """
SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
  AND d.datname = current_database()
"""
_ALL_EVERY = 10
"""So often, in rounds, a worker tries for every log, also for more than its share: a worker that
lives but can't sign must not leave its share unsigned."""
_HEAD = "SELECT integrated, size FROM ledger_head WHERE agency = %s"
_LEAVES = """
SELECT idx, leaf, leaf_hash FROM ledger_entry
WHERE agency = %s AND idx >= %s AND idx < %s ORDER BY idx
"""
_TILE = "SELECT hashes FROM ledger_tile WHERE agency = %s AND level = %s AND idx = %s"
_STORE_TILE = """
INSERT INTO ledger_tile (agency, level, idx, hashes) VALUES (%s, %s, %s, %s)
ON CONFLICT (agency, level, idx) DO UPDATE SET hashes = excluded.hashes
"""
_NOTE = "SELECT note FROM ledger_checkpoint WHERE agency = %s AND size = %s"
_STORE_NOTE = "INSERT INTO ledger_checkpoint (agency, size, note, at) VALUES (%s, %s, %s, %s)"
_INTEGRATED = "UPDATE ledger_head SET integrated = %s WHERE agency = %s"
_log = logging.getLogger("shenyong.ledger")


class LedgerCorruptError(RuntimeError):
    """What is stored is not what was recorded or signed; nothing more is signed.

    `index` is the damaged entry, or the first one after the damaged tiles.
    """

    def __init__(self, agency: str, index: int, what: str = "the entry") -> None:
        self.agency, self.index = agency, index
        super().__init__(f"the ledger of {agency} is damaged at entry {index}: {what}")


Connection = psycopg.AsyncConnection[tuple[object, ...]]


class Checkpointer:
    """Signs the logs of the agencies whose keys it has, at most once in `every_seconds` (≥ 1)."""

    def __init__(
        self, dsn: str, keys: Mapping[str, SigningKey], every_seconds: float = 1.0
    ) -> None:
        self._dsn, self._keys, self._every = dsn, dict(keys), max(every_seconds, 1.0)
        self._first = random.randrange(len(self._keys)) if self._keys else 0  # noqa: S311
        self._last: dict[str, tuple[int, bytes]] = {}  # what we signed last: size and note
        self.corrupt: dict[str, LedgerCorruptError] = {}  # by agency; for good

    async def run(self) -> None:
        """Until cancelled: lead for a share of the logs, and sign whatever is new in them.

        A database that is down is waited for. A damaged log is signed no more, and `corrupt` says
        where.
        """
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._lead()
            await self._rest()

    def take(self, keys: Mapping[str, SigningKey]) -> None:
        """Sign for these agencies too, from the next time on."""
        self._keys = {**self._keys, **keys}

    async def once(self, agency: str) -> int:
        """Sign for what one agency's log has now; returns the number of entries signed for.

        Does nothing where there is nothing new, whoever else does it at the same time.

        Raises:
            LedgerCorruptError: a stored leaf, hash, tile or note is not what it was.
            psycopg.Error: the database does not answer.
        """
        async with await self._connected() as connection:
            return await self._sign(connection, agency, self._keys[agency])

    async def _connected(self) -> Connection:
        return await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=2)

    async def _lead(self) -> None:
        async with await self._connected() as connection:
            held: set[str] = set()
            try:
                for turn in itertools.count():
                    await self._share(connection, held, every=turn % _ALL_EVERY == _ALL_EVERY - 1)
                    await self.sign_all(connection, held)
                    await self._rest()
            except asyncio.CancelledError:
                # A line that has died meanwhile must not hide that we are to end.
                with contextlib.suppress(psycopg.Error, OSError):
                    if not connection.closed:
                        await self.sign_all(connection, held)
                raise

    async def _share(self, connection: Connection, held: set[str], *, every: bool) -> None:
        """Take the locks of logs that nobody signs, up to an equal share; give up what is more."""
        row = await (await connection.execute(_LIVING, [WORKER_LOCK])).fetchone()
        living = max(1, int(str(row[0])) if row else 1)
        most = len(self._keys) if every else -(-len(self._keys) // living)
        for agency in sorted(held)[most:]:
            await connection.execute(_LEAVE, [LEADER_LOCK, agency])
            held.discard(agency)
        # From another place in each worker: so that they don't all try for the same ones first.
        names = sorted(self._keys)
        for agency in [*names[self._first :], *names[: self._first]]:
            if len(held) >= most:
                break
            if agency not in held:
                cursor = await connection.execute(_LEAD, [LEADER_LOCK, agency])
                if (got := await cursor.fetchone()) is not None and got[0]:
                    held.add(agency)

    async def _rest(self) -> None:
        await asyncio.sleep(self._every)

    async def sign_all(
        self, connection: Connection, agencies: Collection[str] | None = None
    ) -> None:
        """Sign those logs that have grown, by default all.

        Damage in one does not keep the others from it.
        """
        for agency, key in self._keys.items():
            if agency in self.corrupt or (agencies is not None and agency not in agencies):
                continue
            try:
                await self._sign(connection, agency, key)
            except LedgerCorruptError as damage:
                _log.critical("%s", damage)
                self.corrupt[agency] = damage

    async def _sign(self, connection: Connection, agency: str, key: SigningKey) -> int:
        """All or nothing: the tiles, the checkpoint and `integrated` change together."""
        async with connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_SIGN_LOCK, agency]
            )
            head = await (await connection.execute(_HEAD, [agency])).fetchone()
            if head is None:
                return 0
            done, size = int(str(head[0])), int(str(head[1]))
            if done == size:
                return done
            await self._recall(connection, agency, done)
            builder = await self._resume(connection, agency, key, done)
            for start in range(done, size, _CHUNK):
                await self._integrate(connection, agency, builder, min(size, start + _CHUNK))
            root = tree_root(subtree_from(await self._edge(connection, agency, size)), size)
            note = key.sign(Checkpoint(key.verifying.name, size, root).text())
            now = time.time_ns() // 1000
            await connection.execute(_STORE_NOTE, [agency, size, note, now])
            await connection.execute(_INTEGRATED, [size, agency])
        self._last[agency] = size, note
        return size

    async def _recall(self, connection: Connection, agency: str, done: int) -> None:
        """Refuse to begin anew below what we signed: a changed history must not get a signature."""
        size, note = self._last.get(agency, (0, b""))
        if size == 0:
            return
        row = await (await connection.execute(_NOTE, [agency, size], binary=True)).fetchone()
        if done < size or row is None or row[0] != note:
            raise LedgerCorruptError(agency, min(done, size), "it is not what was signed before")

    async def _resume(
        self, connection: Connection, agency: str, key: SigningKey, size: int
    ) -> TileBuilder:
        """The tiles as far as they were signed for, if they still are what was signed."""
        if size == 0:
            return TileBuilder(0, {})
        row = await (await connection.execute(_NOTE, [agency, size])).fetchone()
        edge = await self._edge(connection, agency, size)
        try:
            if row is None:
                raise LedgerCorruptError(agency, size, "its checkpoint is missing")
            signed = Checkpoint.parse(open_note(_bytes(row[0]), key.verifying))
            if signed != Checkpoint(key.verifying.name, size, tree_root(subtree_from(edge), size)):
                raise LedgerCorruptError(agency, size, "the tiles have another root than signed")
            return TileBuilder(size, {at: edge(*at) for at in partial_tiles(size)})
        except NoteError as error:
            raise LedgerCorruptError(agency, size, f"its checkpoint: {error}") from None
        except ProofError as error:
            raise LedgerCorruptError(agency, size, str(error)) from None

    async def _integrate(
        self, connection: Connection, agency: str, builder: TileBuilder, until: int
    ) -> None:
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(_LEAVES, [agency, builder.size, until])
            async for index, leaf, stored in cursor:
                hashed = leaf_hash(_bytes(leaf))
                if index != builder.size or hashed != stored:
                    raise LedgerCorruptError(agency, builder.size)
                builder.add(hashed)
            if builder.size != until:
                raise LedgerCorruptError(agency, builder.size, "the entry is missing")
            await cursor.executemany(
                _STORE_TILE,
                [(agency, level, at, hashes) for (level, at), hashes in builder.flush().items()],
            )

    async def _edge(self, connection: Connection, agency: str, size: int) -> _Edge:
        """The unfinished tiles of a tree of that size, as they are stored."""
        found: dict[Tile, bytes] = {}
        async with connection.cursor(binary=True) as cursor:
            for level, index in partial_tiles(size):
                row = await (await cursor.execute(_TILE, [agency, level, index])).fetchone()
                found[level, index] = _bytes(row[0]) if row else b""
        return _Edge(found)


class _Edge:
    """Tiles by level and index; empty where there is none."""

    def __init__(self, tiles: Mapping[Tile, bytes]) -> None:
        self._tiles = tiles

    def __call__(self, level: int, index: int) -> bytes:
        return self._tiles.get((level, index), b"")


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
