"""A sheet: what a document shows, before it is ODT, DOCX or PDF. Pure.

Every format shows the same lines in the same order, so one digest of what can be seen tells whether
a document was changed, whatever program saved it again.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from shenyong.disclosure.levels import Level
from shenyong.review import SECTIONS, Template

_ITEM = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]|[0-9]{1,2}[、.])"
)


class Shape(StrEnum):
    """How a line is set."""

    TITLE = "title"
    SECTION = "section"  # 主旨：…
    ITEM = "item"  # 一、…
    DEEP = "deep"  # （一）…
    PLAIN = "plain"


class Line(msgspec.Struct, frozen=True):
    """A line: its shape, the label before it (主旨：, 一、), and its words."""

    shape: Shape
    label: str
    words: str


class Sheet(msgspec.Struct, frozen=True):
    """What is shown. `notice` is the disclosure; `link` leads to the register's page, or is empty.

    `confirmed` False is a draft, which says so on every page.
    """

    agency: str
    heading: str
    title: str
    lines: tuple[Line, ...]
    level: Level
    notice: str
    number: str
    number_words: str
    link: str
    confirmed: bool
    warning: str
    words_of: str  # which model, for the properties
    language: str = "zh-TW"
    made: str = ""  # ISO 8601


def lines_of(template: Template, text: str) -> tuple[Line, ...]:
    """A canonical text's lines with their shapes."""
    names = SECTIONS[template]
    found = []
    for line in text.split("\n"):
        bare = line.strip()
        if not bare:
            continue
        name = next((each for each in names if bare.startswith((f"{each}：", f"{each}:"))), "")
        if name:
            label, words = bare[: len(name) + 1], bare[len(name) + 1 :].strip()
            found.append(Line(Shape.SECTION, label, words))
        elif item := _ITEM.match(bare):
            deep = item[0][0] in "（(0123456789"
            shape = Shape.DEEP if deep else Shape.ITEM
            found.append(Line(shape, item[0], bare[item.end() :].strip()))
        else:
            found.append(Line(Shape.PLAIN, "", bare))
    return tuple(found)
