"""Office Open XML (DOCX, XLSX, PPTX): every member of the package that holds text.

The body, each header, footer, note, comment, sheet and slide is a part of its own; every other XML
member is read too, so that charts, diagrams, custom XML and what a later edition adds are seen.
Tracked deletions, hidden text, field codes and hidden sheets are text like any other. Source:
ECMA-376; sensitivity labels: docProps/custom.xml and docMetadata/LabelInfo.xml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from shenyong.reading.documents.archive import Archive
from shenyong.reading.documents.document import Budget, DocumentError, Fault, Part
from shenyong.reading.documents.flowing import Grammar, flowing
from shenyong.reading.documents.xml import Element, attribute, comments, name_of, parse

_SPOKEN = ("descr", "title", "tooltip", "author", "initials", "alt", "oddHeader", "Target")
WORDS = Grammar(
    lines=frozenset({"p", "si", "r1", "definedName", "comment", "property", "Relationship"}),
    rows=frozenset({"tr"}),
    cells=frozenset({"tc"}),
    breaks=frozenset({"br", "cr"}),
    tabs=frozenset({"tab", "ptab"}),
    spoken=_SPOKEN,
    skipped=frozenset({"Fallback"}),  # of AlternateContent: the same for older readers
)
_ANY = Grammar(
    lines=frozenset({"p", "v", "t", "text", "li", "row", "si", "comment"}),
    rows=frozenset(),
    cells=frozenset(),
    spoken=(*_SPOKEN, "name", "val", "value"),
)
_FORMS = (
    ("docx", "word/document.xml"),
    ("xlsx", "xl/workbook.xml"),
    ("pptx", "ppt/presentation.xml"),
)
_STORIES = re.compile(
    r"(?:word|ppt|xl)/(?:(?P<slide>slides/slide|notesSlides/notesSlide|slideLayouts/slideLayout"
    r"|slideMasters/slideMaster)(?P<number>[0-9]+)|(?P<story>[A-Za-z/]+?)(?P<at>[0-9]*))\.xml"
)
_DRAWN = re.compile(r"(?:theme|fontTable|styles|webSettings|numbering|tableStyles|viewProps)")
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_CELLS = 2_000_000
_EMBEDDED = re.compile(r"(?:embeddings|media)/")

Inner = Callable[[str, bytes], Iterator[Part]]
"""Reads a file that is in this one: its name and bytes."""


def form_of(names: set[str]) -> str:
    """Which format a package with these members is; "" for none of them."""
    return next((form for form, member in _FORMS if member in names), "")


def read(form: str, archive: Archive, budget: Budget, inner: Inner) -> Iterator[Part]:
    """The parts of a package."""
    names = sorted(archive.files(), key=_order)
    shared: list[str] = []
    sheets: dict[str, str] = {}
    if form == "xlsx":
        shared = _shared(archive, names)
        sheets = _sheets(archive)
    for name in names:
        if not name.endswith((".xml", ".rels", ".vml")):
            if _EMBEDDED.search(name):
                yield from inner(name, archive.read(name))
            elif name.lower().endswith(".bin") and "vbaProject" in name:
                raise DocumentError(Fault.UNKNOWN_FORMAT, name)  # macros: nobody reads them here
            continue
        root = parse(archive.read(name), name)
        if name in sheets:
            text = _sheet(root, shared, name)
        elif name.startswith("docProps/") or "LabelInfo" in name:
            text = _properties(root)
        elif name == "[Content_Types].xml" or _DRAWN.search(name):
            text = ""
        else:
            text = _story(root, name)
        if name == "xl/workbook.xml":
            text = "\n".join([*sheets.values(), text]).strip()
        told = "\n".join(comments(root))
        if text or told:
            path = f"sheet[{sheets[name]}]" if name in sheets else _path(name)
            yield budget.part(path, "\n".join(each for each in (text, told) if each))


def _order(name: str) -> tuple[int, str, int]:
    """The body first, then by name, slide 10 after slide 9."""
    first = 0 if any(name == member for _, member in _FORMS) else 1
    number = re.search(r"([0-9]+)\.[a-z]+$", name)
    return first, re.sub(r"[0-9]+\.[a-z]+$", "", name), int(number[1]) if number else 0


def _path(name: str) -> str:
    """``word/header1.xml`` → ``header[1]``; what has no such name keeps its own."""
    if name in (member for _, member in _FORMS):
        return "body"
    match = _STORIES.fullmatch(name)
    if match is None:
        return name
    if match["slide"]:
        kind = match["slide"].rpartition("/")[2]
        known = {"slide": "slide", "notesSlide": "notes"}
        return f"{known.get(kind, kind)}[{match['number']}]"
    return f"{match['story']}[{match['at']}]" if match["at"] else match["story"]


def _story(root: Element, name: str) -> str:
    if name.endswith(".rels"):
        return "\n".join(
            attribute(each, "Target")
            for each in root
            if attribute(each, "TargetMode") == "External"
        )
    known = name.startswith(("word/", "ppt/", "xl/")) and not name.startswith("word/customXml")
    return flowing(root, WORDS if known else _ANY)


def _properties(root: Element) -> str:
    """``name: value`` of each property and label; the values of attributes, too."""
    lines = []
    for node in root.iter():
        name = name_of(node)
        said = (node.text or "").strip()
        if name == "property" or (not len(node) and not said and node.attrib):
            lines += [str(value) for value in node.attrib.values() if not _is_guid(str(value))]
        elif said:
            lines.append(f"{name}: {said}")
    return "\n".join(lines)


def _is_guid(value: str) -> bool:
    return (
        re.fullmatch(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?", value)
        is not None
    )


def _shared(archive: Archive, names: list[str]) -> list[str]:
    name = next((each for each in names if each == "xl/sharedStrings.xml"), "")
    if not name:
        return []
    return [flowing(each, WORDS) for each in parse(archive.read(name), name) if name_of(each)]


def _sheets(archive: Archive) -> dict[str, str]:
    """Member → the sheet's name, hidden sheets included."""
    book = parse(archive.read("xl/workbook.xml"), "xl/workbook.xml")
    rels = "xl/_rels/workbook.xml.rels"
    targets: dict[str, str] = {}
    if rels in archive.names:
        for each in parse(archive.read(rels), rels):
            target = attribute(each, "Target")
            whole = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[attribute(each, "Id")] = whole
    found = {}
    for node in book.iter():
        if name_of(node) == "sheet":
            found[targets.get(attribute(node, "id"), "")] = attribute(node, "name")
    return {name: title for name, title in found.items() if name in archive.names}


