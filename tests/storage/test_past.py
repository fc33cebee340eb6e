"""A trial over the ledger's decisions agrees exactly with deciding them one by one."""

from __future__ import annotations

from collections import Counter

import msgspec
import psycopg
import pytest
from tests.storage.past_work import AGENCY, entries, fill

from shenyong.decision import Judge, load_agency_pack
from shenyong.decision.trial import again, try_out
from shenyong.guideline import load_pack
from shenyong.ledger.entry import encode
from shenyong.storage.past import past_decisions, past_of

pytestmark = pytest.mark.point("ey-genai-2023:rolling")

FLOOR = load_pack()
OWN = """
@id("trial.models") @reason_zh("本機關僅得使用核可模型。")
forbid (principal,
  action in [Action::"send", Action::"sendRedacted", Action::"sendApproved"], resource)
when { !(["local/a", "cloud/b", "onprem/d"].contains(context.model)) };
@id("trial.held") @reason_zh("一科一律經核准。")
forbid (principal, action in [Action::"send", Action::"sendRedacted"], resource)
when { context.unit == "一科" };
@id("trial.untrained") @reason_zh("未完成訓練。")
forbid (principal, action in [Action::"send", Action::"sendRedacted"], resource)
when { !context.trained && context.kinds.contains("person_name") };
"""
BEFORE = Judge(FLOOR)
AFTER = Judge(FLOOR, [load_agency_pack("trial", OWN, FLOOR)])
COUNT = 6000


@pytest.fixture(scope="module")
def ledger(dsn: str) -> str:
    fill(dsn, entries(COUNT, BEFORE))
    return dsn


def test_it_agrees_with_deciding_one_by_one(ledger: str) -> None:
    with psycopg.connect(ledger) as connection:
        past = past_decisions(connection, AGENCY, 0, 2**60)
    trial = try_out(past.pasts, BEFORE, AFTER)
    single: Counter[tuple[str, str, str]] = Counter()
    for entry in entries(COUNT, BEFORE):
        one = past_of(entry)
        assert one is not None
        assert again(one, BEFORE).verdict.word == entry.verdict
        after = again(one, AFTER).verdict.word
        if after != entry.verdict:
            single[entry.verdict, after, entry.owner] += 1
    tried: Counter[tuple[str, str, str]] = Counter()
    for change in trial.changes:
        for owner, count in change.owners:
            tried[change.before.word, change.after.word, owner] += count
    assert tried == single
    assert trial.decided == COUNT
    assert trial.undecidable == 0
    assert trial.stricter == sum(single.values()) > 1000
    assert trial.looser == 0
    assert trial.people == len({owner for _, _, owner in single})


def test_a_change_names_the_agency_s_rule_first_and_what_is_left_to_do(ledger: str) -> None:
    with psycopg.connect(ledger) as connection:
        past = past_decisions(connection, AGENCY, 0, 2**60)
    trial = try_out(past.pasts, BEFORE, AFTER)
    assert {change.rules[0].partition(".")[0] for change in trial.changes} == {"trial"}
    held = [each for each in trial.changes if each.after.word == "approve"]
    assert held
    assert all("ask_approver" in each.remedies for each in held)


@pytest.mark.parametrize(("first", "last"), [(0, COUNT), (100, 250), (5999, 6000), (17, 17)])
def test_only_the_time_that_was_asked_for_counts(ledger: str, first: int, last: int) -> None:
    begin = 1_700_000_000_000_000
    with psycopg.connect(ledger) as connection:
        past = past_decisions(
            connection, AGENCY, begin + first * 1_000_000, begin + last * 1_000_000
        )
    assert sum(past.pasts.values()) == last - first


def test_entries_without_facts_are_counted_apart(dsn: str) -> None:
    made = (msgspec.structs.replace(each, agency="old", seen=None) for each in entries(5, BEFORE))
    leaves = list(made)
    with psycopg.connect(dsn) as connection:
        for number, entry in enumerate(leaves):
            connection.execute(
                "INSERT INTO ledger_entry VALUES ('old', %s, gen_random_uuid(), 1, 'decision', "
                "%s, '')",
                [number, encode(entry)],
            )
        past = past_decisions(connection, "old", 0, 2**60)
    assert past.undecidable == 5
    assert past.pasts == {}
