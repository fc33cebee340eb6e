"""The tables that the tokens look into: words, pairs of prose, characters of names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from shenyong.inspection import lexicon
from shenyong.inspection.tagging.tokens import Tables, codes, normal, pair_hash, word_hash
from training.names import given_names, surname_counts
from training.sources import PERSONS, Text, Word

WORD_BITS, PAIR_BITS = 18, 17
CHARACTERS, SEEN = 5200, 8
_SPEECHES = (
    *("n", "v", "a", "d", "p", "c", "r", "m", "q", "f", "s", "t", "u", "y", "z", "i", "l", "b"),
    *("ns", "nt", "nz", "nr", "vn", "ad", "an", "j", "o", "e", "x", "eng"),
)
_SPEECH = {tag: number for number, tag in enumerate(_SPEECHES, start=1)}


def words_table(words: Iterable[Word]) -> NDArray[np.uint32]:
    """The hash table of words; where two want one place, the more frequent has it."""
    table = np.zeros(1 << WORD_BITS, np.uint32)
    for word, count, speech in sorted(words, key=lambda each: each.uses):
        if not 1 <= len(word) <= 4 or any(ord(each) > 0xFFFF for each in word):
            continue
        if count < 5 or (speech[:2] == "nr" and (count < 400 or len(word) > 2)):
            continue
        frequency = min(255, max(1, round(14 * math.log2(count + 1))))
        tag = _SPEECH.get(speech, _SPEECH.get(speech[:1], 0))
        hashed = word_hash(word)
        table[hashed >> (32 - WORD_BITS)] = (hashed & 0xFFFF) << 16 | tag << 8 | frequency
    return table


def pairs_table(prose: Iterable[str]) -> NDArray[np.uint8]:
    """How frequent pairs of characters are in prose without names."""
    counts = np.zeros(1 << PAIR_BITS, np.int64)
    for text in prose:
        coded = codes(text)
        np.add.at(counts, pair_hash(coded[:-1], coded[1:], len(counts)), 1)
    return np.minimum(255, np.round(24 * np.log1p(counts))).astype(np.uint8)


def _ratio(counts: Counter[str], prose: Counter[str], smooth: float) -> NDArray[np.uint8]:
    """log2 of how much more usual a character is in `counts` than in prose; 14 steps a bit."""
    table = np.zeros(0x10000, np.uint8)
    total, all_prose = sum(counts.values()), sum(prose.values())
    size = 6000
    for code in range(0x3400, 0xA000):
        each = chr(code)
        p = (counts[each] + smooth) / (total + smooth * size)
        q = (prose[each] + 2) / (all_prose + 2 * size)
        table[code] = min(255, max(1, round(128 + 14 * math.log2(p / q))))
    return table


def _rows(prose: Iterable[str], words: Iterable[Word], texts: Iterable[Text]) -> NDArray[np.uint16]:
    """For each code its row of vectors; 1 for what is seen too seldom."""
    seen: Counter[str] = Counter()
    for text in prose:
        seen.update(text)
    for word in words:
        seen.update(word.word)
    for marked in texts:
        for each in marked.text:
            seen[each] += 30
    table = np.ones(0x10000, np.uint16)
    usual = [each for each, count in seen.most_common(CHARACTERS) if count >= SEEN]
    for row, each in enumerate((each for each in usual if ord(each) < 0x10000), start=2):
        table[ord(each)] = row
    table = table[normal()]
    table[0] = 0
    return table


def tables(
    words: Sequence[Word], prose: Sequence[str], other_prose: Sequence[str], texts: Sequence[Text]
) -> Tables:
    """Everything that `Tables` holds. Pairs are counted in `prose`, which no example comes from:
    else every text of the examples would look familiar."""
    usual: Counter[str] = Counter()
    for text in prose:
        usual.update(text)
    for word in words:
        for each in word.word:
            usual[each] += word.uses // 20
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for name, weight in given_names(list(words)).items():
        if len(name) == 2:
            first[name[0]] += min(weight, 150)
            second[name[1]] += min(weight, 150)
    for marked in texts:
        for mention in marked.mentions:
            name = marked.text[mention.start : mention.end]
            if mention.kind in PERSONS and len(name) == 3:
                first[name[1]] += 4
                second[name[2]] += 4
    only = Counter({each: first[each] // 4 + second[each] // 2 for each in first | second})
    for each in lexicon.words("given", "strong"):
        first[each] += 20
        second[each] += 20
        only[each] += 40
    for each in lexicon.words("given", "usual"):
        only[each] += 12
        first[each] += 4
        second[each] += 4
    surnames: Counter[str] = Counter()
    for name, share in surname_counts().items():
        surnames[name[0]] += max(1, round(share * 1000))
    return Tables(
        words_table(words),
        pairs_table(prose),
        _ratio(surnames, usual, 1.0),
        _ratio(first, usual, 2.0),
        _ratio(second, usual, 2.0),
        _ratio(only, usual, 2.0),
        _rows([*prose, *other_prose], words, texts),
    )
