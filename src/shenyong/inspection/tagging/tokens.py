"""A text as tokens: a Han character or a mark each, a Latin word each, a run of digits each.

All arrays, computed at once over the whole text. A token knows its character (or the hash of its
Latin word), its shape, and what a list of ordinary words says of its place: which word begins and
which ends there, and whether a word lies across its left border. Names seldom respect ordinary
words, and words seldom cross a name's border.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]
Numbers = NDArray[np.float32]
Ids = NDArray[np.int32]

_SIZE = 0x10000
_BEYOND = 0xFFFD  # stands for every character beyond the basic plane
_ROOM = 4  # empty places before and after the text, so that every word's place exists
_PRIME = np.uint32(0x9E3779B1)
LATIN_BUCKETS = 2048
SHAPES = 40
_DIGITS, _LATIN = 2, 1
_FIFTEEN, _SIXTEEN, _LOW = np.uint32(15), np.uint32(16), np.uint32(0xFFFF)
_LENGTHS = np.array([[1], [2], [3], [4]], np.uint8)


class Tables(NamedTuple):
    """What is known beforehand, as arrays.

    `words`: a hash table of ordinary words of 1 to 4 characters: 16 bits of the hash, 8 of the
    word's part of speech, 8 of its frequency (logarithmic). `pairs`: hashed frequencies of pairs of
    characters in prose without names. `surname`, `first`, `second`, `only`: for each code, how much
    more usual it is there in a name than in prose (log2, 14 steps a bit, offset 128). `characters`:
    for each code its row among the network's vectors; 1 for those that it doesn't know.
    """

    words: NDArray[np.uint32]
    pairs: NDArray[np.uint8]
    surname: NDArray[np.uint8]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    only: NDArray[np.uint8]
    characters: NDArray[np.uint16]


class Tokens(NamedTuple):
    """The tokens of a text. `starts`, `ends`: half-open, in code points; the others one a token.

    `characters`: rows of the network's vectors (Latin words: `characters`' largest + 1 + bucket).
    `shapes`: below `SHAPES`. `begins`, `finishes`: part of speech and length of the word that
    begins and that ends there. `measures`: (tokens, `MEASURES`).
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    characters: Ids
    shapes: Ids
    begins: Ids
    finishes: Ids
    measures: Numbers


MEASURES = 12
SPEECHES = 32 * 5


def normal() -> Codes:
    """What each code counts as: full-width forms as ASCII, all kinds of blank as one."""
    table = np.arange(_SIZE, dtype=np.uint16)
    table[0xFF01:0xFF5F] = np.arange(0x21, 0x7F)
    for blank in (0x3000, 0xA0, 0x2002, 0x2003, 0x2009):
        table[blank] = 0x20
    for one, other in zip("。，：；（）？！‧•．·", ".,:;()?!····", strict=True):
        table[ord(one)] = ord(other)
    return table


def _classes() -> NDArray[np.uint8]:
    """1 for what makes Latin words, 2 for digits, 3 for Han, 4 for kana and bopomofo, 0 else."""
    table = np.zeros(_SIZE, np.uint8)
    for low, high in ((0x41, 0x5B), (0x61, 0x7B), (0xC0, 0x250), (0x300, 0x370), (0x1E00, 0x1F00)):
        table[low:high] = _LATIN
    table[[0x27, 0x2019, 0xD7, 0xF7]] = (_LATIN, _LATIN, 0, 0)
    table[0x30:0x3A] = _DIGITS
    table[0x3400:0xA000] = table[0xF900:0xFB00] = 3
    table[0x3040:0x3130] = 4
    return table


