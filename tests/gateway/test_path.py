"""The way of one request: what is asked of the world, in which order, and what is never asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.walking import (
    DONE,
    ID_NUMBER,
    MARKED,
    PERSONAL,
    PLAIN,
    QUESTION,
    REQUEST_ID,
    Walked,
    asking,
    chunk,
    said,
    streaming,
    walk,
    world,
)
from tests.registry.samples import AGENCY, OFFICIAL

from shenyong.gateway.commands import Answered, Fault, FaultKind, Gone, Record
from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.ledger import Decided, Intent, Outcome, OutcomeKind
from shenyong.ledger.entry import encode

pytestmark = pytest.mark.point("ey-genai-2023:4")

FAULTS: list[tuple[Any, OutcomeKind]] = [
    (Fault(FaultKind.TIMEOUT), OutcomeKind.TIMEOUT),
    (Fault(FaultKind.REFUSED), OutcomeKind.UPSTREAM_ERROR),
    (Fault(FaultKind.BROKEN), OutcomeKind.UPSTREAM_ERROR),
    (Answered(500, b"{}"), OutcomeKind.UPSTREAM_ERROR),
    (Answered(429, b"{}"), OutcomeKind.UPSTREAM_ERROR),
    (Answered(200, b"<html>"), OutcomeKind.UPSTREAM_ERROR),
    (Gone(), OutcomeKind.CLIENT_GONE),
]


def kinds(walked: Walked) -> list[type]:
    return [type(entry) for entry in walked.entries]


PERHAPS = "請幫我分析當事人的病歷"
UNRELEASED = "草案\n密等：普通\n請潤飾本預告前之修正草案（尚未對外公布）。"


class TestPlain:
    def test_intent_then_call_then_outcome_then_reply(self):
        walked = walk(asking(PLAIN), model=said("公告：本週六停電檢修。"))
        assert walked.steps == ["Record", "Call", "Record"]
        assert kinds(walked) == [Intent, Outcome]
        assert walked.reply is not None
        assert walked.reply.status == 200
        assert walked.answer["choices"][0]["message"]["content"] == "公告：本週六停電檢修。"
        assert walked.answer["model"] == "local/echo", "the model that was asked for answers"

    def test_the_intent_has_the_digest_of_exactly_the_bytes_that_go(self):
        walked = walk(asking(PLAIN), model=said("好。"))
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert walked.forwarded is not None
        assert intent.forwarded == world().digesters[AGENCY.id].body(walked.forwarded)
        assert json.loads(walked.forwarded)["model"] == "echo-1"

    def test_the_outcome_has_the_digest_of_exactly_what_was_delivered(self):
        walked = walk(asking(PLAIN), model=said("好。"))
        outcome = walked.entries[1]
        assert isinstance(outcome, Outcome)
        assert walked.reply is not None
        assert outcome.answer == world().digesters[AGENCY.id].body(walked.reply.body)
        assert outcome.delivered == len(walked.reply.body)
        assert (outcome.tokens_in, outcome.tokens_out) == (7, 5)
        assert outcome.intent == 0

    def test_the_intent_names_who_asked_which_model_by_which_confirmation(self):
        (intent, _) = walk(asking(PLAIN), model=said("好。")).entries
        assert isinstance(intent, Intent)
        assert (intent.agency, intent.key, intent.owner) == (AGENCY.id, "official", "lin")
        assert (intent.model, intent.environment) == ("local/echo", "E4")
        assert intent.confirmation == "c-local"
        assert intent.request == REQUEST_ID

    def test_headers_tell_what_was_done(self):
        headers = walk(asking(PLAIN), model=said("好。")).headers
        assert headers["x-request-id"] == REQUEST_ID
        assert headers["x-shenyong-decision"] == "allow"
        assert "x-shenyong-redacted" not in headers


class TestNoRecordNoCall:
    @pytest.mark.parametrize("stream", [False, True])
    def test_without_an_intent_no_model_is_called(self, stream: bool):
        walked = walk(asking(PLAIN, stream=stream), ledger_down_at=0)
        assert walked.forwarded is None
        assert walked.reply is None
        assert walked.sent == b""

    def test_without_an_outcome_the_answer_is_not_released(self):
        walked = walk(asking(PLAIN), model=said("答覆"), ledger_down_at=1)
        assert walked.steps == ["Record", "Call"]
        assert walked.reply is None

    def test_without_an_outcome_a_stream_is_not_ended_as_if_all_were_well(self):
        walked = walk(
            asking(PLAIN, stream=True), model=streaming("答", "覆", "在此"), ledger_down_at=1
        )
        assert DONE not in walked.sent

    def test_without_a_record_a_refusal_is_not_said_either(self):
        walked = walk(asking(QUESTION, model="cloud/echo"), ledger_down_at=0)
        assert walked.reply is None
        assert walked.forwarded is None


class TestRefused:
    def test_a_refusal_is_recorded_remembered_and_no_model_hears_of_it(self):
        walked = walk(asking(QUESTION, model="cloud/echo"))
        assert walked.forwarded is None
        assert kinds(walked) == [Decided]
        assert walked.steps[0] == "Record", "recorded before anything is said"
        assert walked.steps[-1] == "Remember"
        assert walked.reply is not None
        assert walked.reply.status == 400
        error = walked.answer["error"]
        assert error["code"] == "content_filter"
        assert error["param"] == "messages[0].content"
        assert "第四點" in error["message"]
        assert ID_NUMBER not in walked.reply.body.decode(), "a refusal never repeats the value"

    def test_the_place_is_that_of_the_message_at_fault(self):
        body = asking(PLAIN, {"role": "assistant", "content": "好。"}, QUESTION, model="cloud/echo")
        assert walk(body).answer["error"]["param"] == "messages[2].content"

    def test_in_message_style_the_refusal_is_an_answer(self):
        walked = walk(asking(QUESTION, model="cloud/echo"), key="message")
        assert walked.reply is not None
        assert walked.reply.status == 200
        choice = walked.answer["choices"][0]
        assert choice["finish_reason"] == "content_filter"
        assert "第四點" in choice["message"]["content"]

    def test_in_message_style_a_stream_is_a_stream(self):
        walked = walk(asking(QUESTION, model="cloud/echo", stream=True), key="message")
        assert walked.reply is not None
        assert dict(walked.reply.headers)["content-type"].startswith("text/event-stream")
        assert walked.reply.body.endswith(DONE)

    def test_a_stream_that_is_refused_is_an_error_and_no_stream(self):
        walked = walk(asking(QUESTION, model="cloud/echo", stream=True))
        assert walked.reply is not None
        assert walked.reply.status == 400

    @pytest.mark.point("ey-genai-2023:3")
    def test_a_marked_document_names_the_point_and_what_may_take_it(self):
        walked = walk(asking(MARKED, model="cloud/echo"))
        assert walked.forwarded is None
        details = walked.answer["error"]
        assert "密" in details["message"]

    def test_a_rerouting_key_is_taken_to_the_model_that_may(self):
        walked = walk(asking(UNRELEASED, model="cloud/echo"), key="rerouting", model=said("好。"))
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert (intent.model, intent.requested) == ("local/echo", "cloud/echo")
        assert intent.rules == ("unreleased.public-cloud",), "why it went elsewhere"
        assert walked.headers["x-shenyong-model"] == "local/echo"
        assert json.loads(walked.forwarded or b"")["model"] == "echo-1"

    def test_a_key_of_one_model_is_never_taken_elsewhere(self):
        walked = walk(asking(UNRELEASED, model="cloud/echo"), key="narrow")
        assert walked.forwarded is None


class TestRedacted:
    def test_what_is_personal_does_not_go_and_comes_back(self):
        walked = walk(
            asking(PERSONAL, model="cloud/echo"),
            model=said("受理通知：〔姓名1〕先生（〔身分證號1〕）您好。"),
        )
        assert walked.forwarded is not None
        sent = walked.forwarded.decode()
        assert ID_NUMBER not in sent
        assert "王小明" not in sent
        content = walked.answer["choices"][0]["message"]["content"]
        assert content == f"受理通知：王小明先生（{ID_NUMBER}）您好。"
        assert walked.headers["x-shenyong-redacted"] == "2"

    def test_also_when_the_pseudonym_is_cut_across_chunks(self):
        walked = walk(
            asking(PERSONAL, model="cloud/echo", stream=True),
            model=streaming("受理通知：〔姓", "名1", "〕先生（〔身分證", "號1〕）您好。"),
        )
        assert walked.words == f"受理通知：王小明先生（{ID_NUMBER}）您好。"

    def test_what_redaction_can_not_cure_is_called_denied(self):
        def restless(sources):
            """The real inspection, which never trusts a text's last character."""
            more = tuple(
                Finding("person_name", DataClass.PERSONAL, path, end - 1, end, "", 1.0, "test/1")
                for path, end in ((each.path, len(each.text)) for each in sources)
            )
            return world().inspect(sources) + more

        within = msgspec.structs.replace(world(), inspect=restless)
        walked = walk(asking(PERSONAL, model="cloud/echo"), within=within)
        assert walked.forwarded is None
        (entry,) = walked.entries
        assert isinstance(entry, Decided)
        assert entry.verdict == "deny"
        assert walked.headers["x-shenyong-decision"] == "deny"

    def test_what_one_redaction_uncovers_goes_too(self):
        walked = walk(asking("手機與證號：0912345678A123456789", model="cloud/echo"))
        assert walked.forwarded is not None
        assert b"0912345678" not in walked.forwarded
        assert b"A123456789" not in walked.forwarded

    @pytest.mark.point("ey-genai-2023:5")
    def test_masked_is_said_where_something_was_masked_only(self):
        answer = said("其身分證字號為 A123456789。")
        masked = walk(asking(PLAIN, model="cloud/echo"), model=answer)
        assert ID_NUMBER.encode() not in masked.reply.body  # type: ignore[union-attr]
        assert masked.headers["x-shenyong-output"] == "masked"
        passed = walk(asking(PLAIN, model="local/echo"), model=answer)
        assert ID_NUMBER.encode() in passed.reply.body  # type: ignore[union-attr]
        assert "x-shenyong-output" not in passed.headers

    def test_the_decision_is_taken_on_the_text_that_goes(self):
        walked = walk(asking(PERSONAL, model="cloud/echo"), model=said("好。"))
        assert walked.headers["x-shenyong-decision"] == "redact"
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert intent.kinds["tw_national_id"] == 1


