"""Word lists of the inspection room: read from the package's data, once each.

A list is a text file of words parted by white space; ``#`` begins a comment, and ``[name]`` a
section. What stands in the files is written down by hand from general knowledge or counted from
the statutes; each file says which at its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"


@cache
def sections(name: str) -> dict[str, tuple[str, ...]]:
    """The words of each section of the list `name` (``surnames``); ``""`` before the first.

    Raises FileNotFoundError if the package lacks the list.
    """
    lists: dict[str, list[str]] = {}
    section = ""
    for line in _lines(name):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        else:
            lists.setdefault(section, []).extend(line.split())
    return {key: tuple(dict.fromkeys(words)) for key, words in lists.items()}


@cache
def words(name: str, section: str = "") -> tuple[str, ...]:
    """The words of one section, in the file's order, each once."""
    return sections(name)[section]


@cache
def pairs(name: str) -> frozenset[str]:
    """Pairs of characters: the first word of a line before each character of the second."""
    found: set[str] = set()
    for line in _lines(name):
        first, followers = line.split()
        found.update(first + follower for follower in followers)
    return frozenset(found)


def either(choices: Iterable[str]) -> str:
    """A group that matches any of the words, the longest first, none of them as an expression."""
    ordered = sorted(set(choices), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word) for word in ordered) + ")"


def _lines(name: str) -> list[str]:
    text = resources.files("shenyong.inspection").joinpath(f"data/{name}.txt").read_text("utf-8")
    stripped = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [line for line in stripped if line]
