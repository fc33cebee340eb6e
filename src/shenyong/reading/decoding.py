"""Decoded views: what escapes, entities and encoded runs say, nested, within a budget.

Escapes (percent, HTML entities, ``\\uXXXX``, CSS, octal, quoted-printable) are undone within the
whole text, so the words around stay. Blobs (base64, also cut into pieces, hex, base32, base85, also
compressed) become a view of their own whose every character maps onto the whole blob. What can't be
decoded and could hide text is reported as
unreadable: the policies don't let it leave uninspected.

Source: reliability.md 2.2 (decode recursively with a budget; exhausted means not inspectable).
"""

from __future__ import annotations

import base64
import binascii
import bz2
import html
import lzma
import re
import string
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from math import log2

import msgspec
import numpy as np

from shenyong.reading.folding import Codes, fold
from shenyong.reading.passage import Offsets, View, ViewKind


class Budget(msgspec.Struct, frozen=True):
    """How far decoding goes: nesting, growth over the input, and characters in all."""

    depth: int = 4
    growth: int = 8
    characters: int = 1 << 20


DEFAULT = Budget()

_HINT = re.compile(
    r"[%&\\=]|[A-Za-z0-9+/_\-]{14}|[0-9A-Fa-f]{2}(?:[ :,]\s?(?:0x)?[0-9A-Fa-f]{2}){7}"
    r"|[A-Za-z0-9+/]{4,16}\s{1,2}[A-Za-z0-9+/]{4,16}"
    r"|(?=[!-~]{13})[!-~]{0,24}[!#$()*+;<>?@^`{|}~\"',./:\[\]]|<~|[1-9A-HJ-NP-Za-km-z]{12}"
)
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&(?:#[xX][0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,30});?")
_ESCAPE = re.compile(
    r"(?:\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\})+|(?:\\x[0-9A-Fa-f]{2})+|\\[nrt\"/\\]"
)
_CSS = re.compile(r"(?:\\[0-9A-Fa-f]{1,6}[ \t]?){4,}")
_OCTAL = re.compile(r"(?:\\[0-3][0-7]{2}){4,}")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2}(?:=\r?\n)?){3,}")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_\-])(?:[A-Za-z0-9+/_\-]{40,100}\r?\n){1,4000}[A-Za-z0-9+/_\-]{0,100}={0,2}"
    r"|(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{14,}={0,2}"
)
_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}"
    r"(?:[ :,\-]?\s?(?:0x|\\x)?[0-9A-Fa-f]{2}){5,}(?![0-9A-Za-z])"
)
_DUMPED = re.compile(r"(?m)^[0-9A-Fa-f]{6,8}:?[ \t]+|\n[0-9A-Fa-f]{6,8}:?\s*\Z")
_BASE32 = re.compile(r"(?<![A-Z2-7])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])")
_PIECES = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{4,16}(?:\s{1,2}[A-Za-z0-9+/]{1,16}){1,400}(?:\s{0,2}=){0,2}"
)
_BASE85 = re.compile(
    r"(?=[0-9A-Za-z_\-]{0,64}[!#$%&()*+;<=>?@^`{|}~])[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{13,4000}"
)
_ASCII85 = re.compile(r"<~[!-uz\s]{5,4000}~>")
_UU = re.compile(r"(?<![!-~])[!-M][ -`]{8,60}(?=\n|$)")
_BASE58 = re.compile(r"(?<![A-Za-z0-9])[1-9A-HJ-NP-Za-km-z]{12,100}(?![A-Za-z0-9])")
_BASE58_DIGITS = {
    char: place
    for place, char in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
_BESIDE = "!();?"  # punctuation of the sentence around, full-width before it was folded
_PEM_OR_JWT = re.compile(r"-----BEGIN|^eyJ")
# base64 of PK\3\4, Rar!, 7z, %PDF, and of the old Office files
_ARCHIVE = re.compile("UEsDB[A-P]|UmFyI[Q-f]|N3q8r[w-z]|JVBER[g-v]|0M8R4K")
_OPAQUE = 64
_DIGEST = re.compile(r"[0-9a-fA-F]{1,128}\Z")
_MIN_TEXT = 4
_DENSE = 4.2  # bits a character; words and paths are below, encoded bytes above


class Decoded(msgspec.Struct):
    """Decoded views of one view, and original ranges that stayed opaque."""

    views: list[View]
    unreadable: list[tuple[int, int]]


class _Work:
    """The budget as it is spent."""

    def __init__(self, size: int, budget: Budget) -> None:
        self.left = min(max(size, 512) * budget.growth, budget.characters)
        self.depth = budget.depth

    def spend(self, characters: int) -> bool:
        """Whether that many characters may still be made."""
        self.left -= characters
        return self.left >= 0


_KIND = np.zeros(0x110000, dtype=np.uint8)
"""Per code point: 1 for what begins an escape, 2 for a blob's alphabet, 4 for spaced hex, 8 for
what cuts a blob into pieces, 16 for the alphabets of base85 and uuencode."""
_KIND[[ord(each) for each in "%&\\="]] = 1
_KIND[[ord(each) for each in string.ascii_letters + string.digits + "+/_-"]] |= 2
_KIND[[ord(each) for each in string.hexdigits + " :,"]] |= 4
_KIND[[ord(each) for each in " \t\r\n"]] |= 8
_KIND[0x21:0x7F] |= 16
_BLOB, _SPACED, _CUT, _SHOWN = b"\x01" * 12, b"\x01" * 16, b"\x01" * 14, b"\x01" * 13
_OF_BLOB = bytes(int(kind & 2 != 0) for kind in range(256))
_OF_SPACED = bytes(int(kind & 4 != 0) for kind in range(256))
_OF_CUT = bytes(int(kind & 10 != 0) for kind in range(256))
_OF_SHOWN = bytes(int(kind & 16 != 0) for kind in range(256))
_ESCAPES = bytes(int(kind & 1) for kind in range(256))


def _hinted(codes: Codes) -> bool:
    """Whether a text with these code points could hold anything encoded (a superset of `_HINT`)."""
    kinds = _KIND[codes].tobytes()
    return (
        b"\x01" in kinds.translate(_ESCAPES)
        or _BLOB in kinds.translate(_OF_BLOB)
        or _SPACED in kinds.translate(_OF_SPACED)
        or _CUT in kinds.translate(_OF_CUT)
        or _SHOWN in kinds.translate(_OF_SHOWN)
    )


def decode(view: View, codes: Codes, budget: Budget = DEFAULT) -> Decoded:
    """Everything that the view's text says in other words. Nearly free for ordinary text.

    `codes` are the code points of the view's text.
    """
    found = Decoded([], [])
    if _hinted(codes) and _HINT.search(view.text):
        _decode(view, _Work(len(view.text), budget), 1, "", found)
    return found


def unfold(view: View, budget: Budget = DEFAULT) -> Decoded:
    """A view of raw hidden text, folded, and everything that it says in other words."""
    found = Decoded([], [])
    _keep(view, _Work(len(view.text), budget), 0, view.encoding, found)
    return found


def _decode(view: View, work: _Work, depth: int, encoding: str, found: Decoded) -> None:
    if depth > work.depth or work.left < 0:
        if _hides(view.text):
            found.unreadable.append(view.original(0, len(view.text)))
        return
    for name, transform in _TRANSFORMS:
        plain = transform(view)
        if plain is None:
            continue
        if not work.spend(len(plain.text)):
            found.unreadable.append(view.original(0, len(view.text)))
            return
        _keep(plain, work, depth, _named(encoding, name), found)
    for start, end, name, text in _blobs(view.text, found, view):
        low, high = view.original(start, end)
        if not work.spend(len(text)):
            found.unreadable.append((low, high))
            return
        shape = len(text)
        inner = View(
            ViewKind.DECODED, text,
            np.full(shape, low, dtype=np.int32), np.full(shape, high, dtype=np.int32),
        )  # fmt: skip
        _keep(inner, work, depth, _named(encoding, name), found)


def _keep(view: View, work: _Work, depth: int, encoding: str, found: Decoded) -> None:
    """Fold the decoded text, keep it as a view, and look inside it."""
    folded, _ = fold(view.text)
    assert view.starts is not None
    assert view.ends is not None
    starts, ends = view.starts, view.ends
    if folded.starts is not None:
        starts, ends = starts[folded.starts], ends[folded.starts]
    kept = View(ViewKind.DECODED, folded.text, starts, ends, encoding)
    found.views.append(kept)
    if _HINT.search(kept.text):
        _decode(kept, work, depth + 1, encoding, found)


def _named(outer: str, name: str) -> str:
    return f"{outer}+{name}" if outer else name


def _hides(text: str) -> bool:
    marks = (_PERCENT, _ESCAPE, _CSS, _OCTAL, _QUOTED)
    if any(mark.search(text) for mark in marks) or html.unescape(text) != text:
        return True
    return any(len(match.group()) >= 24 for match in _BASE64.finditer(text))


# ── escapes, undone in place ─────────────────────────────────────────────────────────────────────


def _transformed(view: View, pattern: re.Pattern[str], say: Callable[[str], str]) -> View | None:
    """The text with every match replaced by what it says; None where nothing changes."""
    text, parts, starts, ends, last = view.text, [], [], [], 0
    base_starts, base_ends = _maps(view)
    for match in pattern.finditer(text):
        said = say(match.group())
        if said == match.group():
            continue
        low, high = match.span()
        parts += [text[last:low], said]
        starts += [base_starts[last:low], np.full(len(said), base_starts[low], dtype=np.int32)]
        ends += [base_ends[last:low], np.full(len(said), base_ends[high - 1], dtype=np.int32)]
        last = high
    if not parts:
        return None
    parts.append(text[last:])
    starts.append(base_starts[last:])
    ends.append(base_ends[last:])
    return View(ViewKind.DECODED, "".join(parts), np.concatenate(starts), np.concatenate(ends))


def _maps(view: View) -> tuple[Offsets, Offsets]:
    if view.starts is not None and view.ends is not None:
        return view.starts, view.ends
    index = np.arange(len(view.text), dtype=np.int32)
    return index, index + np.int32(1)


def _bytes_say(raw: bytes, otherwise: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return otherwise


def _percent(run: str) -> str:
    return _bytes_say(binascii.unhexlify(run.replace("%", "")), run)


def _quoted(run: str) -> str:
    return _bytes_say(binascii.unhexlify(re.sub(r"=\r?\n|=", "", run)), run)


_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/", "\\": "\\"}


def _escape(run: str) -> str:
    if run[1] == "x":
        raw = binascii.unhexlify(run.replace("\\x", ""))
        return _bytes_say(raw, raw.decode("latin-1"))
    if run[1] != "u":
        return _SHORT[run[1]]
    units = "".join(
        chr(int(each, 16)) if int(each, 16) < 0x110000 else "\ufffd"
        for each in re.findall(r"\\u\{?([0-9A-Fa-f]+)", run)
    )
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _css(run: str) -> str:
    codes = [int(each, 16) for each in re.findall(r"\\([0-9A-Fa-f]{1,6})", run)]
    return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)


def _octal(run: str) -> str:
    return _bytes_say(bytes(int(each, 8) for each in re.findall(r"[0-7]{3}", run)), run)


_TRANSFORMS: tuple[tuple[str, Callable[[View], View | None]], ...] = (
    ("percent", lambda view: _transformed(view, _PERCENT, _percent) if "%" in view.text else None),
    ("html", lambda view: _transformed(view, _ENTITY, html.unescape) if "&" in view.text else None),
    ("escape", lambda view: _transformed(view, _ESCAPE, _escape) if "\\" in view.text else None),
    ("css", lambda view: _transformed(view, _CSS, _css) if "\\" in view.text else None),
    ("octal", lambda view: _transformed(view, _OCTAL, _octal) if "\\" in view.text else None),
    ("quoted", lambda view: _transformed(view, _QUOTED, _quoted) if "=" in view.text else None),
)


# ── blobs, decoded apart ─────────────────────────────────────────────────────────────────────────


def _blobs(text: str, found: Decoded, view: View) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, encoding and text of every encoded run that says something."""
    for match in _HEX.finditer(text):
        said = _hex(match.group())
        if said:
            yield match.start(), match.end(), said[0], said[1]
    for match in _BASE32.finditer(text):
        said = _base32(match.group())
        if said:
            yield match.start(), match.end(), said[0], said[1]
    for match in _PIECES.finditer(text):
        said = _base64(match.group())
        if said:
            yield match.start(), match.end(), said[0], said[1]
    for match in _BASE85.finditer(text):
        said = _base85(match.group())
        if said:
            yield match.start(), match.end(), said[0], said[1]
    for pattern, read in ((_ASCII85, _ascii85), (_UU, _uuencoded), (_BASE58, _base58)):
        for match in pattern.finditer(text):
            said = read(match.group())
            if said:
                yield match.start(), match.end(), said[0], said[1]
    for match in _BASE64.finditer(text):
        run = match.group()
        said = _base64(run) or _backwards(run)
        if said:
            yield match.start(), match.end(), said[0], said[1]
        elif _archive(run) or _opaque(run, text, match.start()):
            found.unreadable.append(view.original(match.start(), match.end()))


def _opaque(run: str, text: str, start: int) -> bool:
    """Whether an undecodable run could hide text: long and dense, no digest, token or key."""
    bare = re.sub(r"\s", "", run)
    if len(bare) <= _OPAQUE or _DIGEST.match(bare):
        return False
    if _PEM_OR_JWT.search(text[max(0, start - 64) : start + 4]) or _PEM_OR_JWT.match(run):
        return False
    counts = Counter(bare)
    entropy = -sum(n / len(bare) * log2(n / len(bare)) for n in counts.values())
    return entropy > _DENSE and any(c.isdigit() for c in bare) and bare.lower() != bare


def _archive(run: str) -> bool:
    """Whether the run is a file that isn't read here: an archive, a document, a picture."""
    return _ARCHIVE.match(run) is not None


def _text(raw: bytes) -> str:
    """What bytes say, if they are text: UTF-8 or UTF-16, mostly printable."""
    for codec, size in (("utf-8", 1), ("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2),
                        ("utf-16-be", 2)):  # fmt: skip
        if size > 1 and (len(raw) % size or raw.count(0) * 3 < len(raw)):
            continue
        try:
            text = raw.decode(codec).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        printable = sum(each.isprintable() or each in "\r\n\t" for each in text)
        if len(text) >= _MIN_TEXT and printable >= 0.95 * len(text):
            return text
    return ""


def _unpacked(raw: bytes, name: str) -> tuple[str, str] | None:
    for mark, packing, inflate in _PACKINGS:
        if not raw.startswith(mark):
            continue
        try:
            inner = inflate(raw)
        except (zlib.error, OSError, EOFError, lzma.LZMAError):
            inner = b""
        if inner and (text := _text(inner)):
            return f"{name}+{packing}", text
    text = _text(raw)
    if text:
        return name, text
    bare = _bare_deflate(raw)
    return (f"{name}+deflate", text) if bare and (text := _text(bare)) else None


def _zlib(raw: bytes) -> bytes:
    return zlib.decompressobj(wbits=47).decompress(raw, DEFAULT.characters)


def _bare_deflate(raw: bytes) -> bytes:
    """What raw deflate says, if it ends where the bytes end; nothing marks its beginning."""
    machine = zlib.decompressobj(wbits=-15)
    try:
        inner = machine.decompress(raw, DEFAULT.characters)
    except zlib.error:
        return b""
    return inner if machine.eof and not machine.unused_data else b""


_PACKINGS: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", "zlib", _zlib),
    (b"\x78", "zlib", _zlib),
    (b"BZh", "bzip2", lambda raw: bz2.BZ2Decompressor().decompress(raw, DEFAULT.characters)),
    (
        b"\xfd7zXZ", "xz",
        lambda raw: lzma.LZMADecompressor(memlimit=1 << 26).decompress(raw, DEFAULT.characters),
    ),
)  # fmt: skip


def _base64(run: str) -> tuple[str, str] | None:
    bare = re.sub(r"\s", "", run).rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None
    return _unpacked(raw, "base64")


def _backwards(run: str) -> tuple[str, str] | None:
    said = _base64(run[::-1])
    return (f"{said[0]}+backwards", said[1]) if said else None


def _ascii85(run: str) -> tuple[str, str] | None:
    try:
        return _unpacked(base64.a85decode(run, adobe=True), "ascii85")
    except ValueError:
        return None


def _uuencoded(line: str) -> tuple[str, str] | None:
    """One line: its first character says how many bytes it holds."""
    size = -(-(ord(line[0]) - 0x20) // 3) * 4  # blanks at the end are zeros, and easily lost
    if not 0 <= size - len(line) + 1 <= 3:
        return None
    try:
        return _unpacked(binascii.a2b_uu(line.ljust(size + 1).encode()), "uuencode")
    except binascii.Error:
        return None


def _base58(run: str) -> tuple[str, str] | None:
    if run.isupper() or run.islower() or run.isdigit():
        return None
    number = 0
    for char in run:
        number = number * 58 + _BASE58_DIGITS[char]
    said = _text(number.to_bytes((number.bit_length() + 7) // 8, "big"))
    return ("base58", said) if said else None


def _base85(run: str) -> tuple[str, str] | None:
    """In RFC 1924's alphabet."""
    for each in dict.fromkeys((run, run.strip(_BESIDE))):
        try:
            said = _unpacked(base64.b85decode(each), "base85")
        except ValueError:
            continue
        if said:
            return said
    return None


def _base32(run: str) -> tuple[str, str] | None:
    bare = run.rstrip("=")
    try:
        raw = base64.b32decode(bare + "=" * (-len(bare) % 8))
    except (binascii.Error, ValueError):
        return None
    return _unpacked(raw, "base32")


def _hex(run: str) -> tuple[str, str] | None:
    # A dump says before each line where in the file it is.
    for each in dict.fromkeys((run, _DUMPED.sub(" ", run))):
        digits = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", each)
        said = None if len(digits) % 2 else _unpacked(binascii.unhexlify(digits), "hex")
        if said:
            return said
    return None
