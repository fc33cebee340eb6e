"""The Responses API: what leaves was inspected, and in its place (reliability.md 0.2, 2.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from tests.protocols.test_openai_chat import VECTORS
from tests.protocols.typed import MARK, places, strings

from shenyong.protocols import history, responses
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.exchange import Exchange

FULL: dict[str, Any] = {
    "model": "local/gov",
    "instructions": "守則",
    "input": [
        {"role": "user", "content": "甲"},
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "想"}]},
        {
            "type": "message",
            "role": "assistant",
            "id": "m",
            "status": "completed",
            "content": [{"type": "output_text", "text": "好", "annotations": []}],
        },
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"who":"丙"}'},
        {"type": "custom_tool_call", "call_id": "c2", "name": "run", "input": "丁"},
        {"type": "function_call_output", "call_id": "c1", "output": "戊"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "己"}],
        },
        {"role": "developer", "content": [{"type": "input_text", "text": "庚"}]},
    ],
    "tools": [
        {"type": "function", "name": "find", "description": "查", "parameters": {"type": "object"}},
        {
            "type": "custom",
            "name": "run",
            "format": {"type": "grammar", "definition": "a: b", "syntax": "lark"},
        },
    ],
    "tool_choice": {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "find"}],
    },
    "text": {
        "format": {"type": "json_schema", "name": "r", "schema": {"title": "表"}},
        "verbosity": "low",
    },
    "reasoning": {"effort": "low", "summary": "auto"},
    "max_output_tokens": 9,
    "store": True,
    "user": "u-7",
    "metadata": {"k": "v"},
    "include": ["reasoning.encrypted_content"],
}


def read(document: object) -> Exchange:
    return responses.take(json.loads(json.dumps(document)))


def test_items_become_messages_calls_and_results() -> None:
    exchange = read(FULL)
    sent = json.loads(exchange.body())
    roles = [each["role"] for each in sent["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "developer"]
    calls = sent["messages"][2]["tool_calls"]
    assert calls[0]["function"] == {"name": "find", "arguments": '{"who":"丙"}'}
    assert calls[1] == {"id": "c2", "type": "custom", "custom": {"name": "run", "input": "丁"}}
    assert sent["messages"][4] == {"role": "tool", "content": "己", "tool_call_id": "c2"}
    assert sent["tools"][1]["custom"]["format"]["grammar"]["definition"] == "a: b"
    assert sent["response_format"]["json_schema"]["name"] == "r"
    assert sent["tool_choice"]["allowed_tools"]["tools"][0]["function"]["name"] == "find"
    assert (sent["max_completion_tokens"], sent["verbosity"]) == (9, "low")
    assert (sent["reasoning_effort"], sent["store"]) == ("low", False)
    assert {"store", "user", "metadata", "include", "reasoning.summary"} <= set(exchange.dropped)
    assert exchange.user == "u-7"
    for left in ("u-7", "想"):
        assert left not in exchange.body().decode()


def test_paths_are_what_the_client_wrote() -> None:
    exchange = read(FULL)
    paths = {source.text: source.path for source in exchange.sources}
    assert paths["守則"] == "instructions"
    assert paths["好"] == "input[2].content[0].text"
    assert paths['{"who":"丙"}'] == "input[3].arguments"
    assert paths["己"] == "input[6].output[0].text"
    assert paths["表"] == "text.format.schema.title"
    assert len(exchange.texts()) == len(exchange.sources)
    found = {source.text: (source.role, source.newest) for source in exchange.sources}
    assert found["好"] == ("assistant", False)
    assert found["戊"] == ("tool", True)


def test_a_string_is_the_users() -> None:
    exchange = read({"model": "m", "input": "您好"})
    assert json.loads(exchange.body())["messages"] == [{"role": "user", "content": "您好"}]
    assert [(source.path, source.role) for source in exchange.sources] == [("input", "user")]


def test_each_place_of_the_clients_types_is_inspected_left_out_or_refused() -> None:
    inspected: set[str] = set()
    told: list[str] = []
    planted = places(ResponseCreateParamsNonStreaming)
    assert len(planted) > 400
    for place, document in planted:
        try:
            exchange = read({"input": "好", "model": "m", **document})
        except BadInputError as error:
            told.append(error.message + error.param)
            continue
        if place == ".model":
            continue
        if MARK in exchange.body().decode():
            guilty = [source.path for source in exchange.sources if MARK in source.text]
            assert guilty, place
            inspected.add(place)
            clean = exchange.rewritten(dict.fromkeys(guilty, "■"))
            assert MARK not in clean.body().decode(), f"{place}: redacted in its place"
        else:
            assert exchange.dropped_total, f"{place} vanished without a word"
    assert not [each for each in told if MARK in each]
    assert {
        ".instructions",
        ".input",
        ".input[].content",
        ".input[].content[].text",
        ".input[].arguments",
        ".input[].call_id",
        ".input[].output",
        ".input[].output[].text",
        ".tools[].description",
        ".tools[].format.definition",
        ".tools[].parameters.*",
        ".tool_choice.name",
        ".text.format.schema.*",
        ".text.format.description",
        ".prompt_cache_key",
    } <= inspected


def test_every_field_that_openai_describes_has_its_rule() -> None:
    described = json.loads((VECTORS / "openai-string-paths.json").read_text())["POST /responses"]
    fields = {path.split(".")[1].partition("[")[0] for path in described}
    assert fields - {"input", "model"} <= responses.FIELDS.keys()


TEXTS = st.text(min_size=1, max_size=8)
ITEMS = st.one_of(
    st.builds(
        lambda role, text: {"role": role, "content": text},
        st.sampled_from(["user", "assistant", "system", "developer"]),
        TEXTS | st.lists(st.builds(lambda text: {"type": "input_text", "text": text}, TEXTS)),
    ),
    st.builds(
        lambda name, said: {
            "type": "function_call",
            "call_id": "c",
            "name": name,
            "arguments": said,
        },
        TEXTS,
        TEXTS,
    ),
    st.builds(lambda text: {"type": "function_call_output", "call_id": "c", "output": text}, TEXTS),
)


@given(st.lists(ITEMS, min_size=1, max_size=6), TEXTS, st.dictionaries(TEXTS, TEXTS))
def test_nothing_leaves_that_was_not_inspected(
    items: list[Any], instructions: str, schema: dict[str, str]
) -> None:
    tools = [{"type": "function", "name": "f", "parameters": schema}]
    document = {"model": "m", "input": items, "instructions": instructions, "tools": tools}
    exchange = read(document)
    sources = exchange.texts()
    assert len(sources) == len(exchange.sources)
    marked = exchange.rewritten({path: f"■{at}" for at, path in enumerate(sources)})
    ours = {
        "model", "m", "messages", "role", "user", "assistant", "system", "developer", "tool",
        "content", "type", "text", "tool_calls", "id", "function", "name", "arguments",
        "tool_call_id", "tools", "parameters", "",
    }  # fmt: skip
    written = set(strings(json.loads(marked.body())))
    assert {each for each in written if not each.startswith("■")} <= ours


def test_a_refused_item_is_replaced_and_the_others_keep_their_paths() -> None:
    exchange = read(FULL)
    assert exchange.message_of("input[3].arguments") == 2
    new = history.replaced(exchange, {1: ("4",), 2: ("4",)})
    found = {source.text: source.path for source in new.sources}
    assert found["戊"] == "input[5].output"
    for gone in ("甲", "好", "丙", "丁"):
        assert gone not in new.body().decode()
    assert json.loads(new.body())["messages"][2]["tool_calls"][0]["id"] == "c1"
    assert len(new.texts()) == len(new.sources)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"input": None}, "missing", "input"),
        ({"input": []}, "too_many", "input"),
        ({"input": 7}, "wrong_type", "input"),
        ({"input": [{"type": "reasoning"}], "instructions": None}, "missing", "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "stateless", "input[0]"),
        ({"input": [{"type": "computer_call"}]}, "part_not_inspectable", "input[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "part_not_inspectable",
            "input[0].content[0]",
        ),
        ({"previous_response_id": "resp_1"}, "stateless", "previous_response_id"),
        ({"conversation": "conv_1"}, "stateless", "conversation"),
        ({"prompt": {"id": "p"}}, "stateless", "prompt"),
        ({"tools": [{"type": "web_search"}]}, "opaque_field", "tools[0]"),
        ({"base_url": "http://x"}, "steering_field", "base_url"),
    ],
)
def test_bad_requests_name_the_place(changes: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read({**FULL, **changes})
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.message
