"""Figures, dates, deadlines and document numbers: where they stand, and what they say.

The same value is written in many ways (30 萬元, 300,000元, 新臺幣參拾萬元 for money; 115年11月12日,
2026-11-12 for a day), so what is compared is the value, never the writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

import msgspec

from shenyong.statutes.numerals import number

_FOLD = str.maketrans(
    {chr(0xFF10 + each): str(each) for each in range(10)}
    | {"，": ",", "％": "%", "．": ".", "／": "/", "－": "-"}
    | dict(zip("壹貳參肆伍陸柒捌玖拾佰仟零", "一二三四五六七八九十百千零", strict=True))
)
_HAN = "一二三四五六七八九十百千零〇兩"
_S = r"[ \u3000]{0,2}"
_NUMBER = rf"(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|[{_HAN}]{{1,9}})"
_SCALE = {
    "": 1,
    "萬": 10_000,
    "億": 100_000_000,
    "兆": 1_000_000_000_000,
    "千": 1000,
    "百萬": 10**6,
}
_UNITS = (
    "元|人|名|戶|件|份|次|項|場|位|公里|公尺|平方公尺|公頃|坪|公斤|公噸|噸"
    "|小時|分鐘|歲|座|所|輛|棟|筆|頁|倍|成|個月"
)
_AMOUNT = re.compile(
    rf"(?:新臺幣|新台幣|NT\$|臺幣)?{_S}(?P<number>{_NUMBER}){_S}(?P<scale>百萬|[萬億兆千])?{_S}"
    rf"(?P<more>[0-9]{{1,4}})?(?P<unit>{_UNITS}|%|個百分點)"
    rf"|百分之{_S}(?P<percent>{_NUMBER})"
)
_DATE = re.compile(
    rf"(?:(?:民國|中華民國){_S})?(?P<year>[0-9]{{2,4}}|[{_HAN}]{{2,5}}){_S}年{_S}"
    rf"(?P<month>[0-9]{{1,2}}|[{_HAN}]{{1,3}}){_S}月(?:{_S}"
    rf"(?P<day>[0-9]{{1,2}}|[{_HAN}]{{1,3}}){_S}日)?"
    r"|(?P<iso>(?:19|20)[0-9]{2}[-/][0-9]{1,2}[-/][0-9]{1,2})"
    r"|(?<![0-9.])(?P<dotted>1[0-9]{2}\.[0-9]{1,2}\.[0-9]{1,2})(?![0-9.])"
    rf"|(?<![年0-9]){_S}(?P<m2>[0-9]{{1,2}}|[{_HAN}]{{1,3}}){_S}月{_S}"
    rf"(?P<d2>[0-9]{{1,2}}|[{_HAN}]{{1,3}}){_S}日"
)
_DEADLINE = re.compile(
    rf"(?P<number>[0-9]{{1,4}}|[{_HAN}]{{1,5}}){_S}"
    r"(?P<unit>個?工作天|個工作日|日曆天|日|天|個月|月|年|週|小時)[ \u3000]{0,2}"
    r"(?:之?內|以內|前|為限)"
)
_REFERENCE = re.compile(r"(?![年月日])[\u4e00-\u9fff]{1,12}字第?[ ]?[0-9A-Z]{5,15}[ ]?號")


class Value(msgspec.Struct, frozen=True):
    """A value at ``start..end``; `kind`: figure, date, deadline, number; `said`: its one form."""

    kind: str
    start: int
    end: int
    said: str


def values(text: str) -> tuple[Value, ...]:
    """The values of a text, in order; the parts of one are no values of their own."""
    plain = text.translate(_FOLD)
    found: list[Value] = []
    for each in (*_references(plain), *_dates(plain), *_deadlines(plain), *_amounts(plain)):
        if not any(each.start < other.end and other.start < each.end for other in found):
            found.append(each)
    return tuple(sorted(found, key=lambda each: each.start))


def _references(text: str) -> Iterator[Value]:
    for match in _REFERENCE.finditer(text):
        said = match[0].replace(" ", "")
        yield Value("number", *match.span(), said[said.index("字") - 1 :].replace("第", ""))


def _dates(text: str) -> Iterator[Value]:
    for match in _DATE.finditer(text):
        if match["iso"]:
            year, month, day = (int(each) for each in re.split("[-/]", match["iso"]))
        elif match["dotted"]:
            year, month, day = (int(each) for each in match["dotted"].split("."))
        elif match["m2"]:
            year, month, day = 0, number(match["m2"]), number(match["d2"])
        else:
            year, month = number(match["year"]), number(match["month"])
            day = number(match["day"]) if match["day"] else 0
        if 1000 > year > 0:
            year += 1911
        if 1 <= month <= 12 and day <= 31:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Value("date", start, match.end(), f"{year:04}-{month:02}-{day:02}")


def _deadlines(text: str) -> Iterator[Value]:
    for match in _DEADLINE.finditer(text):
        unit = match["unit"].replace("個", "").replace("工作日", "工作天").replace("天", "日")
        yield Value("deadline", *match.span(), f"{number(match['number'])}{unit}")


def _amounts(text: str) -> Iterator[Value]:
    for match in _AMOUNT.finditer(text):
        if match["percent"]:
            yield Value("figure", *match.span(), f"{_decimal(match['percent'])}%")
            continue
        amount = _decimal(match["number"]) * _SCALE[match["scale"] or ""]
        if match["more"]:
            amount += int(match["more"])
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        yield Value("figure", start, match.end(), f"{amount.normalize():f}{match['unit']}")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return Decimal(number(text))


def agrees(value: Value, other: Value) -> bool:
    """Whether `other`, of a source, says the same; a date without its year fits any year's."""
    if value.kind != other.kind:
        return False
    if value.kind != "date":
        return value.said == other.said
    mine, theirs = value.said.split("-"), other.said.split("-")
    return all(a == b or int(a) == 0 for a, b in zip(mine, theirs, strict=True))
