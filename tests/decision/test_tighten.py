from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.decision import Facts, Judge, check_table, load_agency_pack
from shenyong.decision.judge import PLANS
from shenyong.guideline import PackError, load_pack
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose, Verdict

PACK = load_pack()
FLOOR = Judge(PACK)
PLAIN = Facts(
    purpose=Purpose.GENERAL,
    data=frozenset(),
    environment=Environment.PUBLIC_CLOUD,
    env_max=None,
    actor=Actor.OFFICIAL_NEED_TO_KNOW,
)
TAGS = [tag for tag in DataClass if tag is not DataClass.PUBLIC]

_conditions = st.one_of(
    st.sampled_from(TAGS).map(lambda tag: f'context.data.contains("{tag.value}")'),
    st.sampled_from(Environment).map(lambda env: f'context.environment == "{env.value}"'),
    st.sampled_from(Purpose).map(lambda purpose: f'context.purpose == "{purpose.value}"'),
    st.integers(-2, 8).map(lambda rank: f"context.confirmed < {rank}"),
    st.sampled_from(["context.unreadable", "context.data.isEmpty()", "true"]),
    st.sampled_from(["ubn", "person_name"]).map(lambda kind: f'context.kinds.contains("{kind}")'),
    st.just('context.model like "qwen*"'),
    # An overflow: validates, and errs when evaluated. The judge must refuse, not skip it.
    st.just("context.confirmed * 9223372036854775807 > 3"),
)
_expressions = st.recursive(
    _conditions,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} && {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} || {two[1]})"),
    ),
    max_leaves=4,
)
_actions = st.lists(
    st.sampled_from(["send", "sendRedacted", "sendApproved"]), min_size=1, unique=True
).map(lambda names: "[" + ", ".join(f'Action::"{name}"' for name in names) + "]")
_principals = st.one_of(
    st.just("principal"),
    st.sampled_from(Actor).map(lambda actor: f'principal == Actor::"{actor.value}"'),
)
_rules = st.tuples(_principals, _actions, _expressions, st.sampled_from(["when", "unless"]))


def _text(rules: list[tuple[str, str, str, str]]) -> str:
    return "\n".join(
        f'@id("agency.{number}") @reason_zh("本機關規定{number}")\n'
        f"forbid ({principal}, action in {action}, resource) {word} {{ {condition} }};"
        for number, (principal, action, condition, word) in enumerate(rules)
    )


agency_texts = st.lists(_rules, min_size=1, max_size=4).map(_text)


