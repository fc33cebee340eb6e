"""The scattered view: an identifier whose characters were strewn among others, or told in words.

People who know that a number is searched for write its characters one by one: with emoji, markup or
words between, one on each line, in digit words of several languages, as character codes, in two
halves, backwards. Each such *reading* gives a row of characters with their places; the view holds
the parts of rows that have the shape of a national ID, a residence permit or a mobile number, and
nothing else. Whether one is real, its check digit decides (`inspection`), so ordinary text, where
letters and digits stand about by chance, gives nothing to find.

Source: reliability.md 2.2 (evasions written by somebody else are what counts); docs/security.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from shenyong.reading.folding import Codes, fold
from shenyong.reading.numerals import (
    EXOTIC,
    LATIN,
    MORSE,
    POSITIONAL,
    ROMAN,
    SAID,
    TOLD,
    positional,
)
from shenyong.reading.passage import View, ViewKind

Atom = tuple[str, int, int]
"""A character of a row, and the half-open range of the view that says it."""

_CHECKED = re.compile("(?=[A-Za-z][1289A-Da-d][0-9]{8}(?![0-9]))")
_SHAPE = re.compile("(?=(?:[A-Za-z][1289A-Da-d][0-9]{8}|09[0-9]{8})(?![0-9]))")
"""Mobile numbers have no check digit: they count only where every character stands by itself."""
_LENGTH = 10
_GAP = 24
"""Code points between neighbours of a row; a sentence with one character of it is shorter."""
_STRIDES = (2, 3)
_ALONE = 6  # so many characters of an identifier at least stand alone or are words
_FEW = 8  # so many atoms at least: an identifier may have some of its characters side by side
_HEAD = re.compile(
    r"(?m)^[ \t]*(?:[-*+>|]+[ \t]*)?[0-9]{1,3}[.):、\]][ \t]*"
    r"|第 ?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2}) ?[碼位個字格欄項]"
)
_KEY = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z][A-Za-z0-9_]{0,30}[\"']?(?= ?[=:])")
_UNIT = re.compile("[ \t]?[年月日時分秒元條項款目頁%點週歲]|[ \t]?(?:小時|公|萬|億|千)")
_SHIFTED = re.compile(r"(?<![!-~])[A-Za-z][!@#$%^&*()]{9}")
_SHIFT = str.maketrans("!@#$%^&*()", "1234567890")
_PHONETIC = re.compile("[\u3105-\u3129ˇˋˊ˙]{10,}")
_KEYS = dict(zip(
    "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙㄧㄨㄩㄚㄛㄜㄞㄟㄠㄢㄣˇˋˊ˙",
    "1QAZ2WSXEDCRFV5TGBYHNUJM8IK9OL0P3467", strict=True,
))  # fmt: skip
"""What a key of the usual zhuyin keyboard (大千) writes when it is left on English."""
_LEET = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]{9}(?![A-Za-z0-9])")
_LIKE = str.maketrans("OoQDIilLZzEeASsGbTBgq", "000011112233455667899")
_PLAIN = 3  # digits that a look-alike number still has
_CHUNK = re.compile(r"[A-Za-z0-9]+")
_ALTERNATE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{19,64}(?![A-Za-z0-9])")
_DIGEST = re.compile(r"[0-9a-f]{32,}\Z|[0-9A-F]{32,}\Z")
_BACKWARDS = re.compile(r"(?<![A-Za-z0-9])[0-9]{8}(?:[1289A-D][A-Za-z]|90)(?![A-Za-z0-9])")
_CODES = re.compile(r"(?<![0-9.])(?:[0-9]{2,3}(?![0-9])[^0-9\n]{1,14}){9,}[0-9]{2,3}(?![0-9])")
_TWO_OR_THREE = re.compile("(?<![0-9])[0-9]{2,3}(?![0-9])")
_SEVEN_BITS = re.compile("[01]{7}")
_BITS = re.compile(r"(?<![01])[01]{7,8}(?:[^0-9A-Za-z]{0,3}[01]{7,8}){9,}(?![01])")
_ALONE_ONES = re.compile("(?<![A-Za-z0-9])[A-Za-z0-9](?![A-Za-z0-9])")
_WORDS = re.compile("[A-Za-zÀ-ỹ]{2,}")
_ROMAN = re.compile("[\u2160-\u2168\u2170-\u2178]")
_PAIR = re.compile(r"(?<![A-Za-z0-9])[0-9]{2}(?![A-Za-z0-9])")
_CODE = re.compile("[0-9]+")
_LEAD = re.compile("(?<![A-Za-z0-9])(?:[A-Za-z][0-9]{0,8}|[0-9]{1,8}[A-Za-z])(?![A-Za-z0-9])")
_NINE = re.compile("[0-9]{9}")
_FIRST = re.compile("[A-Za-z][0-9]{0,8}|[0-9]{1,8}[A-Za-z]")
_AFTERWARDS = re.compile(
    rf"(?<![A-Za-z0-9])([1289][0-9]{{8}})(?![A-Za-z0-9])[^A-Za-z0-9]{{1,{_GAP}}}"
    r"([A-Za-z])(?![A-Za-z0-9])"
)
_PIECES = 7  # so many at most
_LETTER_AND_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])([A-Za-z])(?![A-Za-z0-9])[^0-9A-Za-z]{{0,12}}?([{POSITIONAL}]{{7,24}})"
)
_KIND = np.zeros(0x110000, dtype=np.uint8)
"""Per code point: 1 for digits, 2 for what a digit's key writes with Shift, 3 for other scripts."""
_KIND[0x30:0x3A] = 1
_KIND[[ord(each) for each in "!@#$%^&*()"]] = 2
_KIND[[ord(each) for each in EXOTIC + "".join(_KEYS)]] = 3
_BREAK = "\n\n"


