"""Ready packs: they only tighten, their examples hold, and every clause has a source."""

from __future__ import annotations

import re

import pytest

from shenyong.decision import Judge, examples, load_agency_pack
from shenyong.guideline import load_pack
from shenyong.guideline.ready import (
    ReadyPack,
    ReadyPackError,
    read_ready,
    ready_pack,
    ready_packs,
)

PACK = load_pack()
NAMED = ("annex10", "ai-basic-act", "city-nine-by-four", "singapore-ga", "us-m-25-21",
         "eu-ai-act-50", "nist-ai-600-1", "iso-42001")  # fmt: skip
pytestmark = [pytest.mark.point("ey-genai-2023:7"), pytest.mark.point("ey-genai-2023:10")]


def test_all_eight_sources_are_there() -> None:
    assert tuple(each.id for each in ready_packs()) == NAMED
    assert ready_pack("annex10") is ready_packs()[0]
    assert ready_pack("no-such") is None


@pytest.mark.parametrize("pack", ready_packs(), ids=lambda each: each.id)
class TestPack:
    def test_every_clause_has_a_source_and_one_way(self, pack: ReadyPack) -> None:
        assert len(pack.clauses) >= 4
        for each in pack.clauses:
            assert each.source
            assert each.title_zh
            assert each.title_en
            assert bool(each.rule) + bool(each.evidence_zh) + bool(each.operator_zh) == 1

    def test_it_only_tightens(self, pack: ReadyPack) -> None:
        if not pack.policy_text:
            assert not any(each.rule for each in pack.clauses)
            return
        loaded = load_agency_pack(pack.id, pack.policy_text, PACK)
        assert {each.id for each in loaded.policies} == {each.rule for each in pack.clauses} - {""}
        assert all(each.id.startswith(f"{pack.id}.") for each in loaded.policies)
        assert all(each.cites and not each.cites[0].startswith("內控:") for each in loaded.policies)
        judge = Judge(PACK, [loaded])
        ran = examples.read(pack.examples)
        assert len(ran) >= 3
        assert examples.run(ran, judge) == ()
        floor = Judge(PACK)
        turned = 0
        for each in ran:
            before, after = floor.decide(each.facts).verdict, judge.decide(each.facts).verdict
            assert after >= before
            turned += after > before
        assert turned >= 1

    def test_each_rule_is_shown_by_an_example(self, pack: ReadyPack) -> None:
        """Take one rule out, and an example that it decides comes out otherwise."""
        pieces = re.split(r"\n(?=@id)", f"\n{pack.policy_text.strip()}")
        rules = [each for each in pieces if "forbid" in each]
        ran = examples.read(pack.examples)
        for number, rule in enumerate(rules):
            rest = [each for at, each in enumerate(rules) if at != number]
            packs = [load_agency_pack(pack.id, "\n".join(rest), PACK)] if rest else []
            assert examples.run(ran, Judge(PACK, packs)), rule[:80]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('rule = "annex10.least-privilege"', 'evidence_zh = "x"'),
        ('rule = "annex10.least-privilege"', ""),
        ('key = "least"', 'key = "logs"'),
        ('source = "附表十 存取控制／採最小權限"', 'source = ""'),
        ('version = "1.0.0"', "version = 1"),
        ('id = "annex10"', 'id = "annex10'),
    ],
)
def test_a_pack_that_is_not_consistent_is_refused(old: str, new: str) -> None:
    from importlib import resources

    file = resources.files("shenyong.guideline") / "ready_packs" / "10-annex10.toml"
    text = file.read_text("utf-8")
    assert read_ready("x", text).id == "annex10"
    assert old in text
    with pytest.raises(ReadyPackError):
        read_ready("x", text.replace(old, new, 1))
