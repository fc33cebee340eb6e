"""Postal addresses in Taiwan and parcels of land (kind ``address``), by grammar and gazetteer.

An address is ``(zip) (county) (township) (village) (neighbourhood) road (section) (lane) (alley)
number (of) (floor) (room)``, with arabic or Chinese numerals and with or without spaces; in the
country a place name stands instead of the road. A road alone is no address: without a number it
says nothing about a person. Which addresses are an agency's own, the directory knows, not this
module. Sources: 個人資料保護法 2 ① (聯絡方式); domain.md 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection import lexicon
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.reading.passage import Passage, View

_KIND = "address"
_HAN = lexicon.HAN
_REACH = 64  # characters of the longest address before its number
_DIGITS = "0-9〇零一二三四五六七八九十百壹貳參肆伍陸柒捌玖拾"
_N = f"(?:[0-9]{{1,4}}|[{_DIGITS}]{{1,6}}) ?"
_S = "[ \u3000]?"


def _both(name: str) -> str:
    """The name, with 臺 also as it is usually written."""
    return name.replace("臺", "[臺台]")


def _names(words: Iterable[str]) -> str:
    return (
        "(?:" + "|".join(_both(word) for word in sorted(words, key=lambda each: -len(each))) + ")"
    )


COUNTIES = {county: towns for county, towns in lexicon.sections("places").items() if county}
_COUNTY = _names(COUNTIES)
_TOWN = _names({town for towns in COUNTIES.values() for town in towns})
_BARE_TOWN = "|".join(
    _both(town[:-1])
    for town in sorted({t for towns in COUNTIES.values() for t in towns})
    if len(town) > 2
)
# Characters that part an address from the words before it.
_APART = "於在住址為位是到從往寄的之即及與把查號係赴搬遷"
_ROAD = rf"(?:[^\W0-9A-Za-z_{_APART}]{{1,5}}?)(?:大道|路|街)"
_SECTION = rf"(?:[東西南北中]|{_N}){{0,1}}段"
_TAIL = (
    rf"(?:{_S}之{_S}{_N})?(?:{_S}[,、]?{_S}(?:地下{_N}?|B?{_N})(?:樓|層|[Ff](?![A-Za-z])))?(?:{_S}(?:之|-){_S}{_N})?"
    rf"(?:{_S}[A-Z甲乙丙丁前後]棟)?(?:{_S}B[1-9](?![0-9]))?"
    rf"(?:{_S}[0-9A-Z{_DIGITS}]{{1,4}}{_S}室)?"
)
_NUMBER = (
    rf"(?:附)?{_N}(?:{_S}[之\-]{_S}{_N})?(?:{_S}[之\-]{_S}{_N})?號"
    "(?!函|令|解釋|判決|裁定|公告|公約|決議|議案|公報|釋字|書函|文|會議室|出口|線|公車|候選)"
)
_LANES = (
    rf"(?:{_S}{_SECTION})?(?:{_S}[{_HAN}]{{0,4}}?(?:{_N}|(?<=[{_HAN}]))巷)?"
    rf"(?:{_S}{_N}弄)?(?:{_S}{_N}衖)?"
)
_REGION = (
    rf"(?:(?:[0-9]{{3}}(?:[0-9]{{2,3}})?|[(（][0-9]{{3,6}}[)）]){_S})?"
    rf"(?:(?P<county>{_COUNTY}){_S})?(?:(?P<town>{_TOWN}){_S})?"
)
_VILLAGE = rf"(?:[^\W0-9A-Za-z_{_APART}]{{1,4}}?[村里]{_S})?(?:{_N}鄰{_S})?"
_STREET = re.compile(rf"{_REGION}{_VILLAGE}(?P<road>{_ROAD}){_S}{_LANES}{_S}{_NUMBER}{_TAIL}")
_RURAL = re.compile(
    rf"{_REGION}(?P<village>[^\W0-9A-Za-z_{_APART}]{{1,4}}?[村里]{_S}(?:{_N}鄰)?{_S})"
    rf"(?:[^\W0-9A-Za-z_]{{1,6}}?{_S})?(?:{_N}鄰{_S})?(?:{_N}巷{_S})?(?:{_N}弄{_S})?{_NUMBER}{_TAIL}"
)
_TOWNSHIP = re.compile(
    rf"{_REGION}(?:{_N}鄰{_S})?(?:[^\W0-9A-Za-z_]{{1,6}}?{_S})?(?:{_N}巷{_S})?(?:{_N}弄{_S})?{_NUMBER}{_TAIL}"
)
_PARCEL = re.compile(
    rf"{_REGION}(?P<parcel>[^\W0-9A-Za-z_{_APART}]{{1,6}}?段{_S}(?:[^\W0-9A-Za-z_]{{1,6}}?小段{_S})?)"
    rf"(?:{_N}(?:{_S}[\-之]{_S}{_N})?(?:[、,]{_S}{_N}(?:[\-之]{_N})?)*)(?:等[0-9一二三四五六七八九十]+筆)?{_S}(?:地號|建號)"
)
_ENGLISH = re.compile(
    r"(?:(?:\d{1,2}|B\d)F\.?(?:-\d+)?, ?)?No\. ?\d{1,4}(?:-\d{1,3})?"
    r"(?:, ?(?:Aly|Alley|Ln|Lane)\.? ?\d{1,4}){0,2}"
    r"(?:, ?Sec(?:tion|\.)? ?\d{1,2})?,? [A-Z][A-Za-z'’.\- ]{1,30}?"
    r"(?:Rd|Road|St|Street|Blvd|Ave)\b\.?"
    r"(?:, ?[A-Z][A-Za-z'’.\- ]{1,24}"
    r"(?:Dist|District|Township|City|County)\b\.?){0,3}(?:,? ?\d{3,6})?"
)
_BARRED = re.compile(r"(?:第|字第)$")
_CLOSED = frozenset("號樓室層")


class Addresses:
    """Finds addresses of people and parcels of land."""

    name = "addresses/1"

    def patterns(self) -> Sequence[Pattern]:
        """A road, lane, village or parcel with a number soon behind it."""
        number = f"[{_DIGITS} ]"
        return (
            Pattern(
                "street",
                f"(?:路|街|大道|巷|弄|衖|段)[0-9{_DIGITS} 段巷弄衖東西南北中之\\-]{{1,28}}號",
            ),
            Pattern("rural", f"[村里鄰][^\\n。,;:]{{0,12}}{number}號"),
            Pattern("town", f"[鄉鎮市區][^\\n。,;:、第]{{0,8}}{number}號"),
            Pattern("parcel", f"段[^\\n。;:]{{0,24}}{number}[地建]號"),
            Pattern("english", r"No\. ?[0-9]{1,4}[^\n]{1,70}(?:Rd|Road|St|Street|Blvd|Ave)[., \n]"),
        )

    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The addresses around the matches, each once."""
        text = view.text
        reached = 0
        found: list[tuple[int, int, float]] = []
        for match in sorted(matches, key=lambda each: each.end):
            if match.end <= reached:
                continue
            for start, end, confidence in _around(text, match, reached):
                found.append((start, end, confidence))
                reached = max(reached, end)
        for start, end, confidence in found:
            yield Hit(_KIND, DataClass.PERSONAL, start, end, confidence, self.name)


