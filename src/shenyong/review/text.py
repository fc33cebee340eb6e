"""The text that is judged: its one form, its digest, and how long a person needs to read it.

What is approved is a digest of exactly this form, so an approval of one text is never one of
another. Source: design.md (Confirmation); guideline.md 5.
"""

from __future__ import annotations

import hashlib
import unicodedata

_CHARACTERS_A_MINUTE = 600
"""How fast an official reads: a fast reader of Chinese; slower is no reproach, faster is."""
_UNSEEN = {
    *range(0x202A, 0x202F),  # bidirectional embeddings and overrides
    *range(0x2066, 0x206A),
    *(0x200B, 0x2060, 0xFEFF, 0x00AD, 0x200E, 0x200F, 0x061C),
    *range(0xE0000, 0xE0080),  # tags
}


def canonical(text: str) -> str:
    """The text in its one form: NFC, lines end in ``\\n``, nothing unseen, no blanks at the ends.

    Characters that show nothing (controls, bidirectional overrides, tags) are dropped: what is
    approved is what is seen.
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        each
        for each in lines
        if each in "\n\t" or (ord(each) not in _UNSEEN and unicodedata.category(each) != "Cc")
    )
    # A surrogate can't be written in UTF-8: it is no character that anybody saw.
    kept = kept.encode("utf-8", "replace").decode()
    return "\n".join(line.rstrip() for line in kept.split("\n")).strip("\n")


def digest(text: str) -> str:
    """SHA-256 of the canonical text in UTF-8, in hex."""
    return hashlib.sha256(canonical(text).encode()).hexdigest()


def reading_seconds(text: str) -> int:
    """How long reading takes at least, in seconds."""
    return -(-len("".join(text.split())) * 60 // _CHARACTERS_A_MINUTE)
