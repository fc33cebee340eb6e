"""The mosaic: turns of one conversation that identify somebody only together.

Each turn alone says little (his age; the village; where he works), and no single string would be
found. Together they single a person out, and a question who that is asks for personal data in
parts. Kinds of traits are counted over the user's turns, the newest of which must bring one or ask:

- `likely`: the newest turn asks who it is, and three kinds stand in two turns or more;
- `possible`: four kinds stand in three turns or more.

Evidence is each trait's place, as one group of ``question_personal``. Sources: 個人資料保護法 2 ①
(得以間接方式識別); guideline point 4 (可能涉及個人資料之問題); domain.md A8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shenyong.guideline.terms import Likelihood
from shenyong.inspection import lexicon
from shenyong.inspection.finding import Finding
from shenyong.reading.passage import Source

_KIND, _DETECTOR = "question_personal", "mosaic/1"
_MOST = 4000  # characters of one turn that are looked at: a mosaic is made of short turns
_HAN = lexicon.HAN
_NUMERAL = "[0-9一二三四五六七八九十]"
_SURNAME = lexicon.either(lexicon.words("surnames", "common"))
_TRAITS = {
    "surname": re.compile(
        rf"(?<![{_HAN}])姓{_SURNAME}的?"
        rf"|{_SURNAME}姓(?:民眾|男子|女子|同仁|員工|學生|個案)"
        rf"|(?<![{_HAN}]){_SURNAME}(?:先生|小姐|女士|太太)"
    ),
    "age": re.compile(
        r"(?:[1-9][0-9]|1[01][0-9]|[一二三四五六七八九]十[一二三四五六七八九]?)\s*(?:多|幾|出頭)?歲"
        r"|(?:民國)?[0-9]{2,3}年次|[0-9]{2,4}年[0-9]{0,2}月?[0-9]{0,2}日?(?:出)?生(?!效)"
    ),
    "home": re.compile(
        rf"(?:住|設籍|居住|戶籍|老家|租屋)(?:在|於)?[{_HAN}]{{2,12}}?"
        r"(?:村|里|鄰|路|街|社區|部落|大樓|鄉|鎮|區)"
    ),
    "work": re.compile(
        rf"(?:任職|服務|上班|工作|就讀|就學|念|開)(?:於|在)?(?!務)[{_HAN}A-Za-z]{{2,14}}?"
        r"(?:公司|工廠|醫院|學校|國小|國中|高中|大學|局|處|課|科|所|行|店|廠|診所|幼兒園|農會)"
        rf"|在[{_HAN}]{{2,10}}?(?:上班|工作|服務|任職|就讀|念書)"
    ),
    "household": re.compile(
        r"單親|獨居|離婚|喪偶|新住民|配偶是|(?:[一二兩三四五六]個|只有一個)(?:小孩|孩子|兒子|女兒)"
        r"|低收入戶|中低收|雙胞胎|隔代教養"
    ),
    "health": re.compile(
        r"罹患|確診|洗腎|坐輪椅|身心障礙|憂鬱症|思覺失調|愛滋|癌|中風|截肢|懷孕|流產|自殺|戒毒"
        r"|前科|假釋"
    ),
    "event": re.compile(
        rf"(?:{_NUMERAL}+月{_NUMERAL}+[日號]|上(?:週|個?月|禮拜)|前?昨天|去年|前年)[^。\n]{{0,12}}?"
        r"(?:報案|就醫|開刀|車禍|住院|陳情|申訴|檢舉|被打|通報|離職|出院|申請)"
    ),
}
_WHO = re.compile(
    r"(?:這|那|該)(?:個人|位|名)?(?:民眾|個案|員工|學生|先生|小姐|男子|女子|人)?"
    r"(?:到底|可能|應該)?(?:是|會是)(?:誰|哪一?[個位])"
    r"|(?:他|她|當事人|該員|個案|對方)(?:到底|可能|應該|大概)?"
    r"(?:是誰|叫什麼|是哪一?[個位]|的(?:真實)?(?:姓名|名字|身分))"
    r"|(?:猜|推測|推敲|找|查|認)(?:得?出|到)?[^。\n]{0,6}(?:是誰|哪一?[個位]人|真實身分)"
    r"|(?i:\bwho (?:is|could|might) (?:this|that|he|she|it)\b)"
)
_KINDS_ASKED, _TURNS_ASKED = 3, 2
_KINDS_TOLD, _TURNS_TOLD = 4, 3


class _Trait(NamedTuple):
    kind: str
    turn: int
    source: Source
    start: int
    end: int


# guideline: ey-genai-2023:4
def mosaic(sources: Sequence[Source]) -> tuple[Finding, ...]:
    """What identifies somebody only together; nothing where a conversation has one turn."""
    said = [each for each in sources if each.role == "user" and len(each.text) <= _MOST]
    turns: dict[str, int] = {}
    for each in said:
        turns.setdefault(_turn(each.path), len(turns))
    if len(turns) < _TURNS_ASKED:
        return ()
    newest = [each for each in said if each.newest]
    asks = [(each, who) for each in newest if (who := _WHO.search(each.text))]
    if not asks and not any(True for each in newest for _ in _traits(each, 0)):
        return ()  # the history alone costs nothing
    traits = [trait for each in said for trait in _traits(each, turns[_turn(each.path)])]
    kinds, places = {each.kind for each in traits}, {each.turn for each in traits}
    if asks and len(kinds) >= _KINDS_ASKED and len(places | {len(turns) - 1}) >= _TURNS_ASKED:
        likelihood = Likelihood.LIKELY
    elif (
        len(kinds) >= _KINDS_TOLD
        and len(places) >= _TURNS_TOLD
        and any(each.source.newest for each in traits)
    ):
        likelihood = Likelihood.POSSIBLE
    else:
        return ()
    first: dict[str, _Trait] = {}
    for trait in traits:
        first.setdefault(trait.kind, trait)
    spans = [(trait.source.path, trait.start, trait.end) for trait in first.values()]
    spans += [(source.path, *who.span()) for source, who in asks]
    return tuple(
        Finding(
            _KIND, None, path, start, end, "", 0.7, _DETECTOR, likelihood=likelihood, group=1 << 20
        )
        for path, start, end in spans
    )


def _turn(path: str) -> str:
    """``messages[3].content[0].text`` → ``messages[3]``."""
    return path.partition("]")[0]


def _traits(source: Source, turn: int) -> Iterator[_Trait]:
    for kind, expression in _TRAITS.items():
        found = expression.search(source.text)
        if found:
            yield _Trait(kind, turn, source, *found.span())
