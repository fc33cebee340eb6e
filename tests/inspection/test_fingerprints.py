"""Texts are known again in parts: edited, cut, reordered, in the other script; others are not."""

from __future__ import annotations

import json
import random
import time
import zipfile
from pathlib import Path

import numpy as np
import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.guideline.terms import DataClass
from shenyong.inspection.fingerprints import GRAM, SHARED, Filter, Print, Printer, winnowed
from shenyong.inspection.register import COMMON, Register, Registered, State, findings

pytestmark = pytest.mark.point("ey-genai-2023:4")

PRINTER = Printer(b"k" * 32)
DRAFT = (
    "本所擬自一百十六年一月起調整河濱公園夜間開放時間，並於堤頂步道增設照明與緊急求救設備，"
    "所需經費約新臺幣三千二百萬元，分兩年編列；第一期施作左岸，第二期施作右岸，施工期間封閉便道。"
    "沿線十二處攤位將移往停車場東側，攤商代表尚未同意，擬於年底前再行協商，協商不成則依自治條例公告。"
)
LAWS = Path(__file__).parents[3] / "shared/data/statutes/ChLaw.zip"
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=200)


def document(number: int = 1, **more: object) -> Registered:
    return Registered(f"{number:032d}", "a", "草案", "lin", **more)  # type: ignore[arg-type]


def known(text: str, *documents: Registered) -> dict[int, list[Registered]]:
    return {each.value: list(documents) for each in PRINTER.prints(text)}


def seen(text: str, registered: str = DRAFT, at: int = 0, **more: object) -> list[str]:
    mine = {"text": PRINTER.prints(text)}
    told = findings(mine, known(registered, document(**more)), at)
    return [text[each.start : each.end] for each in told]


@given(HAN, HAN, st.integers(0, 100))
def test_thirty_characters_in_a_row_are_always_seen(before: str, after: str, place: int) -> None:
    start = place % (len(DRAFT) - 60)
    counted = [at for at in range(start, len(DRAFT)) if DRAFT[at].isalnum()]
    part = DRAFT[counted[0] : counted[SHARED - 1] + 1]
    assert seen(before + part + after)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("，", " , ").replace("。", "\n"),
        lambda text: opencc.OpenCC("t2s").convert(text),
        "\u200b".join,
        lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in text),
        lambda text: "；".join(reversed(text.split("；"))),
        lambda text: text[:40] + text[90:],
        lambda text: text.replace("夜間", "晚間").replace("約", "大約"),
    ],
)
def test_small_changes_hide_nothing(change) -> None:
    assert seen("請潤飾：" + change(DRAFT) + "以上。")