def scattered(view: View, codes: Codes) -> Iterator[View]:
    """A decoded view of each way in which the folded text says something shaped like an identifier.

    `codes` are the code points of the view's text. Nothing, and nearly free, for ordinary text.
    """
    text = view.text
    counts = np.bincount(_KIND[codes], minlength=4)
    digits, signs, strange = int(counts[1]), int(counts[2]), int(counts[3])
    rows: list[tuple[str, Iterator[Sequence[Atom]]]] = [("places", _run_on(text))]
    atoms = _atoms(text, TOLD) if _worth(text, strange) else []
    if len(atoms) >= _FEW:
        rows.append(("places", _placed(text, atoms)))
    if digits >= _LENGTH - 1:
        rows += [("pieces", _chunked(text)), ("backwards", _turned(text))]
    if signs >= _LENGTH - 1 or strange >= _LENGTH:
        rows.append(("keyboard", _typed(text)))
    if "億" in text:
        rows.append(("number", _counted(text)))
    # These have every character of a number by itself.
    single: list[tuple[str, Iterator[Sequence[Atom]]]] = [("scattered", _near(atoms))]
    if text.count("-") + text.count(".") >= 3 * _LENGTH:
        single.append(("morse", _near(_atoms(text, MORSE))))
    if digits >= 2 * _LENGTH:
        single.append(("codes", _coded(text)))
    for shape, some in ((_CHECKED, rows), (_SHAPE, single)):
        for name, each in some:
            found = [part for row in each for part in _shaped(row, shape)]
            if found:
                yield _view(view, found, name)


def of_roman(text: str) -> Iterator[View]:
    """The text with Roman numerals (one character each) as digits, if it has many of them."""
    if not text.isascii() and len(_ROMAN.findall(text)) >= _FEW:
        folded = fold(text.translate(ROMAN))[0]
        yield View(ViewKind.DECODED, folded.text, folded.starts, folded.ends, "roman")


def _shaped(row: Sequence[Atom], shape: re.Pattern[str]) -> Iterator[Sequence[Atom]]:
    """The parts of a row that look like an identifier."""
    if len(row) < _LENGTH:
        return
    said = "".join(char for char, _, _ in row)
    for match in shape.finditer(said):
        yield row[match.start() : match.start() + _LENGTH]


