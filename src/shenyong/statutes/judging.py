"""Whether what is cited stands there: the law, the article, the paragraph, and its wording.

Each outcome is a fact for the official to judge. "Not checked" is said where the data can't tell:
an ordinance, a contract, a law that nobody named. An existing article whose wording has little in
common with the sentence, while another of the same law has much, is shown as `DIFFERENT_WORDING`.
Source: guideline.md reading 2 and its points 2 and 5.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache

import msgspec

from shenyong.statutes.citations import Citation
from shenyong.statutes.corpus import Article, Corpus, Law
from shenyong.statutes.naming import FORMER


class Outcome(StrEnum):
    """What the data say of a citation; its words are ``citation.<value>``."""

    STANDS = "stands"
    NO_SUCH_LAW = "no_such_law"
    REPEALED = "repealed"
    RENAMED = "renamed"
    NO_SUCH_ARTICLE = "no_such_article"
    DELETED = "deleted"
    NO_SUCH_PARAGRAPH = "no_such_paragraph"
    NO_SUCH_ITEM = "no_such_item"
    DIFFERENT_WORDING = "different_wording"
    NOT_CHECKED = "not_checked"

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against it."""
        return self is Outcome.STANDS


class Judged(msgspec.Struct, frozen=True):
    """A citation with what the data say; `wording` is the place's text, `instead` a suggestion.

    `as_of` is the data's date (ISO), `modified` the law's last amendment.
    """

    citation: Citation
    outcome: Outcome
    wording: str = ""
    instead: str = ""
    as_of: str = ""
    modified: str = ""


_HAN_ONLY = re.compile(r"[^\u4e00-\u9fff]+")
_PLAIN_WORDS = re.compile(
    r"依據|依照|規定|辦理|應予|敬請|查照|本府|本局|本部|有關|一案|臺端|台端|前開|之規定|意旨|略以|所定|請|爰"
)
_CITED = re.compile(
    r"第[ 0-9一二三四五六七八九十百千零〇之-]+[條項款目](?:之[0-9一二三四五六七八九十]+)?"
    r"|前段|後段|但書"
)
_TOO_SHORT = 8  # characters of a sentence that say too little to compare
_LITTLE, _MUCH = 0.12, 0.30  # share of the sentence's weight that an article has too
_SURE = (0.20, 0.70)  # the same, where another article has nearly all of it
_MARGIN = 2.5  # how many times more another article must have


def judge(citation: Citation, corpus: Corpus, sentence: str = "") -> Judged:
    """What the data say of one citation; `sentence` is what it is cited for."""
    if not citation.statute or (not citation.law and not citation.written):
        return Judged(citation, Outcome.NOT_CHECKED, as_of=corpus.as_of)
    if not citation.law:
        close = get_close_matches(citation.written, corpus.names, n=1, cutoff=0.6)
        instead = corpus.names[close[0]] if close else ""
        return Judged(citation, Outcome.NO_SUCH_LAW, instead=instead, as_of=corpus.as_of)
    law = corpus.laws[citation.law]
    if citation.past:
        return Judged(citation, Outcome.NOT_CHECKED, as_of=corpus.as_of, modified=law.modified)

    def said(outcome: Outcome, wording: str = "", instead: str = "") -> Judged:
        return Judged(citation, outcome, wording, instead, corpus.as_of, law.modified)

    if law.repealed:
        return said(Outcome.REPEALED)
    article = law.articles.get(citation.article)
    if article is None:
        return said(Outcome.NO_SUCH_ARTICLE, instead=_last(law))
    if article.deleted:
        return said(Outcome.DELETED, article.text)
    wording, missing = _place(article, citation)
    if missing is not None:
        return said(missing, article.text)
    if citation.written in FORMER and FORMER[citation.written] == law.name:
        return said(Outcome.RENAMED, wording, law.name)
    better = _said_elsewhere(law, citation, sentence) if sentence else ""
    if better:
        return said(Outcome.DIFFERENT_WORDING, wording, better)
    return said(Outcome.STANDS, wording)


def _place(article: Article, citation: Citation) -> tuple[str, Outcome | None]:
    """The text of the paragraph and item, or what of it is missing."""
    paragraphs = article.paragraphs
    if citation.paragraph > len(paragraphs):
        return "", Outcome.NO_SUCH_PARAGRAPH
    if not citation.item:
        chosen = paragraphs[citation.paragraph - 1] if citation.paragraph else None
        return (chosen.text if chosen else article.text), None
    among = [paragraphs[citation.paragraph - 1]] if citation.paragraph else list(paragraphs)
    for each in among:
        if citation.item in each.items:
            return each.items[citation.item], None
    return "", Outcome.NO_SUCH_ITEM


def _last(law: Law) -> str:
    """The last article's number, which says how far the law goes."""
    return max(law.articles, key=_order, default="")


def _order(no: str) -> tuple[int, int]:
    base, _, more = no.partition("-")
    return int(base), int(more or 0)


def _said_elsewhere(law: Law, citation: Citation, sentence: str) -> str:
    if sentence.count("條") + sentence.count("§") > 1:
        return ""  # of several citations nobody can say which carries the sentence
    return better_article(law, citation.article, _CITED.sub("。", sentence))


def better_article(law: Law, cited: str, sentence: str) -> str:
    """Another article of the law that says what the sentence says, where the cited one doesn't."""
    weights = _weights(law)
    told = _pairs(_PLAIN_WORDS.sub("。", sentence.replace(law.name, "。")))
    total = sum(weights.get(pair, 0.0) for pair in told)
    if len(told) < _TOO_SHORT or not total:
        return ""
    shares = {
        no: sum(weights[pair] for pair in told & pairs) / total
        for no, pairs in _articles(law).items()
    }
    own = shares.get(cited, 0.0)
    best = max(shares, key=lambda no: shares[no])
    elsewhere = own < _LITTLE and shares[best] >= _MUCH and shares[best] >= _MARGIN * own
    return best if elsewhere or (own < _SURE[0] and shares[best] >= _SURE[1]) else ""


def _pairs(text: str) -> frozenset[str]:
    pieces = _HAN_ONLY.split(text)
    return frozenset(piece[at : at + 2] for piece in pieces for at in range(len(piece) - 1))


@lru_cache(maxsize=256)
def _of(law_name: str, law_modified: str, articles: tuple[tuple[str, str], ...]) -> tuple[
    dict[str, frozenset[str]], dict[str, float]
]:  # fmt: skip
    pairs = {no: _pairs(text) for no, text in articles}
    counts = Counter(pair for each in pairs.values() for pair in each)
    weights = {pair: math.log(1 + len(pairs) / count) for pair, count in counts.items()}
    return pairs, weights


def _key(law: Law) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return law.name, law.modified, tuple((no, each.text) for no, each in law.articles.items())


def _articles(law: Law) -> dict[str, frozenset[str]]:
    return _of(*_key(law))[0]


def _weights(law: Law) -> dict[str, float]:
    return _of(*_key(law))[1]
