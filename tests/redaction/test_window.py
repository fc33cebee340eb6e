import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redaction.spotting import spot

from shenyong.redaction.window import TAIL, Action, OutputWindow

pytestmark = pytest.mark.point("ey-genai-2023:4")
CLEAN = (
    "關於本案補助申請，依社會救助法第四條規定，應檢附最近一年所得證明。本局已於115年3月2日函復。\n"
    "請於文到十五日內補正，逾期未補正者，將依規定駁回。\n1. 申請書\n2. 切結書（範本如附件）\n"
    "The notice will be issued within 10 working days. 如有疑問，請洽承辦單位。"
)


def window(action=Action.STOP, inspect=spot):
    return OutputWindow(inspect, lambda found: action)


def through(chunks, action=Action.STOP, flush=False, inspect=spot):
    each = window(action, inspect)
    released = []
    for chunk in chunks:
        released.append(each.feed(chunk))
        if flush:
            released.append(each.flush())
    released.append(each.finish())
    return "".join(one.text for one in released), released


def splits(text):
    for cuts in itertools.product((0, 1), repeat=len(text) - 1):
        places = [0, *(at + 1 for at, cut in enumerate(cuts) if cut), len(text)]
        yield [text[a:b] for a, b in itertools.pairwise(places)]


def chunked(text, cuts):
    places = sorted({0, len(text), *(cut % len(text) for cut in cuts)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("secret", ["A123456789", "0912345678"])
@pytest.mark.parametrize("before", ["經查該員證號為", "證號：", "It is ", "如下。\n"])
def test_no_split_releases_a_character_of_a_secret(secret, before, flush):
    for chunks in splits(secret):
        text, released = through([before, *chunks, "，請查照。"], flush=flush)
        assert text == before
        assert released[-1].stopped or any(each.stopped for each in released)
        assert not any(each.late for each in released)


@given(
    st.lists(st.integers(0, 10**6), max_size=60),
    st.integers(0, len(CLEAN)),
    st.sampled_from(["ming.wang@example.gov.tw", "A123456789", "王小明", "0912345678"]),
    st.booleans(),
)
def test_random_splits_release_nothing_of_it(cuts, at, secret, flush):
    at = CLEAN.index("，", at) if "，" in CLEAN[at:] else 0
    text = f"{CLEAN[:at]}（{secret}）{CLEAN[at:]}"
    out, _ = through(chunked(text, cuts), flush=flush)
    assert out == text[: at + 1]


@given(st.lists(st.integers(0, 10**6), max_size=60), st.booleans(), st.sampled_from(Action))
def test_clean_text_comes_out_as_it_went_in(cuts, flush, action):
    out, released = through(chunked(CLEAN, cuts), action, flush)
    assert out == CLEAN
    assert not any(each.stopped or each.findings for each in released)


@given(st.lists(st.integers(0, 10**6), max_size=40), st.booleans())
def test_masked_in_place_and_named(cuts, flush):
    text = "證號A123456789，電話0912345678，謝謝。" + CLEAN
    out, released = through(chunked(text, cuts), Action.MASK, flush)
    assert out == "證號〔已遮蔽：身分證字號〕，電話〔已遮蔽：行動電話號碼〕，謝謝。" + CLEAN
    places = [(each.start, each.end) for one in released for each in one.findings]
    assert places == [(2, 12), (15, 25)]


def test_passed_findings_are_told_once():
    text = "證號A123456789。" + CLEAN * 3
    out, released = through([text[at : at + 5] for at in range(0, len(text), 5)], Action.PASS)
    assert out == text
    assert [each.kind for one in released for each in one.findings] == ["tw_national_id"]


def test_the_held_tail_is_bounded():
    each = window()
    for char in "word " * 200:
        each.feed(char)
        assert each.pending <= 2 * TAIL
        each.flush()
        assert each.pending <= TAIL


def test_a_key_without_a_break_is_held_whole():
    key = "".join(random.Random(7).choices("abcdefXYZ0123456789", k=300))

    def inspect(text):
        return [] if key not in text else [each_found(text)]

    def each_found(text):
        from tests.redaction.spotting import found

        return found("secret", "content", text.index(key), text.index(key) + len(key))

    chunks = ["金鑰：", *(key[at : at + 4] for at in range(0, len(key), 4)), "。"]
    assert through(chunks, flush=True, inspect=inspect)[0] == "金鑰："


def test_context_that_was_released_is_seen_again():
    def inspect(text):
        from tests.redaction.spotting import found

        at = text.find("300123456")
        near = "護照" in text[max(0, at - 20) : at]
        return [found("tw_passport", "content", at, at + 9)] if at >= 0 and near else []

    out, _ = through(["護照號碼如下。\n", "是", "3001", "23456", "。"], flush=True, inspect=inspect)
    assert out == "護照號碼如下。\n是"


def test_fifty_pieces_cost_few_inspections():
    calls = 0

    def inspect(text):
        nonlocal calls
        calls += 1
        return spot(text)

    text = (CLEAN * 3)[:250]
    out, _ = through([text[at : at + 5] for at in range(0, 250, 5)], inspect=inspect)
    assert out == text
    assert calls <= 8


def test_nothing_comes_after_a_stop():
    each = window()
    each.feed("A123456789，")
    assert each.finish().stopped
    assert each.feed("後文") == each.finish() == each.flush()
    assert each.stopped
