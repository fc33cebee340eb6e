"""Checkpoints: new leaves are read back from the database, checked, and only then signed for.

The most serious failure of a public log was one flipped bit in a leaf's hash (reliability.md 0.13),
so nothing is signed from memory. One worker at a time does it, whichever holds the lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping

import psycopg

from shenyong.ledger.checkpoint import Checkpoint, SigningKey
from shenyong.ledger.merkle import leaf_hash, tree_root
from shenyong.ledger.tiles import TileBuilder, partial_tiles, subtree_from

LEADER_LOCK = 0x5359_0002
_CHUNK = 10_000


class LedgerCorruptError(RuntimeError):
    """A stored leaf no longer hashes to what was stored with it; nothing more is signed."""

    def __init__(self, agency: str, index: int) -> None:
        self.agency, self.index = agency, index
        super().__init__(f"the ledger of {agency} is damaged at entry {index}")


Connection = psycopg.AsyncConnection[tuple[object, ...]]


class Checkpointer:
    """Signs the logs of the agencies whose keys it has, at most every `every_seconds`."""

    def __init__(
        self, dsn: str, keys: Mapping[str, SigningKey], *, every_seconds: float = 1.0
    ) -> None:
        self._dsn, self._keys, self._every = dsn, dict(keys), max(every_seconds, 1.0)
        self.corrupt: LedgerCorruptError | None = None

    async def run(self) -> None:
        """Until cancelled: become the leader, then sign whatever is new, time and again.

        A database that is down is waited for. Damage stops it for good: `corrupt` says where.
        """
        while self.corrupt is None:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._lead()
            await asyncio.sleep(self._every)

    async def _lead(self) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, connect_timeout=2
        ) as connection:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK])
            row = await cursor.fetchone()
            if row is None or not row[0]:
                return
            while self.corrupt is None:
                await self.sign_all(connection)
                await asyncio.sleep(self._every)

    async def sign_all(self, connection: Connection) -> None:
        """Sign every log that has grown. Damage in one does not keep the others from it."""
        for agency, key in self._keys.items():
            try:
                more = True
                while more:
                    more = await self._sign(connection, agency, key)
            except LedgerCorruptError as damage:
                self.corrupt = damage

    async def _sign(self, connection: Connection, agency: str, key: SigningKey) -> bool:
        """Integrate one chunk and sign. Returns whether there is more."""
        async with connection.transaction():
            cursor = await connection.execute(
                "SELECT integrated, size FROM ledger_head WHERE agency = %s", [agency]
            )
            head = await cursor.fetchone()
            if head is None:
                return False
            done, size = int(str(head[0])), int(str(head[1]))
            until = min(size, done + _CHUNK)
            if done == until:
                return False
            builder = TileBuilder(done, await self._partials(connection, agency, done))
            cursor = await connection.execute(
                "SELECT idx, leaf, leaf_hash FROM ledger_entry "
                "WHERE agency = %s AND idx >= %s AND idx < %s ORDER BY idx",
                [agency, done, until],
            )
            expected = done
            async for index, leaf, stored in cursor:
                hashed = leaf_hash(bytes(leaf))  # type: ignore[call-overload]
                if int(str(index)) != expected or hashed != bytes(stored):  # type: ignore[call-overload]
                    raise LedgerCorruptError(agency, expected)
                builder.add(hashed)
                expected += 1
            if expected != until:
                raise LedgerCorruptError(agency, expected)
            tiles = builder.flush()
            await self._store(connection, agency, tiles)
            root = await self._root(connection, agency, until)
            note = key.sign(Checkpoint(key.verifying.name, until, root).text())
            await connection.execute(
                "INSERT INTO ledger_checkpoint (agency, size, note, at) VALUES (%s, %s, %s, %s)",
                [agency, until, note, time.time_ns() // 1000],
            )
            await connection.execute(
                "UPDATE ledger_head SET integrated = %s WHERE agency = %s", [until, agency]
            )
        return until < size

    async def _partials(
        self, connection: Connection, agency: str, size: int
    ) -> dict[tuple[int, int], bytes]:
        found: dict[tuple[int, int], bytes] = {}
        for level, index in partial_tiles(size):
            cursor = await connection.execute(
                "SELECT hashes FROM ledger_tile WHERE agency = %s AND level = %s AND idx = %s",
                [agency, level, index],
            )
            row = await cursor.fetchone()
            found[level, index] = bytes(row[0]) if row else b""  # type: ignore[call-overload]
        return found

    async def _store(
        self, connection: Connection, agency: str, tiles: Mapping[tuple[int, int], bytes]
    ) -> None:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO ledger_tile (agency, level, idx, hashes) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (agency, level, idx) DO UPDATE SET hashes = excluded.hashes",
                [(agency, level, index, hashes) for (level, index), hashes in tiles.items()],
            )

    async def _root(self, connection: Connection, agency: str, size: int) -> bytes:
        """The root over the stored tiles: what is signed is what is durable."""
        tiles: dict[tuple[int, int], bytes] = {}
        level, width = 0, size
        while width:
            cursor = await connection.execute(
                "SELECT idx, hashes FROM ledger_tile WHERE agency = %s AND level = %s "
                "ORDER BY idx DESC LIMIT 2",
                [agency, level],
            )
            async for index, hashes in cursor:
                tiles[level, int(str(index))] = bytes(hashes)  # type: ignore[call-overload]
            level, width = level + 1, width // 256
        return tree_root(subtree_from(lambda at, index: tiles.get((at, index), b"")), size)
