"""Our own pseudonyms are no findings; brackets alone hide nothing."""

from __future__ import annotations

from tests.inspection.passages import kinds

from shenyong.inspection import pseudonyms


def test_only_our_own_words_make_a_pseudonym() -> None:
    assert pseudonyms.PSEUDONYM.fullmatch("〔姓名1〕")
    assert pseudonyms.PSEUDONYM.fullmatch("〔資料12〕")
    assert not pseudonyms.PSEUDONYM.fullmatch("〔王小明1〕")
    assert not pseudonyms.PSEUDONYM.fullmatch("〔電話0912345678〕")


def test_a_place_inside_one() -> None:
    text = "給〔姓名1〕的信"
    assert pseudonyms.inside(text, 2, 4)
    assert not pseudonyms.inside(text, 2, 7)
    assert not pseudonyms.inside(text, 0, 1)


def test_what_is_no_pseudonym_is_found() -> None:
    assert kinds("〔電話0912345678〕") == {"tw_mobile": "0912345678"}
    assert kinds("電話：〔手機1〕，密碼：〔機密資訊1〕") == {}
