"""PDF: the text of each page, annotations, form fields, bookmarks, properties, attachments.

A page that shows pictures and has hardly any text is a scan: its text is recognised, or the file is
refused, for without its words nobody can say what it holds. Source:
ISO 32000-2; pages by PDFium, the structure by qpdf.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2

from shenyong.reading.documents import picture
from shenyong.reading.documents.document import Budget, DocumentError, Fault, Part
from shenyong.reading.documents.office import Inner

# What qpdf's binding raises over broken structures: a name that leads nowhere is a KeyError.
_BROKEN = (
    pikepdf.PdfError,
    AttributeError,
    KeyError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)
_SCANNED = 8  # characters on a page with a picture, at most, that make it a scan
_SCALE = 200 / 72  # a page is drawn at 200 dpi for recognition
_SAYS = ("/Contents", "/V", "/TU", "/T", "/RC", "/Alt", "/ActualText", "/Subj", "/NM", "/URI")


def read(data: bytes, budget: Budget, inner: Inner) -> Iterator[Part]:
    """The parts of a PDF file."""
    try:
        book = pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        raise DocumentError(Fault.ENCRYPTED) from None
    except _BROKEN:
        raise DocumentError(Fault.DAMAGED) from None
    with book:
        try:
            if book.is_encrypted:
                raise DocumentError(Fault.ENCRYPTED)
            if len(book.pages) > budget.limits.pages:
                raise DocumentError(Fault.TOO_MANY)
            yield from _pages(data, budget)
            yield from _structure(book, budget)
            for name, attached in book.attachments.items():
                yield from inner(str(name), attached.get_file().read_bytes())
        except _BROKEN as error:
            if isinstance(error, DocumentError):
                raise
            raise DocumentError(Fault.DAMAGED) from None


def _pages(data: bytes, budget: Budget) -> Iterator[Part]:
    try:
        pages = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise DocumentError(Fault.DAMAGED) from None
    try:
        # Scans are counted first: too many are refused at once, not after a minute of reading.
        texts = [_text(pages, number, budget) for number in range(len(pages))]
        for number, text in enumerate(texts):
            said = _recognised(pages, number) if text is None else text
            if said:
                yield budget.part(f"page[{number + 1}]", said)
    except pypdfium2.PdfiumError:
        raise DocumentError(Fault.DAMAGED) from None
    finally:
        pages.close()


def _text(pages: Any, number: int, budget: Budget) -> str | None:
    """What a page says in letters; None for a scan, which the budget counts."""
    page = pages[number]
    try:
        text = page.get_textpage().get_text_range()
        said = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
        if len("".join(said.split())) <= _SCANNED and _pictures(page):
            budget.picture(f"page[{number + 1}]")
            return None
        return said
    finally:
        page.close()


def _recognised(pages: Any, number: int) -> str:
    page = pages[number]
    try:
        return picture.recognised(page.render(scale=_SCALE).to_pil().convert("RGB"))
    finally:
        page.close()


def _pictures(page: Any) -> bool:
    kinds = (pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,)
    return any(True for _ in page.get_objects(filter=kinds, max_depth=4))


def _structure(book: pikepdf.Pdf, budget: Budget) -> Iterator[Part]:
    told = [f"{name}: {value}" for name, value in book.docinfo.items()]
    if "/Metadata" in book.Root:
        told.append(bytes(book.Root.Metadata.read_bytes()).decode("utf-8", "replace"))
    if told:
        yield budget.part("properties", "\n".join(told))
    said: list[str] = []
    for item in book.objects:
        if not isinstance(item, pikepdf.Dictionary):
            continue
        for name in _SAYS:
            value = item.get(name)
            if isinstance(value, pikepdf.String) and str(value).strip():
                said.append(str(value))
        title = item.get("/Title")
        if isinstance(title, pikepdf.String) and "/Parent" in item:
            said.append(str(title))
    if said:
        yield budget.part("annotations", "\n".join(dict.fromkeys(said)))
