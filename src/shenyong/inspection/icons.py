"""Icons: pictures so small that nothing which identifies a person could be read in them.

What can't be decoded to text is not sent uninspected. A PNG of at most 32 by 32 pixels, as pages
and style sheets carry them, is no such riddle, if it holds its pixels and nothing else: no text
chunk, no data behind its end, no more pixels than its header says (ISO/IEC 15948, 5 and 11).
"""

from __future__ import annotations

import base64
import binascii
import zlib

SIDE = 32  # pixels
_LONGEST = 16_384  # characters of base64
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PLAIN = frozenset((b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"pHYs", b"IDAT", b"IEND"))
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type


def is_icon(run: str) -> bool:
    """Whether the base64 `run` is a small PNG with pixels alone in it."""
    if len(run) > _LONGEST:
        return False
    try:
        raw = base64.b64decode("".join(run.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw.startswith(_SIGNATURE) and _pixels_alone(raw)


def _pixels_alone(raw: bytes) -> bool:
    at, header, pixels = len(_SIGNATURE), b"", b""
    while at + 12 <= len(raw):
        length, kind = int.from_bytes(raw[at : at + 4]), raw[at + 4 : at + 8]
        body = raw[at + 8 : at + 8 + length]
        at += 12 + length
        if kind not in _PLAIN or at > len(raw):
            return False
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            pixels += body
        elif kind == b"IEND":
            return at == len(raw) and _fits(header, pixels)
    return False


def _fits(header: bytes, pixels: bytes) -> bool:
    """Whether the pixels are as many as the header says, and few."""
    if len(header) != 13:
        return False
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colour, interlaced = header[8], header[9], header[12]
    if not 0 < width <= SIDE or not 0 < height <= SIDE or colour not in _CHANNELS or interlaced:
        return False
    expected = height * (1 + (width * depth * _CHANNELS[colour] + 7) // 8)
    inflate = zlib.decompressobj()
    try:
        said = inflate.decompress(pixels, expected + 1)
    except zlib.error:
        return False
    return len(said) == expected and inflate.eof and not inflate.unused_data
