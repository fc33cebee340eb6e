"""Seams: a value cut over strings is whole again."""

from __future__ import annotations

import pytest

from shenyong.reading import Passage, Source, read
from shenyong.reading.joining import EDGE, joints


def _seams(*texts: str) -> tuple[Passage, ...]:
    return read([Source(path=f"m{n}", text=t) for n, t in enumerate(texts)])[len(texts) :]


@pytest.mark.parametrize(
    "texts",
    [
        ("身分證 A12345", "6789 請查"),
        ("A123", "456", "789"),
        tuple("A123456789"),
        ("Ａ１２３４５", "６７８９"),
        ("前" * 200 + "A12345", "6789" + "後" * 200),
        ("A12345-", " 6789"),
    ],
)
def test_a_cut_value_is_seen_whole(texts: tuple[str, ...]) -> None:
    views = [view.text for seam in _seams(*texts) for view in seam.views]
    assert any("A123456789" in text for text in views)


def test_what_says_nothing_keeps_no_pieces_apart() -> None:
    """A1234, a blank message, 56789."""
    for blank in (" ", "", "\n\n", "\u200b", "-"):
        sources = [Source(str(at), each) for at, each in enumerate(("A1234", blank, "56789"))]
        assert [joined for joined, _, _ in joints(sources)] == ["A123456789"]


def test_the_places_lead_to_each_part() -> None:
    (seam,) = _seams("前" * 200 + "A12345", "6789" + "後" * 200)
    at = seam.original.index("A123456789")
    spans = [(span.path, span.start, span.end) for span in seam.places(at, at + 10)]
    assert spans == [("m0", 200, 206), ("m1", 0, 4)]


def test_each_side_of_a_seam_is_short() -> None:
    (seam,) = _seams("1" * 500, "2" * 500)
    assert len(seam.original) == 2 * EDGE


@pytest.mark.parametrize("texts", [("請查詢進度。", "謝謝。"), ("甲",), (), ("", "")])
def test_edges_that_cut_nothing_make_no_seam(texts: tuple[str, ...]) -> None:
    assert list(joints([Source(path="m", text=text) for text in texts])) == []
