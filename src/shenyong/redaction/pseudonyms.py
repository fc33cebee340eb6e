"""Pseudonyms: one for each value, numbered by first appearance, so that nothing has to be stored.

The history is sent again with every turn, so the same texts in the same order give the same
numbers (docs/adr/0040). The words are those of `shenyong.inspection.pseudonyms`, for inspection
must know our pseudonyms when it sees them again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from shenyong.inspection.people import COMPOUND, SURNAMES
from shenyong.inspection.pseudonyms import LABELS, OTHER

_OPEN = "〔[【（(［﹝"
_CLOSE = "〕]】）)］﹞"
_NUMERALS = {numeral: digit for digit, numeral in enumerate("〇一二三四五六七八九")} | {"零": 0}
_PERSONS = (LABELS["person_name"], LABELS["surname"])
_EXACT = frozenset({"secret", "encoded"})
_DOTTED = frozenset({"email", "ipv4", "ipv6", "line_id"})
_NOT_VALUE = re.compile(r"[\s\-‐-―−.．·‧・/()（）_,，]+")
_TAKEN = re.compile(
    rf"[{re.escape(_OPEN)}]\s{{0,2}}({'|'.join(sorted({*LABELS.values(), OTHER}, key=len)[::-1])})"
    rf"\s{{0,2}}([0-9０-９〇零一二三四五六七八九十]{{1,5}})\s{{0,2}}[{re.escape(_CLOSE)}]"
)


class Style(StrEnum):
    """How a pseudonym looks."""

    LABEL = "label"  # 〔姓名1〕


def label(kind: str) -> str:
    """The word that stands for a finding's kind: 姓名, 身分證號, …, 資料."""
    return LABELS.get(kind, OTHER)


def number(digits: str) -> int:
    """The number that `digits` write: ASCII, full width, or Han up to 九十九; -1 if none."""
    if "十" in digits:
        tens, _, units = digits.partition("十")
        high = _NUMERALS.get(tens, -1) if tens else 1
        low = _NUMERALS.get(units, -1) if units else 0
        return high * 10 + low if high >= 0 and low >= 0 else -1
    value = 0
    for digit in digits:
        each = _NUMERALS.get(digit, unicodedata.decimal(digit, -1))
        if each < 0:
            return -1
        value = value * 10 + each
    return value if digits else -1


def identity(kind: str, value: str) -> str:
    """What is equal for two ways of writing one value: width, case, separators, invisibles.

    Secrets and encoded runs are equal only to themselves.
    """
    if kind in _EXACT:
        return value
    folded = unicodedata.normalize("NFKC", value)
    folded = "".join(char for char in folded if unicodedata.category(char) != "Cf").casefold()
    if kind in _DOTTED:
        return "".join(folded.split())
    return _NOT_VALUE.sub("", folded) or folded


class Pseudonyms:
    """Hands out pseudonyms for the values of one request, in the order they are asked for.

    `texts` are all texts of the request: a number that a person wrote there already, in any form
    that `shenyong.redaction.restore` would take for a pseudonym, is skipped.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._taken = {
            (match[1], number(match[2])) for text in texts for match in _TAKEN.finditer(text)
        }
        self._last: dict[str, int] = {}
        self._known: dict[tuple[str, str], str] = {}
        self.originals: dict[str, str] = {}

    def of(self, kind: str, value: str) -> str:
        """The pseudonym of `value`; it restores to the form in which the value came first.

        A surname alone (王 of 王小姐) has the number of the one person so far who bears it; where
        there is none, or several, a number that no person has.
        """
        own = identity(kind, value)
        surname = kind == "person_name" and (own in COMPOUND or (len(own) == 1 and own in SURNAMES))
        word = label("surname" if surname else kind)
        key = (word, own)
        pseudonym = self._known.get(key)
        if pseudonym is None:
            following = self._bearer(own) if surname else 0
            pseudonym = self._known[key] = f"〔{word}{following or self._next(word)}〕"
            self.originals[pseudonym] = value
        return pseudonym

    def _next(self, word: str) -> int:
        """A number that nothing has; persons and surnames share theirs."""
        words = _PERSONS if word in _PERSONS else (word,)
        following = max(self._last.get(each, 0) for each in words) + 1
        while any((each, following) in self._taken for each in words):
            following += 1
        self._last[word] = following
        return following

    def _bearer(self, surname: str) -> int:
        """The number of the only person of that surname, 0 where there isn't just one."""
        name = label("person_name")
        bearers = {
            pseudonym
            for (word, own), pseudonym in self._known.items()
            if word == name and own.startswith(surname) and len(own) > len(surname)
        }
        if len(bearers) != 1:
            return 0
        return int(bearers.pop()[len(name) + 1 : -1])