def _sheet(root: Element, shared: list[str], name: str) -> str:
    """The cells in rows, with tabs; empty cells keep their columns. Then what else is said."""
    lines: list[str] = []
    cells = 0
    for row in root.iter():
        if name_of(row) != "row":
            continue
        said: dict[int, str] = {}
        for cell in row:
            if name_of(cell) != "c":
                continue
            cells += 1
            if cells > _CELLS:
                raise DocumentError(Fault.TOO_MANY, name)
            place = _CELL.match(attribute(cell, "r"))
            column = min(_column(place[1]), 16_384) if place else len(said)
            said[column] = _value(cell, shared, name)
        if any(said.values()):
            last = min(max(said) + 1, 512) if max(said) < 512 else 0
            filled = [said.get(at, "") for at in range(last)] if last else list(said.values())
            lines.append("\t".join(filled).rstrip("\t"))
    rest = [flowing(node, WORDS) for node in root if name_of(node) not in ("sheetData", "")]
    return "\n".join([*lines, *(each for each in rest if each)])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: Element, shared: list[str], name: str) -> str:
    """What a cell shows, and the formula behind it."""
    kind = attribute(cell, "t")
    said: list[str] = []
    for node in cell:
        inner = name_of(node)
        text = (node.text or "").strip()
        if inner == "v" and kind == "s":
            known = text.isascii() and text.isdigit() and len(text) < 10
            if not known or int(text) >= len(shared):
                raise DocumentError(Fault.DAMAGED, name)
            said.append(shared[int(text)])
        elif inner == "v":
            said.append(text)
        elif inner == "is":
            said.append(flowing(node, WORDS))
        elif text:
            said.append(f"={text}" if inner == "f" else text)
    return " ".join(each.replace("\n", " ") for each in said)
