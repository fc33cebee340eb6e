"""A closed environment holds only while its probe passes: also for requests that wait (point 4)."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
from tests.house import AGENCY, House, running_house

from shenyong.registry.probe import ProbeSigner, Report
from shenyong.storage import probes

pytestmark = pytest.mark.point("ey-genai-2023:4")
SIGNER = ProbeSigner(b"\7" * 32)
PERSONAL = "請摘要：王小明的身分證字號是 A123456789。"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        with psycopg.connect(running.dsn) as connection:
            probes.register(connection, "local/echo", SIGNER.public, 1)
        yield running


def report(**changes: Any) -> bytes:
    good = Report(
        model="local/echo", at=time.time_ns() // 1000, number=time.time_ns() // 1000, routes=(),
        resolved=(), connected=(), listening=(), weights_sha256="0" * 64, stack="house/1",
        segments=("loopback",), tried=9,
    )  # fmt: skip
    return SIGNER.signed(msgspec.structs.replace(good, **changes))


def send(house: House, body: bytes) -> httpx.Response:
    return httpx.post(
        f"{house.base_url.removesuffix('/v1')}/v1/shenyong/probes", content=body,
        headers={"content-type": "application/json"}, timeout=10,
    )  # fmt: skip


def ask(house: House, text: str = PERSONAL, **more: Any) -> httpx.Response:
    return httpx.post(
        f"{house.base_url}/chat/completions",
        json={"model": "local/echo", "messages": [{"role": "user", "content": text}], **more},
        headers={"authorization": f"Bearer {house.keys['official']}"}, timeout=60,
    )  # fmt: skip


def environment(house: House) -> str:
    """The environment of the last decision, as the ledger has it."""
    with psycopg.connect(house.dsn) as connection:
        row = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE agency = %s AND type IN ('intent', 'decision') "
            "ORDER BY idx DESC LIMIT 1", [AGENCY],
        ).fetchone()  # fmt: skip
    assert row is not None
    return str(json.loads(bytes(row[0]))["environment"])


def test_unheard_of_it_counts_as_unconfirmed_and_holds_once_it_passes(house: House) -> None:
    time.sleep(6)  # until the worker has read that there is a probe
    ask(house)
    assert environment(house) == "E3"
    said = send(house, report())
    assert (said.status_code, said.json()) == (202, {"passed": True, "faults": []})
    assert ask(house).status_code == 200
    assert environment(house) == "E4"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"connected": ("1.1.1.1:443",)}, "connection"), ({"weights_sha256": "1" * 64}, "weights")],
)
def test_a_failing_look_drops_it_at_once(house: House, changes: dict[str, Any], fault: str) -> None:
    send(house, report())
    assert ask(house).headers["x-shenyong-decision"] == "allow"
    assert send(house, report(**changes)).json() == {"passed": False, "faults": [fault]}
    assert ask(house).headers["x-shenyong-decision"] == "redact"
    assert environment(house) == "E3"
    send(house, report())
    assert ask(house).headers["x-shenyong-decision"] == "allow"


def test_a_missing_look_drops_it_too(house: House) -> None:
    send(house, report())
    assert ask(house).headers["x-shenyong-decision"] == "allow"
    time.sleep(4)  # every second is promised; three missed are too many
    assert ask(house).headers["x-shenyong-decision"] == "redact"


def test_forged_and_replayed_reports_change_nothing(house: House) -> None:
    old = report()
    assert send(house, old).status_code == 202
    send(house, report(connected=("x",)))
    assert send(house, old).json() == {"passed": False, "faults": ["replayed"]}
    assert ask(house).headers["x-shenyong-decision"] == "redact"
    forged = ProbeSigner(b"\x08" * 32).signed(
        msgspec.json.decode(json.loads(report())["report"], type=Report)
    )
    assert send(house, forged).status_code == 403
    assert send(house, b"{}").status_code == 400
    assert ask(house).headers["x-shenyong-decision"] == "redact"


def test_a_request_that_waits_while_it_lapses_is_not_sent(house: House) -> None:
    """It is decided upon while the environment holds, waits for its turn, and never goes."""
    # One connection to models: the first request keeps it, the second waits behind.
    house.stop()
    text = house.file.read_text("utf-8")
    one = re.sub(r"(?m)^#? ?connections = .*$", "connections = 1", text)
    if "connections = 1" not in one:
        one = text.replace("[upstream]", "[upstream]\nconnections = 1")
    house.file.write_text(one, "utf-8")
    house.start()
    send(house, report())
    answers: dict[str, httpx.Response] = {}
    release = threading.Event()

    def slow(body: dict[str, Any]) -> dict[str, Any]:
        release.wait(30)
        return house.model_server.echo(body)

    house.model_server.reset()
    house.model_server.script = slow
    try:
        first = threading.Thread(target=lambda: answers.update(first=ask(house, "第一件公開文字")))
        first.start()
        time.sleep(1.0)
        send(house, report())
        second = threading.Thread(target=lambda: answers.update(second=ask(house)))
        second.start()
        time.sleep(1.0)
        send(house, report(connected=("1.1.1.1:443",)))
    finally:
        release.set()
    first.join(30)
    second.join(30)
    assert answers["first"].status_code == 200
    late = answers["second"]
    assert late.status_code == 400
    assert late.json()["error"]["code"] == "content_filter"
    assert "環境確認已失效" in late.json()["error"]["message"]
    assert not any("A123456789" in str(each) for each in house.model_server.received)
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE request_id = %s ORDER BY idx",
            [late.headers["x-request-id"]],
        ).fetchall()
    entries = [json.loads(bytes(row[0])) for row in rows]
    assert [each["type"] for each in entries] == ["intent", "outcome"]
    assert entries[1]["outcome"] == "lapsed"
    told = [row for row in _admin(house) if row["action"].startswith("environment.")]
    assert {"environment.lapsed", "environment.restored"} <= {each["action"] for each in told}


def _admin(house: House) -> list[dict[str, Any]]:
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE agency = %s AND type = 'admin'", [AGENCY]
        ).fetchall()
    return [json.loads(bytes(row[0])) for row in rows]
