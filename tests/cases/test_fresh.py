"""Cases written before anybody looked at what the program answers, in five rounds, and kept.

``fresh.jsonl`` has 120, the later rounds 50 and more each: letters, chats, tables, tool arguments,
SQL, logs and programs of the police, household registration, welfare, health, tax, land, schools
and others; at least half are plain work that must pass untouched. The expectations are from
guideline.md and domain.md 8.2. All persons and numbers are invented.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shenyong.cli.checking import check_line, inspector
from shenyong.guideline.terms import DataClass
from shenyong.protocols import openai_chat
from shenyong.reading import read
from shenyong.reading.passage import Source

pytestmark = pytest.mark.point("ey-genai-2023:4")

_HERE = Path(__file__).parent
FILES = ("day.jsonl", *(f"fresh{each}.jsonl" for each in ("", 2, 3, 4, 5)))
CASES = [
    (f"{file.partition('.')[0]}-{case['id']}", case)
    for file in FILES
    for case in map(json.loads, (_HERE / file).read_text(encoding="utf-8").splitlines())
]
FRESH = [(name, case) for name, case in CASES if not name.startswith("day-")]
_AT_LEAST_PERSONAL = DataClass.PERSONAL.rank


def each(cases: Sequence[tuple[str, Any]]) -> pytest.MarkDecorator:
    """Each case a test of its own."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases])


def line_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """What the case sends."""
    return {key: value for key, value in case.items() if key != "expect"}


@cache
def _texts(name: str) -> Mapping[str, str]:
    """The strings that a case sends, by path."""
    case = dict(CASES)[name]
    if "text" in case:
        return {"text": case["text"]}
    exchange = openai_chat.take({"model": "check", "messages": case["messages"]})
    return {source.path: source.text for source in exchange.sources}


def _said(answer: Mapping[str, Any]) -> str:
    forward = answer["forward"]
    return forward if isinstance(forward, str) else json.dumps(forward, ensure_ascii=False)


def test_most_of_an_officials_work_is_plain() -> None:
    verdicts = Counter(case["expect"]["verdict"] for _, case in FRESH)
    assert verdicts["allow"] * 2 >= len(FRESH) >= 180
    assert len({name for name, _ in CASES}) == len(CASES)


@each(FRESH)
def test_the_verdict_is_that_of_the_text(case: dict[str, Any]) -> None:
    expect, answer = case["expect"], check_line(line_of(case))
    rules = answer["rules"], answer["findings"]
    assert answer["verdict"] == expect["verdict"], rules
    assert set(expect.get("points", ())) <= set(answer["points"]), rules
    assert set(expect.get("kinds", ())) <= {found["kind"] for found in answer["findings"]}, rules


@each(FRESH)
def test_what_must_go_goes_and_the_rest_stays(case: dict[str, Any]) -> None:
    expect, answer = case["expect"], check_line(line_of(case))
    if answer["verdict"] not in ("allow", "redact"):
        assert answer["forward"] is None
        return
    said = _said(answer)
    assert [value for value in expect.get("gone", ()) if value in said] == []
    assert [value for value in expect.get("stay", ()) if value not in said] == []


@each([(name, case) for name, case in CASES if case["expect"]["verdict"] == "allow"])
def test_plain_work_goes_on_as_it_is(case: dict[str, Any]) -> None:
    answer = check_line(line_of(case))
    assert answer["forward"] == (case["text"] if "text" in case else case["messages"])
    if case["env"] == "E1":
        classes = {found["class"] for found in answer["findings"]} - {None}
        assert {name for name in classes if DataClass(name).rank >= _AT_LEAST_PERSONAL} == set()


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_a_finding_lies_where_it_says(name: str) -> None:
    texts = _texts(name)
    for found in check_line(line_of(dict(CASES)[name]))["findings"]:
        text = texts[found["path"]]
        assert 0 <= found["start"] < found["end"] <= len(text)
        value = text[found["start"] : found["end"]]
        assert value.strip()
        assert found["masked"] != value or found["kind"] == "marking"


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_the_place_alone_is_what_was_found(name: str) -> None:
    """A value cut out and read alone reads as in its text: no finding begins or ends beside it."""
    texts = _texts(name)
    sources = [Source(path, text) for path, text in texts.items()]
    for found in inspector().inspect(read(sources)):
        if found.evasion or found.group or found.kind not in ("tw_national_id", "tw_mobile"):
            continue
        value = texts[found.path][found.start : found.end]
        again = inspector().inspect(read([Source("text", value)]))
        assert any(each.kind == found.kind for each in again), found.kind


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_nothing_personal_is_forwarded_after_redaction(name: str) -> None:
    """What goes on is inspected once more: nothing of D2 or above is left, and no value found."""
    case = dict(CASES)[name]
    answer = check_line(line_of(case))
    if answer["verdict"] != "redact":
        return
    texts, said = _texts(name), _said(answer)
    for found in answer["findings"]:
        value = texts[found["path"]][found["start"] : found["end"]]
        if found["class"] and DataClass(found["class"]).rank >= _AT_LEAST_PERSONAL:
            assert len(value) < 3 or value not in said, found["kind"]
    left = check_line({**line_of(case), **_onward(case, answer)})
    classes = [found["class"] for found in left["findings"] if found["class"]]
    assert all(DataClass(each).rank < _AT_LEAST_PERSONAL for each in classes), classes


def _onward(case: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"text" if "text" in case else "messages": answer["forward"]}
