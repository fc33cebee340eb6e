"""docs/security-baseline.md: 80 controls, each with a verdict, and every path on it exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security-baseline.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+) \| (普|中|高) \| (.+?)<br>(.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
VERDICTS = ("met 符合", "operator 機關辦理", "not met 未符合")
ROWS = ROW.findall(PAGE)
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+|[A-Z]+\.md|pyproject\.toml)`")
pytestmark = pytest.mark.point("ey-genai-2023:7")


def test_there_are_eighty_in_their_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 81))


def test_each_has_a_verdict_and_says_by_what() -> None:
    for number, _, _, _, verdict, by in ROWS:
        assert verdict in VERDICTS, number
        assert len(by) > 10, number
        if verdict == VERDICTS[0]:  # what is met is met by something that is here
            assert _PATH.search(by), number


def test_what_is_met_by_code_names_a_test() -> None:
    """A control that code carries out is kept by a test, but for what only documents can show."""
    untested = {
        int(number)
        for number, _, _, _, verdict, by in ROWS
        if verdict == VERDICTS[0] and "src/" in by and "tests/" not in by
    }
    assert untested <= {29, 30, 38}  # backups: tested by their own suite; 38: there is no password


def test_every_path_exists() -> None:
    named = _PATH.findall(PAGE)
    assert len(set(named)) > 80
    assert not [each for each in named if not (ROOT / each).exists()]


def test_the_counts_are_those_of_the_rows() -> None:
    told = Counter((grade, verdict) for _, grade, _, _, verdict, _ in ROWS)
    for grade in ("普", "中", "高"):
        line = next(each for each in PAGE.splitlines() if each.startswith(f"| {grade} |"))
        counts = [int(each) for each in line.split("|")[2:5]]
        assert counts == [told[grade, verdict] for verdict in VERDICTS]


def test_what_is_not_met_is_explained() -> None:
    missed = [number for number, _, _, _, verdict, _ in ROWS if verdict == VERDICTS[2]]
    rest = PAGE.partition("## What is not met")[2]
    assert all(f"**{number}**" in rest for number in missed)
