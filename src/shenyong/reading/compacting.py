"""The compact view: number runs without what was put between their characters.

A run is a sequence of digits (also Chinese ones: 〇一二, 壹貳參, and Suzhou numerals), possibly
after one or two letters, with at most three separators between neighbours. In the view a run stands
as ASCII digits and capitals without separators; some context before and after it is kept, because
detectors want a label near. Positional numerals (一百二十) are no runs: 百 and 十 end one.

The view shows the runs' surroundings only, not the whole text: ordinary text costs nothing.
"""

from __future__ import annotations

import re

import numpy as np

from shenyong.reading.folding import Codes
from shenyong.reading.passage import View, ViewKind

_NUMERALS = {
    **dict(zip("〇一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("零壹貳參肆伍陸柒捌玖", "0123456789", strict=True)),
    **dict(zip("〡〢〣〤〥〦〧〨〩", "123456789", strict=True)),
    "貮": "2", "叁": "3", "叄": "3", "弍": "2", "弎": "3", "幺": "1", "洞": "0",
}  # fmt: skip
_LEET = {"O": "0", "o": "0", "I": "1", "l": "1"}
_FOLD = {**_NUMERALS, **_LEET}
_DIGIT = "0-9" + "".join(_NUMERALS)
_SEPARATOR = (
    r"(?:<[^<>\n]{0,60}>|&nbsp;|\*{1,4}+|"  # possessive: one way to read a row of stars
    r"[\s\-._/,|#~:;'\"“”‘’()\[\]{}\\、·•+=^`。〔〕【】「」])"
)
_RUN = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z]{_SEPARATOR}{{0,3}}){{0,2}}"
    rf"(?:[{_DIGIT}OoIl]{_SEPARATOR}{{0,3}}){{6,60}}[{_DIGIT}]"
)
_TAG = re.compile(r"<[^<>\n]{0,60}>|&nbsp;")
_ENOUGH = 7
_LEAD = 8  # one or two letters with separators may stand before the digits
_ROW = b"\x01" * _ENOUGH
_BEFORE, _AFTER = 32, 16
_BREAK = "\n\n"

_SEPARATORS = " \t\n\r-._/,*|#~:;'\"“”‘’()[]{}\\、·•+=^`。〔〕【】「」"
_DIGITISH = np.zeros(0x110000, dtype=bool)
_DIGITISH[[ord(each) for each in "0123456789" + "".join(_NUMERALS)]] = True
_RUNNING = _DIGITISH.copy()
_RUNNING[[ord(each) for each in _SEPARATORS + "".join(_LEET)]] = True


def compact(view: View, codes: Codes) -> View | None:
    """The compact view of a folded (or decoded) view with these code points; None if none."""
    stretches = _stretches(codes, view.text)
    if not stretches:
        return None
    text = view.text
    chars: list[str] = []
    places: list[int] = []
    last = 0
    for match in (match for begin, end in stretches for match in _RUN.finditer(text, begin, end)):
        run = match.group()
        kept = _characters(run)
        bare = "".join(char for char, _ in kept)
        digits = sum(char.isdigit() for char, _ in kept)
        if bare == run or digits < _ENOUGH:
            continue
        begin = max(last, match.start() - _BEFORE)
        for place in range(begin, match.start()):
            chars.append(text[place])
            places.append(place)
        for char, inner in kept:
            chars.append(char)
            places.append(match.start() + inner)
        last = min(len(text), match.end() + _AFTER)
        for place in range(match.end(), last):
            chars.append(text[place])
            places.append(place)
        for char in _BREAK:
            chars.append(char)
            places.append(places[-1])
        last = match.end()
    if not chars:
        return None
    index = np.array(places, dtype=np.int32)
    if view.starts is None or view.ends is None:
        starts, ends = index, index + np.int32(1)
    else:
        starts, ends = view.starts[index], view.ends[index]
    kind = ViewKind.COMPACT if view.kind is ViewKind.FOLDED else view.kind
    encoding = view.encoding if kind is ViewKind.COMPACT else f"{view.encoding}+compact"
    return View(kind, "".join(chars), starts, ends, encoding)


def _stretches(codes: Codes, text: str) -> list[tuple[int, int]]:
    """Ranges with enough digits and nothing that ends a run: the only places where one can be."""
    running = _RUNNING[codes]
    tags = "<" in text  # tags hold any characters
    if not tags and _ROW not in running.tobytes():
        return []
    digits = np.flatnonzero(_DIGITISH[codes])
    if digits.size < _ENOUGH:
        return []
    if tags:
        return [(max(0, int(digits[0]) - _LEAD - 6 * 62), int(digits[-1]) + 1)]
    labels = np.cumsum(~running)[digits]
    begins = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    ends = np.r_[begins[1:], labels.size]
    found = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if end - begin >= _ENOUGH:
            found.append((max(0, int(digits[begin]) - _LEAD), int(digits[end - 1]) + 1))
    return found


def _characters(run: str) -> list[tuple[str, int]]:
    """A run's letters and digits with their places, folded; separators and tags left out."""
    hidden = {place for tag in _TAG.finditer(run) for place in range(tag.start(), tag.end())}
    kept: list[tuple[str, int]] = []
    begun = False
    for place, char in enumerate(run):
        if place in hidden or not (char.isalnum() or char in _FOLD):
            continue
        begun = begun or char.isdigit() or char in _NUMERALS
        kept.append(((_FOLD.get(char, char) if begun else char.upper()), place))
    return kept
