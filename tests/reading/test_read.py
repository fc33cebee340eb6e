"""The door of the room: any text at all, and the map back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.reading import Passage, Source, ViewKind, read

_TRICKY = "09AaOlI〇壹〡ⅷ㈱①\u200b\u0300\ufe0f\U000e0041\ud800\0\n\r%&#;\\ux=+/-<>|*_. 電話號"
TEXT = st.one_of(
    st.text(st.characters(), max_size=120),
    st.text(st.sampled_from(_TRICKY), max_size=160),
    st.text(st.sampled_from("0123456789abcdefABCDEF%&#;\\ux= "), max_size=160),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace").hex(" ")),
)


def _well_mapped(passage: Passage) -> None:
    size = len(passage.original)
    assert passage.views
    assert passage.folded.kind is ViewKind.FOLDED
    for view in passage.views:
        length = len(view.text)
        if view.starts is None or view.ends is None:
            assert view.starts is None
            assert view.ends is None
            assert length == size
            continue
        starts, ends = view.starts.tolist(), view.ends.tolist()
        assert len(starts) == len(ends) == length
        assert all(0 <= low < high <= size for low, high in zip(starts, ends, strict=True))
        if view.kind is ViewKind.FOLDED:
            assert starts == sorted(starts)
        for at in range(length):
            assert view.original(at, at + 1) == (starts[at], ends[at])
    assert all(0 <= low < high <= size for low, high in passage.unreadable)


@given(TEXT)
def test_every_character_of_every_view_maps_into_the_original(text: str) -> None:
    (passage,) = read([Source(path="p", text=text)])
    assert passage.original == text
    _well_mapped(passage)


@given(st.lists(TEXT, max_size=6))
def test_one_passage_a_source_then_seams_that_lead_back(texts: list[str]) -> None:
    sources = [Source(path=f"messages[{n}].content", text=t) for n, t in enumerate(texts)]
    passages = read(sources)
    assert [each.original for each in passages[: len(texts)]] == texts
    by_path = {source.path: source.text for source in sources}
    for seam in passages[len(texts) :]:
        _well_mapped(seam)
        spans = seam.places(0, len(seam.original))
        said = "".join(by_path[span.path][span.start : span.end] for span in spans)
        assert said == seam.original


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=80))
def test_han_text_stays_as_it_is_without_a_map(text: str) -> None:
    (passage,) = read([Source(path="p", text=text)])
    assert passage.folded.text == text
    assert passage.folded.starts is None


HOSTILE = {
    "a letter": "a", "a digit": "1", "spaced digits": "1 ", "angle": "<", "angle, digit": "<1",
    "ampersand": "&", "percent": "%41", "base64": "QUJD", "leet": "O1 ", "escape": "\\u0041",
    "hex": "41 ", "hidden": "\u200b", "NUL": "\0", "surrogate": "\ud800", "tags": "1<a>",
    "combining": "\u0300", "tag characters": "\U000e0041", "selectors": "\U000e0141",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hundred_thousand_of_one_thing_take_no_long_time(name: str) -> None:
    unit = HOSTILE[name]
    text = unit * (100_000 // len(unit))
    begun = time.process_time()
    (passage,) = read([Source(path="p", text=text)])
    assert time.process_time() - begun < 1.0  # some tens of milliseconds; quadratic: minutes
    assert passage.original == text
