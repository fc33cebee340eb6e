"""Icons go on; anything that could hold more than a few pixels does not."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.inspection.icons import SIDE, is_icon


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(width: int, height: int, *, extra: bytes = b"", more: bytes = b"") -> bytes:
    """A black RGB picture; `extra` chunks before its pixels, `more` bytes of pixels than it has."""
    rows = (b"\0" + b"\0\0\0" * width) * height + more
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def said(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@given(st.integers(1, SIDE), st.integers(1, SIDE))
def test_a_small_picture_is_an_icon(width: int, height: int) -> None:
    assert is_icon(said(picture(width, height)))


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    "raw",
    [
        picture(SIDE + 1, 1),
        picture(1, SIDE + 1),
        picture(400, 300),
        picture(8, 8, extra=chunk(b"tEXt", b"Comment\0A123456789")),
        picture(8, 8) + b"A123456789",
        picture(8, 8, more=b"A123456789"),
        picture(8, 8)[:-12],
        b"\x89PNG\r\n\x1a\nA123456789",
    ],
)
def test_what_could_hold_more_is_none(raw: bytes) -> None:
    assert not is_icon(said(raw))


@given(st.binary(max_size=200))
def test_other_bytes_are_none(raw: bytes) -> None:
    assert not is_icon(said(raw))
    assert not is_icon(said(b"\x89PNG\r\n\x1a\n" + raw))