@pytest.mark.point("ey-genai-2023:7")
@given(agency_texts, st.lists(st.from_type(Facts), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_no_agency_pack_loosens_any_facts(text, some):
    tightened = Judge(PACK, [load_agency_pack("agency", text, PACK)])
    for facts in some:
        assert tightened.decide(facts).verdict >= FLOOR.decide(facts).verdict


@given(agency_texts, st.lists(st.from_type(Facts), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_what_one_answer_implies_is_what_cedar_says(text, some):
    agency = load_agency_pack("agency", text, PACK)
    implying, asking = Judge(PACK, [agency]), Judge(PACK, [agency])
    asking._asked = frozenset(PLANS)
    for facts in some:
        assert implying.decide(facts) == asking.decide(facts)


def test_a_rule_that_looks_at_the_action_is_asked_of_each_plan():
    text = (
        '@id("a.b") @reason_zh("x") forbid (principal, action, resource is Model)'
        ' when { action == Action::"send" };'
    )
    judge = Judge(PACK, [load_agency_pack("agency", text, PACK)])
    assert judge._asked == frozenset(PLANS)
    assert judge.decide(PLAIN).verdict is Verdict.REDACT


@pytest.mark.point("ey-genai-2023:7")
@given(agency_texts, st.integers(0, 39))
@settings(max_examples=25, deadline=None)
def test_no_agency_pack_loosens_a_row_of_the_table(rows, text, offset):
    tightened = Judge(PACK, [load_agency_pack("agency", text, PACK)])
    for row in rows[offset::40]:
        assert tightened.decide(row.facts).verdict >= row.verdict


@pytest.mark.point("ey-genai-2023:7")
@pytest.mark.parametrize("name", ["trade_administration", "names_redacted"])
def test_an_example_pack_loosens_none_of_the_3840_rows(name, rows, data):
    agency = load_agency_pack(name, (data / f"{name}.cedar").read_text(), PACK)
    report = check_table(rows, Judge(PACK, [agency]))
    assert all(found.verdict > found.row.verdict for found in report.disagree)


def test_the_trade_administration_is_stricter_where_it_says_so(data):
    text = (data / "trade_administration.cedar").read_text()
    judge = Judge(PACK, [load_agency_pack("trade", text, PACK)])

    def decide(**facts: object):
        return judge.decide(msgspec.structs.replace(PLAIN, **facts))

    assert decide().verdict is Verdict.ALLOW
    banned = decide(model="qwen-72b-instruct")
    assert banned.verdict is Verdict.DENY
    assert banned.rules == ("trade.no-prc-models",)
    assert banned.cites == ("本署資通安全作業規定14(例)",)
    number = decide(kinds=frozenset({"ubn"}))
    assert (number.verdict, number.points, number.cites) == (
        Verdict.REDACT,
        ("7",),
        ("內控:trade",),
    )
    assert decide(use_case="negotiation").verdict is Verdict.APPROVE


def test_officials_names_can_be_redacted_too(data):
    text = (data / "names_redacted.cedar").read_text()
    judge = Judge(PACK, [load_agency_pack("names", text, PACK)])
    found = judge.decide(msgspec.structs.replace(PLAIN, kinds=frozenset({"person_name"})))
    assert found.verdict is Verdict.REDACT


def test_the_floors_ground_is_cited_before_the_agencys():
    text = '@id("a.all") @reason_zh("一律不得") forbid (principal, action, resource is Model);'
    judge = Judge(PACK, [load_agency_pack("a", text, PACK)])
    found = judge.decide(msgspec.structs.replace(PLAIN, data=frozenset({DataClass.UNRELEASED})))
    assert found.rules == ("unreleased.public-cloud", "a.all")
    assert found.cites == ("點4",)


GOOD = '@id("a.b") @reason_zh("理由")\nforbid (principal, action, resource) when { true };\n'


@pytest.mark.point("ey-genai-2023:7")
@pytest.mark.parametrize(
    ("text", "policy", "line", "words"),
    [
        (
            GOOD + '\n// "; a comment;\n@id("a.c") @reason_zh("x")\n'
            "permit (principal, action, resource);",
            "a.c",
            5,
            "only tighten",
        ),
        ("forbid (principal, action, resource);", "number 1", 1, "no @id"),
        (GOOD + GOOD, "a.b", 3, "taken"),
        ('@id("a.b") forbid (principal, action, resource);', "a.b", 1, "no reason"),
        (
            '@id("a.b") @reason_zh("x")\n'
            "forbid (principal, action, resource is Model) when { context.moon };",
            "a.b",
            1,
            "schema",
        ),
        (
            '@id("a.b") @point("ey-genai-2023:99") @reason_zh("x")'
            " forbid (principal, action, resource);",
            "a.b",
            1,
            "no point",
        ),
        ("forbid (principal, action", "", 0, "Cedar"),
        (
            '@id("a.b") @reason_zh("x") forbid (principal == ?principal, action, resource);',
            "",
            0,
            "templates",
        ),
    ],
)
def test_what_is_not_a_proper_forbid_is_refused_with_place_and_advice(text, policy, line, words):
    with pytest.raises(PackError, match=words) as error:
        load_agency_pack("agency", text, PACK)
    assert (error.value.policy, error.value.line) == (policy, line)
    assert error.value.advice
    assert "agency" in str(error.value)


def test_an_empty_pack_changes_nothing():
    judge = Judge(PACK, [load_agency_pack("empty", "// nothing yet\n", PACK)])
    assert judge.decide(PLAIN).verdict is Verdict.ALLOW
