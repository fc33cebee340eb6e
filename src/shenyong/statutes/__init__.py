"""Statutes of the Republic of China: what a text cites, and whether it stands there.

corpus ──┐
text ──▶ citations (law, article, paragraph) ──▶ judged (exists, repealed, says another thing)

The data are the Ministry of Justice's; an article's wording decides nothing by itself, the official
does (guideline point 2). Pure: no files, no database.
"""

from __future__ import annotations

from shenyong.statutes.citations import Citation, Context, citations, defined
from shenyong.statutes.corpus import Article, Corpus, CorpusError, Law, Paragraph, corpus_from
from shenyong.statutes.judging import Judged, Outcome, judge

__all__ = [
    "Article",
    "Citation",
    "Context",
    "Corpus",
    "CorpusError",
    "Judged",
    "Law",
    "Outcome",
    "Paragraph",
    "citations",
    "corpus_from",
    "defined",
    "judge",
]