class TestEveryWayOutIsRecorded:
    @pytest.mark.parametrize(("came", "kind"), FAULTS)
    @pytest.mark.parametrize("stream", [False, True])
    def test_of_a_call_that_brings_no_answer(self, came: Any, kind: OutcomeKind, stream: bool):
        walked = walk(asking(PLAIN, stream=stream), model=came)
        assert kinds(walked) == [Intent, Outcome]
        outcome = walked.entries[1]
        assert isinstance(outcome, Outcome)
        assert outcome.outcome is kind
        if isinstance(came, Gone):
            assert walked.reply is None
            return
        assert walked.reply is not None
        assert walked.reply.status in (429, 502, 504)
        assert walked.answer["error"]["code"] != "content_filter"

    @pytest.mark.parametrize(
        ("last", "kind"),
        [
            (Fault(FaultKind.TIMEOUT), OutcomeKind.TIMEOUT),
            (Fault(FaultKind.BROKEN), OutcomeKind.UPSTREAM_ERROR),
            (Gone(), OutcomeKind.CLIENT_GONE),
            (b"data: {broken\n\n", OutcomeKind.UPSTREAM_ERROR),
            (b"data: \xff\xfe\n\n", OutcomeKind.UPSTREAM_ERROR),
        ],
    )
    def test_of_a_stream_that_breaks_off(self, last: Any, kind: OutcomeKind):
        walked = walk(asking(PLAIN, stream=True), model=[chunk("公告"), chunk("內容"), last])
        outcome = walked.entries[-1]
        assert isinstance(outcome, Outcome)
        assert outcome.outcome is kind
        assert DONE not in walked.sent, "a broken stream is never ended as if it were whole"
        assert outcome.delivered == len(walked.sent)
        assert outcome.answer == world().digesters[AGENCY.id].body(walked.sent)
        if kind is not OutcomeKind.CLIENT_GONE:
            assert b'"error"' in walked.sent

    def test_a_stream_that_ends_without_its_end_is_no_answer(self):
        walked = walk(asking(PLAIN, stream=True), model=[chunk("公告")])
        outcome = walked.entries[-1]
        assert isinstance(outcome, Outcome)
        assert outcome.outcome is OutcomeKind.UPSTREAM_ERROR
        assert DONE not in walked.sent

    @pytest.mark.parametrize("last", [Gone(), b"data: {broken\n\n"])
    def test_the_model_is_told_to_stop(self, last: Any):
        walked = walk(asking(PLAIN, stream=True), model=[chunk("公告"), last])
        assert "Abort" in walked.steps
        assert walked.steps.index("Abort") < len(walked.steps) - 1 - walked.steps[::-1].index(
            "Record"
        ), "first the model is stopped, then it is written down"


