"""The tagger: what it sees, that places map back, that equal texts give equal answers."""

from __future__ import annotations

import hashlib
from importlib import resources
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.inspection.tagging import (
    DamagedWeightsError,
    Kind,
    is_word,
    spans,
    tag,
    weights,
)
from shenyong.inspection.tagging.network import LABELS, packed, read_weights, scores
from shenyong.inspection.tagging.spans import likeliest
from shenyong.inspection.tagging.tokens import SHAPES, SPEECHES, tokens

pytestmark = pytest.mark.point("ey-genai-2023:4")

SEEN = [
    ("昨天下午鍾佩芸打來罵人，說補助款還沒下來。", Kind.PERSON, "鍾佩芸"),
    ("住在三樓的涂振源說樓上漏水，管委會不理他。", Kind.PERSON, "涂振源"),
    ("名單：詹子萱、鄒柏廷、温雅筑", Kind.PERSON, "鄒柏廷"),
    ("本案由技士康智凱主辦，請逕洽。", Kind.OFFICIAL, "康智凱"),
    ("得標廠商為宏達營造股份有限公司，決標金額三百萬元。", Kind.COMPANY, "宏達營造股份有限公司"),
    ("本案業經新北市政府社會局核定在案。", Kind.AGENCY, "新北市政府社會局"),
]
ORDINARY = [
    "高雄港連日風大，方向不定，石油輸送時程順延。",
    "應予許可者，任何人不得異議；何時施行由主管機關定之。",
    "葉菜類、金針、白米、黃豆、江瑤柱等農漁產品抽驗均合格。",
    "Please summarise the Minutes in Traditional Chinese, using Markdown Headings.",
    "",
    "\n\n \u3000",
]
anything = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("王小明陳淑芬歐陽先生電話台北市路號公司局0123ABCabc 　\n，、。·"),
    ),
    max_size=300,
)


@pytest.mark.parametrize(("text", "kind", "value"), SEEN)
def test_what_stands_without_a_sign_is_seen(text: str, kind: Kind, value: str) -> None:
    assert (value, kind) in [(text[each.start : each.end], each.kind) for each in tag(text)]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_prose_names_nobody(text: str) -> None:
    assert [each for each in tag(text) if each.kind in (Kind.PERSON, Kind.OFFICIAL)] == []


@given(anything)
def test_spans_are_ordered_apart_and_inside(text: str) -> None:
    last = 0
    for each in tag(text):
        assert last <= each.start < each.end <= len(text)
        assert 0 <= each.probability <= 1
        assert 0 <= each.office <= 1
        last = each.end


@given(anything)
def test_tokens_cover_the_text_and_stay_in_bounds(text: str) -> None:
    seen = tokens(text, weights().tables)
    assert "".join(text[a:b] for a, b in zip(seen.starts, seen.ends, strict=True)) == text
    assert np.array_equal(seen.starts[1:], seen.ends[:-1])
    for ids, size in (
        (seen.characters, len(weights().characters)),
        (seen.shapes, SHAPES),
        (seen.begins, SPEECHES),
        (seen.finishes, SPEECHES),
    ):
        assert ((ids >= 0) & (ids < size)).all()


@given(anything, anything)
def test_far_text_changes_nothing(text: str, other: str) -> None:
    """Each layer looks so far and no further: the network has no memory of a text's beginning."""
    gap = "。" * 40
    alone = [(each.start, each.end, each.kind) for each in tag(text + gap)]
    beside = [(each.start, each.end, each.kind) for each in tag(text + gap + other)]
    assert [each for each in beside if each[1] <= len(text)] == [
        each for each in alone if each[1] <= len(text)
    ]


def labelled(*labels: int) -> list[tuple[int, int, Kind]]:
    """Spans of tokens of one character each, whose likeliest labels these are."""
    text = "甲" * len(labels)
    answers = np.full((len(labels), LABELS), -5.0, np.float32)
    answers[np.arange(len(labels)), labels] = 5.0
    seen = tokens(text, weights().tables)
    return [(each.start, each.end, each.kind) for each in spans(seen, answers)]


def test_labels_become_spans() -> None:
    assert labelled(0, 1, 2, 2, 0, 9, 10) == [(1, 4, Kind.PERSON), (5, 7, Kind.AGENCY)]
    assert labelled(1, 1, 2) == [(0, 1, Kind.PERSON), (1, 3, Kind.PERSON)]
    assert labelled(3, 4, 4) == [(0, 3, Kind.OFFICIAL)]
    assert labelled(0, 0) == []


def test_an_inside_without_a_beginning_is_mended() -> None:
    assert labelled(0, 2, 2, 0) == [(1, 3, Kind.PERSON)]


def fits(labels: tuple[int, ...]) -> bool:
    return all(
        not label or label % 2 or (at and labels[at - 1] in (label, label - 1))
        for at, label in enumerate(labels)
    )


@given(st.lists(st.lists(st.floats(-9, 9), min_size=5, max_size=5), min_size=1, max_size=5))
def test_the_mended_labels_are_the_likeliest_that_fit(rows: list[list[float]]) -> None:
    def total(labels: tuple[int, ...]) -> float:
        return sum(row[label] for row, label in zip(rows, labels, strict=True))

    found = tuple(likeliest(rows))
    assert fits(found)
    every = product(range(5), repeat=len(rows))
    assert total(found) == pytest.approx(max(total(each) for each in every if fits(each)))


def test_tokens_of_latin_words_and_digits_are_one_each() -> None:
    text = "Nguyễn Thị 12345號"
    seen = tokens(text, weights().tables)
    words = [text[a:b] for a, b in zip(seen.starts, seen.ends, strict=True)]
    assert words == ["Nguyễn", " ", "Thị", " ", "12345", "號"]


def test_full_and_half_width_are_read_alike() -> None:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    text = "Wang, 電話:02-2345"
    tables = weights().tables
    assert np.array_equal(
        tokens(text, tables).characters, tokens(text.translate(wide), tables).characters
    )


def test_other_weights_are_refused() -> None:
    body = resources.files("shenyong.inspection").joinpath("data/tagger.npz").read_bytes()
    with pytest.raises(DamagedWeightsError):
        read_weights(body[:-1] + b"!", hashlib.sha256(body).hexdigest())


def test_weights_come_back_as_they_were_packed() -> None:
    body = packed(weights())
    again = read_weights(body, hashlib.sha256(body).hexdigest())
    seen = tokens("王小明與陳淑芬", again.tables)
    assert np.array_equal(scores(seen, again), scores(seen, weights()))


def test_ordinary_words_are_known() -> None:
    assert is_word("顏色")
    assert is_word("方案")
    assert not is_word("鍾佩芸")
    assert not is_word("")
    assert not is_word("這不是一個詞")