def _placed(text: str, atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """Every second and every third character, without the heads of lists, and with some pairs."""
    yield from _strided(atoms)
    heads = {place for head in _HEAD.finditer(text) for place in range(*head.span())}
    if heads:
        headless = [each for each in atoms if each[1] not in heads]
        yield from _near(headless)
        yield from _strided(headless)
    yield from _paired(text, atoms)


def _atoms(text: str, told: re.Pattern[str]) -> list[Atom]:
    atoms: list[Atom] = []
    for match in told.finditer(text):
        word = match.group()
        said = SAID.get(word) or SAID.get(word.lower()) or word
        atoms += [(char, match.start(), match.end()) for char in said]
    return atoms


def _worth(text: str, strange: int) -> bool:
    """Whether there is a letter that stands alone, or enough of digits alone or in words."""
    alone = _ALONE_ONES.findall(text)
    if len(alone) >= _FEW or strange >= _FEW or any(map(str.isalpha, alone)):
        return True
    words = _WORDS.findall(text)
    return len(words) >= _FEW and sum(word.lower() in LATIN for word in words) >= _ALONE


def _run_on(text: str) -> Iterator[Sequence[Atom]]:
    """Runs in which every second character counts, and runs with letters that look like digits."""
    for match in _ALTERNATE.finditer(text):
        if not _DIGEST.match(match.group()):
            row = [(char, at, at + 1) for at, char in enumerate(match.group(), match.start())]
            yield row[::2]
            yield row[1::2]
    for match in _LEET.finditer(text):
        word = match.group()
        if sum(map(str.isdigit, word)) in range(_PLAIN, _LENGTH - 1):
            word = word[0] + word[1:].translate(_LIKE)
            yield [(char, at, at + 1) for at, char in enumerate(word, match.start())]


def _strided(atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """Of the rows of atoms near each other every second, and every third."""
    for run in _near(atoms):
        if len(run) >= _LENGTH:
            for stride in _STRIDES:
                for phase in range(stride):
                    yield run[phase::stride]


def _paired(text: str, atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """Where a filler was lost, two characters stand together; most still stand alone."""
    pairs = [
        (char, match.start() + at, match.start() + at + 1)
        for match in _PAIR.finditer(text)
        for at, char in enumerate(match.group())
    ]
    if not pairs:
        return
    alone = {start for _, start, _ in atoms}
    for run in _near(sorted([*atoms, *pairs], key=lambda each: each[1])):
        for part in _shaped(run, _CHECKED):
            if sum(start in alone for _, start, _ in part) >= _ALONE:
                yield part


def _near(atoms: Sequence[Atom]) -> Iterator[Sequence[Atom]]:
    """The atoms in rows whose neighbours are near each other."""
    first = 0
    for at, (one, other) in enumerate(pairwise(atoms), 1):
        if other[1] - one[2] > _GAP:
            yield atoms[first:at]
            first = at
    yield atoms[first:]


def _chunked(text: str) -> Iterator[Sequence[Atom]]:
    """A letter and pieces of digits that together have an identifier's length, in some order."""
    if _LEAD.search(text) is None:
        return
    keys = {place for key in _KEY.finditer(text) for place in range(*key.span())}
    chunks = [
        match
        for match in _CHUNK.finditer(text)
        if len(match.group()) < _LENGTH and match.start() not in keys
    ]
    for at, first in enumerate(chunks):
        if not _FIRST.fullmatch(first.group()):
            continue
        pieces: list[list[Atom]] = []
        size = 0
        for each in chunks[at : at + _PIECES]:
            word = each.group()
            if pieces and (
                each.start() - pieces[-1][-1][2] > _GAP
                or not word.isdigit()
                or _UNIT.match(text, each.end())
            ):
                break
            pieces.append(
                [(char, place, place + 1) for place, char in enumerate(word, each.start())]
            )
            size += len(word)
            if size >= _LENGTH:
                break
        if size == _LENGTH and len(pieces) > 1:
            yield from _ordered(pieces)
    for match in _AFTERWARDS.finditer(text) if _NINE.search(text) else ():
        digits = [(char, at, at + 1) for at, char in enumerate(match.group(1), match.start())]
        yield [(match.group(2), match.start(), match.end()), *digits]


def _ordered(pieces: list[list[Atom]]) -> Iterator[Sequence[Atom]]:
    """The pieces one after the other, each of them backwards, and two of them interleaved."""
    yield [each for piece in pieces for each in piece]
    yield [each for piece in pieces for each in piece[::-1]]
    if len(pieces) == 2 and len(pieces[0]) == len(pieces[1]):
        yield [each for pair in zip(*pieces, strict=True) for each in pair]


def _typed(text: str) -> Iterator[Sequence[Atom]]:
    """What was typed with the wrong state of the keyboard."""
    for match in _SHIFTED.finditer(text):
        word = match.group()[0] + match.group()[1:].translate(_SHIFT)
        yield [(char, at, at + 1) for at, char in enumerate(word, match.start())]
    for match in _PHONETIC.finditer(text):
        yield [
            (_KEYS.get(char, " "), at, at + 1)
            for at, char in enumerate(match.group(), match.start())
        ]


def _counted(text: str) -> Iterator[Sequence[Atom]]:
    """A letter, and a number of nine digits told as one (一億二千零三十九萬…)."""
    for match in _LETTER_AND_NUMBER.finditer(text):
        number = positional(match.group(2))
        if 10**8 <= number < 10**9 and not _UNIT.match(text, match.end()):
            digits = [(char, *match.span(2)) for char in str(number)]
            yield [(match.group(1), match.start(1), match.end(1)), *digits]


def _coded(text: str) -> Iterator[Sequence[Atom]]:
    """Rows of character codes: 65 49 50, chr(65)+chr(49), CHAR(65)||CHAR(49), 01000001 00110001."""
    for worth, pattern, base in (
        (len(_TWO_OR_THREE.findall(text)) >= _LENGTH, _CODES, 10),
        (_SEVEN_BITS.search(text), _BITS, 2),
    ):
        for match in pattern.finditer(text) if worth else ():
            yield [
                (chr(code) if 0x20 < (code := int(each.group(), base)) < 0x7F else " ",
                 match.start() + each.start(), match.start() + each.end())
                for each in _CODE.finditer(match.group())
            ]  # fmt: skip


def _turned(text: str) -> Iterator[Sequence[Atom]]:
    """What stands backwards; every character means the whole run."""
    for match in _BACKWARDS.finditer(text):
        yield [(char, *match.span()) for char in match.group()[::-1]]


def _view(view: View, found: Iterable[Sequence[Atom]], name: str) -> View:
    """The parts, one below the other; each character means all that its part was written with.

    So a remedy takes out the whole, fillers and all, in whatever order it stands.
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for part in dict.fromkeys(tuple(each) for each in found):  # several rows may say the same
        said = "".join(char for char, _, _ in part).upper() + _BREAK
        low, high = view.original(min(at for _, at, _ in part), max(at for _, _, at in part))
        chars.append(said)
        starts += [low] * len(said)
        ends += [high] * len(said)
    return View(
        ViewKind.DECODED, "".join(chars), np.array(starts, np.int32), np.array(ends, np.int32), name
    )