class TestStreams:
    def test_words_go_before_the_end_and_the_end_after_its_record(self):
        walked = walk(
            asking(PLAIN, stream=True), model=streaming("本局", "公告", "如下。", "停電。")
        )
        assert walked.words == "本局公告如下。停電。"
        assert walked.sent.endswith(DONE)
        assert walked.steps[-2:] == ["Record", "Send"]
        last = walked.commands[-1]
        assert DONE in last.data  # type: ignore[union-attr]
        assert walked.steps.index("Begin") > walked.steps.index("Open")

    def test_the_outcome_has_the_digest_of_all_that_was_sent(self):
        walked = walk(asking(PLAIN, stream=True), model=streaming("本局", "公告"))
        outcome = walked.entries[-1]
        assert isinstance(outcome, Outcome)
        assert outcome.answer == world().digesters[AGENCY.id].body(walked.sent)
        assert outcome.delivered == len(walked.sent)
        assert (outcome.tokens_in, outcome.tokens_out) == (7, 5)

    def test_usage_is_told_to_whom_asked_for_it_only(self):
        plain = walk(asking(PLAIN, stream=True), model=streaming("好。"))
        asked = asking(PLAIN, stream=True, stream_options={"include_usage": True})
        told = walk(asked, model=streaming("好。"))
        assert b'"total_tokens":12' not in plain.sent
        assert b'"total_tokens":12' in told.sent

    @pytest.mark.point("ey-genai-2023:5")
    def test_an_answer_with_a_secret_is_stopped_in_its_middle(self):
        leak = "設定值如下：AKIAIOSFODNN7EXAMPLX 與 wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY 完。"
        walked = walk(
            asking(PLAIN, stream=True, model="cloud/echo"),
            model=streaming("好的。", "以下是說明。", leak, "再見。"),
        )
        outcome = walked.entries[-1]
        assert isinstance(outcome, Outcome)
        assert outcome.outcome is OutcomeKind.STOPPED
        assert b"AKIAIOSFODNN7EXAMPLX" not in walked.sent
        assert b'"finish_reason":"content_filter"' in walked.sent
        assert walked.sent.endswith(DONE)
        assert "Abort" in walked.steps
        assert "模型的回覆在此停止" in walked.words

    def test_n_choices_are_each_inspected_and_ended(self):
        walked = walk(
            asking(PERSONAL, model="cloud/echo", stream=True, n=2),
            model=[
                chunk("致〔姓", index=0),
                chunk("〔姓名", index=1),
                chunk("名1〕", index=0),
                chunk("1〕您好", index=1),
                chunk(finish="stop", index=0),
                chunk(finish="stop", index=1),
                DONE,
            ],
        )
        texts = {0: "", 1: ""}
        for line in walked.sent.decode().split("\n\n"):
            if line.startswith("data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    texts[choice["index"]] += choice["delta"].get("content") or ""
        assert texts == {0: "致王小明", 1: "王小明您好"}

    @settings(deadline=None, max_examples=60)
    @given(st.data())
    def test_however_it_is_cut_the_same_words_come_out(self, data: st.DataObject):
        words = "受理通知：〔姓名1〕先生（〔身分證號1〕）您好，請於週五前回復。"
        cuts = sorted(data.draw(st.sets(st.integers(1, len(words) - 1), max_size=12)))
        pieces = [words[a:b] for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True)]
        raw = b"".join(event for event in streaming(*pieces) if isinstance(event, bytes))
        seams = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=12)))
        events = [raw[a:b] for a, b in zip([0, *seams], [*seams, len(raw)], strict=True)]
        walked = walk(asking(PERSONAL, model="cloud/echo", stream=True), model=events)
        assert walked.words == words.replace("〔姓名1〕", "王小明").replace(
            "〔身分證號1〕", ID_NUMBER
        )
        assert walked.sent.endswith(DONE)


