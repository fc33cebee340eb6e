"""The statutes, article by article, as the Ministry of Justice's open-data archive has them.

An article is made of paragraphs (項), a paragraph of a head and items (款): the archive writes each
on a line, and an item begins with a numeral. Source: 全國法規資料庫 ``ChLaw.json``;
中央法規標準法 8 (條, 項, 款, 目).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from shenyong.statutes.naming import ALIASES, FORMER
from shenyong.statutes.numerals import NUMERAL, number

_ITEM = re.compile(rf"[ \t\u3000]*(?P<number>{NUMERAL})(?:[、.．]|[ \u3000]{{1,4}}(?=\S))")
_NESTED = re.compile(rf"[ \t\u3000]*(?:[(（]{NUMERAL}[)）]|[0-9]+[.、．])")
_NO = re.compile(r"第\s*(?P<number>[0-9]+)(?:-(?P<more>[0-9]+))?\s*條")
_DELETED = re.compile(r"\A\s*[(（]\s*刪\s*除\s*[)）]\s*\Z")


class CorpusError(ValueError):
    """The archive isn't in the layout of the Ministry's; `where` names the law, if any."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(where)


class Paragraph(msgspec.Struct, frozen=True):
    """A paragraph 項: all of its text, and the numbers of its items 款 with their text."""

    text: str
    items: Mapping[int, str]


class Article(msgspec.Struct, frozen=True, dict=True):
    """An article; `number` is ``6`` or ``15-1``."""

    number: str
    text: str

    @property
    def deleted(self) -> bool:
        """Whether only the number is left of it."""
        return _DELETED.match(self.text) is not None

    @cached_property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """Its paragraphs, in order."""
        heads: list[tuple[list[str], dict[int, str]]] = []
        item = 0
        for raw in self.text.splitlines():
            line = raw.strip(" \t\u3000")
            if not line:
                continue
            found = _ITEM.match(line)
            at = number(found["number"]) if found else 0
            if heads and found and at == item + 1:
                item = at
                heads[-1][0].append(line)
                heads[-1][1][item] = line[found.end() :]
            elif heads and (_NESTED.match(line) or (found and at)):
                heads[-1][0].append(line)  # a 目, or a table's row
                if item:
                    heads[-1][1][item] += "\n" + line
            else:
                heads.append(([line], {}))
                item = 0
        return tuple(Paragraph("\n".join(lines), items) for lines, items in heads)


class Law(msgspec.Struct, frozen=True):
    """A statute. `modified`: its last amendment's date, ISO; `repealed`: it is no longer law."""

    name: str
    modified: str
    repealed: bool
    articles: Mapping[str, Article]
    url: str = ""


class Corpus(msgspec.Struct, frozen=True, dict=True):
    """All statutes as of a date (ISO)."""

    as_of: str
    laws: Mapping[str, Law]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every way to write a statute's name → its name: itself, in short, as it was before."""
        known = {name: name for name in self.laws}
        for short, name in {**ALIASES, **FORMER}.items():
            if name in self.laws:
                known.setdefault(short, name)
        return known

    @cached_property
    def by_start(self) -> Mapping[str, tuple[str, ...]]:
        """The names by their first two characters, the longest first."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(name[:2], []).append(name)
        return {key: tuple(sorted(each, key=len, reverse=True)) for key, each in found.items()}


def corpus_from(archive: bytes) -> Corpus:
    """The corpus in the bytes of ``ChLaw.json``.

    Raises:
        CorpusError: it isn't the Ministry's layout.
    """
    try:
        document = json.loads(archive.decode("utf-8-sig"))
        return Corpus(
            document["UpdateDate"].replace("/", "-"),
            {law.name: law for law in _laws(document["Laws"])},
        )
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise CorpusError("") from None


def _laws(raw: Iterable[Mapping[str, Any]]) -> Iterable[Law]:
    for each in raw:
        name = each["LawName"]
        day = each["LawModifiedDate"]
        if not (isinstance(name, str) and len(day) in (0, 8)):
            raise CorpusError(str(name)[:80])
        articles: dict[str, Article] = {}
        for item in each["LawArticles"]:
            if item["ArticleType"] != "A":
                continue
            found = _NO.search(item["ArticleNo"])
            if found is None:
                continue
            no = found["number"] + (f"-{found['more']}" if found["more"] else "")
            articles.setdefault(no, Article(no, item["ArticleContent"].replace("\r", "")))
        yield Law(
            name,
            f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else "",
            each["LawAbandonNote"] == "廢",
            articles,
            each.get("LawURL", ""),
        )
