"""Ways to write a number so that a plain search misses it (reliability.md 2.2), and numbers.

Every transform is deterministic and ours; every number is made up and passes its check.
"""

from __future__ import annotations

import base64
import gzip
import random
import textwrap
import zlib
from collections.abc import Callable
from urllib.parse import quote

_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1)

Transform = Callable[[str], str]


def national_id(source: random.Random) -> str:
    """A synthetic national ID with a right check digit (spec/identifiers.json)."""
    letter = source.choice(_LETTERS)
    code = _LETTERS.index(letter) + 10
    digits = [source.choice((1, 2)), *(source.randrange(10) for _ in range(7))]
    weighed = code // 10 + 9 * (code % 10)
    weighed += sum(w * d for w, d in zip(_WEIGHTS, digits, strict=True))
    return letter + "".join(map(str, digits)) + str(-weighed % 10)


def mobile(source: random.Random) -> str:
    """A synthetic mobile number."""
    return "09" + "".join(str(source.randrange(10)) for _ in range(8))


def each(say: Callable[[str], str]) -> Transform:
    return lambda value: "".join(map(say, value))


def digits(zero: int, letter: int = 0) -> Transform:
    """Digits (and capitals, if `letter` is given) of another block."""

    def say(char: str) -> str:
        if char.isdigit():
            return chr(zero + int(char))
        return chr(letter + ord(char) - ord("A")) if letter else char

    return each(say)


def numerals(row: str) -> Transform:
    return each(lambda char: row[int(char)] if char.isdigit() else char)


def between(separator: str) -> Transform:
    return separator.join


def around(before: str, after: str) -> Transform:
    return each(lambda char: f"{before}{char}{after}")


def b64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def tagged(value: str) -> str:
    return "😀" + "".join(chr(0xE0000 + ord(char)) for char in value)


def selected(value: str) -> str:
    raw = value.encode()
    return "😀" + "".join(chr(0xFE00 + x) if x < 16 else chr(0xE0100 + x - 16) for x in raw)


def mixed(value: str) -> str:
    """Several ways in one number."""
    return (
        digits(0xFF10, 0xFF21)(value[:4])
        + "\u200b-"
        + numerals("〇一二三四五六七八九")(value[4:7])
        + " "
        + numerals("⓪①②③④⑤⑥⑦⑧⑨")(value[7:])
    )


_HIDDEN = (
    0x00, 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x200B, 0x200C, 0x200D, 0x202E, 0x2060,
    0x2063, 0x2067, 0x2800, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xE0041, 0xE0101, 0x336,
)  # fmt: skip
_BETWEEN = (
    " ", "\u3000", "\u00a0", "\u2003", "\u202f", "\t", "-", "‐", "–", "—", "－", ".", "．", "。",
    "/", "／", "_", "＿", ",", "，", "、", "|", ":", ";", "\n", "\r\n", "\n\n", "\\", "*", "~",
    "`", "·", "•", "#", "+", "=", "^", " - ", " | ", "; ", "\u2028",
)  # fmt: skip

