"""The answer to a commit is lost: what was committed is refused, found, and closed; never twice."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.storage.entries import AGENCY, intent, outcome

from shenyong.ledger import Outcome, OutcomeKind
from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.entry import decode
from shenyong.storage.ledger import LedgerUnavailableError, LedgerWriter
from shenyong.storage.recovery import close_interrupted
from shenyong.storage.verification import verify_log

KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)
KEYS = {AGENCY: str(KEY.verifying)}


class Line:
    """A socket before the server's. While `deaf`, what the server answers cuts the line instead."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._server = Path(str(conninfo_to_dict(dsn)["host"])) / ".s.PGSQL.5432"
        self._own = folder / ".s.PGSQL.5432"
        self.dsn = make_conninfo(dsn, host=str(folder))
        self.deaf = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with await asyncio.start_unix_server(self._serve, self._own):
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(self._server)

        async def ask() -> None:
            while data := await reader.read(65536):
                up_writer.write(data)
            up_writer.close()

        async def answer() -> None:
            while (data := await up_reader.read(65536)) and not self.deaf:
                writer.write(data)
            writer.close()
            up_writer.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(ask(), answer())


def stored(dsn: str) -> list[object]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT leaf FROM ledger_entry ORDER BY idx").fetchall()
    return [decode(bytes(leaf)) for (leaf,) in rows]


