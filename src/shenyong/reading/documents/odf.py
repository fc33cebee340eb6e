"""OpenDocument (ODT, ODS, ODP): content, styles (headers and footers), properties, settings.

Annotations, tracked changes, hidden sections and alternative texts of pictures stand in the content
and come with it. Source: OASIS OpenDocument 1.3 (CNS 15251).
"""

from __future__ import annotations

from collections.abc import Iterator

from shenyong.reading.documents.archive import Archive
from shenyong.reading.documents.document import Budget, DocumentError, Fault, Part
from shenyong.reading.documents.flowing import Grammar, flowing
from shenyong.reading.documents.office import Inner
from shenyong.reading.documents.xml import comments, name_of, parse

_WORDS = Grammar(
    lines=frozenset(
        {"p", "h", "title", "desc", "annotation", "user-defined", "keyword", "creator", "subject"}
        | {"initial-creator", "description", "date", "generator", "printed-by", "list-item"}
    ),
    rows=frozenset({"table-row"}),
    cells=frozenset({"table-cell", "covered-table-cell"}),
    breaks=frozenset({"line-break"}),
    tabs=frozenset({"tab"}),
    spaces=frozenset({"s"}),
    spoken=("href", "formula", "string-value", "sender-initials"),
)
_FORMS = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.graphics": "odg",
}
_PATHS = {"content.xml": "body", "styles.xml": "styles", "meta.xml": "properties"}
_SILENT = ("META-INF/", "Configurations2/", "Thumbnails/", "settings.xml", "manifest.rdf")


def form_of(kind: bytes) -> str:
    """The format of that content of ``mimetype``; "" for none of them."""
    name = kind.decode("ascii", "replace").strip().removesuffix("-template")
    return _FORMS.get(name, "")


def read(archive: Archive, budget: Budget, inner: Inner) -> Iterator[Part]:
    """The parts of a package."""
    names = sorted(archive.files(), key=lambda each: (each != "content.xml", each))
    if "META-INF/manifest.xml" in names:
        manifest = parse(archive.read("META-INF/manifest.xml"), "META-INF/manifest.xml")
        if any(name_of(each) == "encryption-data" for each in manifest.iter()):
            raise DocumentError(Fault.ENCRYPTED)
    for name in names:
        if name == "mimetype" or name.startswith(_SILENT):
            continue
        if not name.endswith(".xml"):
            yield from inner(name, archive.read(name))
            continue
        root = parse(archive.read(name), name)
        told = [flowing(root, _WORDS), *comments(root)]
        text = "\n".join(each for each in told if each)
        if text:
            yield budget.part(_PATHS.get(name, name), text)
