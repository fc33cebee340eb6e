"""All detectors together: every entry of the identifiers' list has one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.inspection.passages import kinds

from shenyong.inspection.detectors import DETECTORS
from shenyong.inspection.identifiers import load

LIST = json.loads(
    (Path(__file__).parents[2] / "../shared/spec/identifiers.json").read_text("utf-8")
)["identifiers"]
KINDS = {"tw_address": "address", "name_labelled": "person_name"}


def test_each_has_a_name_with_a_version() -> None:
    names = [make().name for make in DETECTORS]
    assert all(re.fullmatch(r"[a-z]+/[0-9]+", name) for name in names)
    assert len(set(names)) == len(names)


def test_the_list_is_whole() -> None:
    ours = {identifier.id for identifier in load()[0]} | {"tw_birth_roc", *KINDS}
    assert ours == {entry["id"] for entry in LIST}


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("kind", "value"),
    [(KINDS[e["id"]], value) for e in LIST if e["id"] in KINDS for value in e["valid_examples"]],
)
def test_names_and_addresses_of_the_list(kind: str, value: str) -> None:
    if "○" in value:  # masked already: domain.md 4.3
        assert kind not in kinds(value)
    else:
        assert kind in kinds(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (KINDS[e["id"]], value)
        for e in LIST
        if e["id"] in KINDS
        for value in e["invalid_near_misses"]
    ],
)
def test_near_misses_of_names_and_addresses(kind: str, value: str) -> None:
    assert kind not in kinds(value)
