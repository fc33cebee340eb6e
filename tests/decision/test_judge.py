from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import cedarpy
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.decision import Decision, Facts, Judge, Obstacle, load_agency_pack
from shenyong.decision.judge import carried, context
from shenyong.guideline import Pack, PackError, load_pack, policies
from shenyong.guideline.terms import (
    Actor,
    DataClass,
    Environment,
    Likelihood,
    Purpose,
    Verdict,
)

facts = st.from_type(Facts)
TAGS = [tag for tag in DataClass if tag is not DataClass.PUBLIC]
BOUNDS = [None, *(tag for tag in TAGS if tag is not DataClass.TOP_SECRET)]
PACK = load_pack()
JUDGE = Judge(PACK)
PLAIN = Facts(
    purpose=Purpose.GENERAL,
    data=frozenset(),
    environment=Environment.PUBLIC_CLOUD,
    env_max=None,
    actor=Actor.OFFICIAL_NEED_TO_KNOW,
)
CLOSED = msgspec.structs.replace(
    PLAIN, environment=Environment.ONPREM_CONFIRMED, env_max=DataClass.RESTRICTED
)


def but(facts: Facts, **changes: object) -> Facts:
    return msgspec.structs.replace(facts, **changes)


def verdict(facts: Facts, judge: Judge = JUDGE) -> Verdict:
    return judge.decide(facts).verdict


def tags(*found: DataClass) -> frozenset[DataClass]:
    return frozenset(found)


def test_plain_work_is_allowed_and_says_what_still_applies():
    assert JUDGE.decide(PLAIN) == Decision(
        verdict=Verdict.ALLOW,
        points=("5", "6"),
        cites=("點5", "點6"),
        rules=("public.permitted",),
        obstacles=(),
        pack_digest=PACK.digest,
    )


@pytest.mark.point("ey-genai-2023:4")
def test_personal_data_to_the_public_cloud_are_redacted():
    found = JUDGE.decide(but(PLAIN, data=tags(DataClass.PERSONAL)))
    assert found.verdict is Verdict.REDACT
    assert found.points == ("4",)
    assert found.cites == ("點4", "個資法施行細則17")
    assert found.obstacles == (Obstacle("send", ("personal.redacted",)),)


@pytest.mark.point("ey-genai-2023:3")
@given(facts)
@settings(max_examples=60, deadline=None)
def test_producing_a_confidential_document_is_refused_everywhere(some):
    assert verdict(but(some, purpose=Purpose.PRODUCE_CLASSIFIED)) is Verdict.DENY


@pytest.mark.point("ey-genai-2023:3")
def test_a_document_from_classified_matter_is_refused_even_in_a_confirmed_environment():
    for purpose in (Purpose.PRODUCE_DOCUMENT, Purpose.ADMINISTRATIVE_ACT_SUPPORT):
        found = JUDGE.decide(but(CLOSED, purpose=purpose, data=tags(DataClass.RESTRICTED)))
        assert found.verdict is Verdict.DENY
        assert found.points == ("3",)


@pytest.mark.point("ey-genai-2023:3")
def test_a_possible_production_is_never_let_through_in_silence():
    for base in (PLAIN, CLOSED):
        asked = but(base, production=Likelihood.POSSIBLE)
        assert JUDGE.decide(asked).verdict is Verdict.APPROVE
        assert JUDGE.decide(asked).points == ("3",)
        assert verdict(but(asked, production_confirmed=True)) is Verdict.ALLOW
        # A word on questions says nothing about production.
        assert verdict(but(asked, question_confirmed=True)) is Verdict.APPROVE


@pytest.mark.point("ey-genai-2023:7")
@given(facts)
@settings(max_examples=60, deadline=None)
def test_an_unregistered_model_gets_nothing(some):
    found = JUDGE.decide(but(some, environment=Environment.UNREGISTERED))
    assert found.verdict is Verdict.DENY
    assert "model.unregistered" in found.rules
    assert found.points == ("7",)


@pytest.mark.point("ey-genai-2023:4")
@given(facts)
@settings(max_examples=60, deadline=None)
def test_top_secret_is_refused_and_confidential_needs_an_air_gap(some):
    top = but(some, data=some.data | {DataClass.TOP_SECRET})
    assert verdict(top) is Verdict.DENY
    if some.environment is not Environment.AIRGAPPED:
        for tag in (DataClass.CONFIDENTIAL, DataClass.SECRET):
            assert verdict(but(some, data=some.data | {tag})) is Verdict.DENY


