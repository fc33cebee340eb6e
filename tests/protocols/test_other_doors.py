"""Completions, embeddings, moderations: each string is inspected, left out or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import EmbeddingCreateParams
from openai.types.completion_create_params import CompletionCreateParamsNonStreaming
from tests.protocols.typed import MARK, places

from shenyong.guideline.terms import DataClass
from shenyong.inspection.finding import Finding
from shenyong.protocols import completions, embeddings, moderations
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.openai_answer import UpstreamFaultError
from shenyong.protocols.strict_json import Limits

pytestmark = pytest.mark.point("ey-genai-2023:4")

PATHS = Path(__file__).parents[3] / "shared/data/vectors/openai-string-paths.json"
DOORS = {
    "POST /completions": (completions, {"prompt": "好"}, CompletionCreateParamsNonStreaming),
    "POST /embeddings": (embeddings, {"input": "好"}, EmbeddingCreateParams),
}


@pytest.mark.parametrize("name", DOORS)
def test_each_place_of_the_clients_types_is_inspected_left_out_or_refused(name: str) -> None:
    door, least, kind = DOORS[name]
    inspected: set[str] = set()
    told: list[str] = []
    for place, document in places(kind):
        try:
            exchange = door.take({**least, "model": "m", **document})
        except BadInputError as error:
            told.append(error.message + error.param)
            continue
        if place == ".model":
            continue
        if MARK in exchange.body().decode():
            guilty = [source.path for source in exchange.sources if MARK in source.text]
            assert guilty, place
            inspected.add(place)
            clean = exchange.rewritten(dict.fromkeys(guilty, "■"))
            assert MARK not in clean.body().decode(), f"{place}: redacted in its place"
        else:
            assert exchange.dropped_total, f"{place} vanished without a word"
    assert inspected
    assert not [each for each in told if MARK in each]


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.skipif(not PATHS.exists(), reason="the shared vectors are not here")
def test_every_field_that_openai_describes_has_its_rule(name: str) -> None:
    door, least, _ = DOORS[name]
    described = json.loads(PATHS.read_text())[name]
    fields = {path.split(".")[1].partition("[")[0] for path in described}
    assert fields - {"model"} <= {*door.FIELDS, *least}


texts = st.text(min_size=1, max_size=20)


@given(texts, texts)
def test_a_completion_holds_its_prompt_and_nothing_else(prompt: str, stop: str) -> None:
    exchange = completions.take({"model": "m", "prompt": prompt, "stop": stop, "user": "甲"})
    assert {each.path: each.text for each in exchange.sources} == {"prompt": prompt, "stop": stop}
    sent = json.loads(exchange.rewritten({"prompt": "一", "stop": "二"}).body())
    assert sent == {"model": "m", "messages": [{"role": "user", "content": "一"}], "stop": "二"}
    assert exchange.user == "甲"
    assert exchange.dropped == ("user",)


@given(st.lists(texts, min_size=1, max_size=5))
def test_each_text_to_be_embedded_is_a_source_of_its_own(given: list[str]) -> None:
    exchange = embeddings.take({"model": "m", "input": given})
    assert [each.text for each in exchange.sources] == given
    assert exchange.messages == []
    changed = exchange.rewritten({f"input[{at}]": f"■{at}" for at in range(len(given))})
    assert json.loads(changed.body())["input"] == [f"■{at}" for at in range(len(given))]


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(
    lambda each: json.dumps({"data": each}).encode()
))  # fmt: skip
def test_an_answer_of_vectors_holds_numbers_or_is_a_fault(body: bytes) -> None:
    try:
        said, _ = embeddings.vectors(body, "m")
    except UpstreamFaultError:
        return
    for row in json.loads(said)["data"]:
        assert set(row) == {"object", "index", "embedding"}


def finding(kind: str, data_class: DataClass | None, confidence: float) -> Finding:
    return Finding(kind, data_class, "text", 0, 1, "○", confidence, "test/1")


def test_a_result_has_their_categories_and_ours() -> None:
    found = [
        finding("person_name", DataClass.PERSONAL, 0.5),
        finding("tw_national_id", DataClass.PERSONAL, 0.9),
        finding("question_personal", None, 0.4),
        finding("tw_ubn", DataClass.PUBLIC, 1.0),
    ]
    said = moderations.result(found, {"verdict": "redact", "points": ["4"], "findings": []})
    scores = {name: score for name, score in said["category_scores"].items() if score}
    assert scores == {"shenyong/personal_data": 0.9, "shenyong/question": 0.4}
    assert said["flagged"] is True
    assert said["categories"].keys() == said["category_scores"].keys()
    public = moderations.result(found[3:], {"verdict": "allow", "points": [], "findings": []})
    assert public["flagged"] is False


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "missing"),
        ({"input": 1}, "wrong_type"),
        ({"input": []}, "too_many"),
        ({"input": ["a"] * 257}, "too_many"),
        ({"input": [1]}, "part_not_inspectable"),
        ({"input": [{"type": "text", "text": 1}]}, "wrong_type"),
        ([], "not_object"),
    ],
)
def test_what_can_not_be_moderated(document: Any, code: str) -> None:
    with pytest.raises(BadInputError) as error:
        moderations.read(json.dumps(document).encode(), Limits())
    assert error.value.code == code
