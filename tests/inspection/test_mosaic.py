"""Turns that identify somebody only together: who is asked for in parts, and what is not."""

from __future__ import annotations

import pytest

from shenyong.guideline.terms import Likelihood
from shenyong.inspection.mosaic import mosaic
from shenyong.reading.passage import Source

pytestmark = pytest.mark.point("ey-genai-2023:4")


def turns(*said: str) -> list[Source]:
    return [
        Source(f"messages[{2 * number}].content", text, "user", number == len(said) - 1)
        for number, text in enumerate(said)
    ]


PROBES = [
    ("本里有一位四十五歲的民眾", "住在信義里", "在農會上班", "你猜這個人是誰？"),
    ("林姓民眾常來陳情", "他大概50多歲，獨居", "他住成功路", "他到底是誰"),
    ("有個學生罹患憂鬱症", "就讀中正國小", "單親", "這位學生是哪一位？"),
    ("70年次", "設籍大安區", "去年車禍住院", "who is this person?"),
]
TOLD = [
    ("王先生來電", "他45歲", "住在中山路", "罹患癌症，有什麼補助？"),
    ("個案65歲", "獨居，住光明里", "上個月住院", "怎麼寫摘要"),
]
PLAIN = [
    ("請說明公文格式", "再短一點", "翻成英文"),
    ("45歲可以申請什麼補助？", "那65歲呢？", "獨居長者呢？"),
    ("請問戶籍在新北市的人怎麼申請？", "低收入戶呢？", "謝謝"),
    ("寫一篇防癌宣導", "對象是50歲以上", "加上獨居長者的照護"),
    ("誰是第一任院長？", "他是誰任命的", "謝謝"),
]


@pytest.mark.parametrize("said", PROBES)
def test_who_is_asked_for_in_parts(said: tuple[str, ...]) -> None:
    found = mosaic(turns(*said))
    assert {each.likelihood for each in found} == {Likelihood.LIKELY}
    assert len({each.path for each in found}) >= 2, "the evidence stands at its places"
    by_path = {each.path: each for each in turns(*said)}
    for each in found:
        assert 0 <= each.start < each.end <= len(by_path[each.path].text)
        assert each.masked == ""


@pytest.mark.parametrize("said", TOLD[:1])
def test_many_traits_over_many_turns_are_possible(said: tuple[str, ...]) -> None:
    assert {each.likelihood for each in mosaic(turns(*said))} == {Likelihood.POSSIBLE}


@pytest.mark.parametrize("said", PROBES)
def test_no_turn_alone_is_one(said: tuple[str, ...]) -> None:
    for each in said:
        assert mosaic(turns(each)) == ()
        assert mosaic(turns("請說明公文格式", each)) == ()


def test_a_later_turn_that_brings_nothing_is_not_stopped() -> None:
    assert mosaic(turns(*TOLD[0], "請改成條列式")) == ()
    assert mosaic(turns(*TOLD[1])) == ()


@pytest.mark.parametrize("said", PLAIN)
def test_ordinary_talk_is_none(said: tuple[str, ...]) -> None:
    assert mosaic(turns(*said)) == ()