def _around(text: str, match: Match, reached: int) -> Iterator[tuple[int, int, float]]:
    """The longest reading of the address whose number ends at the match."""
    low = max(reached, match.end - _REACH)
    line = text.rfind("\n", low, match.end - 1) + 1
    low = max(low, line)
    if match.key == "english":
        for english in _ENGLISH.finditer(text, max(reached, match.end - 110), match.end + 80):
            yield english.start(), english.end(), 0.9
        return
    for expression in (_PARCEL,) if match.key == "parcel" else (_STREET, _RURAL, _TOWNSHIP):
        for address in expression.finditer(text, low, min(len(text), match.end + 24)):
            if address.end() < match.end or address.start() >= match.end:
                continue
            confidence = _confidence(expression, address, text)
            if confidence:
                start, end = address.start(), address.start() + len(address[0].rstrip(" \u3000"))
                if text[start] == "和" and text[start - 1 : start] in _CLOSED:
                    start += 1  # …1號和…2號, but 和平路
                yield start, end, confidence
                return


def _confidence(expression: re.Pattern[str], address: re.Match[str], text: str) -> float:
    """How sure: by the gazetteer, and 0 where it is no address."""
    county, town = address["county"], address["town"]
    if _BARRED.search(text, max(0, address.start() - 2), address.start()):
        return 0.0
    if expression is _TOWNSHIP:
        return 0.8 if town else 0.0
    if expression is _RURAL:
        neighbourhood = "鄰" in address["village"]
        return 0.9 if town else 0.8 if neighbourhood else 0.0
    known = bool(county and town and town in COUNTIES.get(county.replace("台", "臺"), ()))
    if expression is _PARCEL:
        return 0.85 if town or county else 0.7
    return 0.95 if known else 0.85 if town or county else 0.75
