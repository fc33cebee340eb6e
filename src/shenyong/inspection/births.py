"""Birth dates: a date that the words beside it, or the head of its column, call one.

domain.md 4.2: official documents are full of dates, so a date alone is nothing. The trigger is the
word, not the date. Forms: 民國85年3月12日, 85/03/12, 0850312, 八十五年三月十二日, and the Gregorian
ones. No clock stands in the core, so the latest year is a constant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection.checksums import calendar_day
from shenyong.inspection.context import Surroundings, windows
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.reading.passage import Passage, View, ViewKind

_LAST_ROC_YEAR = 150  # 2061
_REACH = (40, 48)
_WORDS = (
    "出生年月日|出生日期|出生|生年月日|年月日生|生日|生於|年齡"
    "|DOB|D\\.O\\.B\\.?|[Dd]ate of [Bb]irth|[Bb]irth|[Bb]orn"
)
_NUMERAL = "〇○零一二三四五六七八九十百"
_BEFORE = re.compile(
    rf"(?:{_WORDS})(?:\s?(?:day|date|日期|日|於|為|on))?[^0-9{_NUMERAL}。;；\n]{{0,6}}\s{{0,4}}$"
)
_HEAD = re.compile(_WORDS)
_AFTER = re.compile(
    r"^[\s（(]{0,3}(?:出生|生(?![效產活物計涯]))|^[\s,、|]{1,3}[A-Z][1289A-D][0-9]{8}(?![0-9])"
)
_SEX = re.compile(r"(?:^|[\s,、(（|)）])[男女][\s,、|]{1,2}$")
_RANGE = re.compile(r"[日0-9]\s*(?:起)?(?:至|迄|到|~|～|—)\s*$")
_RULE = re.compile(r"^\s*(?:\(含\)|（含）)?(?:以前|以後|之前|之後|起|前|後|施行|修正|公布|至|止)")

_DATE = re.compile(
    rf"""
    (?=[0-9民中西公{_NUMERAL}JFMASOND])(?:
    (?P<era>(?:中華)?民國前?|民前|西元|公元)?\s*(?<![0-9])(?:
        (?P<y>[0-9]{{1,4}})\s*(?P<s>[年./\-])\s*(?P<m>[0-9]{{1,2}})\s*[月./\-]\s*
        (?P<d>[0-9]{{1,2}})(?![0-9])(?:\s*日)?
      | (?P<run>[0-9]{{6,8}})(?![0-9])
    )
    | (?P<era2>(?:中華)?民國前?|民前)?\s*
      (?P<cy>[{_NUMERAL}]{{1,6}})年(?P<cm>[{_NUMERAL}]{{1,3}})月(?P<cd>[{_NUMERAL}]{{1,4}})日
    | (?P<em>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+
      (?P<ed>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<ey>(?:19|20)[0-9]{{2}})
    | (?P<fd>[0-9]{{1,2}})(?:st|nd|rd|th)?\s+
      (?P<fm>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,?\s+
      (?P<fy>(?:19|20)[0-9]{{2}})
    )
    """,
    re.VERBOSE,
)
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_FIGURES = {figure: value for value, figure in enumerate("〇一二三四五六七八九")} | {
    "○": 0,
    "零": 0,
}


def numeral(words: str) -> int:
    """A number below a thousand in Chinese numerals, by units (八十五) or by digits (八五)."""
    if "十" not in words and "百" not in words:
        return int("".join(str(_FIGURES[word]) for word in words))
    total = current = 0
    for word in words:
        if word in "十百":
            total += (current or 1) * (10 if word == "十" else 100)
            current = 0
        else:
            current = _FIGURES[word]
    return total + current


def exists(year: int, month: int, day: int, *, era: str) -> bool:
    """Whether the day exists, of the ROC calendar unless the era or a four-digit year say not."""
    if "前" in era:
        return 1 <= year <= 150 and calendar_day(1912 - year, month, day)
    if year > 999 or era in ("西元", "公元"):
        return 1850 <= year <= _LAST_ROC_YEAR + 1911 and calendar_day(year, month, day)
    return 1 <= year <= _LAST_ROC_YEAR and calendar_day(year + 1911, month, day)


def _valid(found: re.Match[str]) -> bool:
    if found["run"]:
        run = found["run"]
        return exists(int(run[:-4]), int(run[-4:-2]), int(run[-2:]), era=found["era"] or "")
    if found["cy"]:
        parts = (numeral(found["cy"]), numeral(found["cm"]), numeral(found["cd"]))
        return exists(*parts, era=found["era2"] or "")
    for year, month, day in (("ey", "em", "ed"), ("fy", "fm", "fd")):
        if found[year]:
            number = _MONTHS.index(found[month]) // 3 + 1
            return calendar_day(int(found[year]), number, int(found[day]))
    return exists(int(found["y"]), int(found["m"]), int(found["d"]), era=found["era"] or "")


class Births:
    """The detector of birth dates (`tw_birth_roc`, class D2).

    Beside the words, the sex before a date and a personal number right behind it tell.

    guideline: ey-genai-2023:4
    """

    name = "births/1"

    def patterns(self) -> Sequence[Pattern]:
        """The words that make a date a birth date, and 生 or a personal number after one."""
        return (
            Pattern("word", rf"{_WORDS}|[0-9日]\s?[（(]?生"),
            Pattern("number", r"[0-9日][\s,、|]{1,3}[A-Z][1289A-D][0-9]{8}"),
            Pattern("sex", r"[男女][\s,、|]{1,2}[0-9民]"),
        )

    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The birth dates beside the words, each once."""
        if view.kind is ViewKind.COMPACT:
            return []
        text = view.text
        around = Surroundings(text)
        spans: dict[tuple[int, int], float] = {}
        ends = [match.end for match in matches]
        for low, high in windows(ends, _REACH, len(text)):
            for found in _DATE.finditer(text, low, high):
                if self._told(around, *found.span()) and _valid(found):
                    spans[found.span()] = 0.95
        for end in ends:
            for low, high in around.column_cells(end - 1):
                for found in _DATE.finditer(text, low, high):
                    alone = text[low:high].strip() == found.group().strip()
                    head = around.column_head(found.start())
                    if alone and _HEAD.search(head) and _valid(found):
                        spans.setdefault(found.span(), 0.9)
        return [
            Hit("tw_birth_roc", DataClass.PERSONAL, start, end, confidence, self.name)
            for (start, end), confidence in sorted(spans.items())
        ]

    @staticmethod
    def _told(around: Surroundings, start: int, end: int) -> bool:
        tail = around.text[end : end + 16]
        head = around.text[max(0, start - 32) : start]
        if _RANGE.search(head):
            return False
        if _AFTER.search(tail):
            return True
        told = _BEFORE.search(head) or _SEX.search(head)
        return bool(told) and not _RULE.search(tail)
