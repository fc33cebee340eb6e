"""The network is cut, and neither end hears of it: the writer finds its way back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.storage.entries import AGENCY, intent

from shenyong.ledger.checkpoint import SigningKey
from shenyong.storage.ledger import WORKER_LOCK, LedgerUnavailableError, LedgerWriter

KEYS = {AGENCY: str(SigningKey(f"shenyong/{AGENCY}", b"\1" * 32).verifying)}


class Network:
    """A socket before the server's. When it is cut, open lines carry nothing and stay open."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._server = Path(str(conninfo_to_dict(dsn)["host"])) / ".s.PGSQL.5432"
        self._own = folder / ".s.PGSQL.5432"
        self._lines: list[asyncio.StreamWriter] = []
        self._cut: set[int] = set()
        self.dsn = make_conninfo(dsn, host=str(folder))

    def cut(self) -> None:
        self._cut.update(range(len(self._lines)))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._serve, self._own)
        try:
            yield
        finally:
            for line in self._lines:
                line.close()
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(self._server)
        number = len(self._lines)
        self._lines.append(up_writer)

        async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                if number not in self._cut:
                    target.write(data)
            if number not in self._cut:
                target.close()

        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(carry(reader, up_writer), carry(up_reader, writer))


@pytest.mark.point("ey-genai-2023:2")
async def test_a_cut_network(clean: str) -> None:
    with tempfile.TemporaryDirectory(prefix="sy-", dir="/tmp") as folder:
        network = Network(clean, Path(folder))
        async with network.open():
            writer = LedgerWriter(network.dsn, started=time.time_ns() // 1000, timeout=0.5)
            await writer.start(KEYS)
            await writer.append(intent(worker=writer.worker))
            worker = writer.worker
            network.cut()
            begun = time.monotonic()
            with pytest.raises(LedgerUnavailableError):
                await writer.append(intent(worker=writer.worker))
            assert time.monotonic() - begun < 1.5
            # The server still believes in the old line, and that it holds the worker's lock.
            assert _holders(clean, worker) == 1
            await writer.append(intent(worker=writer.worker))
            assert writer.worker == worker
            assert _holders(clean, worker) == 1
            await writer.stop()


def _holders(dsn: str, worker: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid"
            " WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted"
            " AND datname = current_database()",
            [WORKER_LOCK, int(worker)],
        ).fetchone()
    assert row is not None
    return int(row[0])
