from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.decision import Candidate, Facts, Judge, Obstacle, Remedy, load_agency_pack, plan
from shenyong.guideline import load_pack
from shenyong.guideline.terms import (
    Actor,
    DataClass,
    Environment,
    Likelihood,
    Purpose,
    Verdict,
)

PACK = load_pack()
JUDGE = Judge(PACK)
CLOUD = Facts(
    purpose=Purpose.GENERAL,
    data=frozenset(),
    environment=Environment.PUBLIC_CLOUD,
    env_max=None,
    actor=Actor.OFFICIAL_NEED_TO_KNOW,
    model="cloud",
)
LOCAL = Candidate("local", Environment.ONPREM_CONFIRMED, DataClass.RESTRICTED)
CONTRACTED = Candidate("contracted", Environment.CONTRACTED_CLOUD, None)


def facts(*tags: DataClass, **changes: object) -> Facts:
    return msgspec.structs.replace(CLOUD, data=frozenset(tags), **changes)


class Redactor:
    """Takes personal data and what can't be read out of the facts, and counts its calls."""

    def __init__(self, before: Facts, leaves: frozenset[DataClass] = frozenset()) -> None:
        self.after = msgspec.structs.replace(
            before, data=before.data - {DataClass.PERSONAL} | leaves, unreadable=False
        )
        self.calls = 0

    def __call__(self) -> Facts:
        self.calls += 1
        return self.after


def test_plain_work_goes_as_it_is_and_nothing_is_redacted():
    redactor = Redactor(CLOUD)
    found = plan(CLOUD, JUDGE, reinspect=redactor, candidates=[LOCAL])
    assert (found.action, found.model, found.redact) == ("send", "cloud", False)
    assert found.remedies == found.obstacles == ()
    assert redactor.calls == 0


@pytest.mark.point("ey-genai-2023:4")
def test_personal_data_go_redacted_once_the_redacted_text_is_inspected():
    before = facts(DataClass.PERSONAL)
    redactor = Redactor(before)
    found = plan(before, JUDGE, reinspect=redactor)
    assert (found.action, found.redact, redactor.calls) == ("sendRedacted", True, 1)
    assert found.decision.verdict is Verdict.REDACT
    assert found.final.verdict is Verdict.ALLOW
    assert found.remedies == (Remedy("redact", "redact"),)


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("left", "action"),
    [
        (DataClass.PERSONAL, "refuse"),
        (DataClass.PERSONAL_SPECIAL, "refuse"),
        (DataClass.RESTRICTED, "refuse"),
    ],
)
def test_what_redaction_leaves_is_judged_again(left, action):
    before = facts(DataClass.PERSONAL)
    found = plan(before, JUDGE, reinspect=Redactor(before, frozenset({left})))
    assert (found.action, found.redact, found.verdict) == (action, False, Verdict.DENY)
    assert [obstacle.plan for obstacle in found.obstacles] == [
        "send",
        "sendRedacted",
        "sendApproved",
    ]
    assert found.final.rules
    assert found.obstacles[1].rules == found.final.rules


def test_redaction_may_leave_something_for_an_approver():
    before = facts(DataClass.PERSONAL, environment=Environment.CONTRACTED_CLOUD)
    found = plan(before, JUDGE, reinspect=Redactor(before, frozenset({DataClass.UNRELEASED})))
    assert (found.action, found.redact) == ("hold", True)
    assert Remedy("ask_approver", "approve") in found.remedies


@pytest.mark.point("ey-genai-2023:4")
def test_what_is_held_is_redacted_where_only_redacted_data_may_go():
    before = facts(
        DataClass.PERSONAL, DataClass.UNRELEASED, environment=Environment.CONTRACTED_CLOUD
    )
    redactor = Redactor(before)
    found = plan(before, JUDGE, reinspect=redactor)
    assert (found.action, found.redact, redactor.calls) == ("hold", True, 1)
    inside = msgspec.structs.replace(
        before,
        data=frozenset({DataClass.PERSONAL, DataClass.RESTRICTED}),
        environment=LOCAL.environment,
        env_max=LOCAL.env_max,
    )
    held = plan(inside, JUDGE, reinspect=Redactor(inside))
    assert (held.action, held.redact) == ("hold", False)


@pytest.mark.point("ey-genai-2023:4")
def test_another_model_is_offered_and_not_taken_in_silence():
    before = facts(DataClass.UNRELEASED)
    offered = plan(before, JUDGE, reinspect=Redactor(before), candidates=[CONTRACTED, LOCAL])
    assert (offered.action, offered.model) == ("refuse", "cloud")
    assert offered.remedies == (
        Remedy("reroute", "approve", model="contracted"),
        Remedy("reroute", "allow", model="local"),
        Remedy("delete", "allow", classes=("D1",)),
    )
    taken = plan(
        before, JUDGE, reinspect=Redactor(before), candidates=[CONTRACTED, LOCAL], reroute=True
    )
    assert (taken.action, taken.model, taken.environment) == (
        "send",
        "local",
        Environment.ONPREM_CONFIRMED,
    )
    # The record keeps why the model that was named did not get it.
    assert taken.decision.verdict is Verdict.DENY
    assert taken.obstacles == taken.decision.obstacles


