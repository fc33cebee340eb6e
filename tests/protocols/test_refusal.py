"""Refusals exactly as measured (ux.md 3.3), small, and never with the value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong import wording
from shenyong.decision.facts import Decision
from shenyong.guideline.terms import DataClass, Verdict
from shenyong.inspection.finding import Finding
from shenyong.inspection.masking import mask
from shenyong.protocols import openai_answer, refusal, sse
from shenyong.protocols.refusal import Alternative, Refusal

ID = "01J9ZK5Y6Z7A8B9C0D1E2F3G4H"
KINDS = sorted(key[5:] for key in frozenset(wording.keys()) if key.startswith("kind."))


def decision(verdict: Verdict = Verdict.DENY, *points: str, rules: int = 1) -> Decision:
    names = tuple(f"floor.4.personal{n or ''}" for n in range(rules))
    return Decision(verdict, points or ("4",), (), names, (), "digest")


def finding(**changes: Any) -> Finding:
    whole = {
        "kind": "tw_national_id",
        "data_class": DataClass.PERSONAL,
        "path": "messages[0].content",
        "start": 11,
        "end": 21,
        "masked": "A12*****89",
        "confidence": 1.0,
        "detector": "identifiers/1",
    }
    return Finding(**{**whole, **changes})


def refused(**changes: Any) -> Refusal:
    whole = {
        "request_id": ID,
        "decision": decision(),
        "findings": (finding(), finding(start=30, end=40), finding(), finding()),
        "alternatives": (Alternative("local/gov-8b", "個資"),),
        "link_base": "https://shenyong.example.gov.tw",
    }
    return Refusal(**{**whole, **changes})


@pytest.mark.point("ey-genai-2023:4")
def test_as_measured() -> None:
    answer = refusal.render(refused())
    assert answer.status == 400
    assert dict(answer.headers) == {
        "content-type": "application/json; charset=utf-8",
        "x-request-id": ID,
        "x-should-retry": "false",
        "x-shenyong-decision": "deny",
        "x-shenyong-points": "4",
        "content-language": "zh-TW",
    }
    error = json.loads(answer.body)["error"]
    assert next(iter(error)) == "message"
    assert error["message"] == (
        "〔第四點〕這則提示沒有送出，資料未離開本機關。第 1 則訊息第 12–21 字是身分證字號"
        '（A12*****89），另有 3 處。請刪除或遮蔽後再送；或改用 model="local/gov-8b"。'
        f"詳情：https://shenyong.example.gov.tw/d/{ID} (Not sent: personal data, point 4.)"
    )
    assert error["type"] == "invalid_request_error"
    assert error["code"] == "content_filter"
    assert error["param"] == "messages[0].content"
    assert error["innererror"] == {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"personal_data": {"filtered": True, "detected": True}},
    }
    ours = error["shenyong"]
    assert ours["findings_total"] == 4
    assert ours["findings"][0] == {
        "id": 1,
        "path": "messages[0].content",
        "start": 11,
        "end": 21,
        "unit": "codepoint",
        "kind": "tw_national_id",
        "masked": "A12*****89",
        "fix": {"op": "delete"},
    }
    assert ours["decision"] == "deny"
    assert ours["decision_id"] == ID
    assert ours["alternatives"] == [{"model": "local/gov-8b", "up_to": "個資"}]


@pytest.mark.point("ey-genai-2023:3")
def test_points_come_from_the_decision() -> None:
    drafted = refused(
        decision=decision(Verdict.DENY, "3", "4"),
        findings=(finding(kind="produce_classified", data_class=None, masked=""),),
        alternatives=(),
    )
    said = refusal.explain(drafted)
    assert said.startswith("〔第三點、第四點〕")
    assert "親自撰擬" in said
    assert "points 3, 4" in said
    assert "第十二點" in refusal.explain(refused(decision=decision(Verdict.DENY, "12")))


def test_without_findings_the_rules_reason_is_said() -> None:
    said = refusal.explain(
        refused(findings=(), reason_zh="模型未登錄。", reason_en="Unknown model.")
    )
    assert "模型未登錄。" in said
    assert "Unknown model, point 4." in said
    error = json.loads(refusal.render(refused(findings=())).body)["error"]
    assert error["param"] is None


def test_held_for_an_approver() -> None:
    answer = refusal.render(refused(decision=decision(Verdict.APPROVE)))
    assert answer.status == 400
    assert dict(answer.headers)["x-shenyong-decision"] == "approve"
    assert "須先經核准" in json.loads(answer.body)["error"]["message"]


paths = st.one_of(
    st.sampled_from(["messages[0].content", "messages[3].content[2].text", "stop", "choices[0].x"]),
    st.text(min_size=1, max_size=3000),
)
findings = st.builds(
    finding,
    kind=st.sampled_from(KINDS) | st.just("unheard_of"),
    data_class=st.none() | st.sampled_from(DataClass),
    path=paths,
    start=st.integers(0, 10**6),
    end=st.integers(10**6 + 1, 2 * 10**6),
    masked=st.text(max_size=60),
)


@given(
    st.lists(findings, max_size=30),
    st.lists(st.builds(Alternative, st.text(max_size=300), st.text(max_size=50)), max_size=5),
    st.integers(1, 40),
    st.text(max_size=600),
    st.sampled_from([Verdict.DENY, Verdict.APPROVE]),
)
def test_never_more_than_the_limit_and_never_nothing_to_do(
    found: list[Finding], others: list[Alternative], rules: int, reason: str, verdict: Verdict
) -> None:
    whole = refused(
        findings=tuple(found),
        alternatives=tuple(others),
        decision=decision(verdict, "3", "4", rules=rules),
        reason_zh=reason,
        reason_en=reason,
    )
    error = json.loads(refusal.render(whole).body)["error"]
    assert len(json.dumps(error, ensure_ascii=False, separators=(",", ":")).encode()) <= 1500
    assert error["shenyong"]["findings_total"] == len(found)
    assert "None" not in error["message"].replace(reason, "")
    assert "請" in error["message"]


@given(
    st.sampled_from(["tw_national_id", "person_name", "address", "secret", "tw_mobile"]),
    st.text(alphabet="A123456789王大明@.tw-市路", min_size=6, max_size=40),
    st.booleans(),
)
def test_never_the_value(kind: str, value: str, output: bool) -> None:
    whole = refused(findings=(finding(kind=kind, masked=mask(kind, value)),), output=output)
    value = " ".join(value.split())
    everything = [
        refusal.render(whole).body.decode(),
        refusal.as_answer(whole, "m", 1).body().decode(),
        b"".join(chunk.event() for chunk in refusal.as_chunks(whole, "m", 1)).decode(),
        str(refusal.render(whole).headers),
    ]
    assert not any(value in shown for shown in everything)


def test_message_style() -> None:
    body = json.loads(refusal.as_answer(refused(), "local/gov", 1730000000, n=2).body())
    assert [choice["finish_reason"] for choice in body["choices"]] == ["content_filter"] * 2
    assert body["choices"][1]["message"]["content"] == refusal.explain(refused())
    assert body["usage"]["total_tokens"] == 0


def test_message_style_as_a_stream() -> None:
    said = refusal.as_chunks(refused(), "local/gov", 1730000000)
    events = sse.Parser().feed(b"".join(chunk.event() for chunk in said))
    chunks = [json.loads(event.data)["choices"][0] for event in events]
    assert chunks[0]["delta"] == {"role": "assistant", "content": refusal.explain(refused())}
    assert chunks[-1]["finish_reason"] == "content_filter"


def test_a_stopped_stream_goes_on_with_the_explanation() -> None:
    like = openai_answer.parse_chunk(
        b'{"id":"chatcmpl-7","created":5,"choices":[{"index":0,"delta":{"content":"x"}}]}', "m"
    )
    said = refusal.stopped(refused(output=True), like, [0, 2])
    events = sse.Parser().feed(b"".join(chunk.event() for chunk in said))
    chunks = [json.loads(event.data) for event in events]
    assert {chunk["id"] for chunk in chunks} == {"chatcmpl-7"}
    assert "模型的回覆在此停止" in chunks[0]["choices"][0]["delta"]["content"]
    ends = [c["choices"][0]["index"] for c in chunks if c["choices"][0]["finish_reason"]]
    assert ends == [0, 2]