class TestHistory:
    def test_a_refused_turn_does_not_end_the_conversation(self):
        memory: dict[str, str] = {}
        walk(asking(QUESTION, model="cloud/echo"), refused=memory)
        assert memory
        walked = walk(
            asking(QUESTION, PLAIN, model="cloud/echo"), refused=memory, model=said("公告如下。")
        )
        assert walked.reply is not None
        assert walked.reply.status == 200
        assert walked.headers["x-shenyong-history"] == "stripped=1"
        sent = (walked.forwarded or b"").decode()
        assert ID_NUMBER not in sent
        assert "第四點未送出" in sent

    def test_but_what_was_never_refused_before_is_refused_now(self):
        walked = walk(asking(QUESTION, PLAIN, model="cloud/echo"), refused={})
        assert walked.forwarded is None

    def test_the_same_words_again_are_refused_again(self):
        memory: dict[str, str] = {}
        walk(asking(QUESTION, model="cloud/echo"), refused=memory)
        walked = walk(asking(QUESTION, QUESTION, model="cloud/echo"), refused=memory)
        assert walked.forwarded is None

    def test_nor_does_a_refused_result_of_a_tool(self):
        memory: dict[str, str] = {}
        call = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
        turns: list[Any] = [
            "請讀取檔案並摘要。",
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": MARKED},
        ]
        assert walk(asking(*turns, model="cloud/echo"), refused=memory).forwarded is None
        assert walk(asking(*turns, model="cloud/echo"), refused=memory).forwarded is None
        walked = walk(asking(*turns, PLAIN, model="cloud/echo"), refused=memory, model=said("好。"))
        assert walked.forwarded is not None
        assert "檢送協議書" not in walked.forwarded.decode()
        assert json.loads(walked.forwarded)["messages"][2]["tool_call_id"] == "c1"

    def test_the_memory_of_one_key_is_not_that_of_another(self):
        memory: dict[str, str] = {}
        walk(asking(QUESTION, model="cloud/echo"), refused=memory)
        walked = walk(
            asking(QUESTION, PLAIN, model="cloud/echo"), refused=memory, key="application"
        )
        assert walked.forwarded is None

    def test_the_memory_holds_digests_and_no_words(self):
        memory: dict[str, str] = {}
        walk(asking(QUESTION, model="cloud/echo"), refused=memory)
        assert all(ID_NUMBER not in key and "王小明" not in key for key in memory)
        assert list(memory.values()) == [REQUEST_ID]


