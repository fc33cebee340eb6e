"""Special categories of personal data (kind ``special_category``): facts, with a person near by.

個人資料保護法 6 names six (medical records, health care, genetics, sex life, health examination,
criminal record; defined in 施行細則 4); other laws keep the identity of victims, children, people
with HIV and informants as strictly. A word alone is no personal data (肺結核防治宣導): a finding
needs a person in the same sentence or a neighbouring line of a record: a name, an identifier, a
surname (林姓民眾), or one who is spoken of (案主, 該生): likely. Of somebody who is not named
(一名同仁罹患…) it is possible, and carries no class. Sources: domain.md 4.4, 4.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shenyong.guideline.terms import DataClass, Likelihood
from shenyong.inspection import lexicon
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.names import signed
from shenyong.inspection.people import people
from shenyong.reading.passage import Passage, View, ViewKind

_KIND = "special_category"
_HAN = lexicon.HAN
GROUPS = ("disease", "care", "genetic", "sexual", "examination", "record", "protected")
_WORDS = {word: group for group in GROUPS for word in lexicon.words("special", group)}
_WORD = re.compile(lexicon.either(_WORDS))
_REACH = 100  # characters on either side, at most
_RECORD_LINE = 80  # characters of the longest line of a record
_RECORD_LINES = 4  # lines of a record before and after (姓名：… / 診斷：…)
_SPOKEN_OF = re.compile(
    rf"(?<![{_HAN}]){lexicon.either(lexicon.words('special', 'persons'))}(?![女孫院校市縣])"
    r"|案主|該生|該童|個案[A-Z甲乙丙]|代號[A-Z0-9]{2,}"
)
_UNNAMED = re.compile(
    r"(?:一|這|那|某)(?:名|位)(?:民眾|員工|學生|同仁|同學|住戶|個案|里民|男子|女子|婦人)"
    r"|我(?:的)?(?:同事|鄰居|朋友|學生|部屬|長官|主管)"
)
_IDENTIFIER = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z][1289A-D][0-9]{8}|09[0-9]{2}-?[0-9]{3}-?[0-9]{3})(?![0-9])"
    r"|病歷號碼?[:：]? ?[0-9A-Z]{4,}"
)
_MASKED = re.compile(
    rf"[{_HAN}][○〇ＯOXx*＊][{_HAN}○〇ＯOXx*＊]?(?:先生|女士|小姐|君|[,，、(（因於])"
)
_GENERAL = re.compile(
    r"防治|宣導|條例|要點|辦法|規定|補助計畫|統計|死亡率|盛行率|衛教|講座|研習|預防|疫苗|法第"
    r"|法規|門診時間|專線|研究|課程"
)
_STATED = re.compile(
    r"確診|罹患|診斷|病史|住院|服用|就醫|有期徒刑|前科|遭|曾|因|現|已|患有|感染|判|[:：,，]"
)
_STRETCH, _OVERLAP = 512, 32
_RECORD = re.compile(rf"^[ \t\u3000|]*(?:[{_HAN}A-Za-z]{{1,10}})[:：|\t,，]", re.MULTILINE)


class Special:
    """Finds facts of the special categories about a person."""

    name = "special/1"

    def patterns(self) -> Sequence[Pattern]:
        """The words; whether somebody is near is judged."""
        return tuple(
            Pattern(group, lexicon.either(lexicon.words("special", group))) for group in GROUPS
        )

    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The words that have a person near, the longest reading of each."""
        if view.kind is ViewKind.COMPACT:
            return
        text = view.text
        reached = low = high = 0
        clear = 0  # up to here, on this line, nobody is spoken of
        near = False
        for match in sorted(matches, key=lambda each: each.end):
            if match.end <= reached:
                continue
            word = next(
                (
                    each
                    for each in _WORD.finditer(text, max(reached, match.end - 14), match.end + 8)
                    if each.start() < match.end <= each.end()
                ),
                None,
            )
            if word is None:
                continue
            reached = word.end()
            if word.end() + _REACH <= clear:
                continue
            if not (near and word.end() <= high):
                low, high = _neighbourhood(text, word.start(), word.end())
                near = _somebody(text, low, high)
            if not near:
                if _UNNAMED.search(text, low, high) and _STATED.search(text, low, high):
                    if not _GENERAL.search(text, low, high):
                        yield Hit(_KIND, None, *word.span(), 0.5, self.name, Likelihood.POSSIBLE)
                    continue
                clear = _clear_until(text, high)
                continue
            sentence = text[low:high]
            if _GENERAL.search(sentence) and not _STATED.search(text, low, high):
                continue
            yield Hit(
                *(_KIND, DataClass.PERSONAL_SPECIAL, word.start(), word.end(), 0.8, self.name),
                Likelihood.LIKELY,
            )


def _clear_until(text: str, high: int) -> int:
    """How far on this line nobody is spoken of: a list of words isn't searched for each of them."""
    end = text.find("\n", high, high + _STRETCH)
    end = min(len(text), high + _STRETCH) if end < 0 else end
    return end if not _somebody(text, max(0, high - _OVERLAP), end) else 0


def _neighbourhood(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around ``start..end``; in a record, also the lines beside its own."""
    low = max([text.rfind(stop, max(0, start - _REACH), start) for stop in "。!！?？;；\n"]) + 1
    low = max(low, start - _REACH, 0)
    stops = [text.find(stop, end, end + _REACH) for stop in "。!！?？;；\n"]
    high = min([stop for stop in stops if stop >= 0], default=min(len(text), end + _REACH))
    if not _RECORD.match(text, low, high):
        return low, high
    for _ in range(_RECORD_LINES):
        above = text.rfind("\n", 0, max(0, low - 1)) + 1
        if low == 0 or text[low - 1] != "\n" or low - above > _RECORD_LINE:
            break
        if not _RECORD.match(text, above, low):
            break
        low = above
    for _ in range(_RECORD_LINES):
        below = text.find("\n", high + 1)
        below = len(text) if below < 0 else below
        if high >= len(text) or text[high] != "\n" or below - high > _RECORD_LINE:
            break
        if not _RECORD.match(text, high + 1, below):
            break
        high = below
    return low, high


def _somebody(text: str, low: int, high: int) -> bool:
    """Whether ``low..high`` speaks of a particular person."""
    if any(expression.search(text, low, high) for expression in (_IDENTIFIER, _SPOKEN_OF, _MASKED)):
        return True
    return any(not person.office for person in people(text, low, high)) or signed(text, low, high)
