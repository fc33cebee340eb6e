"""Inventing names: surnames by their frequency in Taiwan, given names by licensed lists.

Names that are hard come more often than in life: rare surnames, surnames that are usual words, one
character as given name, whole names that are words (許可, 高興), two surnames, 氏.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from random import Random

from faker.providers.person.zh_TW import Provider

from shenyong.inspection import lexicon
from training.sources import SHARED, Word

warnings.filterwarnings("ignore", category=SyntaxWarning)
SURNAMES = "".join(
    lexicon.words("surnames", "common")
    + lexicon.words("surnames", "rare")
    + lexicon.words("surnames", "seldom")
)
COMPOUND = lexicon.words("surnames", "compound")
VIETNAMESE = "阮陳黎范武鄧裴胡黃吳楊林李潘段杜馮丁曹梁鄭趙何農高蘇"


def surname_counts() -> dict[str, float]:
    """How frequent surnames are, in per cent of the population."""
    counts: dict[str, float] = json.loads((SHARED / "spec/surnames.json").read_text("utf-8"))
    return counts


def given_names(words: list[Word]) -> Counter[str]:
    """Given names of one or two characters with weights: ours, Faker's, and jieba's."""
    counts: Counter[str] = Counter()
    for name in lexicon.words("given", "names"):
        counts[name] += 80
    for table in (Provider.first_names_male, Provider.first_names_female):
        for name, weight in table.items():
            counts[name] += max(10, round(4000 * weight))
    known = set(surname_counts())
    strong = set(lexicon.words("given", "strong"))
    usual = strong | set(lexicon.words("given", "usual"))
    for word, count, speech in words:
        given = word[1:]
        named = speech == "nr" and count <= 200 and word[0] in known and len(word) == 3
        if named and usual.issuperset(given) and not strong.isdisjoint(given):
            counts[given] += 1
    return counts


class Namer:
    """Draws names. The same seed gives the same names."""

    def __init__(self, words: list[Word], random: Random) -> None:
        self._random = random
        counts = surname_counts()
        self._surnames, shares = list(counts), list(counts.values())
        self._shares = [share**0.6 for share in shares]
        self._rare = list(dict.fromkeys(SURNAMES[100:]))
        pool = given_names(words)
        self._givens = [name for name in pool if len(name) == 2]
        self._weights = [min(pool[name], 150) for name in self._givens]
        self._strong = list(lexicon.words("given", "strong"))
        self._usual = list(lexicon.words("given", "usual"))
        surnames = set(SURNAMES)
        self._words = [
            word.word
            for word in words
            if len(word.word) in (2, 3)
            and word.word[0] in surnames
            and word.speech[:2] not in ("nr", "ns", "nt")
            and word.uses > 30
            and (word.word[0] in SURNAMES[:160] or len(word.word) == 2)
        ]
        self._batch: list[str] = []

    def surname(self) -> str:
        """One surname, mostly of one character."""
        draw = self._random.random()
        if draw < 0.66:
            return self._random.choices(self._surnames, self._shares)[0]
        if draw < 0.94:
            return self._random.choice(self._rare)
        return self._random.choice(COMPOUND)

    def _given(self) -> str:
        if not self._batch:
            self._batch = self._random.choices(self._givens, self._weights, k=2000)
        return self._batch.pop()

    def _character(self) -> str:
        draw = self._random.random()
        if draw < 0.5:
            return self._random.choice(self._strong)
        if draw < 0.75:
            return self._random.choice(self._usual)
        return self._random.choice(self._given())

    def name(self) -> str:
        """One name, of two to five characters."""
        draw = self._random.random()
        if draw < 0.04:
            return self._random.choice(self._words)
        if draw < 0.09:
            surname = self._random.choices(self._surnames, self._shares)[0]
            return surname[0] + self.surname()[0] + self._given()
        if draw < 0.12:
            given = self._given()
            start = self._random.choice(VIETNAMESE) + "氏"
            return start + given[: self._random.choice((1, 2))]
        surname = self.surname()
        if draw < 0.40:
            return surname + self._character()
        if draw < 0.76:
            return surname + self._given()
        return surname + self._character() + self._character()
