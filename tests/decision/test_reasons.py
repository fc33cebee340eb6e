from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.decision import Facts, Judge, explain, load_agency_pack
from shenyong.guideline import load_pack
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose

PACK = load_pack()
JUDGE = Judge(PACK)
UNRELEASED = Facts(
    purpose=Purpose.GENERAL,
    data=frozenset({DataClass.UNRELEASED}),
    environment=Environment.PUBLIC_CLOUD,
    env_max=None,
    actor=Actor.OFFICIAL_NEED_TO_KNOW,
)


def test_a_refusal_gives_its_sentence_in_both_languages():
    (reason,) = explain(JUDGE.decide(UNRELEASED), PACK)
    assert reason.rule == "unreleased.public-cloud"
    assert reason.pack == "ey-genai-2023"
    assert reason.points == ("ey-genai-2023:4",)
    assert reason.plans == ("send", "sendRedacted", "sendApproved")
    assert reason.zh == "未經機關同意公開之資訊，不得提供予公開雲端之生成式 AI。"
    assert "public cloud" in reason.en


@given(st.from_type(Facts))
@settings(max_examples=100, deadline=None)
def test_every_rule_of_every_decision_is_explained(some):
    decision = JUDGE.decide(some)
    reasons = explain(decision, PACK)
    assert tuple(reason.rule for reason in reasons[: len(decision.rules)]) == decision.rules
    barred = {rule for obstacle in decision.obstacles for rule in obstacle.rules}
    assert {reason.rule for reason in reasons} == barred | set(decision.rules)
    for reason in reasons:
        assert reason.zh
        assert reason.en
        assert reason.plans == tuple(
            obstacle.plan for obstacle in decision.obstacles if reason.rule in obstacle.rules
        )


def test_an_agencys_reason_names_its_pack(data):
    agency = load_agency_pack("trade", (data / "trade_administration.cedar").read_text(), PACK)
    plain = msgspec.structs.replace(UNRELEASED, data=frozenset(), kinds=frozenset({"ubn"}))
    (reason,) = explain(Judge(PACK, [agency]).decide(plain), PACK, [agency])
    assert (reason.pack, reason.rule) == ("trade", "trade.ubn-redacted")
    assert reason.zh == reason.en == "廠商統一編號一律遮蔽。"


def test_a_failing_engine_is_explained_too():
    empty = msgspec.structs.replace(PACK, policy_text="", policies=())
    (reason,) = explain(Judge(empty).decide(UNRELEASED), PACK)
    assert reason.rule == "engine.not-permitted"
    assert "無任何規則許可" in reason.zh


def test_a_rule_of_a_pack_that_is_gone_is_left_out(data):
    agency = load_agency_pack("trade", (data / "trade_administration.cedar").read_text(), PACK)
    plain = msgspec.structs.replace(UNRELEASED, data=frozenset(), kinds=frozenset({"ubn"}))
    assert explain(Judge(PACK, [agency]).decide(plain), PACK) == ()
