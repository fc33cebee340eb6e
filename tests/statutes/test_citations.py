"""Citations of statutes: by hand, out of the statutes themselves, and in any text at all."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.statutes import Citation, Context, Corpus, Outcome, citations, defined, judge

pytestmark = [pytest.mark.point("ey-genai-2023:2"), pytest.mark.point("ey-genai-2023:5")]

BY_HAND = [
    line.split("\t")
    for line in (Path(__file__).parent / "data/citations.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
UNRESOLVED = {
    Outcome.NO_SUCH_LAW,
    Outcome.NO_SUCH_ARTICLE,
    Outcome.NO_SUCH_PARAGRAPH,
    Outcome.NO_SUCH_ITEM,
    Outcome.DELETED,
}
ANY = st.text(
    st.sampled_from(
        "依個資法第一二十百六5條項款目之及、前同本該§民刑行政程序（）以下簡稱 \n-～準用契約細則"
    )
)


def _written(each: Citation, corpus: Corpus, sentence: str) -> str:
    outcome = judge(each, corpus, sentence).outcome.value
    return f"{each.law}:{each.article}/{each.paragraph}/{each.item}={outcome}"


def test_those_by_hand_are_judged_rightly(corpus: Corpus) -> None:
    """At least 200, a third of them false or stale; 0.98 is the bar."""
    right, false, total, wrong = 0, 0, 0, []
    for sentence, expected in BY_HAND:
        got = [_written(each, corpus, sentence) for each in citations(sentence, corpus)]
        total += 1
        false += any(
            word in expected for word in ("no_such", "renamed", "repealed", "deleted", "different")
        )
        if got == expected.split():
            right += 1
        else:
            wrong.append((sentence, got))
    assert total >= 200
    assert false >= total / 3
    assert right / total >= 0.98, wrong


@pytest.mark.parametrize("seed", [2023, 815])
def test_what_the_statutes_cite_is_resolved(corpus: Corpus, seed: int) -> None:
    """1,000 random sentences that cite; one whose target is truly gone counts as unresolved too."""
    short: dict[str, dict[str, str]] = {}
    sentences = [
        (law.name, article.number, number, sentence)
        for law in corpus.laws.values()
        if not law.repealed
        for article in law.articles.values()
        for number, paragraph in enumerate(article.paragraphs, 1)
        for sentence in re.split("(?<=。)", paragraph.text)
        if re.search("第.{1,8}條|前條|同條", sentence)
    ]
    unresolved = []
    for law, article, paragraph, sentence in random.Random(seed).sample(sentences, 1000):
        if law not in short:
            whole = "\n".join(each.text for each in corpus.laws[law].articles.values())
            short[law] = defined(whole, corpus)
        here = Context(law, article, paragraph, short[law])
        if any(judge(x, corpus).outcome in UNRESOLVED for x in citations(sentence, corpus, here)):
            unresolved.append((law, article, sentence))
    assert len(unresolved) <= 20, unresolved


@given(ANY)
def test_any_text_is_read_and_places_are_in_it(corpus: Corpus, text: str) -> None:
    found = citations(text, corpus)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert [each.start for each in found] == sorted(each.start for each in found)
    for each in found:
        assert judge(each, corpus, text).as_of == corpus.as_of


def test_short_names_that_a_text_defines_are_known(corpus: Corpus) -> None:
    text = "依公務人員退休資遣撫卹法（以下簡稱退撫法）第17條；另依退撫法第18條辦理。"
    assert [(each.law, each.article) for each in citations(text, corpus)] == [
        ("公務人員退休資遣撫卹法", "17"),
        ("公務人員退休資遣撫卹法", "18"),
    ]
    assert defined(text, corpus) == {"退撫法": "公務人員退休資遣撫卹法"}


def test_in_a_statute_the_words_mean_the_statute(corpus: Corpus) -> None:
    here = Context("個人資料保護法", "16", 1)
    (found,) = citations("除前條規定外，", corpus, here)
    assert (found.law, found.article) == ("個人資料保護法", "15")
    (found,) = citations("本法第六條第一項所規定資料", corpus, here)
    assert (found.law, found.article, found.paragraph) == ("個人資料保護法", "6", 1)
