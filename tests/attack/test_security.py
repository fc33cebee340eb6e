"""docs/security.md says which test attacks what: each of them exists, and so does the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.point("ey-genai-2023:7")

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", DOCUMENT)))
FLOWS = re.findall(r"^### (.+)$", DOCUMENT, re.MULTILINE)


def test_the_document_names_tests() -> None:
    assert len(NAMED) >= 50
    assert len(FLOWS) >= 7


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_is_named_is_there(file: str, name: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / file).read_text("utf-8"))


def test_each_flow_is_looked_at_from_every_side() -> None:
    """All six letters of STRIDE stand somewhere; every row has a defence and a test."""
    rows = re.findall(r"^\| ([STRIDE]) \| (.+) \| (.+) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert {letter for letter, *_ in rows} == set("STRIDE")
    assert all("::" in tests and len(defence) > 5 for _, _, defence, tests in rows)


def test_the_code_that_is_named_is_there() -> None:
    source = ROOT / "src" / "shenyong"
    for path in set(re.findall(r"\(`((?!tests)[a-z_/]+\.py)`", DOCUMENT)):
        assert (source / path).exists(), path


def test_what_stays_open_is_said() -> None:
    assert "## What stays open" in DOCUMENT
    assert DOCUMENT.count("\n1. ") >= 1


def test_the_outside_suites_have_their_results() -> None:
    told = DOCUMENT.partition("<!-- outside -->")[2].partition("<!-- /outside -->")[0]
    for suite in ("JSONTestSuite", "naughty strings", "llhttp", "schemathesis", "Bandit"):
        assert suite.lower() in told.lower(), suite
