"""Text in characters that show nothing."""

from __future__ import annotations

import pytest

from shenyong.reading.smuggling import smuggled


def test_tag_characters_say_ascii() -> None:
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "A123456789")
    (view,) = smuggled(f"好😀{hidden}的")
    assert (view.text, view.encoding) == ("A123456789", "tags")
    assert view.original(0, 10) == (2, 12)


def test_variation_selectors_say_bytes() -> None:
    raw = "王大明".encode()
    hidden = "".join(chr(0xFE00 + x) if x < 16 else chr(0xE0100 + x - 16) for x in raw)
    (view,) = smuggled(f"😀{hidden}")
    assert (view.text, view.encoding) == ("王大明", "selectors")
    assert view.original(0, 3) == (1, 1 + len(raw))


@pytest.mark.parametrize(
    "text", ["", "plain", "機關😀❤️☺️", "葛\U000e0100城", "\ufe00" * 3 + "\U000e0180" * 4]
)
def test_ordinary_emoji_variants_and_no_utf8_say_nothing(text: str) -> None:
    assert list(smuggled(text)) == []
