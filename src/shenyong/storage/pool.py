"""Connections for the pages: a few, kept, each transaction whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from shenyong.ledger import Entry, encode, leaf_hash
from shenyong.storage.clock import stamped
from shenyong.storage.ledger import APPEND, LedgerUnavailableError, latest

Connection = psycopg.AsyncConnection[tuple[object, ...]]
_KEPT = 4


class UnstorableError(ValueError):
    """A value that no column can hold, such as a text with a NUL: the asker's fault, not ours."""


class Pool:
    """A worker's connections. A fault of the database is a `LedgerUnavailableError`."""

    def __init__(self, dsn: str, *, timeout: float = 5.0, most: int = 16) -> None:
        self._dsn, self._timeout = dsn, timeout
        self._idle: list[Connection] = []
        self._gate = asyncio.Semaphore(most)
        self.most = most
        self.busy = 0  # transactions now open

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, which ends with the block.

        Raises:
            LedgerUnavailableError: the database does not answer; nothing was changed.
            UnstorableError: a value can't be stored or looked up; nothing was changed.
        """
        async with self._gate, self._counted():
            connection = await self._take()
            try:
                async with asyncio.timeout(self._timeout), connection.transaction():
                    yield connection
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError):
                await connection.close()
                raise LedgerUnavailableError from None
            except BaseException as error:
                if connection.closed or connection.info.transaction_status != 0:
                    await connection.close()
                else:
                    self._idle.append(connection)
                if isinstance(error, psycopg.DataError):
                    raise UnstorableError from None
                raise
            if len(self._idle) < _KEPT and not connection.closed:
                self._idle.append(connection)
            else:
                await connection.close()

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        try:
            async with asyncio.timeout(self._timeout):
                return await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        except (psycopg.Error, OSError, TimeoutError):
            raise LedgerUnavailableError from None

    async def close(self) -> None:
        """Let the connections go."""
        while self._idle:
            await self._idle.pop().close()


async def record(connection: Connection, entry: Entry) -> int:
    """Append an entry to its agency's log within the transaction; returns its index.

    So what a person did and the entry that says so are there together, or neither is.

    Raises:
        LedgerUnavailableError: the agency has no log, or goes on by a clock far ahead of this one.
    """
    entry = stamped(entry)
    leaf = encode(entry)
    values = {
        "agency": entry.agency,
        "count": 1,
        "requests": [entry.request],
        "attempts": [entry.attempt],
        "types": [str(entry.__struct_config__.tag)],
        "leaves": [leaf],
        "hashes": [leaf_hash(leaf)],
        "latest": latest(entry),
    }
    row = await (await connection.execute(APPEND.encode(), values)).fetchone()
    if row is None:
        raise LedgerUnavailableError
    return int(str(row[0]))