class TestConfirmation:
    """What the guideline leaves to a person's judgement waits for the person's word."""

    BODY = asking(PERHAPS, model="cloud/echo")

    def held(self, memory: dict[str, str]) -> Walked:
        return walk(self.BODY, refused=memory)

    def test_what_may_be_a_question_of_personal_data_is_held_and_says_how_to_go_on(self):
        walked = self.held({})
        assert walked.forwarded is None
        (entry,) = walked.entries
        assert isinstance(entry, Decided)
        assert entry.verdict == "approve"
        error = walked.answer["error"]
        assert error["shenyong"]["confirm"] == {"header": "x-shenyong-confirm", "value": REQUEST_ID}
        assert f"x-shenyong-confirm: {REQUEST_ID}" in error["message"]
        unattended = walk(self.BODY, key="application").answer["error"]
        assert "confirm" not in unattended["shenyong"], "nobody is there to confirm"

    def test_the_official_confirms_that_very_decision_and_it_goes_on(self):
        memory: dict[str, str] = {}
        self.held(memory)
        walked = walk(
            self.BODY,
            refused=memory,
            headers={"x-shenyong-confirm": REQUEST_ID},
            model=said("查無資料。"),
        )
        assert walked.forwarded is not None
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert intent.confirmed == REQUEST_ID

    @pytest.mark.parametrize("confirm", ["another", "", "  "])
    def test_no_other_number_confirms(self, confirm: str):
        memory: dict[str, str] = {}
        self.held(memory)
        walked = walk(self.BODY, refused=memory, headers={"x-shenyong-confirm": confirm})
        assert walked.forwarded is None

    def test_other_words_are_not_confirmed_by_it(self):
        memory: dict[str, str] = {}
        self.held(memory)
        other = asking(PERHAPS.replace("分析", "查詢"), model="cloud/echo")
        walked = walk(other, refused=memory, headers={"x-shenyong-confirm": REQUEST_ID})
        assert walked.forwarded is None

    OTHER = "請幫我分析那位案主的病歷"

    @pytest.mark.parametrize(
        "around",
        [
            [OTHER, {"role": "assistant", "content": "好。"}],
            [OTHER],
            [{"role": "system", "content": OTHER}],
        ],
    )
    def test_one_word_opens_no_other_question(self, around: list[Any]):
        assert walk(asking(self.OTHER, model="cloud/echo")).forwarded is None
        memory: dict[str, str] = {}
        self.held(memory)
        walked = walk(
            asking(*around, PERHAPS, model="cloud/echo"),
            refused=memory,
            headers={"x-shenyong-confirm": REQUEST_ID},
        )
        assert walked.forwarded is None

    def test_what_was_confirmed_stays_in_the_conversation(self):
        memory: dict[str, str] = {}
        self.held(memory)
        walk(
            self.BODY,
            refused=memory,
            headers={"x-shenyong-confirm": REQUEST_ID},
            model=said("好。"),
        )
        later = asking(PERHAPS, {"role": "assistant", "content": "好。"}, PLAIN, model="cloud/echo")
        walked = walk(later, refused=memory, model=said("公告如下。"))
        assert walked.forwarded is not None
        assert PERHAPS in walked.forwarded.decode(), "it was sent, so it is not called removed"
        intent = walked.entries[0]
        assert isinstance(intent, Intent)
        assert intent.confirmed == REQUEST_ID
        assert walk(later, refused={}).forwarded is None

    @pytest.mark.point("ey-genai-2023:2")
    def test_an_unattended_key_cannot_confirm(self):
        memory: dict[str, str] = {}
        walk(self.BODY, refused=memory, key="application")
        walked = walk(
            self.BODY,
            refused=memory,
            key="application",
            headers={"x-shenyong-confirm": REQUEST_ID},
        )
        assert walked.forwarded is None

    def test_what_is_forbidden_is_not_opened_by_a_word(self):
        memory: dict[str, str] = {}
        body = asking(QUESTION, model="cloud/echo")
        walk(body, refused=memory)
        walked = walk(body, refused=memory, headers={"x-shenyong-confirm": REQUEST_ID})
        assert walked.forwarded is None


