from __future__ import annotations

import json

import msgspec
import pytest

from shenyong.decision import Judge, TableError, check_table, read_table
from shenyong.decision.table import COLUMNS
from shenyong.guideline.terms import DataClass, Environment, Verdict

ROW = ["general", "D2_personal", "E1_public_cloud", "-", "contractor", "redact", ["點4"]]


def table(*rows: list[object], columns: object = COLUMNS) -> bytes:
    return json.dumps({"columns": columns, "rows": rows}).encode()


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.point("ey-genai-2023:4")
def test_every_row_of_the_decision_table_agrees_with_verdict_and_citations(rows, judge):
    report = check_table(rows, judge)
    assert report.rows == 3840
    assert report.disagree == ()
    assert report.cites_disagree == ()
    assert (report.agree, report.cites_agree) == (3840, 3840)


def test_a_row_that_differs_is_reported_with_both_verdicts(rows, judge):
    wrong = [
        msgspec.structs.replace(row, verdict=Verdict.ALLOW) if row.number == 7 else row
        for row in rows[:20]
    ]
    assert rows[6].verdict is Verdict.DENY
    report = check_table(wrong, judge)
    assert (report.rows, report.agree) == (20, 19)
    (found,) = report.disagree
    assert (found.row.number, found.row.verdict, found.verdict) == (7, Verdict.ALLOW, Verdict.DENY)
    assert found.rules


def test_a_row_that_differs_in_its_citations_only_is_counted_apart(judge):
    report = check_table(read_table(table(ROW)), judge)
    assert (report.agree, report.cites_agree) == (1, 0)
    assert report.cites_disagree[0].cites == ("點4", "個資法施行細則17")


def test_words_are_read_by_their_codes():
    (row,) = read_table(table(ROW))
    assert row.facts.data == {DataClass.PERSONAL}
    assert row.facts.environment is Environment.PUBLIC_CLOUD
    assert row.facts.env_max is None
    assert row.verdict is Verdict.REDACT


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (b"", 0),
        (b"[]", 0),
        (b'{"columns": [], "rows": []}', 0),
        (table(["general", "D9", "E1", "-", "contractor", "deny", []]), 1),
        (table(ROW, ["general", "D1", "E1", "-", "contractor", "perhaps", []]), 2),
        (table(["general", "D1"]), 0),
    ],
)
def test_a_table_that_cannot_be_read_says_where(content, number):
    with pytest.raises(TableError) as error:
        read_table(content)
    assert error.value.row == number


def test_an_empty_table_agrees_with_nothing(judge: Judge):
    assert check_table((), judge).agree == 0
