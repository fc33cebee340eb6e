"""openai-python, unmodified: only the base URL and the key are ours (ux.md 3.3, 3.4)."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from tests.house import House, chunks, completion

PERSONAL = "請查詢王小明（身分證字號 A123456789）住在哪裡？"
PLAIN = "請說明公文的三段式格式。"


@pytest.fixture
def client(house: House) -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys["official"])


def say(client: OpenAI, text: str, model: str = "cloud/echo", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **more)  # type: ignore[call-overload]


def test_lists_the_models_with_their_environment(client: OpenAI) -> None:
    models = {model.id: model for model in client.models.list()}
    assert {"cloud/echo", "local/echo"} <= models.keys()
    assert models["local/echo"].shenyong["max_level"] == "D4"  # type: ignore[attr-defined]
    assert client.models.retrieve("cloud/echo").id == "cloud/echo"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no/such")


def test_is_answered(client: OpenAI, house: House) -> None:
    answer = say(client, PLAIN)
    assert answer.choices[0].message.content == PLAIN
    assert answer.usage.total_tokens == 12
    assert answer.model == "cloud/echo"
    assert answer._request_id
    assert len(house.model_server.received) == 1


def test_is_answered_in_a_stream_with_usage(client: OpenAI) -> None:
    events = list(say(client, PLAIN, stream=True, stream_options={"include_usage": True}))
    assert "".join(e.choices[0].delta.content or "" for e in events if e.choices) == PLAIN
    assert events[-1].usage.total_tokens > 7
    assert [e.choices[0].finish_reason for e in events if e.choices][-1] == "stop"


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_is_refused_once_with_point_and_place(client: OpenAI, house: House, stream: bool) -> None:
    hits: list[str] = []
    counting = client.with_options(
        http_client=httpx.Client(event_hooks={"request": [lambda r: hits.append(str(r.url))]})
    )
    with pytest.raises(openai.BadRequestError) as caught:
        say(counting, PERSONAL, stream=stream)
    error = caught.value
    assert len(hits) == 1, "a refusal is never tried again"
    assert error.status_code == 400
    assert error.code == "content_filter"
    assert error.param == "messages[0].content"
    assert error.request_id
    assert error.response.headers["x-should-retry"] == "false"
    body: Any = error.body
    assert body["message"].startswith("〔第四點〕這則提示沒有送出")
    assert "第 1 則訊息第" in body["message"]
    assert error.request_id in body["message"]
    assert body["shenyong"]["points"] == ["4"]
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= 1500
    for value in ("A123456789", "王小明"):
        assert value not in error.response.text
    assert house.model_server.received == []
    assert say(client, PLAIN).choices[0].message.content == PLAIN, "a next clean turn passes"


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("stream", [False, True])
def test_redaction_is_reversed_for_the_caller(client: OpenAI, house: House, stream: bool) -> None:
    text = "請潤飾：陳情人王小明，電話0912-345-678，反映路燈不亮。"
    said = say(client, text, stream=stream)
    if stream:
        said = "".join(e.choices[0].delta.content or "" for e in said if e.choices)
    else:
        said = said.choices[0].message.content
    assert said == text
    sent = house.model_server.received[0].decode()
    assert "王小明" not in sent
    assert "0912" not in sent
    assert "〔姓名1〕" in sent


@pytest.mark.point("ey-genai-2023:4")
def test_one_refusal_does_not_end_the_conversation(client: OpenAI, house: House) -> None:
    marked = "密等：機密\n主旨：示範案"
    with pytest.raises(openai.BadRequestError):
        say(client, marked)
    answer = client.chat.completions.with_raw_response.create(
        model="cloud/echo",
        messages=[
            {"role": "user", "content": marked},
            {"role": "user", "content": PLAIN},
        ],
    )
    assert answer.headers["x-shenyong-history"] == "stripped=1"
    assert answer.parse().choices[0].message.content == PLAIN
    assert "示範案" not in house.model_server.received[-1].decode()


def test_tools_go_there_and_back(client: OpenAI, house: House) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find", "arguments": '{"who": "〔姓名1〕"}'},
    }
    house.model_server.script = lambda body: completion(None, tool_calls=[call])  # type: ignore[arg-type]
    tool = {
        "type": "function",
        "function": {
            "name": "find",
            "description": "查詢案件",
            "parameters": {"type": "object", "properties": {"who": {"type": "string"}}},
        },
    }
    answer = say(client, "請找陳情人王小明的案件進度", tools=[tool], tool_choice="auto")
    made = answer.choices[0].message.tool_calls[0]
    assert json.loads(made.function.arguments) == {"who": "王小明"}
    sent = json.loads(house.model_server.received[0])
    assert sent["tools"] == [tool]
    assert "王小明" not in house.model_server.received[0].decode()
    house.model_server.reset()
    client.chat.completions.create(
        model="cloud/echo",
        messages=[
            {"role": "user", "content": "請找陳情人王小明的案件進度"},
            answer.choices[0].message.model_dump(),
            {"role": "tool", "tool_call_id": "call_1", "content": "電話0912-345-678"},
        ],
        tools=[tool],
    )
    sent_text = house.model_server.received[0].decode()
    assert "0912-345-678" not in sent_text, "a tool's result is inspected like any text"
    assert "王小明" not in sent_text, "so are the arguments that come back as history"


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize("stream", [False, True])
def test_a_marked_answer_is_stopped(client: OpenAI, house: House, stream: bool) -> None:
    pieces = ("以下是公文：\n", "密等：機", "密\n主旨：示", "範案")
    house.model_server.script = lambda body: (
        chunks(*pieces) if body.get("stream") else completion("".join(pieces))
    )
    said = say(client, "寫一份公文", model="local/echo", stream=stream)
    if stream:
        events = [e.choices[0] for e in said if e.choices]
        text = "".join(e.delta.content or "" for e in events)
        finish = [e.finish_reason for e in events if e.finish_reason]
    else:
        text, finish = said.choices[0].message.content, [said.choices[0].finish_reason]
    assert finish == ["content_filter"]
    assert "示範案" not in text
    assert "模型的回覆在此停止" in text


def test_refusal_as_a_message_for_chat_windows(house: House) -> None:
    client = OpenAI(base_url=house.base_url, api_key=house.keys["message"])
    answer = say(client, PERSONAL)
    assert answer.choices[0].finish_reason == "content_filter"
    assert "〔第四點〕" in answer.choices[0].message.content
    events = [e.choices[0] for e in say(client, PERSONAL, stream=True) if e.choices]
    assert "〔第四點〕" in "".join(e.delta.content or "" for e in events)
    assert events[-1].finish_reason == "content_filter"
    assert house.model_server.received == []


@pytest.mark.parametrize(
    ("key", "error", "code"),
    [
        ("nonsense", openai.AuthenticationError, "invalid_api_key"),
        ("expired", openai.AuthenticationError, "expired_api_key"),
        ("revoked", openai.AuthenticationError, "revoked_api_key"),
    ],
)
def test_keys_that_open_nothing(
    house: House, key: str, error: type[openai.APIStatusError], code: str
) -> None:
    client = OpenAI(base_url=house.base_url, api_key=house.keys.get(key, "sk-sy-none-none"))
    with pytest.raises(error) as caught:
        say(client, PLAIN)
    assert caught.value.code == code
    assert house.model_server.received == []


def test_models_that_may_not_be_asked(client: OpenAI, house: House) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        say(client, PLAIN, model="no/such")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.PermissionDeniedError) as narrow:
        say(OpenAI(base_url=house.base_url, api_key=house.keys["narrow"]), PLAIN, "local/echo")
    assert narrow.value.code == "model_not_allowed"
    with pytest.raises(openai.BadRequestError) as banned:
        say(client, PLAIN, model="banned/echo")
    assert banned.value.code == "content_filter"
    assert banned.value.body["shenyong"]["points"] == ["7"]  # type: ignore[index]
    assert house.model_server.received == []


def test_a_lapsed_confirmation_counts_as_none(client: OpenAI, house: House) -> None:
    text = "請整理：陳情人王小明，電話0912-345-678。"
    say(client, text, model="local/echo")
    assert "王小明" in house.model_server.received[0].decode(), "E4, confirmed: as it is"
    house.model_server.reset()
    say(client, text, model="onprem/echo")
    assert "王小明" not in house.model_server.received[0].decode(), "E3: redacted"


def test_several_answers_are_all_inspected(client: OpenAI, house: House) -> None:
    def two(body: dict[str, Any]) -> Any:
        answer = completion("好的。")
        second = {
            "index": 1,
            "message": {"role": "assistant", "content": "電話是0912-345-678"},
            "finish_reason": "stop",
        }
        answer["choices"].append(second)
        return answer

    house.model_server.script = two
    answer = say(client, PLAIN, n=2)
    assert answer.choices[0].message.content == "好的。"
    assert "0912" not in answer.choices[1].message.content


def test_upstream_faults_are_said_as_such(client: OpenAI, house: House) -> None:
    once = client.with_options(max_retries=0)
    for script, error in (
        (lambda body: 500, openai.InternalServerError),
        (lambda body: 429, openai.RateLimitError),
        (lambda body: 400, openai.BadRequestError),
        (
            lambda body: b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{",
            openai.InternalServerError,
        ),
        (lambda body: {"no": "choices"}, openai.InternalServerError),
    ):
        house.model_server.script = script
        with pytest.raises(error):
            say(once, PLAIN)


def test_a_client_that_goes_away_stops_the_model(client: OpenAI, house: House) -> None:
    def endless(body: dict[str, Any]) -> Any:
        return iter_forever()

    def iter_forever() -> Any:
        parts = chunks("資料整理中。")
        yield parts[0]
        for _ in range(400):
            yield parts[1]
            yield 0.02

    house.model_server.script = endless
    stream = say(client, PLAIN, stream=True)
    next(iter(stream))
    stream.response.close()
    stream.close()
    assert house.model_server.aborted.wait(5), "the model was not told"
    until = time.monotonic() + 30
    while '"outcome":"client_gone"' not in house.log.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    assert '"outcome":"client_gone"' in house.log.read_text()
