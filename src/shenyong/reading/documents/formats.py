"""Which format a file is, by its bytes, and its parts.

bytes ──▶ what they begin with ──▶ the one reader of that format ──▶ parts
                                            └── a file inside: the same again, one deeper
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shenyong.reading.documents import odf, office, pdf, picture, plain
from shenyong.reading.documents.archive import Archive
from shenyong.reading.documents.document import (
    DEFAULT_LIMITS,
    Budget,
    Document,
    DocumentError,
    Fault,
    Limits,
    Part,
)

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x7fELF",
    b"MZ",
)
_HTML = re.compile(r"(?is)\A\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta)\b")
_XML = re.compile(rb"\A\s*<(?:\?xml|!DOCTYPE|[^\s<>!?/]+[\s/>])")
_MAIL = re.compile(
    r"(?i)\A(?:(?:from|to|subject|date|received|return-path|message-id|mime-version|x-[\w-]+"
    r"|delivered-to|reply-to|cc|content-type|寄件者):[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2,}"
)


def read_document(name: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Document:
    """The document in `data`; `name` is the file's own, and a part like any other.

    Raises:
        DocumentError: it can't be read whole; says why and where.
    """
    budget = Budget(limits)
    parts: list[Part] = []
    if name:
        parts.append(budget.part("name", name))
    form = ""
    for found, part in _read(data, budget, 0, name):
        form = form or found
        if part is not None:
            parts.append(part)
    if form == "picture" and len(parts) == bool(name):
        raise DocumentError(Fault.NEEDS_OCR, name)  # nobody can say what a photograph shows
    return Document(form, tuple(parts))


def read_outside(data: bytes, inside: office.Inner, limits: Limits = DEFAULT_LIMITS) -> Document:
    """The document in `data` without what is in the files inside it: `inside` gives their parts.

    For comparing a document with itself; what is inspected is read whole (`read_document`).

    Raises:
        DocumentError: as `read_document`.
    """
    if len(data) > limits.file:
        raise DocumentError(Fault.TOO_LARGE)
    form, parts = _parts(data, Budget(limits), inside, "")
    return Document(form, tuple(parts))


def _read(data: bytes, budget: Budget, depth: int, name: str) -> Iterator[tuple[str, Part | None]]:
    """The format, then each part with it."""
    if len(data) > budget.limits.file:
        raise DocumentError(Fault.TOO_LARGE, name)
    if depth > budget.limits.depth:
        raise DocumentError(Fault.TOO_DEEP, name)

    def inner(inside: str, inside_data: bytes) -> Iterator[Part]:
        yield budget.part(f"attachment[{inside}]/name", inside)
        if not inside_data:
            return
        for _, part in _read(inside_data, budget, depth + 1, inside):
            if part is not None:
                yield Part(f"attachment[{inside}]/{part.path}", part.text)

    form, parts = _parts(data, budget, inner, name)
    yield form, None
    for part in parts:
        yield form, part


def _parts(
    data: bytes, budget: Budget, inner: office.Inner, name: str
) -> tuple[str, Iterator[Part]]:
    if data.startswith(b"PK"):
        return _package(Archive(data, budget), budget, inner)
    if data.startswith(b"%PDF-"):
        if b"PK\x05\x06" in data[-66_000:] and b"PK\x03\x04" in data:
            raise DocumentError(Fault.POLYGLOT, name)
        return "pdf", pdf.read(data, budget, inner)
    if data.startswith(_PICTURES) or data[8:12] == b"WEBP":
        return "picture", picture.read(data, budget, name)
    if data.startswith(_OLE):
        # Encrypted Office files are such containers; so are the formats before 2007.
        sealed = "EncryptedPackage".encode("utf-16-le") in data
        raise DocumentError(Fault.ENCRYPTED if sealed else Fault.UNKNOWN_FORMAT, name)
    if data.startswith(_OTHERS):
        raise DocumentError(Fault.UNKNOWN_FORMAT, name)
    if b"%PDF-" in data[:1024] or data[-66_000:].rfind(b"PK\x05\x06") >= 0:
        raise DocumentError(Fault.POLYGLOT, name)
    if _XML.match(data.removeprefix(b"\xef\xbb\xbf")) and not _html(data):
        return "xml", plain.letter(data, budget)
    text = plain.decoded(data, name)
    if _XML.match(text[:1024].encode()) and not _HTML.match(text):  # in UTF-16
        return "xml", plain.letter(data, budget)
    if _HTML.match(text):
        return "html", plain.page(text, budget)
    if _MAIL.match(text):
        return "eml", plain.mail(data, budget, inner)
    return "text", iter((budget.part("text", text),) if text else ())


def _html(data: bytes) -> bool:
    try:
        return _HTML.match(plain.decoded(data)) is not None
    except DocumentError:
        return False


def _package(archive: Archive, budget: Budget, inner: office.Inner) -> tuple[str, Iterator[Part]]:
    names = set(archive.names)
    if "mimetype" in names and "content.xml" in names:
        form = odf.form_of(archive.read("mimetype"))
        if form:
            return form, odf.read(archive, budget, inner)
    form = office.form_of(names) if "[Content_Types].xml" in names else ""
    if form:
        return form, office.read(form, archive, budget, inner)
    return "zip", _members(archive, inner)


def _members(archive: Archive, inner: office.Inner) -> Iterator[Part]:
    for name in archive.files():
        yield from inner(name, archive.read(name))
