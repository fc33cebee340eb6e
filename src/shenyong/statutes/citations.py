"""What a text cites: every 第…條 with its law, paragraph and item, also 同法, 前條 and 前項.

    依 社會救助法 第 4 條第 1 項 及 第 5 條 … 同法 第 11 條第 1 項第 2 款 …
       law        article paragraph  list     as before

A reading from left to right: the last law that was named is what 同法 and a bare 第5條 mean. What
stands after 契約, 要點, 細則 and the like is no statute, and is given back without a law.
Source: 中央法規標準法 8; 行政院 法制作業 usage; docs/statutes.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from shenyong.statutes.corpus import Corpus
from shenyong.statutes.forms import (
    ANAPHOR,
    CHAPTER,
    CRIMES,
    DEFINED,
    HALF,
    LAW_WORD,
    LEAD,
    LINK,
    NO_STATUTE,
    NUMBERED,
    PAST,
    QUOTED,
    REACH,
    ROMAN,
    SHORT,
    TAIL,
    UNIT,
)
from shenyong.statutes.numerals import number


class Context(msgspec.Struct, frozen=True):
    """Where the text itself stands: within a statute, at an article. Empty for an ordinary text."""

    law: str = ""
    article: str = ""
    paragraph: int = 0
    defined: Mapping[str, str] = {}  # short names that the statute defines elsewhere


class Citation(msgspec.Struct, frozen=True):
    """One citation at ``start..end`` of the text.

    `law` is the statute's name in the corpus, "" where it is none that is known; `written` is how
    the text names it ("" if it says 同法 or nothing). `article` is ``15-1``; `paragraph`, `item`
    and `sub` are 0 where none is named. `statute` is False for what is certainly no statute (契約,
    要點, 施行細則). `assumed`: the law was not named here but before. `past`: an earlier wording
    is meant (修正施行前第…條), of which the statutes in force say nothing.
    """

    start: int
    end: int
    law: str
    written: str
    article: str
    paragraph: int = 0
    item: int = 0
    sub: int = 0
    statute: bool = True
    assumed: bool = False
    past: bool = False


class _Named(NamedTuple):
    start: int
    end: int
    law: str
    written: str


def defined(text: str, corpus: Corpus) -> dict[str, str]:
    """The short names that a text gives to statutes: 個人資料保護法（以下簡稱個資法）."""
    own: dict[str, str] = {}
    for _ in _names(text.translate(HALF), corpus, own):
        pass
    return own


def citations(text: str, corpus: Corpus, context: Context | None = None) -> list[Citation]:
    """The citations of `text`, in order. `context` where the text is a statute's own."""
    here = context or Context()
    plain = text.translate(HALF)
    names = list(_names(plain, corpus, dict(here.defined)))
    reader = _Reader(plain, corpus, here, names)
    brief = [each for named in names if (each := _brief(plain, named))]
    found = [each for match in UNIT.finditer(plain) if (each := reader.read(match))]
    return sorted([*found, *brief], key=lambda each: each.start)


class _Meant(NamedTuple):
    """Which statute a citation means, as far as the words say."""

    law: str
    written: str
    statute: bool
    assumed: bool = False


