"""PostgreSQL stopped under load: 503 with Retry-After, and the model gets nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.faults.load import flood
from tests.faults.records import unrecorded
from tests.house import AGENCY, House, completion, running_house

from shenyong.storage.server import EmbeddedServer
from shenyong.storage.verification import verify_log


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


@pytest.mark.point("ey-genai-2023:4")
def test_no_record_no_call(house: House) -> None:
    seen = asyncio.run(flood(house, 50, "before-"))
    assert seen["200"] == 50

    async def stopped_under_load() -> None:
        first = asyncio.create_task(flood(house, 100, "during-"))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(house.database.stop)
        await first

    asyncio.run(stopped_under_load())
    assert house.process is not None
    assert house.process.poll() is None, "the gateway itself goes on"
    assert house.get("/healthz")[0] == 200
    assert house.get("/readyz")[0] == 503

    reached = len(house.model_server.received)
    began = time.monotonic()
    seen = asyncio.run(flood(house, 100, "down-"))
    assert seen["503"] == 100, seen
    assert seen["retry-after"] == 100
    assert seen["audit_unavailable"] == 100
    assert len(house.model_server.received) == reached, "no model was called"
    assert time.monotonic() - began < 10

    house.database = EmbeddedServer(house.folder / "pg")
    until = time.monotonic() + 15
    while not house.ready() and time.monotonic() < until:
        time.sleep(0.1)
    seen = asyncio.run(flood(house, 50, "after-"))
    assert seen["200"] == 50, "it recovers by itself"
    assert unrecorded(house) == []
    assert verify_log(house.dsn, AGENCY).ok


@pytest.mark.point("ey-genai-2023:2")
def test_it_never_says_not_sent_of_what_was_sent(house: House) -> None:
    def answers_while_the_database_goes(body: dict[str, Any]) -> Any:
        house.database.stop()
        return completion("收悉。")

    house.model_server.reset()
    house.model_server.script = answers_while_the_database_goes
    seen = asyncio.run(flood(house, 1, "withheld-"))
    assert len(house.model_server.received) == 1, "the model was asked"
    assert seen["500"] == 1, seen
    assert seen["outcome_not_recorded"] == 1
    assert not seen["retry-after"], "asking again would ask the model again"

    house.model_server.reset()
    house.database = EmbeddedServer(house.folder / "pg")
    until = time.monotonic() + 15
    while not house.ready() and time.monotonic() < until:
        time.sleep(0.1)
    seen = asyncio.run(flood(house, 5, "later-"))
    assert seen["200"] == 5
    report = verify_log(house.dsn, AGENCY)
    assert report.ok, report.faults
    assert report.open_intents == 0, "what was withheld is noted as interrupted"


def test_it_still_ends_by_itself(house: House) -> None:
    house.stop()
    assert "refused to gracefully stop" not in house.log.read_text()