@pytest.mark.point("ey-genai-2023:8")
def test_a_contractor_gets_less_than_an_official():
    contractor = but(CLOSED, actor=Actor.CONTRACTOR)
    for tag, expected in (
        (DataClass.UNRELEASED, Verdict.APPROVE),
        (DataClass.PERSONAL, Verdict.REDACT),
        (DataClass.RESTRICTED, Verdict.APPROVE),
    ):
        found = JUDGE.decide(but(contractor, data=tags(tag)))
        assert found.verdict is expected
        assert "8" in found.points
        assert verdict(but(CLOSED, data=tags(tag))) <= expected
    airgapped = but(contractor, environment=Environment.AIRGAPPED, env_max=DataClass.SECRET)
    vetting = JUDGE.decide(but(airgapped, data=tags(DataClass.CONFIDENTIAL)))
    assert vetting.verdict is Verdict.DENY
    assert "contractor.vetting" in vetting.rules


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("field", ["question_personal", "question_confidential"])
def test_a_question_is_refused_or_confirmed_in_the_open_and_free_where_covered(field):
    for environment in (
        Environment.PUBLIC_CLOUD,
        Environment.CONTRACTED_CLOUD,
        Environment.ONPREM_UNCONFIRMED,
    ):
        place = but(PLAIN, environment=environment)
        likely = but(place, **{field: Likelihood.LIKELY})
        assert verdict(likely) is Verdict.DENY
        assert verdict(but(likely, question_confirmed=True)) is Verdict.DENY
        possible = but(place, **{field: Likelihood.POSSIBLE})
        assert verdict(possible) is Verdict.APPROVE
        assert verdict(but(possible, question_confirmed=True)) is Verdict.ALLOW
    assert verdict(but(CLOSED, **{field: Likelihood.LIKELY})) is Verdict.ALLOW
    # Confirmed, but not for what the question is about: as open as an unconfirmed one.
    narrow = but(CLOSED, env_max=DataClass.UNRELEASED)
    assert verdict(but(narrow, **{field: Likelihood.LIKELY})) is Verdict.DENY


@pytest.mark.point("ey-genai-2023:4")
@given(facts)
@settings(max_examples=60, deadline=None)
def test_what_could_not_be_inspected_never_goes_as_it_is(some):
    assert verdict(but(some, unreadable=True)) >= Verdict.REDACT


def test_unreadable_alone_is_cut_out_everywhere():
    for base in (PLAIN, CLOSED):
        assert verdict(but(base, unreadable=True)) is Verdict.REDACT


@pytest.mark.point("ey-genai-2023:4")
@given(facts)
@settings(max_examples=150, deadline=None)
def test_each_tag_has_its_say_and_the_strictest_wins(some):
    bare = Facts(some.purpose, frozenset(), some.environment, some.env_max, some.actor)
    alone = [verdict(but(bare, data=tags(tag))) for tag in some.data]
    assert verdict(but(bare, data=some.data)) == max([verdict(bare), *alone])


@given(facts, st.sampled_from(TAGS))
@settings(max_examples=200, deadline=None)
def test_more_data_never_loosen(some, tag):
    assert verdict(but(some, data=some.data | {tag})) >= verdict(some)


@given(facts)
@settings(max_examples=200, deadline=None)
def test_a_stronger_environment_never_tightens(some):
    through = [verdict(but(some, environment=environment)) for environment in Environment]
    assert through == sorted(through, reverse=True)
    bounds = [verdict(but(some, env_max=bound)) for bound in BOUNDS]
    assert bounds == sorted(bounds, reverse=True)


@given(facts)
@settings(max_examples=150, deadline=None)
def test_likelier_never_loosens(some):
    for field in ("question_personal", "question_confidential"):
        found = [verdict(but(some, **{field: likelihood})) for likelihood in Likelihood]
        assert found == sorted(found)


@given(facts)
@settings(max_examples=100, deadline=None)
def test_a_decision_explains_itself(some):
    found = JUDGE.decide(some)
    assert found.rules
    assert found.points
    assert found.cites
    assert len(found.obstacles) == found.verdict
    assert [obstacle.plan for obstacle in found.obstacles] == [
        "send",
        "sendRedacted",
        "sendApproved",
    ][: found.verdict]
    assert all(obstacle.rules for obstacle in found.obstacles)


