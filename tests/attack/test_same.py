"""What was inspected is what is sent: thousands of generated requests here, millions by a command.

`python -m attack same --count N` is the long form; its figures stand in docs/security.md.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from attack.requests import Requests
from attack.same import DOORS, Checker, DifferenceError, checker, chunk, compare

from shenyong.protocols.anthropic_messages import MESSAGES
from shenyong.protocols.door import CHAT
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.strict_json import Limits

pytestmark = pytest.mark.point("ey-genai-2023:4")

BODY = {
    "model": "local/echo",
    "messages": [
        {"role": "system", "content": "公告"},
        {"role": "user", "content": [{"type": "text", "text": "停電"}], "name": "承辦"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "查", "parameters": {"鍵": [1234567, "值"], "type": "object"}},
        }
    ],
    "max_tokens": 1234567890,
}


def read(body: dict[str, Any]) -> Exchange:
    return CHAT.read(json.dumps(body).encode(), Limits())


def test_no_generated_request_goes_otherwise_than_it_was_inspected() -> None:
    said, failed = chunk(seed=6, number=0, count=6000)
    assert failed == []
    assert said["sent as it is"] > 2000
    assert said["sent redacted"] > 400
    assert said["not understood"] > 1000


def test_each_door_gets_its_requests_and_the_same_ones_again() -> None:
    first, again = Requests(3, 1), Requests(3, 1)
    made = [first.next() for _ in range(400)]
    assert made == [again.next() for _ in range(400)]
    assert {door for door, _ in made} == set(range(len(DOORS)))
    assert made != [Requests(3, 2).next() for _ in range(400)]


def test_what_is_sent_as_it_was_inspected_passes() -> None:
    exchange = read(BODY)
    compare(exchange.body(), exchange, exchange.texts())


def _altered(change: Any) -> None:
    """The exchange of `BODY`, with another document than was inspected."""
    exchange = read(BODY)
    document = json.loads(exchange.body())
    change(document)
    compare(json.dumps(document).encode(), exchange, exchange.texts())


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("another letter", lambda d: d["messages"][0].update(content="公 告")),
        ("a string more", lambda d: d.update(user="林示範")),
        ("a key more", lambda d: d.update({"A123456789": None})),
        ("a string less", lambda d: d["messages"].pop(0)),
        ("a word of ours less", lambda d: d["messages"][1].pop("name")),
        ("another key", lambda d: d["tools"][0]["function"]["parameters"].update(別=1)),
        ("a long number more", lambda d: d["tools"][0]["function"].update(x=912345678)),
        ("another number", lambda d: d["tools"][0]["function"]["parameters"].update(鍵=[1234568])),
        ("two texts changed about", lambda d: d["messages"][0].update(
            content=d["messages"][1].update(name="公告") or "承辦")),
        ("a number where none is meant", lambda d: d["messages"][0].update(n=912345678)),
    ],
)  # fmt: skip
def test_whatever_differs_is_seen(what: str, change: Any) -> None:
    with pytest.raises(DifferenceError):
        _altered(change)


def test_two_equal_keys_are_seen() -> None:
    exchange = read(BODY)
    body = exchange.body().replace(b'"max_tokens":', b'"n":1,"n":2,"max_tokens":')
    with pytest.raises(DifferenceError):
        compare(body, exchange, exchange.texts())


def test_arguments_that_are_json_in_a_string_are_read_as_such() -> None:
    call = {
        "type": "tool_use",
        "id": "t",
        "name": "查",
        "input": {"號": "A1", "深": [{"n": 1234567}]},
    }
    body = {
        "model": "local/echo",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "甲"}, {"role": "assistant", "content": [call]}],
    }
    exchange = MESSAGES.read(json.dumps(body).encode(), Limits())
    compare(exchange.body(), exchange, exchange.texts())
    inspected = {**exchange.texts(), "messages[1].content[0].input.{1}[0].n": "7654321"}
    with pytest.raises(DifferenceError):
        compare(exchange.body(), exchange, inspected)


class _Careless(Checker):
    """A gateway with a fault planted: a field goes on that nobody inspected."""

    def _considered(self, door: Any, body: bytes) -> tuple[Exchange | None, bytes | None]:
        exchange, went = super()._considered(door, body)
        if went and b"\xe5" in went:
            went = msgspec.json.encode({**json.loads(went), "user": "A123456789"})
        return exchange, went


def test_a_planted_fault_is_found() -> None:
    """A check that can't fail would prove nothing."""
    whole = checker()
    careless = _Careless(whole._world, whole._key, whole._caller)
    careless._world = msgspec.structs.replace(whole._world, inspect=careless._spotter)
    requests, found = Requests(1, 1), 0
    for number in range(1, 300):
        door, body = requests.next()
        try:
            careless.check(number, DOORS[door], body)
        except DifferenceError:
            found += 1
    assert found > 10
