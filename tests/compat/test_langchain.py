"""LangChain, unmodified: answer, stream, tools, refusal, stopped output, embeddings."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from tests.house import House, chunks, completion

PERSONAL = "申請人王小明，身分證字號 A123456789，請撰寫受理通知。"
MARKED = "密等：密\n主旨：某案"
PLAIN = "請說明公文的三段式格式。"


@tool
def find_case(number: str) -> str:
    """查詢案件進度。"""
    return number


@pytest.fixture
def model(house: House) -> ChatOpenAI:
    return ChatOpenAI(
        model="cloud/echo", base_url=house.base_url, api_key=house.keys["official"], max_retries=0
    )  # type: ignore[call-arg, arg-type]


def test_is_answered_and_streamed(model: ChatOpenAI) -> None:
    assert model.invoke(PLAIN).content == PLAIN
    assert "".join(str(each.content) for each in model.stream(PLAIN)) == PLAIN


@pytest.mark.point("ey-genai-2023:4")
def test_personal_data_do_not_leave_and_come_back(model: ChatOpenAI, house: House) -> None:
    assert model.invoke([HumanMessage(PERSONAL)]).content == PERSONAL
    assert b"A123456789" not in house.model_server.received[0]


@pytest.mark.point("ey-genai-2023:4")
def test_a_refusal_is_an_error_that_says_why(model: ChatOpenAI, house: House) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        model.invoke(MARKED)
    assert error.value.code == "content_filter"
    assert house.model_server.received == []


@pytest.mark.point("ey-genai-2023:5")
def test_a_marked_answer_is_stopped(model: ChatOpenAI, house: House) -> None:
    house.model_server.script = lambda _: chunks("好的。" * 30, MARKED)
    said = "".join(str(each.content) for each in model.stream(PLAIN))
    assert "主旨：某案" not in said
    assert said.startswith("好的。")


def test_tools_are_called(model: ChatOpenAI, house: House) -> None:
    call: dict[str, Any] = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find_case", "arguments": '{"number": "C-1"}'},
    }
    house.model_server.script = lambda _: completion("", tool_calls=[call])
    answer = model.bind_tools([find_case]).invoke("C-1 的進度？")
    assert answer.tool_calls[0]["args"] == {"number": "C-1"}  # type: ignore[attr-defined]


@pytest.mark.point("ey-genai-2023:4")
def test_texts_are_embedded_without_personal_data(house: House) -> None:
    embedding = OpenAIEmbeddings(
        model="cloud/echo",
        base_url=house.base_url,
        api_key=house.keys["official"],
        check_embedding_ctx_length=False,  # else tokens are sent, which nobody can inspect
        max_retries=0,
    )  # type: ignore[call-arg, arg-type]
    vectors = embedding.embed_documents([PLAIN, PERSONAL])
    assert vectors[0] == [float(len(PLAIN)), 0.5]
    assert b"A123456789" not in house.model_server.received[0]
