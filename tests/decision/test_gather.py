from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.decision import Judge, UnknownDeclarationError, declared_class, gather
from shenyong.guideline import load_pack
from shenyong.guideline.terms import (
    Actor,
    DataClass,
    Environment,
    Likelihood,
    Purpose,
    Verdict,
)
from shenyong.inspection.finding import Finding

JUDGE = Judge(load_pack())
BASE = {
    "purpose": Purpose.GENERAL,
    "actor": Actor.OFFICIAL_NEED_TO_KNOW,
    "environment": Environment.PUBLIC_CLOUD,
    "env_max": None,
}


def finding(
    kind: str, data_class: DataClass | None = None, likelihood: Likelihood = Likelihood.NONE
) -> Finding:
    return Finding(kind, data_class, "messages[0].content", 0, 1, "○", 1.0, "test/1", likelihood)


def test_classes_and_kinds_are_joined():
    facts = gather(
        [finding("ubn"), finding("email", DataClass.PERSONAL), finding("x", DataClass.PUBLIC)],
        declared="D1",
        **BASE,
    )
    assert facts.data == {DataClass.UNRELEASED, DataClass.PERSONAL}
    assert facts.kinds == {"ubn", "email", "x"}


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize(
    ("likelihood", "expected"),
    [
        (Likelihood.NONE, Verdict.ALLOW),
        (Likelihood.POSSIBLE, Verdict.APPROVE),
        (Likelihood.LIKELY, Verdict.DENY),
    ],
)
def test_words_that_ask_for_a_confidential_document(likelihood, expected):
    facts = gather([finding("produce_classified", likelihood=likelihood)], **BASE)
    assert JUDGE.decide(facts).verdict is expected


@pytest.mark.point("ey-genai-2023:3")
def test_the_officials_word_does_not_lift_a_likely_production():
    likely = finding("produce_classified", likelihood=Likelihood.LIKELY)
    possible = finding("produce_classified", likelihood=Likelihood.POSSIBLE)
    facts = gather([possible, likely, possible], production_confirmed=True, **BASE)
    assert facts.purpose is Purpose.PRODUCE_CLASSIFIED
    assert facts.production_confirmed is False
    assert JUDGE.decide(facts).verdict is Verdict.DENY


@pytest.mark.point("ey-genai-2023:4")
def test_the_strongest_question_counts():
    facts = gather(
        [
            finding("question_personal", likelihood=Likelihood.LIKELY),
            finding("question_personal", likelihood=Likelihood.POSSIBLE),
            finding("question_confidential", likelihood=Likelihood.POSSIBLE),
        ],
        **BASE,
    )
    assert facts.question_personal is Likelihood.LIKELY
    assert facts.question_confidential is Likelihood.POSSIBLE


def test_a_run_that_could_not_be_decoded_is_unreadable():
    assert gather([finding("encoded")], **BASE).unreadable
    assert not gather([finding("email", DataClass.PERSONAL)], **BASE).unreadable


@pytest.mark.point("ey-genai-2023:4")
@given(
    st.frozensets(st.sampled_from(DataClass)),
    st.lists(st.sampled_from(["密", "機密", "極機密", "絕對機密", "普通", "D1", " d2 ", "", "D0"])),
)
def test_a_declaration_adds_and_never_lowers(found, declared):
    findings = [finding("marking", tag) for tag in sorted(found)]
    without = gather(findings, **BASE)
    facts = gather(findings, declared=declared, **BASE)
    assert facts.data >= without.data
    assert facts.data == (found | {declared_class(word) for word in declared if word.strip()}) - {
        DataClass.PUBLIC
    }
    assert JUDGE.decide(facts).verdict >= JUDGE.decide(without).verdict


def test_a_declaration_that_nobody_knows_is_refused_without_repeating_it():
    with pytest.raises(UnknownDeclarationError) as error:
        gather([], declared="最高機密A123456789", **BASE)
    assert "A123456789" not in str(error.value)


def test_levels_and_codes():
    assert [declared_class(word) for word in ("密", "機密", "極機密", "絕對機密")] == [
        DataClass.RESTRICTED,
        DataClass.CONFIDENTIAL,
        DataClass.SECRET,
        DataClass.TOP_SECRET,
    ]
    assert (
        gather([], declared=None, **BASE).data == gather([], declared="普通", **BASE).data == set()
    )
