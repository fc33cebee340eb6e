"""JSON inside a string (tool arguments): which parts of a span can be replaced, and how.

RFC 8259. A pseudonym may stand inside a string literal, whole escapes at a time, or in the place of
a number as a string literal; braces, colons and quotes stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)


class Piece(NamedTuple):
    """A replaceable part: its range in the text, its decoded value, whether it needs quotes."""

    start: int
    end: int
    value: str
    quoted: bool


def is_json(text: str) -> bool:
    """Whether the text is one JSON object, array or string."""
    if text.lstrip()[:1] not in ('{"', "{", "[", '"'):
        return False
    try:
        msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def pieces(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, Piece]]:
    """The parts of sorted, disjoint `spans` that lie in literals, each with its span's index."""
    at = 0
    for token in _TOKEN.finditer(text):
        while at < len(spans) and spans[at][1] <= token.start():
            at += 1
        index, whole = at, token.start() + 1  # no escape is cut at `whole`
        while index < len(spans) and spans[index][0] < token.end():
            if text[token.start()] == '"':
                low = max(spans[index][0], whole)
                high = min(spans[index][1], token.end() - 1)
                if low < high:
                    piece = _string_piece(text, whole, low, high)
                    whole = piece.end
                    yield index, piece
            else:
                yield index, Piece(token.start(), token.end(), token.group(), True)
                break
            index += 1


def _string_piece(text: str, opening: int, low: int, high: int) -> Piece:
    """The part widened to whole escapes."""
    for escape in _ESCAPE.finditer(text, opening, high + 6):
        if escape.start() >= high:
            break
        if escape.start() < low < escape.end():
            low = escape.start()
        if escape.start() < high < escape.end():
            high = escape.end()
    return Piece(low, high, decoded(text[low:high]), False)


def decoded(part: str) -> str:
    """The value of a part of a string literal; the part itself if it holds half a pair."""
    try:
        value: str = msgspec.json.decode(f'"{part}"'.encode(), type=str)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return part
    return value


def escaped(value: str) -> str:
    """`value` as it stands between the quotes of a JSON string literal."""
    return msgspec.json.encode(value).decode()[1:-1]