_NORMAL = normal()
_CLASS = _classes()
_UPPER = np.zeros(_SIZE, bool)
_LOWERED = np.arange(_SIZE, dtype=np.uint16)
for _code in [*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
    _UPPER[_code] = chr(_code).isupper()
    if len(chr(_code).lower()) == 1:
        _LOWERED[_code] = ord(chr(_code).lower())


def codes(text: str) -> Codes:
    """The text's code points, normalised; one a character, with room at both ends."""
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    out = np.zeros(len(raw) + 2 * _ROOM, np.uint16)
    out[_ROOM : _ROOM + len(raw)] = _NORMAL[np.where(raw < _SIZE, raw, _BEYOND)]
    return out


def tokens(text: str, known: Tables) -> Tokens:
    """The tokens of `text`. O(n)."""
    padded = codes(text)
    row = padded[_ROOM:-_ROOM]
    if not len(row):
        return _none()
    kind = _CLASS[row]
    joined = np.zeros(len(row), bool)
    joined[1:] = (kind[1:] == kind[:-1]) & ((kind[1:] == _LATIN) | (kind[1:] == _DIGITS))
    starts = np.flatnonzero(~joined)
    ends = np.append(starts[1:], len(row))
    head = kind[starts]
    lengths = ends - starts
    characters = known.characters[row[starts]].astype(np.int32)
    shapes = head.astype(np.int32)
    latin = np.flatnonzero(head == _LATIN)
    if len(latin):
        base = int(known.characters.max()) + 1
        hashed, shape = _latin(row, starts[latin], ends[latin])
        characters[latin] = base + hashed
        shapes[latin] = shape
    digits = head == _DIGITS
    shapes[digits] = 24 + np.minimum(lengths[digits], 12)
    begins, finishes, measures = _lattice(padded, starts + _ROOM, known)
    return Tokens(starts, ends, characters, shapes, begins, finishes, measures)


def _none() -> Tokens:
    empty = np.zeros(0, np.int32)
    place = np.zeros(0, np.int64)
    return Tokens(place, place, empty, empty, empty, empty, np.zeros((0, MEASURES), np.float32))


def _latin(
    row: Codes, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each Latin word, the bucket of its letters, and its shape: 5 + 4 case + length's class."""
    lengths = ends - starts
    word = np.repeat(np.arange(len(starts)), lengths)
    place = np.arange(len(word)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    at = starts[word] + place
    upper = _UPPER[row[at]]
    letters = _LOWERED[row[at]].astype(np.uint32) * (2 * place.astype(np.uint32) + 1) * _PRIME
    letters ^= letters >> np.uint32(13)
    begin = np.cumsum(lengths) - lengths
    hashed = np.add.reduceat(letters * _PRIME, begin, dtype=np.uint32) >> np.uint32(21)
    many = np.add.reduceat(upper.astype(np.int64), begin)
    case = np.where(many == 0, 0, np.where(many == lengths, 2, np.where(upper[begin], 1, 3)))
    size = np.where(lengths == 1, 0, np.where(lengths <= 3, 1, np.where(lengths <= 8, 2, 3)))
    return hashed.astype(np.int64), 5 + case * 4 + size


def word_hash(word: str) -> int:
    """As `_lattice` hashes; for who makes the table."""
    hashed = 0x811C9DC5
    for each in word:
        hashed = ((hashed ^ ord(each)) * 0x9E3779B1) & 0xFFFFFFFF
        hashed ^= hashed >> 15
    return hashed


def ordinary_word(word: str, known: Tables) -> bool:
    """Whether the whole of `word` (at most 4 characters) is in the list of ordinary words."""
    hashed = word_hash(word)
    entry = int(known.words[hashed >> (32 - (len(known.words) - 1).bit_length())])
    return len(word) <= 4 and entry & 0xFF > 0 and entry >> 16 == hashed & 0xFFFF


def pair_hash(one: Codes, other: Codes, size: int) -> NDArray[np.uint32]:
    """The place of pairs of characters in `Tables.pairs`."""
    bits = np.uint32(32 - (size - 1).bit_length())
    hashed: NDArray[np.uint32] = (one.astype(np.uint32) * _PRIME) ^ other
    hashed *= _PRIME
    hashed ^= hashed >> np.uint32(15)
    return (hashed * _PRIME) >> bits


def _lattice(text: Codes, at: NDArray[np.int64], known: Tables) -> tuple[Ids, Ids, Numbers]:
    """What the words of the text say of the places `at`.

    Rows 0 to 3 of the arrays below are words of 1 to 4 characters that begin at a column. Short
    texts are most texts, and cost what numpy's calls cost: there are few of them.
    """
    size = len(text)
    entries = np.zeros((4, size), np.uint32)
    wide = text.astype(np.uint32)
    hashed: NDArray[np.uint32] = np.full(size, 0x811C9DC5, np.uint32)
    for length in range(1, 5):
        hashed = hashed[: size - length + 1] ^ wide[length - 1 :]
        hashed *= _PRIME
        hashed ^= hashed >> _FIFTEEN
        entries[length - 1, : len(hashed)] = hashed
    # An entry: 16 bits of the hash, 8 of the part of speech, 8 of the frequency.
    place = entries >> np.uint32(32 - (len(known.words) - 1).bit_length())
    found = known.words.take(place)
    found *= (found >> _SIXTEEN) == (entries & _LOW)
    octets = found.astype("<u4", copy=False).view(np.uint8).reshape(4, size, 4)
    frequency = np.ascontiguousarray(octets[:, :, 0])
    for row in (1, 2, 3):  # what runs over the end is no word
        frequency[row, size - row :] = 0
    reaching = np.minimum(frequency, 1) * _LENGTHS
    longest = reaching.max(axis=0)
    reach = reaching[0].copy()  # at the last character of a word: the longest that ends there
    for row in (1, 2, 3):
        np.maximum(reach[row:], reaching[row, :-row], out=reach[row:])
    begin, finish = longest[at], reach[at]
    begins_at = np.maximum(begin, 1).astype(np.intp) - 1, at
    finish_row = np.maximum(finish, 1).astype(np.intp) - 1
    finishes_at = finish_row, at - finish_row
    speech = octets[:, :, 1]
    begins = np.where(begin, speech[begins_at], 0) + np.int32(32) * begin
    finishes = np.where(finish, speech[finishes_at], 0) + np.int32(32) * finish
    _, two, three, four = frequency
    crossing = np.zeros(size, np.uint8)  # of the border before each place
    crossing[3:] = four[:-3]
    longer = np.maximum(three, four)
    np.maximum(crossing[2:], longer[:-2], out=crossing[2:])
    np.maximum(crossing[1:], np.maximum(two, longer)[:-1], out=crossing[1:])
    pair = known.pairs[pair_hash(text[:-1], text[1:], len(known.pairs))]
    characters = text[at]
    out = np.empty((len(at), MEASURES), np.float32)
    columns = (
        known.surname[characters],
        known.first[characters],
        known.second[characters],
        known.only[characters],
        frequency[0, at],
        frequency[begins_at],
        frequency[finishes_at],
        crossing[at],
        crossing[at + 1],
        pair[at - 1],
        pair[at],
        two[at],
    )
    for number, column in enumerate(columns):
        out[:, number] = column
    out *= np.float32(1 / 128)
    return begins, finishes, out
