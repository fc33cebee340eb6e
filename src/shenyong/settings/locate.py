"""Where in a TOML text a key and its value stand: tomllib tells values, not places.

Only for texts that tomllib has read; understands tables, dotted keys, strings and arrays over
several lines, as far as the two levels of `shenyong.toml` need it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEADER = re.compile(r"\s*\[\[?\s*([^\]#]+?)\s*\]\]?")
_KEY = re.compile(
    r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=\s*"""
)
_FENCES = ('"""', "'" * 3)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


class Place(NamedTuple):
    """1-based line and column, and a length, in characters."""

    line: int
    column: int
    length: int


def locate(source: str) -> dict[tuple[str, ...], tuple[Place, Place]]:
    """For each table and key (by its path), where its name and its value stand.

    A table's two places are the same: that of its header.
    """
    found: dict[tuple[str, ...], tuple[Place, Place]] = {}
    table: tuple[str, ...] = ()
    fence, depth = "", 0
    for number, row in enumerate(source.splitlines(), 1):
        if fence:
            if fence in row:
                fence = ""
            continue
        if depth:
            depth += _brackets(row)
            continue
        header = _HEADER.match(row)
        if header:
            table = _path(header[1])
            place = Place(number, header.start(1) + 1, len(header[1]))
            found.setdefault(table, (place, place))
            continue
        key = _KEY.match(row)
        if key is None:
            continue
        path = (*table, *_path(key[1]))
        value = _value(row[key.end() :])
        name = Place(number, key.start(1) + 1, len(key[1]))
        found.setdefault(path[:1], (name, name))
        found[path] = (name, Place(number, key.end() + 1, max(1, len(value))))
        opened = next((each for each in _FENCES if value.startswith(each)), "")
        if opened and value.count(opened) == 1:
            fence = opened
        elif not opened:
            depth = max(0, _brackets(value))
    return found


def _path(name: str) -> tuple[str, ...]:
    parts = re.findall(r"""\"([^"]*)\"|'([^']*)'|([A-Za-z0-9_-]+)""", name)
    return tuple(next(filter(None, part), "") for part in parts)


def _value(rest: str) -> str:
    """What stands right of the equals sign, without a comment."""
    if rest.startswith(_FENCES):
        return rest
    position = 0
    while position < len(rest) and rest[position] != "#":
        string = _STRING.match(rest, position)
        position = string.end() if string else position + 1
    return rest[:position].rstrip()


def _brackets(row: str) -> int:
    bare = _STRING.sub("", row).partition("#")[0]
    return sum(bare.count(each) for each in "[{") - sum(bare.count(each) for each in "]}")
