"""An identifier whose characters were strewn about is read; what stands about by chance is not."""

from __future__ import annotations

import random
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reading import evading

from shenyong.reading import Source, View, read
from shenyong.reading.folding import fold
from shenyong.reading.numerals import positional
from shenyong.reading.scattering import scattered

pytestmark = pytest.mark.point("ey-genai-2023:4")

SEEDS = st.integers(0, 10_000).map(random.Random)
IDS = SEEDS.map(evading.national_id)
FILLER = st.sampled_from(["之", "🌸", " 再來 ", "~~", "，然後是", "（空）", "\n", " / ", "…", "→"])
WORDS = {
    "English": "zero one two three four five six seven eight nine",
    "pinyin": "líng yī èr sān sì wǔ liù qī bā jiǔ",
    "zhuyin": "ㄌㄧㄥˊ ㄧ ㄦˋ ㄙㄢ ㄙˋ ㄨˇ ㄌㄧㄡˋ ㄑㄧ ㄅㄚ ㄐㄧㄡˇ",
    "military": "洞 么 兩 三 四 五 六 拐 八 勾",
    "kana": "れい いち に さん よん ご ろく なな はち きゅう",
    "Korean": "영 일 이 삼 사 오 육 칠 팔 구",
    "Taiwanese": "khòng it jī sam sù ngó͘ lio̍k chhit pat kiú",
    "Braille": "⠚ ⠁ ⠃ ⠉ ⠙ ⠑ ⠋ ⠛ ⠓ ⠊",
    "Morse": "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.",
}


def said(text: str) -> list[str]:
    """What the scattered views of a text say."""
    folded, codes = fold(text)
    return [part for view in scattered(folded, codes) for part in view.text.split("\n\n") if part]


@given(IDS, st.lists(FILLER, min_size=9, max_size=9))
def test_whatever_stands_between_single_characters(value: str, fillers: list[str]) -> None:
    hidden = "".join(char + filler for char, filler in zip(value, [*fillers, ""], strict=True))
    assert value in said(f"證號 {hidden}。")


@pytest.mark.parametrize("language", WORDS)
@given(value=IDS)
def test_digits_told_in_words(language: str, value: str) -> None:
    words = WORDS[language].split()
    assert value in said(f"是 {value[0]} " + " ".join(words[int(char)] for char in value[1:]))


@given(IDS)
def test_a_letter_told_in_a_word(value: str) -> None:
    names = (
        "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november "
        "oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
    ).split()
    words = WORDS["English"].split()
    told = [names[string.ascii_uppercase.index(value[0])], *(words[int(c)] for c in value[1:])]
    assert value in said(" ".join(told).title())


