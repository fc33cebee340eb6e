"""openai-python's Responses, unmodified: only the base URL and the key are ours (ux.md 3.3)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel
from tests.house import House, chunks, completion

PERSONAL = "請查詢王小明（身分證字號 A123456789）住在哪裡？"
PLAIN = "請說明公文的三段式格式。"
TOOL: Any = {
    "type": "function",
    "name": "find",
    "description": "查詢案件",
    "parameters": {"type": "object", "properties": {"who": {"type": "string"}}},
    "strict": False,
}


@pytest.fixture
def client(house: House) -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys["official"])


def say(client: OpenAI, given: Any, model: str = "cloud/echo", **more: Any) -> Any:
    return client.responses.create(model=model, input=given, **more)


def streamed(client: OpenAI, given: Any, model: str = "cloud/echo", **more: Any) -> Any:
    with client.responses.stream(model=model, input=given, **more) as stream:
        text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        return text, stream.get_final_response()


def test_is_answered(client: OpenAI, house: House) -> None:
    answer = say(client, PLAIN, instructions="你是公文助理。", max_output_tokens=9)
    assert answer.output_text == PLAIN
    assert (answer.status, answer.model, answer.store) == ("completed", "cloud/echo", False)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 5)
    sent = json.loads(house.model_server.received[0])
    assert sent["messages"][0] == {"role": "system", "content": "你是公文助理。"}
    assert sent["max_completion_tokens"] == 9


def test_is_answered_in_a_stream_with_usage(client: OpenAI) -> None:
    text, final = streamed(client, PLAIN)
    assert text == PLAIN == final.output_text
    assert final.status == "completed"
    assert final.usage.output_tokens > 0
    numbers = [event.sequence_number for event in say(client, PLAIN, stream=True)]
    assert numbers == list(range(len(numbers)))


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_is_refused_once_with_point_and_place(client: OpenAI, house: House, stream: bool) -> None:
    hits: list[str] = []
    hooks: Any = {"request": [lambda request: hits.append(str(request.url))]}
    counting = client.with_options(http_client=httpx.Client(event_hooks=hooks))
    given = [{"role": "user", "content": [{"type": "input_text", "text": PERSONAL}]}]
    with pytest.raises(openai.BadRequestError) as caught:
        say(counting, given, stream=stream)
    assert len(hits) == 1, "a refusal is never tried again"
    assert caught.value.code == "content_filter"
    assert caught.value.param == "input[0].content[0].text"
    assert "A123456789" not in caught.value.response.text
    assert house.model_server.received == []
    assert say(client, PLAIN).output_text == PLAIN, "a next clean turn passes"


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_redaction_is_reversed_for_the_caller(client: OpenAI, house: House, stream: bool) -> None:
    text = "請潤飾：陳情人王小明，電話0912-345-678，反映路燈不亮。"
    said = streamed(client, text)[0] if stream else say(client, text).output_text
    assert said == text
    sent = house.model_server.received[0].decode()
    assert "王小明" not in sent
    assert "〔姓名1〕" in sent


def calling(arguments: str) -> dict[str, Any]:
    function = {"name": "find", "arguments": arguments}
    return {"id": "call_1", "type": "function", "function": function}


def test_tools_go_there_and_back(client: OpenAI, house: House) -> None:
    house.model_server.script = lambda _: completion(
        None,  # type: ignore[arg-type]
        tool_calls=[calling('{"who": "〔姓名1〕"}')],
    )
    question = {"role": "user", "content": "請找陳情人王小明的案件進度"}
    answer = say(client, [question], tools=[TOOL], tool_choice="required")
    (call,) = answer.output
    assert (call.type, call.name, json.loads(call.arguments)) == (
        "function_call",
        "find",
        {"who": "王小明"},
    )
    house.model_server.reset()
    given = [
        question,
        *answer.output,
        {"type": "function_call_output", "call_id": call.call_id, "output": "電話0912-345-678"},
    ]
    say(client, given, tools=[TOOL])
    sent = json.loads(house.model_server.received[0])
    assert [each["role"] for each in sent["messages"]] == ["user", "assistant", "tool"]
    whole = house.model_server.received[0].decode()
    assert "0912-345-678" not in whole, "a tool's result is inspected like any text"
    assert "王小明" not in whole, "so are the arguments that come back as history"


def test_a_streamed_call_is_put_together(client: OpenAI, house: House) -> None:
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
    text, final = streamed(client, "請找陳情人王小明的案件進度", tools=[TOOL])
    assert text == "好的，"
    assert json.loads(final.output[1].arguments) == {"who": "王小明"}


class Reply(BaseModel):
    """What the model is to answer with."""

    subject: str


def test_structured_output(client: OpenAI, house: House) -> None:
    house.model_server.script = lambda _: completion('{"subject": "路燈"}')
    answer = client.responses.parse(model="cloud/echo", input=PLAIN, text_format=Reply)
    assert answer.output_parsed == Reply(subject="路燈")
    sent = json.loads(house.model_server.received[0])
    assert sent["response_format"]["json_schema"]["name"] == "Reply"


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize("stream", [False, True])
def test_a_marked_answer_is_stopped(client: OpenAI, house: House, stream: bool) -> None:
    pieces = ("以下是公文：\n", "密等：機", "密\n主旨：示", "範案")
    house.model_server.script = lambda body: (
        chunks(*pieces) if body.get("stream") else completion("".join(pieces))
    )
    if stream:
        events = list(say(client, "寫一份公文", model="local/echo", stream=True))
        assert events[-1].type == "response.incomplete"
        answer = events[-1].response
    else:
        answer = say(client, "寫一份公文", model="local/echo")
    assert answer.status == "incomplete"
    assert answer.incomplete_details.reason == "content_filter"
    assert "示範案" not in answer.output_text
    assert "模型的回覆在此停止" in answer.output_text


def test_refusal_as_a_message_for_chat_windows(house: House) -> None:
    client = OpenAI(base_url=house.base_url, api_key=house.keys["message"])
    answer = say(client, PERSONAL)
    assert answer.status == "incomplete"
    assert "〔第四點〕" in answer.output_text
    events = list(say(client, PERSONAL, stream=True))
    assert "〔第四點〕" in events[-1].response.output_text
    assert house.model_server.received == []


@pytest.mark.point("ey-genai-2023:4")
def test_one_refusal_does_not_end_the_conversation(client: OpenAI, house: House) -> None:
    marked = "密等：機密\n主旨：示範案"
    with pytest.raises(openai.BadRequestError):
        say(client, [{"role": "user", "content": marked}])
    given: Any = [{"role": "user", "content": marked}, {"role": "user", "content": PLAIN}]
    answer = client.responses.with_raw_response.create(model="cloud/echo", input=given)
    assert answer.headers["x-shenyong-history"] == "stripped=1"
    assert answer.parse().output_text == PLAIN
    assert "示範案" not in house.model_server.received[-1].decode()


@pytest.mark.parametrize(
    "more",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"tools": [{"type": "web_search"}]},
    ],
)
def test_what_can_not_be_inspected_is_refused(
    client: OpenAI, house: House, more: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        say(client, PLAIN, **more)
    assert caught.value.code in ("stateless", "opaque_field")
    assert house.model_server.received == []


def test_a_broken_stream_ends_with_an_error(client: OpenAI, house: House) -> None:
    def script(_: dict[str, Any]) -> Any:
        first, second, *_ = chunks("您好。")
        yield first
        yield second
        raise ConnectionResetError

    house.model_server.script = script
    with pytest.raises(openai.APIError):
        list(say(client, PLAIN, stream=True))
