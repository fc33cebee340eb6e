"""Keys: rotated under load without a failed request, bounded by class and budget, suspended."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import msgspec
import psycopg
import pytest
from tests.cli.running import run
from tests.house import AGENCY, House, running_house

from shenyong.guideline.terms import Purpose
from shenyong.registry import UseCase
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import load, save


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house(workers=2) as running:
        yield running


def command(house: House, *words: str) -> dict[str, Any]:
    done = run(*words, "--config", str(house.file), "--json",
               SHENYONG__DATABASE__DSN=house.dsn)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def made(house: House, name: str, *more: str) -> str:
    return str(
        command(house, "key", "add", name, "--owner", "lin", "--use-case", "work", "--expires",
                "2099-01-01", *more)["key"]
    )  # fmt: skip


def ask(house: House, key: str, text: str = "您好", model: str = "local/echo") -> httpx.Response:
    return httpx.post(
        f"{house.base_url}/chat/completions",
        json={"model": model, "messages": [{"role": "user", "content": text}]},
        headers={"authorization": f"Bearer {key}"}, timeout=30,
    )  # fmt: skip


def closed(house: House, key: str) -> None:
    """Wait until no worker serves the key any more."""
    until, row = time.monotonic() + 60, 0
    while row < 8 and time.monotonic() < until:
        row = 0 if ask(house, key).status_code == 200 else row + 1
        time.sleep(0.2)


def test_rotation_under_load_fails_no_request(house: House) -> None:
    """Four clients ask all the time; each takes the new secret as soon as it is there."""
    key = {"now": made(house, "rotating")}
    old = key["now"]
    seen: list[tuple[int, str]] = []
    ended = asyncio.Event()

    async def client(session: aiohttp.ClientSession) -> None:
        while not ended.is_set():
            secret = key["now"]
            body = {"model": "local/echo", "messages": [{"role": "user", "content": "您好"}]}
            async with session.post(
                f"{house.base_url}/chat/completions", json=body,
                headers={"authorization": f"Bearer {secret}"},
            ) as answer:  # fmt: skip
                await answer.read()
                seen.append((answer.status, "old" if secret == old else "new"))

    async def rotate() -> None:
        await asyncio.sleep(2)
        told = await asyncio.to_thread(
            command, house, "key", "rotate", "rotating", "--overlap-hours", "0.003"
        )
        key["now"] = told["key"]
        await asyncio.sleep(4)
        ended.set()

    async def whole() -> None:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(client(session))
            group.create_task(rotate())

    asyncio.run(whole())
    assert {status for status, _ in seen} == {200}
    assert min(sum(which == name for _, which in seen) for name in ("old", "new")) > 50
    time.sleep(8)  # the overlap of 11 seconds ends
    assert ask(house, old).status_code == 401
    assert ask(house, key["now"]).status_code == 200


@pytest.mark.point("ey-genai-2023:7")
def test_a_key_carries_nothing_above_its_class(house: House) -> None:
    key = made(house, "narrowclass", "--max-class", "D1", "--actor", "official_need_to_know")
    assert ask(house, key).status_code == 200
    refused = ask(house, key, "王小明的身分證字號是 A123456789")
    assert refused.status_code == 400
    assert "上限" in refused.json()["error"]["message"]
    wide = made(house, "wideclass", "--max-class", "D2", "--actor", "official_need_to_know")
    assert ask(house, wide, "王小明的身分證字號是 A123456789").status_code == 200


def test_a_budget_ends(house: House) -> None:
    key = made(house, "small", "--budget-requests", "5")
    assert [ask(house, key).status_code for _ in range(5)] == [200] * 5
    closed(house, key)
    assert ask(house, key).json()["error"]["code"] == "insufficient_quota"
    row = next(each for each in command(house, "key", "list")["keys"] if each["id"] == "small")
    assert row["requests"] >= 5


def test_a_budget_of_tokens_ends(house: House) -> None:
    key = made(house, "fewtokens", "--budget-tokens", "1")
    assert ask(house, key).status_code == 200
    closed(house, key)
    assert ask(house, key).status_code == 429


def test_revoked_and_suspended_keys_open_nothing(house: House) -> None:
    key = made(house, "goes")
    assert ask(house, key).status_code == 200
    command(house, "key", "revoke", "goes")
    closed(house, key)
    assert ask(house, key).json()["error"]["code"] == "revoked_api_key"
    engine = engine_for(house.dsn)
    with engine.begin() as connection:
        save(connection, UseCase("ends", AGENCY, "期滿", Purpose.GENERAL))
    key = command(house, "key", "add", "ofuse", "--owner", "lin", "--use-case", "ends",
                  "--expires", "2099-01-01")["key"]  # fmt: skip
    assert ask(house, str(key)).status_code == 200
    with engine.begin() as connection:
        case = load(connection).use_cases["ends"]
        save(connection, msgspec.structs.replace(case, active=False))
    closed(house, str(key))
    assert ask(house, str(key)).json()["error"]["code"] == "suspended_api_key"
    engine.dispose()


def test_a_secret_is_stored_nowhere_and_each_change_is_recorded(house: House) -> None:
    key = made(house, "secretive")
    secret = key.rpartition("-")[2]
    with psycopg.connect(house.dsn) as connection:
        tables = [
            str(row[0]) for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            )
        ]  # fmt: skip
        for table in tables:
            for (row,) in connection.execute(f"SELECT t::text FROM {table} t".encode()):
                assert secret not in row, table
        leaves = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE agency = %s AND type = 'admin'", [AGENCY]
        ).fetchall()
    told = {json.loads(bytes(leaf))["action"] for (leaf,) in leaves}
    assert {"registry.key.add", "registry.key.rotate", "registry.key.revoke"} <= told
