"""Ways of writing a value so that a plain search misses it. Each is a function of the value."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from random import Random

from quality import values
from quality.marks import Mark, Sample

_HAN = dict(zip("0123456789", "〇一二三四五六七八九", strict=True))
_FINANCIAL = dict(zip("0123456789", "零壹貳參肆伍陸柒捌玖", strict=True))
_CYRILLIC = str.maketrans("ABCEHIKMOPTXY", "АВСЕНІКМОРТХУ")
_FULL = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}


def _between(sign: str) -> Callable[[str], str]:
    return sign.join


def _escaped(form: str) -> Callable[[str], str]:
    return lambda value: "".join(form.format(ord(char)) for char in value)


def _percent(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


EVASIONS: dict[str, Callable[[str], str]] = {
    "full width": lambda value: "".join(_FULL.get(char, char) for char in value),
    "zero-width spaces": _between("\u200b"),
    "soft hyphens": _between("\u00ad"),
    "bidi marks": _between("\u200f"),
    "spaces": _between(" "),
    "dots": _between("."),
    "line breaks": lambda value: value[: len(value) // 2] + "\n" + value[len(value) // 2 :],
    "Chinese digits": lambda value: "".join(_HAN.get(char, char) for char in value),
    "financial digits": lambda value: "".join(_FINANCIAL.get(char, char) for char in value),
    "look-alike letters": lambda value: value.translate(_CYRILLIC),
    "tag characters": lambda value: "".join(chr(0xE0000 + ord(char)) for char in value),
    "HTML entities": _escaped("&#{};"),
    "JSON escapes": _escaped("\\u{:04x}"),
    "CSS escapes": _escaped("\\{:06x}"),
    "octal escapes": _escaped("\\{:03o}"),
    "percent": _percent,
    "base64": _base64,
    "base64 in pieces": lambda value: " ".join(
        _base64(value)[at : at + 8] for at in range(0, len(_base64(value)), 8)
    ),
    "base64 of base64": lambda value: _base64(_base64(value)),
    "hex": lambda value: value.encode().hex(),
    "gzip in base64": lambda value: base64.b64encode(gzip.compress(value.encode())).decode(),
    "base85": lambda value: base64.b85encode(value.encode()).decode(),
    "backwards": lambda value: value[::-1],
}
"""Name → the value, hidden."""

KINDS = ("tw_national_id", "tw_mobile", "credit_card")
_FRAMES = {
    "tw_national_id": "請查這個人：{}，謝謝。",
    "tw_mobile": "聯絡電話是{}，請回撥。",
    "credit_card": "信用卡號{}要辦停用。",
}


def hidden(seed: int, each: int) -> dict[str, list[Sample]]:
    """Evasion → samples with one hidden value each, `each` of every kind of `KINDS`."""
    random = Random(seed)
    found: dict[str, list[Sample]] = {}
    for way, hide in EVASIONS.items():
        samples = found[way] = []
        for kind in KINDS:
            for number in range(each):
                before, after = _FRAMES[kind].split("{}")
                value = hide(values.VALUES[kind](random))
                mark = Mark(kind, len(before), len(before) + len(value))
                samples.append(
                    Sample(f"{way}-{kind}-{number}", way, before + value + after, (mark,))
                )
    return found
