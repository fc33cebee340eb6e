from __future__ import annotations

import pytest

from shenyong.statutes import Citation, Corpus, Outcome, citations, judge

pytestmark = pytest.mark.point("ey-genai-2023:5")


def _judged(text: str, corpus: Corpus):
    (found,) = citations(text, corpus)
    return judge(found, corpus, text)


def test_the_wording_of_the_place_is_given(corpus: Corpus) -> None:
    judged = _judged("依個資法第15條第1款辦理。", corpus)
    assert judged.outcome is Outcome.STANDS
    assert judged.wording.startswith("執行法定職務必要範圍內")
    assert judged.modified == "2023-05-31"


def test_a_law_that_is_misspelt_is_suggested(corpus: Corpus) -> None:
    judged = _judged("依毒品危害防治條例第11條移送。", corpus)
    assert (judged.outcome, judged.instead) == (Outcome.NO_SUCH_LAW, "毒品危害防制條例")


def test_the_article_that_says_it_is_suggested(corpus: Corpus) -> None:
    judged = _judged(
        "依行政罰法第27條，裁處罰鍰應審酌應受責難程度、所生影響及所得之利益，並得考量受處罰者之資力。",
        corpus,
    )
    assert (judged.outcome, judged.instead) == (Outcome.DIFFERENT_WORDING, "18")


def test_only_what_stands_is_sound() -> None:
    assert [each for each in Outcome if each.sound] == [Outcome.STANDS]


def test_what_is_no_statute_is_not_called_fine(corpus: Corpus) -> None:
    nothing = Citation(0, 3, "", "", "3", statute=False)
    assert judge(nothing, corpus).outcome is Outcome.NOT_CHECKED