def test_a_fifth_of_the_sentences_rewritten_leaves_the_others() -> None:
    rng = random.Random(7)
    characters = list(DRAFT)
    for at in rng.sample(range(len(characters)), len(characters) // 25):
        characters[at] = "某"
    assert seen("".join(characters))


def test_the_place_is_the_part_that_is_shared() -> None:
    part = DRAFT[10:60]
    (found,) = seen("前面完全不相干的文字寫了很多很多。" + part + "後面也不相干。")
    assert found in part
    assert len(found) >= GRAM


def test_other_texts_are_not_seen() -> None:
    assert seen("本所夜間開放時間及緊急求救設備之說明，請參考公園管理辦法。") == []
    assert seen("") == []
    assert seen("短") == []


def test_another_key_has_nothing_in_common() -> None:
    other = Printer(b"o" * 32)
    mine = {each.value for each in PRINTER.prints(DRAFT)}
    assert mine.isdisjoint(each.value for each in other.prints(DRAFT))


@pytest.mark.parametrize(
    ("state", "release_at", "at", "secret"),
    [
        (State.DRAFT, 0, 10, True),
        (State.DRAFT, 5, 10, True),  # a day without approval opens nothing
        (State.APPROVED, 0, 10, True),
        (State.APPROVED, 20, 10, True),
        (State.APPROVED, 10, 10, False),
        (State.RELEASED, 20, 10, True),
        (State.RELEASED, 10, 10, False),
        (State.PUBLIC, 0, 10, False),
    ],
)
def test_a_document_is_a_secret_until_its_day(
    state: State, release_at: int, at: int, secret: bool
) -> None:
    assert bool(seen(DRAFT, at=at, state=state, release_at=release_at)) is secret


def test_what_is_open_elsewhere_or_stands_in_many_is_nobodys_secret() -> None:
    mine = {"text": PRINTER.prints(DRAFT)}
    opened = known(DRAFT, document(1), document(2, state=State.PUBLIC))
    assert findings(mine, opened, 0) == ()
    many = known(DRAFT, *(document(number) for number in range(COMMON)))
    assert findings(mine, many, 0) == ()
    two = findings(mine, known(DRAFT, document(1), document(2)), 0)
    assert {each.masked for each in two} == {"#00000000"}


def test_the_level_is_the_documents() -> None:
    mine = {"text": PRINTER.prints(DRAFT)}
    told = findings(mine, known(DRAFT, document(level=DataClass.RESTRICTED)), 0)
    assert {each.data_class for each in told} == {DataClass.RESTRICTED}
    assert all(each.kind == "unreleased" for each in told)
    assert all("草案" not in each.masked for each in told), "a title may tell too much"


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=120))
def test_each_window_keeps_its_least(values: list[int]) -> None:
    hashes = np.array(values, np.uint64)
    kept = winnowed(hashes).tolist()
    assert kept == sorted(set(kept))
    for start in range(max(1, len(values) - 18)):
        window = range(start, min(start + 19, len(values)))
        least = min(values[at] for at in window)
        assert any(at in kept and values[at] == least for at in window)


@given(st.sets(st.integers(-(2**63), 2**63 - 1), max_size=200))
def test_what_is_in_the_filter_is_found(values: set[int]) -> None:
    made = Filter(100)
    row = np.array(sorted(values), np.int64)
    made.add(row)
    assert made.has(row).all()


def test_of_what_is_not_in_it_the_filter_finds_next_to_none() -> None:
    rng = np.random.default_rng(3)
    made = Filter(100_000)
    made.add(rng.integers(-(2**63), 2**63 - 1, 100_000))
    assert made.has(rng.integers(-(2**63), 2**63 - 1, 200_000)).mean() < 0.001


def test_a_register_suspects_only_what_may_be_in_it() -> None:
    register = Register(PRINTER, Filter(1000))
    assert register.suspects({"a": DRAFT}) == {}
    register.filter.add(np.array([each.value for each in PRINTER.prints(DRAFT)], np.int64))
    found = register.suspects({"a": DRAFT, "b": "不相干的文字" * 20})
    assert found == {"a": PRINTER.prints(DRAFT)}
    assert all(isinstance(each, Print) for each in found["a"])


@pytest.mark.skipif(not LAWS.exists(), reason="the statutes are not here")
def test_statutes_that_quote_each_other_are_nobodys_secret() -> None:
    """A draft amendment that quotes the law, with the law registered as public."""
    with zipfile.ZipFile(LAWS) as archive:
        laws = json.loads(archive.read("ChLaw.json").decode("utf-8-sig"))["Laws"][:400]
    texts = ["\n".join(each["ArticleContent"] for each in law["LawArticles"]) for law in laws]
    public = document(2, state=State.PUBLIC)
    table: dict[int, list[Registered]] = {}
    for text in texts[::2]:
        for each in PRINTER.prints(text):
            table.setdefault(each.value, [public])
    draft = texts[0][:2000] + DRAFT
    for each in PRINTER.prints(draft):
        table[each.value] = [*table.get(each.value, []), document(1)]
    told = [findings({"t": PRINTER.prints(text)}, table, 0) for text in texts[1::2]]
    assert sum(map(len, told)) == 0
    assert findings({"t": PRINTER.prints(draft)}, table, 0)


def test_it_costs_what_its_length_costs() -> None:
    PRINTER.prints(DRAFT)
    begun = time.process_time()
    PRINTER.prints(DRAFT * 1000)
    assert time.process_time() - begun < 2
