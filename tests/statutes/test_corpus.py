from __future__ import annotations

import json

import pytest

from shenyong.statutes import Corpus, CorpusError, corpus_from


def test_the_archive_is_read_whole(corpus: Corpus) -> None:
    assert len(corpus.laws) > 1000
    assert corpus.as_of
    law = corpus.laws["個人資料保護法"]
    assert not law.repealed
    assert law.modified == "2023-05-31"
    assert list(law.articles["6"].paragraphs[0].items) == [1, 2, 3, 4, 5, 6]
    assert "病歷" in law.articles["6"].paragraphs[0].text


def test_deleted_articles_are_known(corpus: Corpus) -> None:
    assert corpus.laws["中華民國刑法"].articles["239"].deleted
    assert not corpus.laws["中華民國刑法"].articles["1"].deleted


def test_short_names_name_a_law_that_is_there(corpus: Corpus) -> None:
    assert corpus.names["個資法"] == "個人資料保護法"
    assert all(name in corpus.laws for name in corpus.names.values())


@pytest.mark.parametrize(
    "archive", [b"", b"{", b"[]", b"\xff\xfe", b'{"Laws": []}', b'{"UpdateDate": 3, "Laws": [3]}',
                json.dumps({"UpdateDate": "2026/1/1", "Laws": [{"LawName": "法"}]}).encode()]
)  # fmt: skip
def test_what_is_no_archive_is_refused(archive: bytes) -> None:
    with pytest.raises(CorpusError):
        corpus_from(archive)