def test_a_key_that_opted_in_is_held_only_if_nobody_else_may_have_it():
    before = facts(DataClass.UNRELEASED, environment=Environment.CONTRACTED_CLOUD)
    elsewhere = plan(before, JUDGE, reinspect=Redactor(before), candidates=[LOCAL], reroute=True)
    assert (elsewhere.action, elsewhere.model) == ("send", "local")
    nowhere = plan(before, JUDGE, reinspect=Redactor(before), candidates=[], reroute=True)
    assert nowhere.action == "hold"


def test_a_refusal_names_the_rules_in_the_way_of_every_plan():
    before = facts(DataClass.TOP_SECRET)
    found = plan(before, JUDGE, reinspect=Redactor(before), candidates=[LOCAL])
    assert found.action == "refuse"
    assert [obstacle.plan for obstacle in found.obstacles] == [
        "send",
        "sendRedacted",
        "sendApproved",
        "reroute:local",
    ]
    assert all("topsecret.never" in obstacle.rules for obstacle in found.obstacles)
    assert found.remedies == ()


@pytest.mark.point("ey-genai-2023:4")
def test_a_possible_question_can_be_confirmed_or_approved():
    before = facts(question_personal=Likelihood.POSSIBLE)
    found = plan(before, JUDGE, reinspect=Redactor(before))
    assert (found.action, found.redact) == ("hold", False)
    assert found.remedies == (
        Remedy("confirm_question", "allow", about="question"),
        Remedy("ask_approver", "approve"),
    )
    likely = facts(question_personal=Likelihood.LIKELY)
    assert plan(likely, JUDGE, reinspect=Redactor(likely)).remedies == ()


@pytest.mark.point("ey-genai-2023:3")
def test_a_possible_production_can_be_confirmed():
    before = facts(production=Likelihood.POSSIBLE)
    found = plan(before, JUDGE, reinspect=Redactor(before))
    assert found.remedies[0] == Remedy("confirm_question", "allow", about="production")


def test_a_level_is_never_offered_for_deletion_and_the_fewest_things_are():
    levelled = facts(DataClass.RESTRICTED, DataClass.UNRELEASED)
    assert plan(levelled, JUDGE, reinspect=Redactor(levelled)).remedies == ()
    both = facts(DataClass.PERSONAL_SPECIAL, DataClass.PERSONAL)
    found = plan(both, JUDGE, reinspect=Redactor(both))
    assert found.remedies == (Remedy("delete", "redact", classes=("D3",)),)


def test_an_agencys_ban_on_redacting_leads_to_the_approver_with_redaction():
    text = (
        '@id("a.r") @reason_zh("須核准") '
        'forbid (principal, action == Action::"sendRedacted", resource);'
    )
    judge = Judge(PACK, [load_agency_pack("a", text, PACK)])
    before = facts(DataClass.PERSONAL)
    found = plan(before, judge, reinspect=Redactor(before))
    assert (found.action, found.redact) == ("hold", True)
    assert found.obstacles == (
        Obstacle("send", ("personal.redacted",)),
        Obstacle("sendRedacted", ("a.r",)),
    )


candidates = st.lists(
    st.builds(
        Candidate,
        model=st.sampled_from(["a", "b", "c"]),
        environment=st.sampled_from(Environment),
        env_max=st.sampled_from([None, *DataClass]),
    ),
    max_size=3,
    unique_by=lambda candidate: candidate.model,
)


@pytest.mark.point("ey-genai-2023:4")
@given(st.from_type(Facts), candidates, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_goes_that_the_policies_do_not_let_go(before, others, reroute, stubborn):
    redactor = Redactor(before, frozenset({DataClass.PERSONAL}) if stubborn else frozenset())
    found = plan(before, JUDGE, reinspect=redactor, candidates=others, reroute=reroute)
    assert redactor.calls <= 1
    if found.action in ("send", "sendRedacted"):
        assert found.final.verdict is Verdict.ALLOW
    if found.action == "hold":
        assert found.final.verdict is Verdict.APPROVE
    if not reroute:
        assert found.model == before.model
        assert found.verdict >= found.decision.verdict
    for remedy in found.remedies:
        assert remedy.op in ("redact", "ask_approver") or remedy.verdict != "deny"
    if found.action == "refuse":
        assert {obstacle.plan for obstacle in found.obstacles} >= {
            "send",
            "sendRedacted",
            "sendApproved",
        }
