"""kill -9 of the gateway in the middle of 200 concurrent requests, eight times.

More often: ``SHENYONG_KILLS=20``, or ``python -m faults matrix --only kill-storm``.

Every request that reached a model has its intent in the ledger; who was told the end has an outcome
there; the log verifies after each start; what the dead left open is closed as interrupted.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from tests.faults.load import flood
from tests.faults.records import completed, unrecorded, without_outcome
from tests.house import AGENCY, House, chunks, completion, running_house

from shenyong.storage.verification import verify_log

KILLS = int(os.environ.get("SHENYONG_KILLS", "8"))


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        # A model that takes a moment, so that a kill meets requests at every stage.
        running.model_server.script = lambda body: (
            [0.02, *chunks("收悉。", "依規定", "辦理。"), 0.01] if body.get("stream") else slow()
        )
        yield running


def slow() -> object:
    threading.Event().wait(0.03)
    return completion("收悉，依規定辦理。")


@pytest.mark.point("ey-genai-2023:4")
def test_no_call_without_a_record_however_often_it_dies(house: House) -> None:
    rng = random.Random(115)
    told: Counter[str] = Counter()
    for number in range(KILLS):
        if not house.ready():
            house.start()
        delay = rng.uniform(0.05, 0.9)
        killer = threading.Timer(delay, house.kill)
        killer.start()
        seen = asyncio.run(flood(house, 200, f"{number}-"))
        killer.join()
        told.update(seen)
        assert unrecorded(house) == []
    house.start()
    assert unrecorded(house) == []
    done = {key.removeprefix("complete:") for key in told if key.startswith("complete:")}
    assert done <= completed(house), "who saw the end has a record of it"
    assert without_outcome(house) == [], "what the dead left open was closed"
    assert told["broken"] > 0, "the kills met open requests"
    assert house.model_server.received, "requests reached the model"
    report = verify_log(house.dsn, AGENCY)
    assert report.ok, report.faults
    assert report.entries == report.intents + report.outcomes + report.decisions


def test_one_flipped_byte_is_found_and_named(house: House) -> None:
    asyncio.run(flood(house, 20, "flip-"))
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        row = connection.execute("SELECT max(idx) FROM ledger_entry").fetchone()
        assert row is not None
        rng = random.Random(5)
        for index in sorted(rng.sample(range(row[0] + 1), 12)):
            flip = (
                "UPDATE ledger_entry SET leaf = set_byte(leaf, %s, get_byte(leaf, %s) # 1) "
                "WHERE agency = %s AND idx = %s"
            )
            place = rng.randrange(100)
            connection.execute(flip, [place, place, AGENCY, index])
            report = verify_log(house.dsn, AGENCY)
            assert not report.ok
            assert index in {fault.index for fault in report.faults}
            connection.execute(flip, [place, place, AGENCY, index])
        assert verify_log(house.dsn, AGENCY).ok
