"""Anthropic's messages: what leaves was inspected, and in its place (reliability.md 0.2, 2.3)."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from anthropic.types import MessageCreateParams
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.typed import MARK, places, strings

from shenyong.protocols import anthropic_messages, history
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.exchange import Exchange

FULL: dict[str, Any] = {
    "model": "local/gov",
    "max_tokens": 9,
    "system": [{"type": "text", "text": "系統"}, {"type": "text", "text": "守則"}],
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": "甲"}, {"type": "text", "text": "乙"}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "想", "signature": "s"},
                {"type": "text", "text": "好"},
                {"type": "tool_use", "id": "t1", "name": "find", "input": {"人": "丙", "n": [1]}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "丁"},
                {
                    "type": "document",
                    "title": "題",
                    "context": "境",
                    "source": {"type": "text", "media_type": "text/plain", "data": "文"},
                },
            ],
        },
        {"role": "system", "content": "請用繁體"},
        {"role": "assistant", "content": "主旨："},
    ],
    "tools": [{"name": "find", "description": "查", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "find"},
    "stop_sequences": ["完", "結"],
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"k": "v"}}},
    "metadata": {"user_id": "u-7"},
}


def read(document: object) -> Exchange:
    return anthropic_messages.take(json.loads(json.dumps(document)))


def test_blocks_become_messages_calls_and_results() -> None:
    exchange = read(FULL)
    sent = json.loads(exchange.body())
    assert [each["role"] for each in sent["messages"]] == [
        "system", "user", "assistant", "tool", "user", "system", "assistant",
    ]  # fmt: skip
    call = sent["messages"][2]["tool_calls"][0]
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("t1", {"人": "丙", "n": [1]})
    assert sent["messages"][2]["content"] == "好"
    assert sent["messages"][3] == {"role": "tool", "content": "丁", "tool_call_id": "t1"}
    assert [part["text"] for part in sent["messages"][4]["content"]] == ["題", "境", "文"]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "find"}}
    assert sent["stop"] == ["完", "結"]
    assert sent["reasoning_effort"] == "low"
    assert sent["response_format"]["json_schema"]["schema"] == {"k": "v"}
    assert exchange.user == "u-7"
    assert "u-7" not in exchange.body().decode()
    assert "messages[1].content[0].thinking" in exchange.dropped
    assert "想" not in exchange.body().decode()


def test_paths_are_what_the_client_wrote() -> None:
    paths = {source.text: source.path for source in read(FULL).sources}
    assert paths["守則"] == "system[1].text"
    assert paths["乙"] == "messages[0].content[1].text"
    assert paths["丙"] == "messages[1].content[2].input.{0}"
    assert paths["丁"] == "messages[2].content[0].content"
    assert paths["文"] == "messages[2].content[1].source.data"
    assert paths["完"] == "stop_sequences[0]"
    assert len({source.path for source in read(FULL).sources}) == len(read(FULL).sources)


def test_roles_and_the_newest_turn() -> None:
    document = {**FULL, "messages": FULL["messages"][:3]}
    found = {each.text: (each.role, each.newest) for each in read(document).sources}
    assert found["系統"][0] == "system"
    assert found["甲"] == ("user", False)
    assert found["丙"] == ("assistant", False)
    assert found["丁"] == ("tool", True)
    assert found["文"] == ("user", True)


# --- every place of the format that can hold text ----------------------------------------------


def test_each_place_of_the_clients_types_is_inspected_left_out_or_refused() -> None:
    inspected: set[str] = set()
    planted = places(get_args(MessageCreateParams)[0])
    assert len(planted) > 200
    for place, document in planted:
        try:
            exchange = read({**document, "model": "m"} if place != ".model" else document)
        except BadInputError:
            continue
        if place == ".model":
            continue  # looked up, never passed on as it came
        if MARK in exchange.body().decode():
            guilty = [source.path for source in exchange.sources if MARK in source.text]
            assert guilty, place
            inspected.add(place)
            clean = exchange.rewritten(dict.fromkeys(guilty, "■"))
            assert MARK not in clean.body().decode(), f"{place}: redacted in its place"
        else:
            assert exchange.dropped_total, f"{place} vanished without a word"
    assert {
        ".system",
        ".system[].text",
        ".messages[].content",
        ".messages[].content[].text",
        ".messages[].content[].input.*",
        ".messages[].content[].input#key",
        ".messages[].content[].tool_use_id",
        ".messages[].content[].source.data",
        ".tools[].description",
        ".tools[].input_schema.properties.*",
        ".tool_choice.name",
        ".stop_sequences[]",
        ".output_config.format.schema.*",
    } <= inspected


TEXTS = st.text(min_size=1, max_size=8)
OBJECTS = st.dictionaries(TEXTS, st.recursive(TEXTS | st.integers(0, 99), st.lists, max_leaves=4))
BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, TEXTS),
    st.builds(
        lambda name, given: {"type": "tool_use", "id": "t", "name": name, "input": given},
        TEXTS,
        OBJECTS,
    ),
    st.builds(lambda text: {"type": "tool_result", "tool_use_id": "t", "content": text}, TEXTS),
)
MESSAGES = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "system"]),
    TEXTS | st.lists(BLOCKS, max_size=4),
)


@given(st.lists(MESSAGES, min_size=1, max_size=5), TEXTS, OBJECTS)
def test_nothing_leaves_that_was_not_inspected(
    messages: list[Any], system: str, schema: dict[str, Any]
) -> None:
    tools = [{"name": "f", "input_schema": schema}]
    document = {
        "model": "m",
        "max_tokens": 1,
        "messages": messages,
        "system": system,
        "tools": tools,
    }
    try:
        exchange = read(document)
    except BadInputError:
        return
    sources = exchange.texts()
    assert len(sources) == len(exchange.sources)
    marked_all = exchange.rewritten({path: f"■{at}" for at, path in enumerate(sources)})
    sent = json.loads(marked_all.body())
    for message in sent["messages"]:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    ours = {
        "model", "m", "messages", "role", "user", "assistant", "system", "tool", "content", "type",
        "text", "tool_calls", "id", "function", "name", "arguments", "tool_call_id", "tools",
        "parameters", "max_tokens", "",
    }  # fmt: skip
    assert {each for each in strings(sent) if not each.startswith("■")} <= ours


def test_a_refused_message_is_replaced_and_the_others_keep_their_paths() -> None:
    exchange = read(FULL)
    index = exchange.message_of("messages[0].content[1].text")
    assert index == 1
    new = history.replaced(exchange, {index: ("4",)})
    found = {source.text: source.path for source in new.sources}
    assert found["丙"] == "messages[1].content[2].input.{0}"
    assert found["丁"] == "messages[2].content[0].content"
    assert "甲" not in new.body().decode()
    replaced = [path for text, path in found.items() if "第四點" in text]
    assert replaced == ["messages[0].content"]
    assert new.message_of("messages[0].content") == 1
    assert json.loads(new.body())["messages"][2]["tool_calls"][0]["function"]["name"] == "find"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"max_tokens": None}, "missing", "max_tokens"),
        ({"model": ""}, "missing", "model"),
        ({"messages": []}, "too_many", "messages"),
        ({"messages": {}}, "wrong_type", "messages"),
        ({"messages": ["x"]}, "wrong_type", "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "not_allowed_value", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "missing", "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "wrong_type", "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "part_not_inspectable",
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_use"}]}]},
            "part_not_inspectable",
            "messages[0].content[0]",
        ),
        ({"mcp_servers": []}, "opaque_field", "mcp_servers"),
        ({"container": "c"}, "opaque_field", "container"),
        ({"system": 3}, "wrong_type", "system"),
        ({"metadata": {"user_id": "u" * 513}}, "text_too_long", "user_id"),
    ],
)
def test_bad_requests_name_the_place(changes: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read({**FULL, **changes})
    assert (caught.value.code, caught.value.param) == (code, param)
