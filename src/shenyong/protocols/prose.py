"""Places and points as a person reads them: ``第 1 則訊息第 12–21 字``, ``第三點、第四點``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shenyong.wording import Lang, text

_MESSAGE = re.compile(r"messages\[(\d+)\](?:\.(\w+)(?:\[(\d+)\])?)?")
_TOOL = re.compile(r"(?:tools|functions)\[(\d+)\]")
_CHOICE = re.compile(r"choices\[(\d+)\]")
_FIELD = re.compile(r"[a-z_]+")
_DIGITS = "〇一二三四五六七八九"


def place(path: str, start: int, end: int, lang: Lang = "zh_TW") -> str:
    """Where ``[start, end)`` of the string at `path` is (0-based code points → 1-based prose)."""
    if end - start > 1:
        span = text("place.characters", lang, first=start + 1, last=end)
    else:
        span = text("place.character", lang, first=start + 1)
    return text("place.in", lang, whole=_whole(path, lang), span=span)


def _whole(path: str, lang: Lang) -> str:
    if match := _MESSAGE.match(path):
        number, field, inner = int(match[1]) + 1, match[2], match[3]
        if field == "content" and inner is not None:
            return text("place.part", lang, number=number, part=int(inner) + 1)
        if field in ("tool_calls", "function_call"):
            return text("place.tool_call", lang, number=number)
        if field == "name":
            return text("place.name", lang, number=number)
        return text("place.message", lang, number=number)
    if match := _TOOL.match(path):
        return text("place.tool", lang, number=int(match[1]) + 1)
    if match := _CHOICE.match(path):
        return text("place.choice", lang, number=int(match[1]) + 1)
    field_name = _FIELD.match(path)
    return text("place.field", lang, name=field_name[0] if field_name else "body")


def points(numbers: Sequence[str], lang: Lang = "zh_TW") -> str:
    """The guideline's points: ``第三點、第四點``, ``points 3, 4``; "" where there is none.

    A point that is no number is named as it is.
    """
    if not numbers:
        return ""
    if lang == "en":
        return text("point.many" if len(numbers) > 1 else "point.one", "en", n=", ".join(numbers))
    return "、".join(text("point.one", lang, n=_han(number)) for number in numbers)


def _han(number: str) -> str:
    if not (number.isascii() and number.isdigit()) or not 0 < int(number) < 100:
        return number
    tens, ones = divmod(int(number), 10)
    head = "" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十"
    return head + (_DIGITS[ones] if ones else "")
