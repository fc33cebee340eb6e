"""openai-python for completions, embeddings, moderations; and our own check and redact."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from tests.house import House, chunks, completion

pytestmark = pytest.mark.point("ey-genai-2023:4")

PERSONAL = "申請人王小明，身分證字號 A123456789，請撰寫受理通知。"
MARKED = "密等：密\n主旨：某案"
PLAIN = "請說明公文的三段式格式。"


@pytest.fixture
def client(house: House) -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys["official"], max_retries=0)


@pytest.fixture
def application(house: House) -> OpenAI:
    return OpenAI(base_url=house.base_url, api_key=house.keys["application"], max_retries=0)


def posted(house: House, path: str, body: Any, key: str = "official") -> httpx.Response:
    headers = {"authorization": f"Bearer {house.keys[key]}"}
    return httpx.post(f"{house.base_url}{path}", json=body, headers=headers)


class TestCompletions:
    def test_is_answered(self, client: OpenAI, house: House) -> None:
        said = client.completions.create(
            model="cloud/echo",
            prompt=PLAIN,
            max_tokens=9,
            temperature=0.5,
            stop=["。。"],
            logprobs=2,
        )
        assert said.choices[0].text == PLAIN
        assert (said.object, said.model, said.choices[0].finish_reason) == (
            "text_completion",
            "cloud/echo",
            "stop",
        )
        assert said.usage is not None
        assert said.usage.prompt_tokens == 7
        sent = json.loads(house.model_server.received[0])
        assert sent["messages"] == [{"role": "user", "content": PLAIN}]
        assert (sent["max_tokens"], sent["stop"]) == (9, ["。。"])
        assert "logprobs" not in sent

    def test_is_streamed(self, client: OpenAI) -> None:
        stream = client.completions.create(
            model="cloud/echo",
            prompt=[PLAIN],
            stream=True,
            stream_options={"include_usage": True},
        )
        events = list(stream)
        assert "".join(each.choices[0].text for each in events if each.choices) == PLAIN
        assert events[-1].usage is not None
        assert [each.choices[0].finish_reason for each in events if each.choices][-1] == "stop"

    def test_personal_data_do_not_leave_and_come_back(self, client: OpenAI, house: House) -> None:
        for streaming in (False, True):
            house.model_server.reset()
            said: Any = client.completions.create(
                model="cloud/echo", prompt=PERSONAL, stream=streaming
            )
            text = (
                "".join(each.choices[0].text for each in said if each.choices)
                if streaming
                else said.choices[0].text
            )
            assert b"A123456789" not in house.model_server.received[0]
            assert "王小明" not in house.model_server.received[0].decode()
            assert text == PERSONAL

    def test_a_marked_text_is_refused_at_its_place(self, client: OpenAI, house: House) -> None:
        with pytest.raises(openai.BadRequestError) as error:
            client.completions.create(model="cloud/echo", prompt=[MARKED])
        assert error.value.body["shenyong"]["findings"][0]["path"] == "prompt[0]"  # type: ignore[index]
        assert house.model_server.received == []

    def test_a_marked_answer_is_stopped(self, client: OpenAI, house: House) -> None:
        house.model_server.script = lambda _: completion(MARKED)
        said = client.completions.create(model="cloud/echo", prompt=PLAIN)
        assert said.choices[0].finish_reason == "content_filter"
        assert "主旨：某案" not in said.choices[0].text
        house.model_server.script = lambda _: chunks("好的。" * 30, MARKED)
        events = list(client.completions.create(model="cloud/echo", prompt=PLAIN, stream=True))
        assert events[-1].choices[0].finish_reason == "content_filter"

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"prompt": [1, 2, 3]}, "part_not_inspectable"),
            ({"prompt": [[1], [2]]}, "part_not_inspectable"),
            ({"prompt": ["a", "b"]}, "too_many"),
            ({"prompt": []}, "too_many"),
            ({"prompt": 5}, "wrong_type"),
            ({}, "missing"),
            ({"prompt": "a", "suffix": "b"}, "suffix_not_supported"),
        ],
    )
    def test_bad_input_says_what_is_wrong(self, house: House, more: Any, code: str) -> None:
        done = posted(house, "/completions", {"model": "cloud/echo", **more})
        assert done.status_code == 400
        assert done.json()["error"]["code"] == code


class TestEmbeddings:
    def test_are_answered_as_numbers_and_nothing_else(self, client: OpenAI, house: House) -> None:
        said = client.embeddings.create(
            model="cloud/echo", input=[PLAIN, "二"], dimensions=2, user="lin"
        )
        assert [each.embedding for each in said.data] == [[float(len(PLAIN)), 0.5], [1.0, 0.5]]
        assert (said.model, said.usage.prompt_tokens) == ("cloud/echo", 4)
        raw = posted(house, "/embeddings", {"model": "cloud/echo", "input": PLAIN})
        assert "said" not in raw.text
        assert PLAIN not in raw.text
        sent = json.loads(house.model_server.received[0])
        assert sent == {
            "model": "scripted",
            "input": [PLAIN, "二"],
            "dimensions": 2,
            "encoding_format": "base64",
        }

    def test_personal_data_do_not_leave(self, client: OpenAI, house: House) -> None:
        client.embeddings.create(model="cloud/echo", input=["一般文字", PERSONAL])
        (sent,) = map(json.loads, house.model_server.received)
        assert sent["input"][0] == "一般文字"
        assert "〔身分證號1〕" in sent["input"][1]
        assert "A123456789" not in sent["input"][1]

    def test_a_marked_text_is_refused_at_its_place(self, client: OpenAI, house: House) -> None:
        with pytest.raises(openai.BadRequestError) as error:
            client.embeddings.create(model="cloud/echo", input=[PLAIN, MARKED])
        assert error.value.body["shenyong"]["findings"][0]["path"] == "input[1]"  # type: ignore[index]
        assert house.model_server.received == []
        done = posted(house, "/embeddings", {"model": "cloud/echo", "input": MARKED}, "message")
        assert done.status_code == 400, "there are no words to say it in"

    @pytest.mark.parametrize(
        "answer",
        [
            {"data": [{"index": 0, "embedding": "不是數字"}]},
            {"data": [{"index": 0, "embedding": ["a"]}]},
            {"data": [{"index": 0, "embedding": "abc="}]},
            {"nothing": 1},
        ],
    )
    def test_what_is_no_vector_is_not_passed_on(self, house: House, answer: Any) -> None:
        house.model_server.script = lambda _: answer
        done = posted(house, "/embeddings", {"model": "cloud/echo", "input": PLAIN})
        assert done.status_code == 502
        assert done.json()["error"]["code"] == "upstream_fault"

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"input": [1, 2]}, "part_not_inspectable"),
            ({"input": []}, "too_many"),
            ({}, "missing"),
            ({"input": "a", "encoding_format": "int8"}, "not_allowed_value"),
            ({"input": "a", "dimensions": "2"}, "wrong_type"),
        ],
    )
    def test_bad_input_says_what_is_wrong(self, house: House, more: Any, code: str) -> None:
        done = posted(house, "/embeddings", {"model": "cloud/echo", **more})
        assert done.status_code == 400
        assert done.json()["error"]["code"] == code


class TestModerations:
    def test_are_our_findings_in_their_shape(self, client: OpenAI, house: House) -> None:
        said = client.moderations.create(input=[PLAIN, PERSONAL, MARKED])
        assert [each.flagged for each in said.results] == [False, True, True]
        personal = said.results[1].model_dump()
        assert personal["categories"]["shenyong/personal_data"] is True
        assert personal["category_scores"]["shenyong/personal_data"] > 0.5
        assert personal["categories"]["violence"] is False
        assert {each["kind"] for each in personal["shenyong"]["findings"]} >= {"tw_national_id"}
        assert "A123456789" not in said.model_dump_json()
        assert house.model_server.received == [], "no model is asked"

    def test_parts_of_text_are_read_and_pictures_refused(self, client: OpenAI) -> None:
        part: Any = {"type": "text", "text": PERSONAL}
        assert client.moderations.create(input=[part]).results[0].flagged
        picture: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
        with pytest.raises(openai.BadRequestError) as error:
            client.moderations.create(input=[part, picture])
        assert error.value.code == "part_not_inspectable"
        assert error.value.param == "input[1]"

    def test_a_key_is_needed(self, house: House) -> None:
        done = httpx.post(f"{house.base_url}/moderations", json={"input": PLAIN})
        assert done.status_code == 401


class TestCheckAndRedact:
    def test_a_line_is_checked_as_the_command_would(self, house: House) -> None:
        done = posted(house, "/shenyong/check", {"id": 7, "text": PERSONAL})
        out = done.json()
        assert (out["id"], out["verdict"], out["points"]) == (7, "redact", ["4"])
        assert out["forward"].startswith("申請人〔姓名1〕")
        assert done.headers["x-shenyong-decision"] == "redact"
        assert house.model_server.received == []

    def test_many_lines_and_a_model_for_the_environment(self, house: House) -> None:
        items = [
            {"text": PERSONAL, "model": "local/echo"},
            {"text": MARKED, "env": "E1"},
            {"messages": [{"role": "user", "content": PLAIN}]},
            {"parts": {"body": PLAIN, "name": "王小明.docx"}},
        ]
        done = posted(house, "/shenyong/check", {"items": items})
        verdicts = [each["verdict"] for each in done.json()["items"]]
        assert verdicts == ["allow", "deny", "allow", "redact"]
        assert done.headers["x-shenyong-decision"] == "deny"

    def test_the_map_is_for_officials_who_ask(self, house: House) -> None:
        body = {"text": PERSONAL, "pseudonyms": True}
        official = posted(house, "/shenyong/redact", body).json()
        assert official["pseudonyms"]["〔姓名1〕"] == "王小明"
        assert "pseudonyms" not in posted(house, "/shenyong/redact", {"text": PERSONAL}).json()
        application = posted(house, "/shenyong/redact", body, "application")
        assert "pseudonyms" not in application.json()
        assert "王小明" not in application.text

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "text_or_messages"),
            ({"text": "a", "messages": []}, "text_or_messages"),
            ({"text": "a", "env": "E9"}, "unknown_env"),
            ({"items": []}, "too_many"),
            ({"items": ["a"]}, "wrong_type"),
            ({"items": "a"}, "wrong_type"),
            ({"text": "a", "model": "none/such"}, "model_not_found"),
        ],
    )
    def test_bad_input_says_what_is_wrong(self, house: House, body: Any, code: str) -> None:
        done = posted(house, "/shenyong/check", body)
        assert done.status_code in (400, 404)
        assert done.json()["error"]["code"] == code

    def test_only_post(self, house: House) -> None:
        assert httpx.get(f"{house.base_url}/shenyong/check").status_code == 405

    def test_it_is_recorded_without_a_call(self, house: House) -> None:
        done = posted(house, "/shenyong/check", {"text": MARKED})
        page = house.get(f"/d/{done.headers['x-request-id']}")
        assert page[0] == 200