class _Reader:
    """Reads a text from left to right, and knows what was spoken of last."""

    def __init__(self, text: str, corpus: Corpus, here: Context, names: list[_Named]) -> None:
        self._text, self._corpus, self._here, self._names = text, corpus, here, names
        self._meant = _Meant(here.law, "", bool(here.law))
        self._last: Citation | None = None
        self._position = 0

    def read(self, match: re.Match[str]) -> Citation | None:
        """The citation of one match; None for 第二項 of nothing that is known."""
        here, last = self._here, self._last
        before = self._text[max(0, match.start() - REACH) : match.start()]
        between = self._text[last.end : match.start()] if last else ""
        linked = last is not None and bool(LINK.fullmatch(between) or CRIMES.fullmatch(between))
        named = _named_before(self._text, self._names, match.start())
        self._pass_names(match.start())
        alone = last is None or (here.law == "" and not linked)
        if not _has_article(match) and alone and not (here.law and here.article):
            return None  # 第二項 alone: of the article last spoken of, or of the statute's own
        if named is not None:
            meant = _Meant(named.law, named.written, True)
        elif linked and last is not None:
            meant = _Meant(last.law, last.written, last.statute, last.assumed)
            if not _has_article(match) and here.law and not last.paragraph:
                meant = meant._replace(law=here.law, statute=True)
        else:
            meant = self._meant_alone(match, before)
        unit = _unit(match, meant, last, here)
        if not unit.article:
            return None
        if not meant.statute and NO_STATUTE.search(before):
            self._last = unit
            return unit  # and what was spoken of before still stands
        self._meant = meant
        if (own := match["samepara_b"]) and own in "前本" and here.article:
            unit = msgspec.structs.replace(unit, law=here.law, article=here.article)
        elif not _has_article(match) and here.law:
            near = linked or (last is not None and "。" not in between)
            unit = _own_or_last(unit, last if near else None, self._corpus)
        if PAST.search(before) or (linked and last is not None and last.past):
            unit = msgspec.structs.replace(unit, past=True)
        self._last = unit
        return unit

    def _pass_names(self, start: int) -> None:
        while self._position < len(self._names) and self._names[self._position].end <= start:
            named = self._names[self._position]
            if named.law:
                self._meant = _Meant(named.law, named.written, True)
            self._position += 1

    def _meant_alone(self, match: re.Match[str], before: str) -> _Meant:
        """What a citation means that neither follows a name nor continues a list."""
        here, law, statute = self._here, self._meant.law, self._meant.statute
        if anaphor := ANAPHOR.search(before):
            law = here.law if anaphor["word"] == "本" and here.law else law
            return _Meant(law, "", bool(law), True)
        if match["same"] or not _has_article(match):
            if here.law and (match["same"] in ("前", "本", "次") or not _has_article(match)):
                return _Meant(here.law, self._meant.written, True, True)
            return _Meant(law, self._meant.written, statute, True)
        if NO_STATUTE.search(before):
            return _Meant("", before[-12:], False)
        if unknown := _unknown(before):
            return _Meant("", unknown, True)
        if here.law:
            return _Meant(here.law, "", True, True)
        return _Meant(law, "", statute and (self._last is None or self._last.statute), True)


def _brief(text: str, named: _Named) -> Citation | None:
    """個資法6I① : a law's name with bare numbers behind it, as jurists note it down."""
    match = SHORT.match(text, named.end) if named.law else None
    if match is None:
        return None
    article = match["no"] + (f"-{match['more']}" if match["more"] else "")
    item = ord(match["circled"]) - ord("①") + 1 if match["circled"] else 0
    paragraph = ROMAN[match["roman"] or ""]
    return Citation(named.start, match.end(), named.law, named.written, article, paragraph, item)


def _has_article(match: re.Match[str]) -> bool:
    return any(match[name] for name in (*NUMBERED, "same"))


def _own_or_last(unit: Citation, last: Citation | None, corpus: Corpus) -> Citation:
    """第二項 in a statute: of the article itself, or of the one just cited if that has it alone."""
    if last is None or not last.law:
        return unit
    of_last = msgspec.structs.replace(unit, law=last.law, article=last.article)
    if not unit.paragraph and last.paragraph:
        of_last = msgspec.structs.replace(of_last, paragraph=last.paragraph)
    if _is_there(unit, corpus) or not _is_there(of_last, corpus):
        return unit
    return of_last


def _is_there(unit: Citation, corpus: Corpus) -> bool:
    law = corpus.laws.get(unit.law)
    article = law.articles.get(unit.article) if law else None
    if article is None or unit.paragraph > len(article.paragraphs):
        return False
    among = article.paragraphs[unit.paragraph - 1 : unit.paragraph] or article.paragraphs
    return not unit.item or any(unit.item in each.items for each in among)


