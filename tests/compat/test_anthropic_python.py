"""anthropic-python, unmodified: only the base URL and the key are ours (ux.md 3.3, 3.4)."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import Anthropic
from tests.house import House, chunks, completion

PERSONAL = "請查詢王小明（身分證字號 A123456789）住在哪裡？"
PLAIN = "請說明公文的三段式格式。"
TOOL = {
    "name": "find",
    "description": "查詢案件",
    "input_schema": {"type": "object", "properties": {"who": {"type": "string"}}},
}


@pytest.fixture
def client(house: House) -> Anthropic:
    return dial(house, "official")


def dial(house: House, key: str, **more: Any) -> Anthropic:
    base = house.base_url.removesuffix("/v1")
    return Anthropic(base_url=base, api_key=house.keys.get(key, key), **more)


def say(client: Anthropic, text: Any, model: str = "cloud/echo", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.messages.create(model=model, max_tokens=99, messages=messages, **more)  # type: ignore[call-overload]


def sent(house: House, number: int = -1) -> Any:
    return json.loads(house.model_server.received[number])


def test_is_answered(client: Anthropic, house: House) -> None:
    answer = say(client, PLAIN, system="你是公文助理。", stop_sequences=["完"])
    assert [(block.type, block.text) for block in answer.content] == [("text", PLAIN)]
    assert (answer.role, answer.model, answer.stop_reason) == (
        "assistant",
        "cloud/echo",
        "end_turn",
    )
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 5)
    asked = sent(house)
    assert asked["messages"] == [
        {"role": "system", "content": "你是公文助理。"},
        {"role": "user", "content": PLAIN},
    ]
    assert (asked["max_tokens"], asked["stop"]) == (99, ["完"])


def test_is_answered_in_a_stream_with_usage(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": PLAIN}]
    with client.messages.stream(model="cloud/echo", max_tokens=9, messages=messages) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == PLAIN == final.content[0].text  # type: ignore[union-attr]
    assert final.stop_reason == "end_turn"
    assert final.usage.input_tokens == 7
    assert final.usage.output_tokens > 0


def test_the_first_event_is_the_beginning_and_the_last_the_end(client: Anthropic) -> None:
    kinds = [event.type for event in say(client, PLAIN, stream=True)]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_is_refused_once_with_point_and_place(house: House, stream: bool) -> None:
    hits: list[str] = []
    hooks: Any = {"request": [lambda request: hits.append(str(request.url))]}
    counting = dial(house, "official", http_client=httpx2.Client(event_hooks=hooks))
    with pytest.raises(anthropic.BadRequestError) as caught:
        say(
            counting,
            [{"type": "text", "text": "您好"}, {"type": "text", "text": PERSONAL}],
            stream=stream,
        )
    error = caught.value
    body: Any = error.body
    assert len(hits) == 1, "a refusal is never tried again"
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["code"] == "content_filter"
    assert body["error"]["param"] == "messages[0].content[1].text"
    assert body["error"]["message"].startswith("〔第四點〕這則提示沒有送出")
    assert error.request_id
    assert error.request_id in body["error"]["message"]
    for value in ("A123456789", "王小明"):
        assert value not in error.response.text
    assert house.model_server.received == []
    assert say(counting, PLAIN).content[0].text == PLAIN, "a next clean turn passes"


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_redaction_is_reversed_for_the_caller(
    client: Anthropic, house: House, stream: bool
) -> None:
    text = "請潤飾：陳情人王小明，電話0912-345-678，反映路燈不亮。"
    if stream:
        events = say(client, text, stream=True)
        said = "".join(e.delta.text for e in events if e.type == "content_block_delta")
    else:
        said = say(client, text).content[0].text
    assert said == text
    asked = house.model_server.received[0].decode()
    assert "王小明" not in asked
    assert "0912" not in asked
    assert "〔姓名1〕" in asked


def calling(arguments: str) -> dict[str, Any]:
    function = {"name": "find", "arguments": arguments}
    return {"id": "call_1", "type": "function", "function": function}


def test_tools_go_there_and_back(client: Anthropic, house: House) -> None:
    house.model_server.script = lambda _: completion(
        None,  # type: ignore[arg-type]
        tool_calls=[calling('{"who": "〔姓名1〕"}')],
    )
    question = "請找陳情人王小明的案件進度"
    answer = say(client, question, tools=[TOOL], tool_choice={"type": "any"})
    (call,) = answer.content
    assert (call.type, call.name, call.input) == ("tool_use", "find", {"who": "王小明"})
    asked = sent(house)
    assert asked["tools"][0]["function"]["parameters"] == TOOL["input_schema"]
    assert asked["tool_choice"] == "required"
    house.model_server.reset()
    messages: Any = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer.content},
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": call.id,
                    "content": [{"type": "text", "text": "電話0912-345-678"}],
                },
                {"type": "text", "text": "請摘要。"},
            ],
        },
    ]
    tools: Any = [TOOL]
    client.messages.create(model="cloud/echo", max_tokens=9, messages=messages, tools=tools)
    asked = sent(house)
    assert [each["role"] for each in asked["messages"]] == ["user", "assistant", "tool", "user"]
    arguments = asked["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"who": "〔姓名1〕"}
    assert asked["messages"][2]["tool_call_id"] == call.id
    whole = house.model_server.received[0].decode()
    assert "0912-345-678" not in whole, "a tool's result is inspected like any text"
    assert "王小明" not in whole, "so is the input that comes back as history"


def test_a_streamed_call_is_put_together(client: Anthropic, house: House) -> None:
    def script(_: dict[str, Any]) -> Any:
        said = chunks("好的，", finish="tool_calls")
        base = {**said[1], "choices": []}
        pieces = [calling('{"who": '), {"function": {"arguments": '"〔姓名1〕"}'}}]
        calls = [
            {**base, "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **piece}]}}]}
            for piece in pieces
        ]
        return [*said[:2], *calls, *said[2:]]

    house.model_server.script = script
    messages: Any = [{"role": "user", "content": "請找陳情人王小明的案件進度"}]
    tools: Any = [TOOL]
    with client.messages.stream(
        model="cloud/echo", max_tokens=9, messages=messages, tools=tools
    ) as stream:
        final = stream.get_final_message()
    text, call = final.content
    assert text.text == "好的，"  # type: ignore[union-attr]
    assert call.input == {"who": "王小明"}  # type: ignore[union-attr]
    assert final.stop_reason == "tool_use"


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize("stream", [False, True])
def test_a_marked_answer_is_stopped(client: Anthropic, house: House, stream: bool) -> None:
    pieces = ("以下是公文：\n", "密等：機", "密\n主旨：示", "範案")
    house.model_server.script = lambda body: (
        chunks(*pieces) if body.get("stream") else completion("".join(pieces))
    )
    said = say(client, "寫一份公文", model="local/echo", stream=stream)
    if stream:
        events = list(said)
        text = "".join(e.delta.text for e in events if e.type == "content_block_delta")
        reason = events[-2].delta.stop_reason
    else:
        text, reason = said.content[0].text, said.stop_reason
    assert reason == "refusal"
    assert "示範案" not in text
    assert "模型的回覆在此停止" in text


def test_refusal_as_a_message_for_chat_windows(house: House) -> None:
    client = dial(house, "message")
    answer = say(client, PERSONAL)
    assert answer.stop_reason == "refusal"
    assert "〔第四點〕" in answer.content[0].text
    events = list(say(client, PERSONAL, stream=True))
    assert "〔第四點〕" in "".join(e.delta.text for e in events if e.type == "content_block_delta")
    assert events[-1].type == "message_stop"
    assert house.model_server.received == []


@pytest.mark.point("ey-genai-2023:4")
def test_one_refusal_does_not_end_the_conversation(client: Anthropic, house: House) -> None:
    marked = "密等：機密\n主旨：示範案"
    with pytest.raises(anthropic.BadRequestError):
        say(client, [{"type": "text", "text": marked}])
    messages: Any = [
        {"role": "user", "content": [{"type": "text", "text": marked}]},
        {"role": "assistant", "content": "（無）"},
        {"role": "user", "content": PLAIN},
    ]
    answer = client.messages.with_raw_response.create(
        model="cloud/echo", max_tokens=9, messages=messages, system="你是助理。"
    )
    assert answer.headers["x-shenyong-history"] == "stripped=1"
    assert answer.parse().content[0].text == PLAIN  # type: ignore[union-attr]
    assert "示範案" not in house.model_server.received[-1].decode()
    messages[-1]["content"] = PERSONAL
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(
            model="cloud/echo", max_tokens=9, messages=messages, system="你是助理。"
        )
    assert caught.value.body["error"]["param"] == "messages[2].content"  # type: ignore[index]


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"mcp_servers": []}, "opaque_field", "mcp_servers"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, None, "tools[0]"),
        ({"system": [{"type": "image"}]}, "part_not_inspectable", "system[0]"),
        ({"temperature": 7}, "out_of_range", "temperature"),
    ],
)
def test_what_can_not_be_inspected_is_refused(
    client: Anthropic, house: House, more: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        say(client, PLAIN, extra_body=more)
    error: Any = caught.value.body
    assert error["error"]["param"].startswith(param)
    assert code in (None, error["error"]["code"])
    assert house.model_server.received == []


def test_a_broken_picture_is_refused_and_never_passed_on(client: Anthropic, house: House) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    with pytest.raises(anthropic.BadRequestError) as caught:
        say(client, [{"type": "image", "source": source}])
    assert caught.value.body["error"]["code"] == "file_damaged"  # type: ignore[index]
    assert house.model_server.received == []


def test_failures_are_said_in_the_clients_own_shape(house: House) -> None:
    for key, kind, error in (
        ("sk-sy-none-none", "authentication_error", anthropic.AuthenticationError),
        ("narrow", "permission_error", anthropic.PermissionDeniedError),
    ):
        with pytest.raises(error) as caught:
            say(dial(house, key), PLAIN, model="local/echo")
        assert caught.value.body["error"]["type"] == kind  # type: ignore[index]
        assert caught.value.request_id
    with pytest.raises(anthropic.NotFoundError):
        say(dial(house, "official"), PLAIN, model="no/such")
    house.model_server.script = lambda _: 500
    with pytest.raises(anthropic.InternalServerError):
        say(dial(house, "official", max_retries=0), PLAIN)
    house.model_server.script = lambda _: completion(
        None,  # type: ignore[arg-type]
        tool_calls=[calling("no json")],
    )
    with pytest.raises(anthropic.InternalServerError):
        say(dial(house, "official", max_retries=0), PLAIN)


def test_a_broken_stream_ends_with_an_error_event(house: House) -> None:
    def script(_: dict[str, Any]) -> Any:
        first, second, *_ = chunks("您好。")
        yield first
        yield second
        raise ConnectionResetError

    house.model_server.script = script
    with pytest.raises(anthropic.APIStatusError) as caught:
        list(say(dial(house, "official", max_retries=0), PLAIN, stream=True))
    assert caught.value.body["error"]["type"] == "api_error"  # type: ignore[index]
