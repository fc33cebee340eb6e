"""Persons and private organisations (kinds ``person_name``, ``organisation``).

Two see the same text: the rules (`names`) know a name by its label, honorific or frame, and are
seldom wrong; the tagger (`tagging`) has learnt what names look like without such signs. Where
both see something at one place, the tagger says where it ends, unless the rules know a longer name;
what only the rules see stays.

A name with a public office (部長, 承辦人) is reported as D0: guideline.md, reading 10; the tagger's
word for an office counts only if it is sure, for a citizen taken for an official would leave. A
surname alone (王先生, 林姓民眾, 陳員) identifies only together with other data, and is reported
with half the confidence. A firm's name is no personal data (個人資料保護法 2 ①: 自然人) and is D0.
Masked names (王○明) are already redacted and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection import lexicon, names
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.people import (
    COMPOUND,
    SURNAMES,
    WORDLIKE,
    Person,
    barred,
    ordinary,
    public,
)
from shenyong.inspection.tagging import Kind, Tagged, is_word, tag
from shenyong.reading.passage import Passage, View, ViewKind

_PERSON, _ORGANISATION = "person_name", "organisation"
_ANY = "any"
_IN_OFFICE = 0.95  # how sure the tagger must be that somebody acts in office
_SURE = 0.55  # of a name in the usual form
_UNUSUAL = 0.85  # of one in another form, or that is a word
_LATIN = 0.76  # of several Latin words
_WORD = 0.995  # of a word of two characters
_FIRM = 0.7
_BESIDE = 8  # so many of the rules' names at most can touch one of the tagger's
_SEEN = frozenset(lexicon.words("surnames", "seldom")) | SURNAMES
_FORM = re.compile(f"[{lexicon.HAN}](?:[ \u3000\n]?[{lexicon.HAN}]){{1,3}}")
_SCRIPT = re.compile(rf"[A-Za-zÀ-ỹ]{{2}}|[·‧・•．.][{lexicon.HAN}]")
_LATIN_WORD = re.compile("[A-Za-zÀ-ỹ]{2}")
_KIN = frozenset(lexicon.words("titles", "kin"))
_MASKED = re.compile(rf"[○〇●◯*＊×□■_?]|[{lexicon.HAN}][OoXxＯＸ]")
_CAPITAL = "[A-ZÀ-ÖØ-ÞĀ-ſẠ-ỹ][A-Za-zÀ-ỹ'’-]+"
_MORE = re.compile(rf"(?:(?<![ ]) ?{_CAPITAL})+(?![A-Za-z])")
_EARLIER = re.compile(rf"(?<![A-Za-z])(?:{_CAPITAL} )+$")


class Persons:
    """Finds persons by name, and private organisations."""

    name = "persons/2"

    def patterns(self) -> Sequence[Pattern]:
        """Those of the rules, and one that every text matches: the tagger reads them all."""
        return (*names.patterns(), Pattern(_ANY, "^(?s:.)"))

    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The names of the view. Numbers play no part, so the compacted view adds nothing."""
        if view.kind is ViewKind.COMPACT:
            return
        signs = [match for match in matches if match.key != _ANY]
        told = names.find(view.text, signs) if signs else []
        yield from united(view.text, told, tag(view.text))


def united(
    text: str, told: Sequence[tuple[Person, float]], tagged: Sequence[Tagged]
) -> Iterator[Hit]:
    """What the rules told, with confidences, and what the tagger tagged, without doubles."""
    held: set[int] = set()
    told = sorted(told)
    at = 0
    for each in tagged:
        if each.kind is Kind.COMPANY and each.probability >= _FIRM and each.end - each.start > 2:
            yield _hit(_ORGANISATION, DataClass.PUBLIC, each.start, each.end, each.probability)
        name = _named(text, each)
        if name is None:
            continue
        start, end, confidence = name
        if not held.isdisjoint(range(start, end)):
            continue  # two parts of one Latin name
        while at < len(told) and told[at][0].end <= start:
            at += 1
        over = [
            person
            for person, _ in told[at : at + _BESIDE]
            if person.start < end and start < person.end
        ]
        if any(person.start <= start and end < person.end for person in over):
            continue  # the rules know more of it: 瓦歷斯．諾幹
        public = (
            any(person.office for person in over)
            if over
            else each.kind is Kind.OFFICIAL and each.office >= _IN_OFFICE
        )
        held.update(range(start, end))
        data_class = DataClass.PUBLIC if public else DataClass.PERSONAL
        yield _hit(_PERSON, data_class, start, end, confidence)
    for person, confidence in told:
        if held.isdisjoint(range(person.start, person.end)):
            data_class = DataClass.PUBLIC if person.office else DataClass.PERSONAL
            yield _hit(_PERSON, data_class, person.start, person.end, confidence)


def _hit(kind: str, data_class: DataClass, start: int, end: int, confidence: float) -> Hit:
    return Hit(kind, data_class, start, end, round(confidence, 2), Persons.name)


def _named(text: str, each: Tagged) -> tuple[int, int, float] | None:
    """Where the name is that the tagger saw, and how sure; None if that can't be one."""
    value = text[each.start : each.end]
    if each.kind not in (Kind.PERSON, Kind.OFFICIAL, Kind.FOLLOW) or _MASKED.search(value):
        return None
    if each.kind is Kind.FOLLOW:
        return _followed(value, each)
    if _SCRIPT.search(value):
        start, end = _whole(text, each.start, each.end)
        several = len(text[start:end].split()) > 1
        needed = _SURE if not _LATIN_WORD.search(value) else _LATIN if several else _UNUSUAL
        return (start, end, each.probability) if each.probability >= needed else None
    if not _FORM.fullmatch(value) or value in _KIN or barred(text, each.end):
        return None
    if public(value) or public(text[each.start : each.start + 3]):  # 鄭南 of 鄭南榕自由巷
        return None
    usual = value[0] in _SEEN or value[:2] in COMPOUND
    word = ordinary(value) or is_word(value)
    needed = (_WORD if len(value) == 2 else _UNUSUAL) if word else _SURE if usual else _UNUSUAL
    return (each.start, each.end, each.probability) if each.probability >= needed else None


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """A Latin name with the capitalised words beside it: the tagger may see a part of it only."""
    after = _MORE.match(text, end)
    before = _EARLIER.search(text, max(0, start - 40), start)
    return before.start() if before else start, after.end() if after else end


def _followed(value: str, each: Tagged) -> tuple[int, int, float] | None:
    """The part of 王小姐, 阿明, 陳員 that points to one person: the surname, or else all of it."""
    if each.probability < _SURE:
        return None
    surname = 2 if value[:2] in COMPOUND else 1 if value[0] in SURNAMES else 0
    if surname and len(value) > surname and value[0] not in WORDLIKE:
        return each.start, each.start + surname, 0.5
    if each.probability < _UNUSUAL or len(value) < 2 or value in _KIN:
        return None
    return each.start, each.end, 0.5
