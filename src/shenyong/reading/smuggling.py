"""Text hidden in characters that show nothing: tag characters and variation selectors.

Tag characters (U+E0020-E007E) spell ASCII; a row of variation selectors spells bytes. Models read
both. Source: reliability.md 2.2 (every commercial guardrail tried let these pass).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from shenyong.reading.passage import View, ViewKind

_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_ANY = re.compile("[\U000e0020-\U000e007e\ufe00-\ufe0f\U000e0100-\U000e01ef]{3}")


def smuggled(text: str) -> Iterator[View]:
    """A decoded view for each hidden text; nothing for ordinary text."""
    if text.isascii() or not _ANY.search(text):
        return
    for match in _TAGS.finditer(text):
        said = "".join(chr(ord(each) - 0xE0000) for each in match.group())
        yield _view(said, match.start(), match.end(), "tags")
    for match in _SELECTORS.finditer(text):
        raw = bytes(
            ord(each) - 0xFE00 if ord(each) < 0xFF00 else ord(each) - 0xE0100 + 16
            for each in match.group()
        )
        try:
            said = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        yield _view(said, match.start(), match.end(), "selectors")


def _view(said: str, start: int, end: int, encoding: str) -> View:
    size = len(said)
    return View(
        ViewKind.DECODED,
        said,
        np.full(size, start, dtype=np.int32),
        np.full(size, end, dtype=np.int32),
        encoding,
    )
