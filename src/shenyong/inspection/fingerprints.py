"""Fingerprints: a text known again in parts, without keeping the text. Pure.

    text ──▶ characters that count ──▶ keyed hashes of every 12 ──▶ winnowed ──▶ keyed, 64 bits

What counts: Han, letters and digits, in one width, case and script (simplified and traditional
are one), so spacing, punctuation and hidden characters change nothing. Of every `WINDOW`
neighbouring hashes the least is kept (Schleimer, Wilkerson, Aiken 2003): two texts that share
`SHARED` characters that count, share a fingerprint. What is stored is a keyed hash (BLAKE2b, RFC
7693) of the kept ones; without the agency's key a table of them tells nothing (docs/adr/0060).
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GRAM, WINDOW = 12, 19
SHARED = GRAM + WINDOW - 1
"""So many characters that count, shared in one run, are always seen: 30."""
_SIZE = 0x10000
_PRINT_BYTES = 8
Hashes = NDArray[np.uint64]


class Print(NamedTuple):
    """A fingerprint (signed, as a database keeps it) and the text's code points that made it."""

    value: int
    start: int
    end: int


@cache
def _counting() -> NDArray[np.uint16]:
    """What each code counts as; 0 for what doesn't count."""
    import opencc

    table = np.zeros(_SIZE, np.uint16)
    for code in range(0x30, 0x3400):
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        if len(folded) == 1 and ord(folded) < _SIZE and folded.isalnum():
            table[code] = ord(folded)
    for code in range(0xFF10, 0xFF5B):
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        if folded.isalnum():
            table[code] = ord(folded[0])
    han = [*range(0x3400, 0xA000), *range(0xF900, 0xFB00)]
    plain = [unicodedata.normalize("NFKC", chr(code))[0] for code in han]
    # One character a line, so that no phrase is turned as a whole.
    turned = opencc.OpenCC("t2s").convert("\n".join(plain)).split("\n")
    for code, each in zip(han, turned, strict=True):
        table[code] = ord(each[0]) if ord(each[0]) < _SIZE else code
    return table


class Printer:
    """Makes the fingerprints of one agency's key (32 bytes). Two keys have nothing in common."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(b"stored", key=key, digest_size=32).digest()
        stream = hashlib.shake_256(b"shenyong/fingerprints/1\0" + key).digest(8 * (_SIZE + 1))
        numbers = np.frombuffer(stream, np.uint64)
        self._values = numbers[:_SIZE]
        step = int(numbers[_SIZE]) | 1
        self._powers = np.array(
            [pow(step, GRAM - 1 - at, 1 << 64) for at in range(GRAM)], dtype=np.uint64
        )

    def prints(self, text: str) -> list[Print]:
        """The fingerprints of `text`, in order of place. O(n)."""
        counted, places = _counted(text)
        count = len(counted) - GRAM + 1
        if count < 1:
            return []
        values = self._values[counted]
        hashes = np.zeros(count, np.uint64)
        for at in range(GRAM):
            hashes += values[at : at + count] * self._powers[at]
        hashes ^= hashes >> np.uint64(29)
        kept = winnowed(hashes)
        starts, ends = places[kept], places[kept + GRAM - 1] + 1
        raw = hashes[kept].tobytes()
        return [
            Print(self._stored(raw[8 * at : 8 * at + 8]), int(start), int(end))
            for at, (start, end) in enumerate(zip(starts, ends, strict=True))
        ]

    def _stored(self, raw: bytes) -> int:
        digest = hashlib.blake2b(raw, key=self._key, digest_size=_PRINT_BYTES).digest()
        return int.from_bytes(digest, "big", signed=True)


def _counted(text: str) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """The characters that count, and where they stand."""
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = _counting()[np.where(raw < _SIZE, raw, 0)]
    places = np.flatnonzero(codes)
    return codes[places], places


def winnowed(hashes: Hashes) -> NDArray[np.int64]:
    """The places of the least hash of each window, the rightmost where several are least."""
    count = len(hashes)
    if count <= WINDOW:
        return np.array([count - 1 - int(np.argmin(hashes[::-1]))])
    windows = np.lib.stride_tricks.sliding_window_view(hashes[::-1], WINDOW)
    least = np.argmin(windows, axis=1) + np.arange(count - WINDOW + 1)
    return np.unique(count - 1 - least)


class Filter:
    """Which fingerprints there may be: what is in it is always found, of others one in thousands.

    A split-block Bloom filter (Putze, Sanders, Singler 2007): eight words of 64 bits a block, one
    bit in each. `bits` for each fingerprint it is made for; it may be asked from any thread.
    """

    def __init__(self, capacity: int, bits: int = 24) -> None:
        self._blocks = max(1, (capacity * bits + 511) // 512)
        self._words = np.zeros((self._blocks, 8), np.uint64)
        self.count = 0

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return int(self._words.nbytes)

    def add(self, prints: NDArray[np.int64]) -> None:
        """Put these in."""
        block, masks = self._where(prints)
        for at in range(8):
            np.bitwise_or.at(self._words[:, at], block, masks[:, at])
        self.count += len(prints)

    def has(self, prints: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Of each, whether it may be in."""
        if not self.count or not len(prints):
            return np.zeros(len(prints), bool)
        block, masks = self._where(prints)
        found: NDArray[np.bool_] = ((self._words[block] & masks) == masks).all(axis=1)
        return found

    def _where(self, prints: NDArray[np.int64]) -> tuple[NDArray[np.int64], Hashes]:
        hashed = prints.view(np.uint64)
        high = hashed >> np.uint64(32)
        block = ((high * np.uint64(self._blocks)) >> np.uint64(32)).astype(np.int64)
        low = (hashed & np.uint64(0xFFFFFFFF))[:, None] * _SALTS
        return block, np.uint64(1) << ((low >> np.uint64(26)) & np.uint64(63))


_SALTS = np.array(
    [
        0x47B6137B,
        0x44974D91,
        0x8824AD5B,
        0xA2B7289D,
        0x705495C7,
        0x2DF1424B,
        0x9EFC4947,
        0x5C6BFB31,
    ],
    dtype=np.uint64,
)