TRANSFORMS: dict[str, Transform] = {
    "as it is": str,
    "lower case": str.lower,
    "full width": digits(0xFF10, 0xFF21),
    "mathematical bold": digits(0x1D7CE, 0x1D400),
    "mathematical monospace": digits(0x1D7F6, 0x1D670),
    "segmented": digits(0x1FBF0),
    "Arabic-Indic": digits(0x660),
    "Persian": digits(0x6F0),
    "Devanagari": digits(0x966),
    "Thai": digits(0xE50),
    "Adlam": digits(0x1E950),
    "subscript": digits(0x2080),
    "superscript": numerals("⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "circled": numerals("⓪①②③④⑤⑥⑦⑧⑨"),
    "parenthesised": numerals("0⑴⑵⑶⑷⑸⑹⑺⑻⑼"),
    "with full stop": numerals("🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐"),
    "keycap": each(lambda char: f"{char}\ufe0f\u20e3" if char.isdigit() else char),
    "Chinese": numerals("〇一二三四五六七八九"),
    "Chinese with 零": numerals("零一二三四五六七八九"),
    "financial": numerals("零壹貳參肆伍陸柒捌玖"),
    "Suzhou": numerals("〇〡〢〣〤〥〦〧〨〩"),
    "circled Chinese": numerals("〇㊀㊁㊂㊃㊄㊅㊆㊇㊈"),
    "Cyrillic and Greek": lambda value: value.translate(
        str.maketrans("ABCEHIKMNOPTXYZ", "АВСЕНІКМΝОРТХΥΖ")
    ),
    **{f"hidden U+{code:04X}": between(chr(code)) for code in _HIDDEN},
    "five zero-width spaces": between("\u200b" * 5),
    "zalgo": between("\u0300\u0316\u0342\u0489\u035c\u0360"),
    "bidi override": lambda value: f"\u202d{value}\u202c",
    "tag characters": tagged,
    "tag characters, spaced": lambda value: tagged(" ".join(value)),
    "variation selectors": selected,
    **{f"between {mark!r}": between(mark) for mark in _BETWEEN},
    "code each": around("`", "`"),
    "square brackets": around("[", "]"),
    "round brackets": around("(", ")"),
    "corner brackets": around("「", "」"),
    "lenticular brackets": around("【", "】"),
    "braces": around("{", "}"),
    "CSS": each(lambda char: f"\\{ord(char):x} "),
    "CSS of six": each(lambda char: f"\\{ord(char):06x}"),
    "octal": each(lambda char: f"\\{ord(char):03o}"),
    "base64 in pieces": lambda value: " ".join(
        textwrap.wrap(base64.b64encode(value.encode()).decode(), 8)
    ),
    "base64 on lines": lambda value: "\n".join(
        textwrap.wrap(base64.b64encode(f"身分證{value}".encode()).decode(), 5)
    ),
    "table row": lambda value: "| " + " | ".join(value) + " |",
    "CSV row": lambda value: ",".join(f'"{char}"' for char in value),
    "bold tags": around("<b>", "</b>"),
    "line break tags": between("<br/>\n"),
    "wbr": between("<wbr>"),
    "nbsp": between("&nbsp;"),
    "entity, decimal": each(lambda char: f"&#{ord(char)};"),
    "entity, hexadecimal": each(lambda char: f"&#x{ord(char):x};"),
    "entity, padded": each(lambda char: f"&#{ord(char):07d};"),
    "entity, no semicolon": each(lambda char: f"&#{ord(char)}"),
    "entity, double": each(lambda char: f"&amp;#{ord(char)};"),
    "percent": each(lambda char: f"%{ord(char):02X}"),
    "percent, lower": each(lambda char: f"%{ord(char):02x}"),
    "percent, double": each(lambda char: f"%25{ord(char):02X}"),
    "percent, triple": each(lambda char: f"%2525{ord(char):02X}"),
    "percent of full width": lambda value: quote(digits(0xFF10, 0xFF21)(value)),
    "JSON escape": each(lambda char: f"\\u{ord(char):04x}"),
    "JSON escape, twice": each(lambda char: f"\\\\u{ord(char):04x}"),
    "JavaScript escape": each(lambda char: f"\\u{{{ord(char):x}}}"),
    "byte escape": each(lambda char: f"\\x{ord(char):02x}"),
    "quoted-printable": each(lambda char: f"={ord(char):02X}"),
    "quoted-printable, soft breaks": each(lambda char: f"={ord(char):02X}=\n"),
    "MIME word": lambda value: f"=?utf-8?B?{b64(value)}?=",
    "base64": b64,
    "base64, no padding": lambda value: b64(value).rstrip("="),
    "base64, url": lambda value: base64.urlsafe_b64encode(f"號>{value}?號".encode()).decode(),
    "base64, twice": lambda value: b64(b64(value)),
    "base64, four times": lambda value: b64(b64(b64(b64(value)))),
    "base64 of UTF-16": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "base64 of UTF-16 with BOM": lambda value: base64.b64encode(value.encode("utf-16")).decode(),
    "base64, wrapped": lambda value: base64.encodebytes(
        ("說明文字" * 12 + value).encode()
    ).decode(),
    "base64 of full width": lambda value: b64(digits(0xFF10, 0xFF21)(value)),
    "base64 of spaced": lambda value: b64(" ".join(value)),
    "base64 of Chinese": lambda value: b64(numerals("〇一二三四五六七八九")(value)),
    "base64 of JSON": lambda value: b64(f'{{"id":"{value}"}}'),
    "base64 with hidden characters": lambda value: "\u200b".join(b64(value)),
    "base64 in a query": lambda value: f"https://agency.example/?q={b64(value)}",
    "percent of base64": lambda value: quote(b64(value), safe=""),
    "data URI": lambda value: f"data:text/plain;base64,{b64(value)}",
    "base64 of gzip": lambda value: base64.b64encode(gzip.compress(value.encode())).decode(),
    "base64 of zlib": lambda value: base64.b64encode(zlib.compress(value.encode())).decode(),
    "base32": lambda value: base64.b32encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "hex, upper": lambda value: value.encode().hex().upper(),
    "hex, spaced": lambda value: value.encode().hex(" "),
    "hex, colons": lambda value: value.encode().hex(":"),
    "hex, 0x": lambda value: "0x" + value.encode().hex(),
    "tool arguments": lambda value: (
        '{"a":"{\\"id\\":\\"' + each(lambda char: f"\\u{ord(char):04x}")(value) + '\\"}"}'
    ),
    "mixed": mixed,
}