class TestDeclared:
    @pytest.mark.point("ey-genai-2023:3")
    def test_a_declared_level_binds_as_a_found_one_would(self):
        walked = walk(
            asking(PLAIN, model="cloud/echo"), headers={"x-shenyong-classification": "密"}
        )
        assert walked.forwarded is None
        (entry,) = walked.entries
        assert isinstance(entry, Decided)
        assert entry.declared

    def test_an_unknown_declaration_is_bad_input_and_not_ignored(self):
        walked = walk(asking(PLAIN), headers={"x-shenyong-classification": "很密"})
        assert walked.commands == []
        assert walked.reply is not None
        assert walked.reply.status == 400
        assert walked.answer["error"]["code"] == "unknown_classification"


class TestAtTheDoor:
    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "missing_api_key"),
            ("nobody", "invalid_api_key"),
            ("expired", "expired_api_key"),
            ("revoked", "revoked_api_key"),
        ],
    )
    def test_a_key_that_opens_nothing(self, key: str | None, code: str):
        walked = walk(asking(PLAIN), key=key)
        assert walked.commands == []
        assert walked.reply is not None
        assert walked.reply.status == 401
        assert walked.answer["error"]["code"] == code

    def test_an_unknown_model(self):
        walked = walk(asking(PLAIN, model="nowhere/none"))
        assert walked.commands == []
        assert walked.reply is not None
        assert walked.reply.status == 404
        assert walked.answer["error"]["param"] == "model"

    def test_a_model_that_the_key_may_not_name(self):
        walked = walk(asking(PLAIN, model="local/echo"), key="narrow")
        assert walked.commands == []
        assert walked.reply is not None
        assert walked.reply.status == 403


CONTENTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(deadline=None, max_examples=80)
@given(CONTENTS, CONTENTS, st.booleans(), st.sampled_from(["cloud/echo", "local/echo"]))
def test_whatever_is_asked_and_answered_the_ledger_keeps_none_of_it(
    asked: str, answered: str, stream: bool, model: str
):
    secret = "水獺" + ID_NUMBER
    came: Any = streaming(answered, secret) if stream else said(answered + secret)
    walked = walk(asking(asked + secret, model=model, stream=stream), model=came)
    records = [each for each in walked.commands if isinstance(each, Record)]
    assert records
    for entry in walked.entries:
        kept = encode(entry).decode()
        assert ID_NUMBER not in kept
        assert "水獺" not in kept
    if walked.forwarded is not None:
        assert walked.steps.index("Record") < walked.steps.index("Open" if stream else "Call")
        assert isinstance(walked.entries[-1], Outcome)


HELD = "請摘要：林先生罹患糖尿病，並曾犯竊盜罪。"


def held() -> tuple[dict[str, Any], str, str]:
    """A request that is held, its decision, and the digest of what was received."""
    body = asking(HELD)
    entry = walk(body).entries[0]
    assert isinstance(entry, Decided)
    assert entry.verdict == "approve"
    return body, entry.request, entry.received


@pytest.mark.point("ey-genai-2023:4")
def test_what_a_second_person_approved_goes_and_the_ledger_says_so() -> None:
    body, decision, received = held()
    approved = {(decision, OFFICIAL.id): received}
    went = walk(
        body, headers={"x-shenyong-approval": decision}, approved=approved, model=said("好")
    )
    assert went.forwarded is not None
    entry = went.entries[0]
    assert isinstance(entry, Intent)
    assert (entry.verdict, entry.approved) == ("approve", decision)


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    "case", ["nothing", "other words", "another person", "a program", "denied"]
)
def test_an_approval_opens_nothing_else(case: str) -> None:
    body, decision, received = held()
    approved = {(decision, OFFICIAL.id): received}
    key = "official"
    if case == "nothing":
        approved = {}
    elif case == "other words":
        body = asking(HELD + "謝謝")
    elif case == "another person":
        approved = {(decision, "somebody"): received}
    elif case == "a program":
        key = "application"
    elif case == "denied":
        body = asking(HELD, model="cloud/echo")
        approved = {(decision, OFFICIAL.id): _received(body)}
    went = walk(body, key=key, headers={"x-shenyong-approval": decision}, approved=approved)
    assert went.forwarded is None
    assert isinstance(went.entries[0], Decided)


def _received(body: dict[str, Any]) -> str:
    entry = walk(body).entries[0]
    assert isinstance(entry, Decided)
    assert entry.verdict == "deny"
    return entry.received