@pytest.mark.point("ey-genai-2023:2")
async def test_a_lost_answer(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    with tempfile.TemporaryDirectory(prefix="sy-", dir="/tmp") as folder:
        line = Line(dsn, Path(folder))
        async with line.open():
            writer = LedgerWriter(line.dsn, started=time.time_ns() // 1000)
            await writer.start(KEYS)
            first = intent(worker=writer.worker)
            assert await writer.append(first) == 0
            # A statement is prepared when it comes again, in a round trip of its own.
            second = intent(worker=writer.worker)
            assert await writer.append(second) == 1
            line.deaf = True
            doubtful = [intent(worker=writer.worker) for _ in range(3)]
            begun = time.monotonic()
            results = await asyncio.gather(
                *(writer.append(each) for each in doubtful), return_exceptions=True
            )
            assert time.monotonic() - begun < 2.5
            assert all(isinstance(each, LedgerUnavailableError) for each in results)
            # They are durable all the same, and nobody tried again.
            until = time.monotonic() + 30
            while stored(dsn) != [first, second, *doubtful]:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
            with pytest.raises(LedgerUnavailableError):
                await writer.append(intent())
            line.deaf = False
            later = intent(worker=writer.worker)
            assert await writer.append(later) == 5
            await writer.stop()

    after = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await after.start(KEYS)
    assert await close_interrupted(dsn, after) == 6
    assert await close_interrupted(dsn, after) == 0
    await after.stop()
    endings = [each for each in stored(dsn) if isinstance(each, Outcome)]
    assert {each.outcome for each in endings} == {OutcomeKind.INTERRUPTED}
    assert {each.request for each in endings} == {
        each.request for each in (first, second, *doubtful, later)
    }
    report = verify_log(dsn, AGENCY, KEY.verifying)
    assert report.ok
    assert report.open_intents == 0


async def test_a_worker_whose_only_intents_are_in_doubt_is_looked_after(
    new_database: Callable[..., str],
) -> None:
    """It has no call open that it knows of, but must not leave the list of workers."""
    dsn = new_database()
    with tempfile.TemporaryDirectory(prefix="sy-", dir="/tmp") as folder:
        line = Line(dsn, Path(folder))
        async with line.open():
            writer = LedgerWriter(line.dsn, started=time.time_ns() // 1000)
            await writer.start(KEYS)
            for _ in range(2):
                begun = intent()
                await writer.append(outcome(begun, await writer.append(begun)))
            line.deaf = True
            doubtful = intent(worker=writer.worker)
            with pytest.raises(LedgerUnavailableError):
                await writer.append(doubtful)
            line.deaf = False
            assert await writer.ready()
            await writer.stop()
    after = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await after.start(KEYS)
    assert await close_interrupted(dsn, after) == 1
    await after.stop()
    assert verify_log(dsn, AGENCY, KEY.verifying).open_intents == 0


@pytest.mark.point("ey-genai-2023:2")
async def test_an_outcome_that_could_not_be_written_is_made_up_for(
    new_database: Callable[..., str],
) -> None:
    """Once as interrupted; and not at all where the first try was recorded after all."""
    dsn = new_database()
    with tempfile.TemporaryDirectory(prefix="sy-", dir="/tmp") as folder:
        line = Line(dsn, Path(folder))
        async with line.open():
            writer = LedgerWriter(line.dsn, started=time.time_ns() // 1000)
            await writer.start(KEYS)
            lost, kept, last = (intent(worker=writer.worker) for _ in range(3))
            places = [await writer.append(each) for each in (lost, kept)]
            line.deaf = True  # the server hears and records, its answer is lost
            with pytest.raises(LedgerUnavailableError):
                await writer.append(outcome(kept, places[1]))
            until = time.monotonic() + 30
            while len(stored(dsn)) < 3:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
            # A new line, and nothing is heard any more: the statement itself is lost.
            with pytest.raises(LedgerUnavailableError):
                await writer.append(outcome(lost, places[0]))
            line.deaf = False
            await writer.append(outcome(last, await writer.append(last)))
            await writer.stop()
    endings = {each.request: each for each in stored(dsn) if isinstance(each, Outcome)}
    assert len(endings) == len([each for each in stored(dsn) if isinstance(each, Outcome)]) == 3
    assert endings[kept.request].outcome is not OutcomeKind.INTERRUPTED
    assert endings[lost.request].outcome is OutcomeKind.INTERRUPTED
    assert endings[lost.request].delivered == 0
    report = verify_log(dsn, AGENCY, KEY.verifying)
    assert report.ok, report.faults
    assert report.open_intents == 0


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_living_worker_settles_what_was_in_doubt(
    new_database: Callable[..., str], recorded: bool
) -> None:
    """Nobody asks anything more, nobody starts anew: it is looked after all the same."""
    dsn = new_database()
    with tempfile.TemporaryDirectory(prefix="sy-", dir="/tmp") as folder:
        line = Line(dsn, Path(folder))
        async with line.open():
            writer = LedgerWriter(line.dsn, started=time.time_ns() // 1000)
            await writer.start(KEYS)
            for _ in range(2):
                begun = intent()
                await writer.append(outcome(begun, await writer.append(begun)))
            ours = intent(worker=writer.worker)
            index = await writer.append(ours)
            line.deaf = True
            doubtful = intent(worker=writer.worker)
            with psycopg.connect(dsn) as other:  # its lock makes the commit late, or impossible
                if not recorded:
                    other.execute("SELECT 1 FROM ledger_head FOR UPDATE")
                for entry in (doubtful, outcome(ours, index)):
                    with pytest.raises(LedgerUnavailableError):
                        await writer.append(entry)
                line.deaf = False
                with psycopg.connect(dsn, autocommit=True) as killer:
                    killer.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name LIKE 'shenyong-ledger-%%'"
                    )
            until = time.monotonic() + 20
            while verify_log(dsn, AGENCY, KEY.verifying).open_intents:
                assert time.monotonic() < until
                await asyncio.sleep(0.05)
            await writer.stop()
    entries = stored(dsn)
    intents = [each.request for each in entries if not isinstance(each, Outcome)]  # type: ignore[attr-defined]
    assert (doubtful.request in intents) == recorded
    endings = [each for each in entries if isinstance(each, Outcome)]
    assert len(endings) == len(intents)
    assert verify_log(dsn, AGENCY, KEY.verifying).ok
