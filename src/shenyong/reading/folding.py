"""The folded view: one form for characters that look or count alike, with a map back.

One table lookup over the code points does most of it: compatibility forms (NFKC), all decimal
digits of all scripts, look-alikes of Latin letters, dashes and spaces to one each, invisible
characters away. Only characters that become several take the slower path. Han text stays as it is.

Source: Unicode UAX #15 (NFKC), UTS #39 (confusables; our own short list), reliability.md 2.2.
"""

from __future__ import annotations

import functools
import unicodedata

import numpy as np
from numpy.typing import NDArray

from shenyong.reading.passage import View, ViewKind

Codes = NDArray[np.uint32]
_SIZE = 0x110000
_GONE = _SIZE  # not a code point: the character has no place in the folded text
_SEVERAL = _SIZE + 1  # it becomes several; see `_Tables.several`

# Blocks of Han, Hangul, surrogates and private use hold nothing to fold (but for Hangul fillers).
_RANGES = ((0x80, 0x3400), (0xA000, 0xAC00), (0xF900, 0x10000), (0x10000, 0x20000),
           (0x2F800, 0x2FA20), (0xE0000, 0xE01F0))  # fmt: skip
_FILLERS = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800})
_DASHES = frozenset({0x2212, 0x02D7, 0x2043, 0x2796, 0x30A0, 0xFE63, 0xFF0D})
_LOOKALIKES = {
    "A": "АΑᎪꓮ𐊠", "B": "ВΒᏴꓐ", "C": "СϹᏟꓚⅭ", "D": "ᎠꓓⅮ", "E": "ЕΕᎬꓰ", "F": "Ϝꓝ", "G": "ԌᏀꓖ",
    "H": "НΗᎻꓧ", "I": "ІΙӀⅠꓲ", "J": "ЈᎫꓙͿ", "K": "КΚᏦꓗ", "L": "ᏞⅬꓡ", "M": "МΜᎷꓟⅯ", "N": "ΝꓠԊ",
    "O": "ОΟՕꓳ", "P": "РΡᏢꓑ", "Q": "Ԛ", "R": "ᎡꓣᏒ", "S": "ЅՏᏚꓢ", "T": "ТΤᎢꓔ", "U": "ՍꓴԱ",
    "V": "ѴᏙꓦⅤ", "W": "ԜᎳꓪ", "X": "ХΧꓫⅩ", "Y": "ҮΥꓬУ", "Z": "ΖᏃꓜ",
    "a": "аα", "c": "сϲⅽ", "d": "ԁⅾ", "e": "е", "h": "һ", "i": "іι", "j": "ј", "k": "к", "l": "ӏⅼ",
    "m": "ⅿ", "n": "п", "o": "оοօ", "p": "рρ", "q": "ԛ", "r": "г", "s": "ѕ", "u": "υս", "v": "νѵⅴ",
    "w": "ԝѡ", "x": "хχⅹ", "y": "уγ",
    "3": "Зз", "6": "б",
}  # fmt: skip


class _Tables:
    """What each code point becomes. Built once per process, in some tens of milliseconds."""

    def __init__(self) -> None:
        self.one = np.arange(_SIZE, dtype=np.uint32)
        self.several: dict[int, tuple[int, ...]] = {}
        lookalikes = {ord(each): latin for latin, some in _LOOKALIKES.items() for each in some}
        for code in range(0x20):
            if chr(code) not in "\n\r\t":
                self.one[code] = _GONE
        self.one[0x7F] = _GONE
        for low, high in _RANGES:
            for code in range(low, high):
                form = self._form(code, lookalikes)
                if form is not None:
                    self._set(code, form)

    def _form(self, code: int, lookalikes: dict[int, str]) -> str | None:
        """What a character becomes; None if it stays."""
        char = chr(code)
        if code in lookalikes:
            return lookalikes[code]
        if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators: letters, which make flags in pairs
            return chr(code - 0x1F1E6 + ord("A"))
        if code == 0x2D9:  # the light tone of zhuyin, no space with a dot
            return None
        category = unicodedata.category(char)
        if code in _FILLERS or category in ("Cf", "Cc", "Mn", "Me"):
            return "\n" if code == 0x85 else ""
        if category == "Zs":
            return " "
        if category in ("Zl", "Zp"):
            return "\n"
        if category == "Pd" or code in _DASHES:
            return "-"
        digit = unicodedata.decimal(char, None)
        if digit is not None:
            return str(digit)
        form = unicodedata.normalize("NFKC", char)
        if form == char:  # numbers in a shape that NFKC leaves alone: ❶ ⓵ ➀ 𝍡
            counted = unicodedata.numeric(char, -1.0) if category == "No" else -1.0
            return str(int(counted)) if counted in range(10) else None
        kept = [each for each in form if unicodedata.category(each) not in ("Mn", "Me", "Cf")]
        return "".join(lookalikes.get(ord(each), each) for each in kept)

    def _set(self, code: int, form: str) -> None:
        if len(form) == 1:
            self.one[code] = ord(form)
        elif not form:
            self.one[code] = _GONE
        else:
            self.one[code] = _SEVERAL
            self.several[code] = tuple(map(ord, form))


@functools.cache
def tables() -> _Tables:
    """The tables, built at the first call."""
    return _Tables()


def codes_of(text: str) -> Codes:
    """The code points of a text, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def text_of(codes: Codes) -> str:
    """The text of code points."""
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def fold(text: str) -> tuple[View, Codes]:
    """The folded view of a text and the code points of the view's text."""
    codes = codes_of(text)
    table = tables()
    folded = table.one[codes]
    if folded.size and int(folded.max()) >= _GONE:
        return _resized(codes, folded, table)
    if np.array_equal(folded, codes):
        return View(ViewKind.FOLDED, text), codes
    return View(ViewKind.FOLDED, text_of(folded)), folded


def _resized(codes: Codes, folded: Codes, table: _Tables) -> tuple[View, Codes]:
    """Folding where characters vanish or become several."""
    index = np.arange(codes.size, dtype=np.int32)
    several = np.flatnonzero(folded == _SEVERAL)
    if several.size:
        lengths = np.ones(codes.size, dtype=np.int64)
        forms = [table.several[int(codes[each])] for each in several]
        lengths[several] = [len(form) for form in forms]
        index = np.repeat(index, lengths)
        folded = np.repeat(folded, lengths)
        folded[folded == _SEVERAL] = np.array(
            [code for form in forms for code in form], dtype=np.uint32
        )
    keep = folded != _GONE
    folded, index = folded[keep], index[keep]
    return View(ViewKind.FOLDED, text_of(folded), index, index + np.int32(1)), folded
