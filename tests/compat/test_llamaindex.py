"""LlamaIndex, unmodified: answer, stream, tools, refusal, stopped output, embeddings."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from tests.house import House, chunks, completion

PERSONAL = "申請人王小明，身分證字號 A123456789，請撰寫受理通知。"
MARKED = "密等：密\n主旨：某案"
PLAIN = "請說明公文的三段式格式。"


@pytest.fixture
def model(house: House) -> OpenAILike:
    return OpenAILike(
        model="cloud/echo",
        api_base=house.base_url,
        api_key=house.keys["official"],
        max_retries=0,
        is_chat_model=True,
        is_function_calling_model=True,
    )


def asked(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


def test_is_answered_and_streamed(model: OpenAILike) -> None:
    assert model.chat(asked(PLAIN)).message.content == PLAIN
    assert "".join(each.delta or "" for each in model.stream_chat(asked(PLAIN))) == PLAIN


def test_the_older_door_answers(house: House) -> None:
    older = OpenAILike(
        model="cloud/echo", api_base=house.base_url, api_key=house.keys["official"], max_retries=0
    )
    assert older.complete(PLAIN).text


@pytest.mark.point("ey-genai-2023:4")
def test_personal_data_do_not_leave_and_come_back(model: OpenAILike, house: House) -> None:
    assert model.chat(asked(PERSONAL)).message.content == PERSONAL
    assert b"A123456789" not in house.model_server.received[0]


@pytest.mark.point("ey-genai-2023:4")
def test_a_refusal_is_an_error_that_says_why(model: OpenAILike, house: House) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        model.chat(asked(MARKED))
    assert error.value.code == "content_filter"
    assert house.model_server.received == []


@pytest.mark.point("ey-genai-2023:5")
def test_a_marked_answer_is_stopped(model: OpenAILike, house: House) -> None:
    house.model_server.script = lambda _: chunks("好的。" * 30, MARKED)
    said = "".join(each.delta or "" for each in model.stream_chat(asked(PLAIN)))
    assert "主旨：某案" not in said
    assert said.startswith("好的。")


def test_tools_are_called(model: OpenAILike, house: House) -> None:
    def find_case(number: str) -> str:
        """查詢案件進度。"""
        return number

    call: dict[str, Any] = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find_case", "arguments": '{"number": "C-1"}'},
    }
    house.model_server.script = lambda _: completion("", tool_calls=[call])
    answer = model.chat_with_tools([FunctionTool.from_defaults(find_case)], "C-1 的進度？")
    (chosen,) = model.get_tool_calls_from_response(answer)
    assert chosen.tool_kwargs == {"number": "C-1"}


@pytest.mark.point("ey-genai-2023:4")
def test_texts_are_embedded_without_personal_data(house: House) -> None:
    embedding = OpenAILikeEmbedding(
        model_name="cloud/echo",
        api_base=house.base_url,
        api_key=house.keys["official"],
        max_retries=0,
    )
    assert embedding.get_text_embedding(PERSONAL)
    assert b"A123456789" not in house.model_server.received[0]
