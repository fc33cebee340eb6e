"""An agency that joins while the gateway serves gets its log before its first request."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator

import psycopg
import pytest
from tests.house import DAY, House, running_house

from shenyong.guideline.terms import Actor, Purpose
from shenyong.registry import Agency, ApiKey, Person, Role, UseCase, new_key, secret_digest
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save
from shenyong.storage.verification import verify_log


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


def join(house: House, agency: str, who: str) -> str:
    """Register one more agency with one official; returns the official's key."""
    pepper = bytes.fromhex((house.folder / "keys" / "pepper.key").read_text().strip())
    key, secret = new_key(f"joined{agency}")
    api_key = ApiKey(
        id=f"joined{agency}",
        agency=agency,
        owner=who,
        use_case=f"{agency}-work",
        actor=Actor.OFFICIAL_NEED_TO_KNOW,
        secret_digest=secret_digest(secret, pepper),
        expires=time.time_ns() // 1000 + DAY,
    )
    engine = engine_for(house.dsn)
    with engine.begin() as connection:
        save(
            connection,
            Agency(agency, f"{agency} 測試機關", agency),
            Person(who, agency, "蘇示範", Role.OFFICIAL),
            UseCase(f"{agency}-work", agency, "測試", Purpose.GENERAL),
            api_key,
        )
    engine.dispose()
    return key


def ask(house: House, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    body = {"model": "cloud/echo", "messages": [{"role": "user", "content": "請擬公告。"}]}
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.point("ey-genai-2023:4")
def test_it_is_served_and_its_log_is_signed(house: House) -> None:
    key = join(house, "second", "su")
    until = time.monotonic() + 60
    seen = [ask(house, key)]
    while seen[-1] != 200 and time.monotonic() < until:
        time.sleep(0.1)
        seen.append(ask(house, key))
    assert set(seen) <= {401, 200}, "unknown at first, and never half known"
    while time.monotonic() < until + 5:
        report = verify_log(house.dsn, "second")
        if report.checkpoints:
            break
        time.sleep(0.1)
    assert report.ok, report.faults
    assert (report.intents, report.outcomes) == (1, 1)
    assert report.checkpoints >= 1


@pytest.mark.point("ey-genai-2023:4")
def test_damage_to_one_log_stops_that_agency_and_no_other(house: House) -> None:
    key = join(house, "third", "ho")
    until = time.monotonic() + 60
    while ask(house, key) != 200 and time.monotonic() < until:
        time.sleep(0.1)
    while not verify_log(house.dsn, "third").checkpoints and time.monotonic() < until:
        time.sleep(0.1)
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM ledger_checkpoint WHERE agency = 'third'")
    while time.monotonic() < until and ask(house, key) != 503:
        time.sleep(0.2)
    assert ask(house, key) == 503
    assert ask(house, house.keys["official"]) == 200
