"""Answers: every text has a channel, what has none isn't passed on (reliability.md 2.3)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.protocols import openai_answer
from shenyong.protocols.answer_types import Usage
from shenyong.protocols.openai_answer import UpstreamFaultError

ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1730000000,
    "model": "gemma",
    "system_fingerprint": "b1-abc",
    "timings": {"prompt": "秘密"},
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "甲", "reasoning": "想", "x": "秘密"},
            "logprobs": {
                "content": [
                    {
                        "token": "甲",
                        "logprob": -0.1,
                        "bytes": [1],
                        "top_logprobs": [{"token": "丁", "logprob": -1, "bytes": [2]}],
                    }
                ]
            },
            "finish_reason": "stop",
        },
        {
            "index": 1,
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": "乙",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "丙"}},
                ],
                "function_call": {"name": "h", "arguments": "[]"},
            },
            "finish_reason": "tool_calls",
        },
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "cost": "秘密"},
}


def answer(**changes: Any) -> openai_answer.Answer:
    return openai_answer.parse_answer(json.dumps({**ANSWER, **changes}).encode(), "local/gov")


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> openai_answer.Chunk:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    whole = {"id": "chatcmpl-1", "created": 5, "model": "g", "choices": [choice], **more}
    return openai_answer.parse_chunk(json.dumps(whole).encode(), "local/gov")


def written(piece: openai_answer.Chunk) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(piece.event().removeprefix(b"data: "))
    return loaded


def test_every_text_has_a_channel() -> None:
    assert answer().texts() == {
        "choices[0].content": "甲",
        "choices[0].reasoning_content": "想",
        "choices[0].logprobs.content": "甲",
        "choices[0].logprobs.content.top[0]": "丁",
        "choices[1].refusal": "乙",
        "choices[1].function_call.name": "h",
        "choices[1].function_call.arguments": "[]",
        "choices[1].tool_calls[0].id": "c1",
        "choices[1].tool_calls[0].function.name": "f",
        "choices[1].tool_calls[0].function.arguments": "{}",
        "choices[1].tool_calls[1].id": "c2",
        "choices[1].tool_calls[1].custom.name": "g",
        "choices[1].tool_calls[1].custom.input": "丙",
    }


def test_written_anew() -> None:
    body = answer().body().decode()
    assert "秘密" not in body
    again = json.loads(body)
    assert again["model"] == "local/gov"
    assert again["id"] == "chatcmpl-1"
    assert again["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert again["choices"][0]["message"] == {
        "role": "assistant",
        "content": "甲",
        "refusal": None,
        "reasoning_content": "想",
    }
    assert again["choices"][0]["logprobs"]["content"][0]["token"] == "甲"
    assert "bytes" not in body


def test_rewritten_in_every_channel() -> None:
    first = answer()
    texts = {channel: f"新{n}" for n, channel in enumerate(first.texts())}
    new = first.rewritten(texts)
    kept = {channel: text for channel, text in texts.items() if "logprobs" not in channel}
    assert new.texts() == kept
    assert json.loads(new.body())["choices"][0]["logprobs"] is None
    assert first.rewritten(first.texts()) is first


def test_a_stopped_answer() -> None:
    body = json.loads(answer().stopped({0: "說明"}).body())
    assert body["choices"][0]["message"]["content"] == "說明"
    assert body["choices"][0]["finish_reason"] == "content_filter"
    assert body["choices"][1]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{"message":{"content":5}}]}',
        b'{"choices":[{"message":{"content":"\\ud800"}}]}',
        b'{"choices":[{"message":{"content":"\xff"}}]}',
        b'{"choices":[{"message":{}},{"message":{}}]}',
        b'{"choices":[{"message":{"tool_calls":[{"type":"shell"}]}}]}',
        b"[" * 100_000,
    ],
)
def test_malformed_answers(body: bytes) -> None:
    with pytest.raises(UpstreamFaultError, match="upstream_malformed"):
        openai_answer.parse_answer(body, "m")


@given(st.binary(max_size=80))
def test_any_bytes_are_an_answer_or_a_fault(body: bytes) -> None:
    for parse in (openai_answer.parse_answer, openai_answer.parse_chunk):
        try:
            parse(body, "m")
        except UpstreamFaultError as error:
            assert str(error) in ("upstream_malformed", "upstream_error")  # noqa: PT017


def test_a_chunk() -> None:
    piece = chunk({"role": "assistant", "content": "你", "x": "秘密"}, timings={"x": "秘密"})
    assert piece.texts() == {"choices[0].content": "你"}
    assert written(piece.rewritten({"choices[0].content": "我"})) == {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "local/gov",
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "我"}, "finish_reason": None}
        ],
    }
    assert not piece.silent
    assert chunk({"content": ""}).silent
    assert not chunk({}, "stop").silent
    assert chunk({}, "eos").finished == {0: "stop"}


def test_words_of_the_server_are_not_passed_on() -> None:
    piece = chunk({"role": "秘密", "content": "x"}, id="秘 密", system_fingerprint="秘密 話")
    assert "秘" not in piece.event().decode()
    assert written(piece)["choices"][0]["delta"]["role"] == "assistant"


def test_tool_calls_in_pieces() -> None:
    calls = [{"index": 1, "function": {"arguments": '{"a"'}}]
    piece = chunk({"tool_calls": calls})
    channel = "choices[0].tool_calls[1].function.arguments"
    assert piece.texts() == {channel: '{"a"'}
    changed = piece.rewritten({channel: "X"})
    assert written(changed)["choices"][0]["delta"] == {
        "tool_calls": [{"index": 1, "function": {"arguments": "X"}}]
    }
    assert written(piece.speaking({channel: "Y"}))["choices"][0]["delta"] == {
        "tool_calls": [{"index": 1, "function": {"arguments": "Y"}}]
    }


def test_every_channel_can_speak() -> None:
    like = chunk({})
    for channel, text in answer().texts().items():
        if "logprobs" not in channel:
            assert like.speaking({channel: text}).texts() == {channel: text}
    with pytest.raises(ValueError, match="channel"):
        like.speaking({"choices[0].model": "x"})


def test_usage_and_errors_in_a_stream() -> None:
    whole = {"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    piece = openai_answer.parse_chunk(json.dumps(whole).encode(), "m")
    assert isinstance(piece.usage, Usage)
    assert piece.without_usage().silent
    with pytest.raises(UpstreamFaultError, match="upstream_error"):
        openai_answer.parse_chunk('{"error":{"message":"秘密"}}'.encode(), "m")
    with pytest.raises(UpstreamFaultError, match="upstream_malformed"):
        openai_answer.parse_chunk(b'{"choices":[{"index":0},{"index":0}]}', "m")


def test_chunks_are_cheap() -> None:
    data = json.dumps({**ANSWER, "choices": [{"index": 0, "delta": {"content": "你好"}}]}).encode()

    def once() -> float:
        start = time.process_time()
        for _ in range(500):
            openai_answer.parse_chunk(data, "m").event()
        return (time.process_time() - start) / 500

    assert min(once() for _ in range(15)) < 20e-6  # 10 µs aimed at, twice that on a busy host
