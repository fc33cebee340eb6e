"""``/v1/files`` by OpenAI's client: uploaded once, referred to by id, each key's own, for a day."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import psycopg
import pytest
from openai import OpenAI
from tests.house import House
from tests.reading.documents import making

pytestmark = pytest.mark.point("ey-genai-2023:4")

SAID = "申請人王小明，身分證字號 A123456789，請撰寫受理通知。"


def dial(house: House, key: str = "official") -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys[key], max_retries=0)


def upload(client: OpenAI, name: str = "案件.txt", data: bytes = SAID.encode()) -> Any:
    return client.files.create(file=(name, data), purpose="user_data")


def sent(house: House) -> str:
    return json.dumps(json.loads(house.model_server.received[-1]), ensure_ascii=False)


def test_is_kept_listed_read_and_deleted(house: House) -> None:
    client = dial(house)
    kept = upload(client)
    assert (kept.filename, kept.bytes, kept.object) == ("案件.txt", len(SAID.encode()), "file")
    assert kept.expires_at - kept.created_at == 24 * 3600
    assert [each.id for each in client.files.list()] == [kept.id]
    assert client.files.retrieve(kept.id).id == kept.id
    assert SAID in client.files.content(kept.id).text
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(kept.id)
    assert house.model_server.received == []


def test_is_referred_to_and_inspected_like_any_text(house: House) -> None:
    client = dial(house)
    file = upload(client).id
    parts: Any = [{"type": "text", "text": "摘要"}, {"type": "file", "file": {"file_id": file}}]
    client.chat.completions.create(
        model="cloud/echo", messages=[{"role": "user", "content": parts}]
    )
    assert "A123456789" not in sent(house)
    assert "〔身分證號1〕" in sent(house)
    given: Any = [{"role": "user", "content": [{"type": "input_file", "file_id": file}]}]
    client.responses.create(model="cloud/echo", input=given)
    assert "〔身分證號1〕" in sent(house)
    assert file not in sent(house)


def test_another_key_does_not_see_it(house: House) -> None:
    file = upload(dial(house)).id
    other = dial(house, "application")
    assert list(other.files.list()) == []
    for call in (other.files.retrieve, other.files.content, other.files.delete):
        with pytest.raises(openai.NotFoundError):
            call(file)
    parts: Any = [{"type": "file", "file": {"file_id": file}}]
    with pytest.raises(openai.BadRequestError) as error:
        other.chat.completions.create(
            model="cloud/echo", messages=[{"role": "user", "content": parts}]
        )
    assert error.value.code == "file_not_found"
    assert dial(house).files.retrieve(file).id == file


def test_what_can_not_be_read_is_not_kept(house: House) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        upload(dial(house), "a.zip", making.packed(a=b"PK\x03\x04broken"))
    assert error.value.code == "file_damaged"
    assert list(dial(house).files.list()) == []


def test_nothing_of_it_stands_in_the_database(house: House) -> None:
    upload(dial(house), "王小明.txt")
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute(
            "SELECT uploaded_file::text, sealed FROM uploaded_file"
        ).fetchall()
    for told, sealed in rows:
        assert "王小明" not in told
        assert "王小明".encode() not in bytes(sealed)


def test_what_was_changed_in_the_database_is_not_read(house: House) -> None:
    file = upload(dial(house)).id
    with psycopg.connect(house.dsn) as connection:
        connection.execute("UPDATE uploaded_file SET sealed = set_byte(sealed, 20, 0)")
        connection.execute("UPDATE uploaded_file SET sealed = set_byte(sealed, 21, 1)")
    with pytest.raises(openai.NotFoundError):
        dial(house).files.retrieve(file)


def test_an_expired_file_is_gone(house: House) -> None:
    file = upload(dial(house)).id
    with psycopg.connect(house.dsn) as connection:
        connection.execute("UPDATE uploaded_file SET expires = 1")
    with pytest.raises(openai.NotFoundError):
        dial(house).files.retrieve(file)


@pytest.fixture(autouse=True)
def empty(house: House) -> None:
    with psycopg.connect(house.dsn) as connection:
        connection.execute("DELETE FROM uploaded_file")


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("multipart/form-data", b"", "not_a_form"),
        ("multipart/form-data; boundary=x", b"--y\r\n", "not_a_form"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", "missing"),
        ("application/json", b"{}", "unsupported_media_type"),
    ],
)
def test_a_bad_form_is_refused(house: House, kind: str, body: bytes, code: str) -> None:
    headers = {"authorization": f"Bearer {house.keys['official']}", "content-type": kind}
    answer = httpx.post(f"{house.base_url}/files", content=body, headers=headers)
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["code"] == code


def test_strangers_get_nothing(house: House) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/file-x"), ("DELETE", "/file-x")):
        answer = httpx.request(method, f"{house.base_url}/files{path}")
        assert answer.status_code == 401
