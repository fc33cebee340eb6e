"""An official's day: what people really send, and what must come of it.

The expectations in ``day.jsonl`` were written from guideline.md and domain.md 8.2, not from what
the program answers. All persons and numbers are invented; numbers have valid check digits.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shenyong.cli.checking import check_line

pytestmark = pytest.mark.point("ey-genai-2023:4")

DAY = [
    json.loads(line)
    for line in Path(__file__).with_name("day.jsonl").read_text(encoding="utf-8").splitlines()
]
_SPEC = Path(__file__).parents[2] / "../shared/spec/identifiers.json"
_OURS = {"tw_address": "address", "name_labelled": "person_name"}
_LEAST = {
    "plain": 30,
    "personal": 20,
    "evasion": 15,
    "marking": 8,
    "draft": 6,
    "explain": 6,
    "question": 6,
    "harmless": 6,
    "secret": 5,
}


def said(case: dict[str, Any]) -> str:
    """All that the person wrote, as one text."""
    if "text" in case:
        return str(case["text"])
    return "\n".join(message["content"] for message in case["messages"])


def forwarded(answer: dict[str, Any]) -> str:
    """What would go on, as one text; its messages one below the other."""
    forward = answer["forward"]
    if isinstance(forward, list):
        return "\n".join(
            message if isinstance(message, str) else message["content"] for message in forward
        )
    return str(forward)


def test_the_day_has_cases_of_every_sort():
    assert len({case["id"] for case in DAY}) == len(DAY)
    sorts = Counter(case["id"].partition("-")[0] for case in DAY)
    assert sorts.keys() == _LEAST.keys()
    assert {sort: count for sort, count in sorts.items() if count < _LEAST[sort]} == {}


def test_every_identifier_occurs():
    if not _SPEC.exists():
        pytest.skip("the list of identifiers is not beside this checkout")
    spec = json.loads(_SPEC.read_text(encoding="utf-8"))["identifiers"]
    expected = {kind for case in DAY for kind in case["expect"].get("kinds", ())}
    assert {_OURS.get(each["id"], each["id"]) for each in spec} <= expected


@pytest.mark.parametrize("case", DAY, ids=lambda case: case["id"])
def test_what_must_go_or_stay_was_written(case):
    text = said(case)
    missing = [
        each
        for each in (*case["expect"].get("gone", ()), *case["expect"].get("stay", ()))
        if each not in text and case["id"].partition("-")[0] != "evasion"
    ]
    assert not missing


@pytest.mark.parametrize("case", DAY, ids=lambda case: case["id"])
def test_an_officials_day(case):
    expect = case["expect"]
    line = {key: value for key, value in case.items() if key != "expect"}
    answer = check_line(line)
    wrong: dict[str, Any] = {}
    if answer["verdict"] != expect["verdict"]:
        wrong["verdict"] = answer["verdict"]
    if missing := set(expect.get("points", ())) - set(answer["points"]):
        wrong["points missing"] = sorted(missing)
    kinds = {finding["kind"] for finding in answer["findings"]}
    if missing := set(expect.get("kinds", ())) - kinds:
        wrong["kinds missing"] = sorted(missing)
    if answer["verdict"] in ("allow", "redact"):
        forward = forwarded(answer)
        if kept := [each for each in expect.get("gone", ()) if each in forward]:
            wrong["not gone"] = kept
        if lost := [each for each in expect.get("stay", ()) if each not in forward]:
            wrong["lost"] = lost
    elif answer["verdict"] == "deny" and answer["forward"] is not None:
        wrong["forward of a refusal"] = answer["forward"]
    assert not wrong, {**wrong, "kinds": sorted(kinds), "rules": answer.get("rules")}
