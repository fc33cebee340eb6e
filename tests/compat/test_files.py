"""Files in messages, by the clients' own types: sent as their text, inspected, or refused."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import docx
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI
from tests.house import House
from tests.reading.documents import making

pytestmark = pytest.mark.point("ey-genai-2023:4")


def letter(*paragraphs: str) -> str:
    book = docx.Document()
    for each in paragraphs:
        book.add_paragraph(each)
    out = io.BytesIO()
    book.save(out)
    return base64.b64encode(out.getvalue()).decode()


def chat(data: str, name: str = "公文.docx") -> list[Any]:
    file = {"type": "file", "file": {"file_data": f"data:application/x;base64,{data}",
                                     "filename": name}}  # fmt: skip
    return [{"role": "user", "content": [{"type": "text", "text": "請摘要附件。"}, file]}]


@pytest.fixture
def client(house: House) -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys["official"], max_retries=0)


def sent(house: House) -> str:
    body = house.model_server.received[-1]
    return json.dumps(json.loads(body), ensure_ascii=False)


def test_a_file_goes_as_its_text(client: OpenAI, house: House) -> None:
    data = letter("主旨：公園整修期間請改道。", "說明：自六月一日起。")
    client.chat.completions.create(model="cloud/echo", messages=chat(data))
    content = json.loads(house.model_server.received[0])["messages"][0]["content"]
    assert content[0] == {"type": "text", "text": "請摘要附件。"}
    assert content[1]["type"] == "text"
    assert "［檔案 公文.docx］" in content[1]["text"]
    assert "自六月一日起" in content[1]["text"]
    assert data[:40] not in sent(house)


def test_personal_data_in_a_file_do_not_leave(client: OpenAI, house: House) -> None:
    data = letter("申請人王小明，身分證字號A123456789。")
    client.chat.completions.create(model="cloud/echo", messages=chat(data, "王小明.docx"))
    assert "A123456789" not in sent(house)
    assert "王小明" not in sent(house)
    assert "〔身分證號1〕" in sent(house)


def test_a_marked_file_is_refused_at_its_place(client: OpenAI, house: House) -> None:
    data = base64.b64encode(making.letter("attribute")).decode()
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="cloud/echo", messages=chat(data, "a.di"))
    body: Any = error.value.body
    assert body["shenyong"]["findings"][0]["path"] == "messages[0].content[1].text"
    assert house.model_server.received == []


def test_by_responses(client: OpenAI, house: House) -> None:
    file = {"type": "input_file", "filename": "a.docx", "file_data": letter("身分證A123456789號")}
    given: Any = [{"role": "user", "content": [file, {"type": "input_text", "text": "摘要"}]}]
    client.responses.create(model="cloud/echo", input=given)
    assert "〔身分證號1〕" in sent(house)


def test_by_messages(house: House) -> None:
    base = house.base_url.removesuffix("/v1")
    anthropic = Anthropic(base_url=base, api_key=house.keys["official"], max_retries=0)
    source = {"type": "base64", "media_type": "application/pdf",
              "data": base64.b64encode(making.portable()).decode()}  # fmt: skip
    block: Any = {"type": "document", "source": source, "title": "報告.pdf"}
    anthropic.messages.create(
        model="cloud/echo",
        max_tokens=9,
        messages=[{"role": "user", "content": [block, {"type": "text", "text": "摘要"}]}],
    )
    assert "［檔案 報告.pdf］" in sent(house)
    assert "page[1]" in sent(house)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (base64.b64encode(making.PIXEL).decode(), "file_needs_ocr"),
        (base64.b64encode(b"PK\x03\x04x").decode(), "file_damaged"),
        ("不是base64", "file_not_base64"),
        (base64.b64encode(bytes(range(256))).decode(), "file_not_text"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_reason(
    client: OpenAI, house: House, data: str, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="cloud/echo", messages=chat(data))
    assert error.value.code == code
    assert error.value.param == "messages[0].content[1]"
    assert house.model_server.received == []


def test_a_file_that_nobody_uploaded_is_refused(client: OpenAI, house: House) -> None:
    part: Any = {"type": "file", "file": {"file_id": "file-1"}}
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(
            model="cloud/echo", messages=[{"role": "user", "content": [part]}]
        )
    assert error.value.code == "file_not_found"


def test_too_many_files_are_refused(client: OpenAI, house: House) -> None:
    file = chat(letter("x"))[0]["content"][1]
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(
            model="cloud/echo", messages=[{"role": "user", "content": [file] * 17}]
        )
    assert error.value.code == "too_many"


@pytest.mark.point("ey-genai-2023:4")
def test_a_picture_goes_as_the_words_on_it(client: OpenAI, house: House) -> None:
    picture = base64.b64encode(making.filed(making.drawn("Applicant A123456789"))).decode()
    url = f"data:image/png;base64,{picture}"
    words: Any = [{"type": "text", "text": "翻譯"}]
    chatted: Any = [*words, {"type": "image_url", "image_url": {"url": url}}]
    client.chat.completions.create(
        model="cloud/echo", messages=[{"role": "user", "content": chatted}]
    )
    assert "〔身分證號1〕" in sent(house)
    assert picture[:60] not in sent(house)
    given: Any = [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    client.responses.create(model="cloud/echo", input=given)
    assert "〔身分證號1〕" in sent(house)
    base = house.base_url.removesuffix("/v1")
    anthropic = Anthropic(base_url=base, api_key=house.keys["official"], max_retries=0)
    source = {"type": "base64", "media_type": "image/png", "data": picture}
    block: Any = {"type": "image", "source": source}
    anthropic.messages.create(
        model="cloud/echo", max_tokens=9, messages=[{"role": "user", "content": [block]}]
    )
    assert "〔身分證號1〕" in sent(house)


def test_nobody_fetches_a_picture(client: OpenAI, house: House) -> None:
    part: Any = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/a.png"}}
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(
            model="cloud/echo", messages=[{"role": "user", "content": [part]}]
        )
    assert house.model_server.received == []
