"""Every identifier of the list: valid examples found, near misses not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shenyong.inspection.inspector import Inspector
from shenyong.reading.passage import Passage, View, ViewKind

LIST = json.loads(
    (Path(__file__).parents[2] / "../shared/spec/identifiers.json").read_text("utf-8")
)["identifiers"]
CONTEXTS = {
    "tw_ubn": "統一編號：{}",
    "tw_passport": "護照號碼：{}",
    "tw_nhi_card": "健保卡號：{}",
    "tw_birth_roc": "出生年月日：{}",
    "bank_account": "匯款帳號：{}",
    "einvoice_number": "發票號碼：{}",
    "plate_legacy": "車牌號碼：{}",
    "imei": "手機 IMEI：{}",
}
SENTENCES = (
    "{}",
    "請協助確認{}是否正確。",
    "　說明：{}，請查照。",
    "第一行\n{}\n第三行",
)
ELSEWHERE = {"tw_address", "name_labelled"}


def passage(text: str) -> Passage:
    return Passage("p", text, (View(ViewKind.FOLDED, text),))


def kinds(text: str) -> dict[str, str]:
    return {
        finding.kind: text[finding.start : finding.end]
        for finding in Inspector().inspect([passage(text)])
    }


def examples(which: str) -> list[tuple[str, str, str]]:
    return [
        (entry["id"], CONTEXTS.get(entry["id"], "{}"), example)
        for entry in LIST
        if entry["id"] not in ELSEWHERE
        for example in entry[which]
    ]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(("kind", "context", "value"), examples("valid_examples"))
def test_valid_examples_are_found(kind: str, context: str, value: str, sentence: str) -> None:
    if kind == "einvoice_carrier" and sentence in SENTENCES[1:3]:
        context = "手機條碼載具 {}"
    text = sentence.format(context.format(value))
    found = kinds(text)
    assert kind in found, found
    assert found[kind] in value or value in found[kind]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(("kind", "context", "value"), examples("invalid_near_misses"))
def test_near_misses_are_not(kind: str, context: str, value: str, sentence: str) -> None:
    if kind == "doc_no":  # a bare 字第 takes the words before it as the office's word
        sentence = sentence.replace("確認", "確認：")
    assert kind not in kinds(sentence.format(context.format(value)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kind, value) for kind, context, value in examples("valid_examples") if context != "{}"],
)
def test_what_needs_context_is_not_found_without_it(kind: str, value: str) -> None:
    assert kind not in kinds(value)
