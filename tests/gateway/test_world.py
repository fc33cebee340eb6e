"""What a model says is judged as its request was: masked, stopped, or let through."""

from __future__ import annotations

import pytest
from tests.gateway.judging import CLOUD, LOCAL, output_judge
from tests.gateway.walking import ID_NUMBER, MARKED, QUESTION

from shenyong.guideline.terms import Environment, Verdict
from shenyong.redaction import Action

pytestmark = pytest.mark.point("ey-genai-2023:5")

PERSONAL = f"申請人王小明的身分證字號是{ID_NUMBER}。"
CONFIDENTIAL = "密等：機密\n主旨：示範案"
SECRET = "設定：AKIAIOSFODNN7EXAMPLX 與 wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY"


def judged(text: str, environment: Environment = CLOUD) -> Action:
    judge = output_judge(environment)
    found = judge.inspect(text)
    assert found, "there is something to judge"
    return judge.act(found)


class TestActs:
    @pytest.mark.point("ey-genai-2023:4")
    def test_personal_data_from_the_cloud_are_masked(self):
        assert judged(PERSONAL) is Action.MASK

    @pytest.mark.point("ey-genai-2023:4")
    def test_and_pass_from_a_confirmed_model(self):
        assert judged(PERSONAL, LOCAL) is Action.PASS

    @pytest.mark.parametrize("environment", [CLOUD, LOCAL])
    @pytest.mark.parametrize("text", [MARKED, CONFIDENTIAL])
    @pytest.mark.point("ey-genai-2023:3")
    def test_a_marking_stops_it_everywhere(self, text: str, environment: Environment):
        assert judged(text, environment) is Action.STOP

    @pytest.mark.parametrize("environment", [CLOUD, LOCAL])
    def test_a_secret_stops_it_everywhere(self, environment: Environment):
        assert judged(SECRET, environment) is Action.STOP

    def test_special_categories_stop_it(self):
        assert judged("王小明罹患糖尿病，病歷如附。") is Action.STOP

    def test_hiding_it_does_not_help(self):
        assert judged("QTEyMzQ1Njc4OQ==") is Action.MASK, "A123456789 in base64"
        assert judged("Ａ１２３４５６７８９") is Action.MASK

    def test_the_gravest_of_several_decides(self):
        assert judged(PERSONAL + "\n" + CONFIDENTIAL) is Action.STOP


class TestIgnored:
    @pytest.mark.parametrize(
        "text",
        [
            "您可以問：請幫我分析當事人的病歷",
            "草案\n本預告前之修正草案（尚未對外公布）。",
            "洽詢專線 1999，統一編號 04595257。",
            "週六停電檢修，敬請見諒。",
        ],
    )
    def test_what_does_not_count_in_an_answer(self, text: str):
        assert output_judge().inspect(text) == ()

    def test_a_question_is_no_question_but_its_data_are_data(self):
        kinds = {each.kind for each in output_judge().inspect(QUESTION)}
        assert not kinds & {"question_personal", "question_confidential", "produce_classified"}
        assert {"person_name", "tw_national_id"} <= kinds


class TestRemembers:
    def test_nothing_before_anything_was_judged(self):
        judge = output_judge()
        judge.inspect(PERSONAL)
        assert judge.findings == []
        assert judge.decision is None

    def test_what_was_found_and_the_decision(self):
        judge = output_judge()
        found = judge.inspect(PERSONAL)
        judge.act(found)
        assert judge.findings == list(found)
        assert judge.decision is not None
        assert judge.decision.verdict is Verdict.REDACT

    def test_all_that_was_found_and_the_strictest_decision(self):
        judge = output_judge()
        for text in (PERSONAL, CONFIDENTIAL, PERSONAL):
            judge.act(judge.inspect(text))
        assert {each.kind for each in judge.findings} >= {"person_name", "marking"}
        assert judge.decision is not None
        assert judge.decision.verdict is Verdict.DENY
        assert judge.decision.points == ("4",)

    def test_findings_hold_no_whole_value(self):
        judge = output_judge()
        judge.act(judge.inspect(PERSONAL))
        kept = "".join(each.masked for each in judge.findings)
        assert ID_NUMBER not in kept
        assert "王小明" not in kept