@given(facts)
@settings(max_examples=100, deadline=None)
def test_what_the_policies_see_fits_the_schema(some):
    """The judge doesn't pay for checking each request against the schema; here it is checked."""
    for action in ("send", "sendRedacted", "sendApproved"):
        result = cedarpy.is_authorized(
            {
                "principal": {"type": "Actor", "id": some.actor.value},
                "action": f'Action::"{action}"',
                "resource": {"type": "Model", "id": some.model},
                "context": context(some).decode(),
            },
            PACK.policy_text,
            [],
            schema=PACK.schema_text,
        )
        assert result.decision is not cedarpy.Decision.NoDecision
        assert result.diagnostics.errors == []


def test_the_use_of_classified_matter_is_of_that_matters_class():
    used = but(CLOSED, purpose=Purpose.USE_CLASSIFIED_OTHER)
    assert carried(used) == {DataClass.RESTRICTED}
    assert verdict(used) is Verdict.APPROVE
    assert verdict(but(used, env_max=DataClass.PERSONAL_SPECIAL)) is Verdict.DENY


def test_the_order_of_policies_and_of_agency_packs_is_of_no_consequence(rows):
    blocks = [block for block in PACK.policy_text.split("\n\n") if "@id" in block]
    agencies = [
        load_agency_pack(
            name,
            f'@id("{name}.rule") @reason_zh("規定") '
            f'forbid (principal, action == Action::"send", resource) when {{ {condition} }};',
            PACK,
        )
        for name, condition in (
            ("a", 'context.environment == "E2"'),
            ("b", 'context.purpose == "general"'),
        )
    ]
    straight = Judge(PACK, agencies)
    random.Random(20231003).shuffle(blocks)
    text = "\n\n".join(blocks)
    shuffled = msgspec.structs.replace(PACK, policy_text=text, policies=policies.read(text))
    turned = Judge(shuffled, agencies[::-1])
    assert turned.digest == straight.digest
    for row in rows[::5]:
        one, other = straight.decide(row.facts), turned.decide(row.facts)
        assert one.verdict is other.verdict
        assert set(one.rules) == set(other.rules)
        assert set(one.cites) == set(other.cites)


def bare(text: str) -> Pack:
    return msgspec.structs.replace(PACK, policy_text=text, policies=policies.read(text))


@given(facts)
@settings(max_examples=30, deadline=None)
def test_no_policies_permit_nothing(some):
    found = Judge(bare("")).decide(some)
    assert found.verdict is Verdict.DENY
    assert found.rules == ("engine.not-permitted",)


def test_a_policy_that_errs_refuses_though_another_permits():
    erring = (
        '@id("boom") @point("ey-genai-2023:4") @cites("x") @reason_zh("x") @reason_en("x") '
        "forbid (principal, action, resource) when { context.nowhere };"
    )
    judge = Judge(bare(PACK.policy_text + erring))
    found = judge.decide(PLAIN)
    assert found.verdict is Verdict.DENY
    assert found.rules == ("engine.error",)
    assert [obstacle.rules for obstacle in found.obstacles] == [("engine.error",)] * 3


def test_a_nameless_policy_refuses():
    judge = Judge(bare("permit (principal, action, resource);"))
    assert judge.decide(PLAIN).rules == ("engine.error",)


def test_a_policy_that_the_judge_does_not_know_refuses():
    text = '@id("stranger") permit (principal, action, resource);'
    judge = Judge(msgspec.structs.replace(PACK, policy_text=text))
    assert judge.decide(PLAIN).rules == ("engine.error",)


def test_decisions_are_cached_by_facts_and_named_by_the_packs_digest(data):
    judge = Judge(PACK)
    assert judge.decide(PLAIN) is judge.decide(msgspec.structs.replace(PLAIN))
    agency = load_agency_pack("names", (data / "names_redacted.cedar").read_text(), PACK)
    tightened = Judge(PACK, [agency])
    assert judge.decide(PLAIN).pack_digest == PACK.digest
    assert tightened.decide(PLAIN).pack_digest == tightened.digest != PACK.digest


def test_two_packs_with_one_rule_id_do_not_load(data):
    text = (data / "names_redacted.cedar").read_text()
    one, other = (load_agency_pack(name, text, PACK) for name in ("one", "other"))
    with pytest.raises(PackError, match=r"names\.always-redacted"):
        Judge(PACK, [one, other])
    floor = text.replace("names.always-redacted", "personal.redacted")
    with pytest.raises(PackError, match="taken"):
        Judge(PACK, [load_agency_pack("x", floor, PACK)])


def test_threads_agree(rows):
    judge = Judge(PACK)
    some = [row.facts for row in rows[::40]] * 2
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(judge.decide, some))
    assert together == [JUDGE.decide(each) for each in some]