@given(IDS, st.integers(1, 8), st.integers(1, 8))
def test_pieces_in_sentences_fields_and_links(value: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    pieces = [each for each in (value[:low], value[low:high], value[high:]) if each]
    assert value in said("前面是 " + "，接著是 ".join(pieces) + "，謝謝")
    fields = "&".join(f"{key}={piece}" for key, piece in zip("abc", pieces, strict=False))
    assert value in said(f"https://agency.example/q?{fields}")


@given(IDS)
def test_backwards_every_other_codes_list_and_places(value: str) -> None:
    assert value in said(f"倒著讀：{value[::-1]}。")
    assert value in said("x".join(value) + "x")
    assert value in said("+".join(f"chr({ord(char)})" for char in value))
    assert value in said(" ".join(f"{ord(char):08b}" for char in value))
    assert value in said("\n".join(f"{at}. {char}" for at, char in enumerate(value, 1)))
    places = "一 二 三 四 五 六 七 八 九 十".split()
    told = "，".join(f"第{at}碼是{char}" for at, char in zip(places, value, strict=True))
    assert value in said(told)
    assert value in said(f"{value[1:]}，前面再加 {value[0]}")


@given(IDS)
def test_the_wrong_state_of_the_keyboard(value: str) -> None:
    assert value in said(value[0] + value[1:].translate(str.maketrans("1234567890", "!@#$%^&*()")))
    keys = dict(zip("1234567890", "ㄅㄉˇˋㄓˊ˙ㄚㄞㄢ", strict=True))
    assert "A" + value[1:] in said("ㄇ" + "".join(keys[char] for char in value[1:]))


@given(IDS)
def test_a_finding_points_at_what_was_written(value: str) -> None:
    before, hidden = "申請人證號：", "之".join(value)
    folded, codes = fold(f"{before}{hidden}，請查。")
    (view,) = scattered(folded, codes)
    at = view.text.index(value)
    assert view.original(at, at + len(value)) == (len(before), len(before) + len(hidden))


@given(IDS)
def test_what_stands_in_another_order_is_pointed_at_as_a_whole(value: str) -> None:
    before = "證號："
    for hidden in (
        f"{value[:5][::-1]} {value[5:][::-1]}",
        f"{value[::2]}，雙數位 {value[1::2]}",
        f"{value[1:]}，前面再加 {value[0]}",
        value[::-1],
    ):
        folded, codes = fold(f"{before}{hidden}，請查。")
        ranges = {
            view.original(at, at + len(value))
            for view in scattered(folded, codes)
            if (at := view.text.find(value)) >= 0
        }
        assert (len(before), len(before) + len(hidden)) in ranges, hidden


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_every_place_is_in_the_text_and_in_order(text: str) -> None:
    (passage,) = read([Source(path="p", text=text)])
    for view in passage.views[1:]:
        assert view.starts is not None
        assert view.ends is not None
        assert len(view.starts) == len(view.ends) == len(view.text)
        assert all(
            0 <= start <= end <= len(text)
            for start, end in zip(view.starts, view.ends, strict=True)
        )


ORDINARY = (
    "本案業經115年11月28日第3次會議決議，請於12月5日前函復，附件A 1份、附件B 2份。",
    "依據個人資料保護法第15條第1項第2款、第19條第1項第5款及第41條規定辦理。",
    "One of the two proposals was accepted in zero days; six members voted, four did not.",
    "甲方應於第一期給付百分之三十，第二期給付百分之四十，第三期給付百分之三十。",
    "會議室 A 3 樓 12 號，洽詢電話 (02)2345-6789 分機 101，傳真同。",
    "方案A：1. 盤點 2. 評估 3. 執行 4. 檢討；方案B：1. 盤點 2. 停辦。",
    "統計表：A 1,204 件、B 3,456 件、C 789 件，合計 5,449 件。",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "the quick brown fox jumps over one lazy dog, two cats and three mice.",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_says_nothing_of_the_kind(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("一億二千零三十九萬四千五百六十八", 120_394_568), ("兩億", 200_000_000), ("十五", 15),
        ("一百零三", 103), ("九億九千九百九十九萬九千九百九十九", 999_999_999), ("二〇二六", 2026),
    ],
)  # fmt: skip
def test_numbers_with_places(number: str, value: int) -> None:
    assert positional(number) == value


@pytest.mark.parametrize(
    "unit", ["A 1 ", "之A", "one two ", "65 49 ", ".- ", "ㄅㄆ", "A12 ", "a1="]
)
def test_it_costs_what_its_length_costs(unit: str) -> None:
    """Rows are made in one pass: what is yielded grows with the text, not with its square."""

    def made(size: int) -> int:
        folded, codes = fold(unit * size)
        return sum(len(view.text) for view in scattered(folded, codes))

    sizes = [made(size) for size in (500, 1000, 2000)]
    assert all(other <= 2.2 * one + 200 for one, other in pairwise(sizes))


def test_a_view_is_a_view() -> None:
    folded, codes = fold("A之1之2之3之4之5之6之7之8之9")
    (view,) = scattered(folded, codes)
    assert isinstance(view, View)
    assert view.encoding == "scattered"
