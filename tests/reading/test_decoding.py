"""Decoding within a budget, and what is reported when it ends."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random

import pytest

from shenyong.reading import Budget, Passage, Source, read


def _read(text: str, budget: Budget | None = None) -> Passage:
    sources = [Source(path="p", text=text)]
    (passage,) = read(sources) if budget is None else read(sources, budget)
    return passage


def _nested(text: str, times: int) -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


@pytest.mark.parametrize("times", range(1, 5))
def test_four_layers_are_read(times: int) -> None:
    passage = _read(_nested("身分證 A123456789 號", times))
    assert any("A123456789" in view.text for view in passage.views)
    assert passage.unreadable == ()


@pytest.mark.parametrize("times", [5, 8, 20])
def test_more_layers_than_the_budget_are_reported(times: int) -> None:
    text = _nested("身分證 A123456789 號", times)
    assert _read(text).unreadable == ((0, len(text)),)


def test_a_smaller_budget_ends_sooner() -> None:
    text = _nested("身分證 A123456789 號", 3)
    assert _read(text, Budget(depth=2)).unreadable == ((0, len(text)),)


def test_a_decompression_bomb_is_reported_and_makes_no_large_view() -> None:
    text = base64.b64encode(gzip.compress(b"a" * 20_000_000)).decode()
    passage = _read(text)
    assert passage.unreadable == ((0, len(text)),)
    assert sum(len(view.text) for view in passage.views) <= 9 * len(text)


def test_bytes_that_say_nothing_are_reported_where_they_stand() -> None:
    blob = base64.b64encode(random.Random(1).randbytes(120)).decode().rstrip("=")
    passage = _read(f"附件：{blob}")
    assert passage.unreadable == ((3, 3 + len(blob)),)


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha512"])
def test_hex_digests_are_readable(digest: str) -> None:
    assert _read(hashlib.new(digest, b"x").hexdigest()).unreadable == ()


def test_escapes_are_undone_where_they_stand() -> None:
    text = "姓名：&#29579;&#22823;明，電話"
    passage = _read(text)
    (decoded,) = passage.views[1:]
    assert decoded.text == "姓名:王大明,電話"
    assert decoded.original(3, 4) == (3, 11)
    assert decoded.original(5, 6) == (19, 20)
    assert decoded.encoding == "html"


def test_a_blob_maps_as_a_whole() -> None:
    blob = base64.b64encode("身分證 A123456789".encode()).decode()
    passage = _read(f"請看 {blob} 謝謝")
    view = next(view for view in passage.views if view.encoding == "base64")
    assert view.original(4, 14) == (3, 3 + len(blob))


def test_base85_is_read_and_ordinary_ascii_is_not() -> None:
    blob = base64.b85encode("身分證 A123456789".encode()).decode()
    passage = _read(f"請看：{blob}，謝謝")
    (view,) = [view for view in passage.views if view.encoding == "base85"]
    assert view.text == "身分證 A123456789"
    assert view.original(4, 14) == (3, 3 + len(blob))
    for plain in (
        "https://www.gov.tw/a?b=c&d=e",
        "name.surname+tag@mail.example.tw",
        "x!=y&&f(z)<=3",
    ):
        assert not [v for v in _read(plain).views if v.encoding == "base85"]


def test_english_words_are_no_pieces_of_base64() -> None:
    text = "Please have the attached draft reviewed before Friday and send it back with remarks"
    assert len(_read(text).views) == 1
