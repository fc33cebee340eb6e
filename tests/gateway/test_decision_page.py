"""The page behind a refusal's link shows what the ledger holds, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shenyong.decision import Judge
from shenyong.gateway import decision_page
from shenyong.guideline import load_pack
from shenyong.ledger import Decided, Intent, Outcome, OutcomeKind
from shenyong.storage.decisions import Recorded
from shenyong.wording import text

JUDGE = Judge(load_pack())
REFUSED = Decided(
    agency="house",
    request="01a207c0-1503-770f-b2df-32d20d52693f",
    at=1_795_426_358_000_000,
    key="official",
    owner="lin",
    use_case="work",
    purpose="general",
    actor="official_need_to_know",
    model="cloud/<echo>",
    environment="E1",
    verdict="deny",
    pack="0" * 64,
    inspector="shenyong/0",
    received="1" * 64,
    size=1024,
    points=("4",),
    rules=("question.personal-likely", "gone.rule"),
    kinds={"tw_national_id": 2, "something_new": 1},
)


def page(entry: Decided | Intent, outcome: Outcome | None = None) -> str:
    return decision_page.page(decision_page.shown(Recorded(entry, outcome), JUDGE)).decode()


def sent() -> Intent:
    fields = {name: getattr(REFUSED, name) for name in REFUSED.__struct_fields__}
    return Intent(**{**fields, "verdict": "allow", "forwarded": "2" * 64, "kinds": {}, "rules": ()})


def ended(kind: OutcomeKind, **more: Any) -> Outcome:
    return Outcome(REFUSED.agency, REFUSED.request, REFUSED.at, 0, kind, **more)


@pytest.mark.point("ey-genai-2023:4")
def test_says_what_was_decided_by_which_point_and_why_in_both_languages() -> None:
    shown = page(REFUSED)
    assert "這則提示沒有送出，資料未離開本機關" in shown
    assert "This prompt was not sent" in shown
    assert "第四點" in shown
    assert REFUSED.request in shown
    assert "身分證字號 × 2" in shown
    assert "不得向未經確認之環境詢問涉及個人資料之問題" in shown
    assert "115 年 11 月 23 日" in shown


def test_names_of_models_are_text_and_never_markup() -> None:
    assert "cloud/&lt;echo&gt;" in page(REFUSED)
    assert "<echo>" not in page(REFUSED)


def test_digests_and_people_stay_in_the_ledger() -> None:
    shown = page(REFUSED)
    for inner in (REFUSED.received, REFUSED.owner, REFUSED.use_case, REFUSED.pack):
        assert f">{inner}<" not in shown
        assert inner not in shown.replace("class=", "") or len(inner) < 6


def test_a_request_that_went_on_says_so() -> None:
    shown = page(sent())
    assert "這則提示經檢查後送出" in shown
    assert "不代表安全" in shown, "nothing detected is never said to be safe"


@pytest.mark.point("ey-genai-2023:4")
def test_a_stopped_answer_says_by_which_rule_and_what_was_in_it() -> None:
    rule = next(iter(JUDGE.policies))
    shown = page(
        sent(),
        ended(OutcomeKind.STOPPED, rules=(rule,), points=("3",), kinds={"tw_national_id": 4}),
    )
    assert '<h1 class="deny">這則提示已送出，但模型的回答未全部放行' in shown
    assert JUDGE.policies[rule].reason_zh in shown
    assert "第三" in shown
    assert "身分證字號 × 4" in shown
    assert "換個方式提問" in shown


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_way_a_call_ends_has_words(kind: OutcomeKind) -> None:
    shown = page(sent(), ended(kind))
    inspected = kind in (OutcomeKind.ANSWERED, OutcomeKind.STOPPED)
    assert ("回答的偵測結果" in shown) == inspected, "of an answer cut short nothing is claimed"
    assert text(f"page.outcome.{kind}") in shown


def test_a_held_request_says_what_is_missing() -> None:
    assert "須經確認或核准" in page(msgspec.structs.replace(REFUSED, verdict="approve"))


def test_an_unknown_id_tells_nothing() -> None:
    assert "查無這個決定編號" in decision_page.unknown().decode()


def test_the_page_needs_no_script_and_no_request_of_its_own() -> None:
    policy = dict(decision_page.headers())["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    shown = page(REFUSED)
    assert "<script" not in shown
    assert "src=" not in shown
    assert "href=" not in shown
