"""What can be seen in a released document, whatever its format, and the marks that it carries.

Reading is `reading.documents`' own: the same eyes that inspect what comes in.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping

import msgspec
import pikepdf
from lxml import etree

from shenyong.disclosure.marks import CONFIRMATION, FILE_NAME, NUMBER, STATE
from shenyong.reading.documents import Document, DocumentError, Part, read_outside

_HEAD = re.compile(r"(?:styles|header|footer)")
_DIGITS = re.compile(r"[0-9]+|\b(?:NUM)?PAGES?\b")
_OWN = "urn:shenyong:marks:1#"
_MOST = 1 << 20
# The line of the picture: its path and description are written anew by every program.
_PICTURE = re.compile(
    r"(?m)^(?:[ \t]*(?:Pictures/\S+|media/\S+|SY-[0-9]{3}-[0-9A-Z]{6}|QR))+[ \t]*$"
)


class Seen(msgspec.Struct, frozen=True):
    """A document as it was read: its format, a digest of what it shows, and its marks."""

    format: str
    digest: str
    text: str
    marks: Mapping[str, str]

    @property
    def bundle(self) -> str:
        """The packed confirmation; "" if there is none."""
        return self.marks.get(CONFIRMATION, "")


class UnreadableError(ValueError):
    """A file that is no document that could be released: not read, or of another format."""


def seen(data: bytes) -> Seen:
    """What a file shows. Raises UnreadableError."""
    pictures: list[str] = []

    def inside(name: str, held: bytes) -> Iterator[Part]:
        pictures.append(hashlib.sha256(held).hexdigest())
        return iter(())

    try:
        document = read_outside(data, inside)
    except DocumentError as error:
        raise UnreadableError(str(error)) from None
    form = document.format
    body = [each.text for each in document.parts if _is_body(each.path)]
    heads = [
        _DIGITS.sub("", each.text)  # pages are numbered by the program that shows them
        for each in document.parts
        if form in ("odt", "docx") and _HEAD.match(each.path)
    ]
    if form == "pdf":
        heads = [each.text for each in document.parts if each.path == "annotations"]
        pictures = []  # its only files are the confirmation itself; its pages are in its text
    readers = {"odt": _odt_marks, "docx": _docx_marks, "pdf": _pdf_marks}
    try:
        marks = readers[form](data) if form in readers else {}
    except (KeyError, ValueError, zipfile.BadZipFile, pikepdf.PdfError, etree.XMLSyntaxError):
        marks = {}
    text = _PICTURE.sub("", "\n".join(body))
    return Seen(form, shown_digest("\n".join([text, *heads, *sorted(pictures)])), text, marks)


def as_document(shown: Seen) -> Document:
    """The same as a document's parts, as it comes out of the sandbox."""
    marks = [Part(f"mark:{name}", value) for name, value in shown.marks.items()]
    return Document(shown.format, (Part("digest", shown.digest), Part("text", shown.text), *marks))


def from_document(document: Document) -> Seen:
    """What `as_document` made of it."""
    told = {part.path: part.text for part in document.parts}
    marks = {
        path.removeprefix("mark:"): text for path, text in told.items() if path.startswith("mark:")
    }
    return Seen(document.format, told.get("digest", ""), told.get("text", ""), marks)


def _is_body(path: str) -> bool:
    return path == "body" or path.startswith("page[") or path == "text"


def shown_digest(text: str) -> str:
    """SHA-256 of a text without its blanks and line ends: where lines break says nothing."""
    bare = "".join(unicodedata.normalize("NFKC", text).split())
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()


def _xml(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


def _member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo(name).file_size > _MOST:
            raise ValueError("too large")
        return archive.read(name)


def _odt_marks(data: bytes) -> dict[str, str]:
    space = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
    root = _xml(_member(data, "meta.xml"))
    return {
        each.get(f"{space}name", ""): each.text or "" for each in root.iter(f"{space}user-defined")
    }


def _docx_marks(data: bytes) -> dict[str, str]:
    root = _xml(_member(data, "docProps/custom.xml"))
    told = {each.get("name", ""): "".join(str(part) for part in each.itertext()) for each in root}
    pieces = sorted(name for name in told if name.startswith(f"{CONFIRMATION}-"))
    whole = "".join(told.pop(name) for name in pieces)
    return {**told, CONFIRMATION: whole} if whole else told


def _pdf_marks(data: bytes) -> dict[str, str]:
    marks: dict[str, str] = {}
    with pikepdf.open(io.BytesIO(data)) as book:
        root = _xml(book.Root.Metadata.read_bytes())
        for name in (STATE, NUMBER):
            for each in root.iter(f"{{{_OWN}}}{name.removeprefix('shenyong-')}"):
                marks[name] = each.text or ""
        if FILE_NAME in book.attachments:
            raw = book.attachments[FILE_NAME].get_file().read_bytes()
            marks[CONFIRMATION] = raw[:_MOST].decode("ascii", "replace")
    return marks


def sidecar(bundle: str, number: str) -> bytes:
    """The confirmation as a file beside a text that can carry none."""
    return json.dumps({NUMBER: number, CONFIRMATION: bundle}).encode()


def from_sidecar(data: bytes) -> str:
    """The packed confirmation of such a file. Raises UnreadableError."""
    try:
        return str(json.loads(data)[CONFIRMATION])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnreadableError("no confirmation") from None