def _unit(match: re.Match[str], meant: _Meant, last: Citation | None, here: Context) -> Citation:
    """The citation of one match; what it leaves out is of the one before."""
    law = meant.law if meant.statute else ""
    first = next((match[name] for name in NUMBERED if match[name]), None)
    more = match["dash"] or match["more"] or match["more2"] or match["more3"]
    paragraph = number(match["para"] or match["para_b"] or "")
    item = number(match["item"] or match["item_b"] or match["item_c"] or "")
    sub = number(match["sub"] or match["sub_b"] or match["sub_c"] or "")
    same = match["same"]
    if first:
        article = str(number(first)) + (f"-{number(more)}" if more else "")
    elif same:
        article = _same_article(same, last, here)
    else:
        article = last.article if last and not here.law else here.article or ""
        if last and last.law == law and not match["para_b"] and not match["samepara_b"]:
            article, paragraph = last.article, paragraph or last.paragraph
        elif last and here.law and last.law == law and last.end + 2 >= match.start():
            article = last.article if last.paragraph else here.article
    same_para = match["samepara"] or match["samepara_b"]
    if same_para == "前" and here.paragraph > 1 and not first:
        paragraph = here.paragraph - 1
    elif same_para and last is not None and same_para in "同該":
        paragraph = last.paragraph
    place = (article, paragraph, item, sub)
    return Citation(
        match.start(), match.end(), law, meant.written, *place, meant.statute, meant.assumed
    )


def _same_article(word: str, last: Citation | None, here: Context) -> str:
    if word in ("同", "該"):
        return last.article if last else here.article
    if word == "本":
        return here.article or (last.article if last else "")
    base, _, more = here.article.partition("-")
    if not base:
        return last.article if last and word == "前" else ""
    if word == "前":
        if more:
            return base if more == "1" else f"{base}-{int(more) - 1}"
        return str(int(base) - 1) if int(base) > 1 else ""
    return str(int(base) + 1)


def _names(text: str, corpus: Corpus, own: dict[str, str]) -> Iterator[_Named]:
    """Where statutes are named, in order, and short names that the text itself defines."""
    at = 0
    while at < len(text):
        best = _longest(text, at, corpus, own)
        if best is None:
            at += 1
            continue
        name, law = best
        end = at + len(name)
        if TAIL.match(text, end):
            yield _Named(at, end, "", name)  # 個人資料保護法施行細則 is another matter
        else:
            yield _Named(at, end, law, name)
            defined = DEFINED.match(text, end)
            if defined:
                own[defined["short"]] = law
                end = defined.end()
        at = end


def _longest(text: str, at: int, corpus: Corpus, own: dict[str, str]) -> tuple[str, str] | None:
    for name in sorted(own, key=len, reverse=True):
        if len(name) > 1 and text.startswith(name, at):
            return name, own[name]
    for name in corpus.by_start.get(text[at : at + 2], ()):
        if text.startswith(name, at):
            return name, corpus.names[name]
    return None


def _named_before(text: str, names: list[_Named], start: int) -> _Named | None:
    """The statute that is named directly before `start`, quotes and dates aside."""
    for named in reversed(names):
        if named.end > start:
            continue
        if start - named.end > REACH:
            return None
        between = text[named.end : start]
        if named.law and (QUOTED.fullmatch(between) or CHAPTER.fullmatch(between)):
            return named
        if (
            named.law
            and (defined := DEFINED.match(between))
            and not between[defined.end() :].strip()
        ):
            return named
        return None
    return None


def _unknown(before: str) -> str:
    """The name of a statute that we don't know, directly before; "" if there is none."""
    found = LAW_WORD.search(before)
    if found is None:
        return ""
    name = found["name"]
    lead = LEAD.match(name)
    name = name[lead.end() :] if lead and len(name) - lead.end() >= 3 else name
    return name if len(name) >= 3 else ""
