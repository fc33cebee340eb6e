"""PDF/A-3: what is final. Set by Typst, fonts embedded, tagged; the confirmation is attached.

A font with Traditional Chinese is needed: the machine's own, or the wheel of the extra
``shenyong[pdf]``. Without one there is an error, never a page of empty boxes.
"""

from __future__ import annotations

import datetime
import functools
import importlib.util
import io
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import pikepdf
import typst
from lxml import etree

from shenyong.disclosure.marks import FILE_NAME, LEVEL, NUMBER, STATE, STATES
from shenyong.disclosure.qr import svg
from shenyong.disclosure.sheet import Sheet

_FONTS = ("TW-Kai", "BiauKai", "Noto Serif CJK TC", "Noto Sans CJK TC", "Noto Sans TC",
          "PingFang TC", "Microsoft JhengHei")  # fmt: skip
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OWN = "urn:shenyong:marks:1#"
_EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"
_SCHEMA = "http://www.aiim.org/pdfa/ns/schema#"
_PROPERTY = "http://www.aiim.org/pdfa/ns/property#"


class NoFontError(RuntimeError):
    """No font with Traditional Chinese on this machine."""


# guideline: ey-genai-2023:6
def pdf(sheet: Sheet, bundle: str = "") -> bytes:
    """The document's bytes; `bundle` is the packed confirmation, empty for a draft.

    Raises:
        NoFontError: no font has the characters.
    """
    data = {
        "agency": sheet.agency,
        "heading": f"{sheet.agency}　{sheet.heading}" if sheet.heading else "",
        "title": sheet.title,
        "lines": [
            {"shape": each.shape.value, "label": each.label, "words": each.words}
            for each in sheet.lines
        ],
        "notice": sheet.notice,
        "number": sheet.number,
        "numberWords": sheet.number_words,
        "qr": svg(sheet.link) if sheet.link and sheet.number else "",
        "confirmed": sheet.confirmed,
        "warning": sheet.warning,
        "bundle": bundle,
        "file": FILE_NAME,
        "fonts": list(chinese_fonts()),
        "day": [int(each) for each in (sheet.made[:10] or _today()).split("-")],
    }
    made = typst.compile(
        _source(),
        format="pdf",
        pdf_standards=["a-3a"],
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=_known(),
    )
    return _marked(made, sheet)


@functools.cache
def _source() -> bytes:
    return (resources.files(__package__) / "sheet.typ").read_bytes()


@functools.cache
def _known() -> typst.Fonts:
    wheel = importlib.util.find_spec("manimgx_fonts_cjk")
    folders = [str(Path(wheel.origin).parent)] if wheel and wheel.origin else []
    return typst.Fonts(include_system_fonts=True, font_paths=folders)


@functools.cache
def chinese_fonts() -> tuple[str, ...]:
    """The fonts of the list that this machine has, the best first. Raises NoFontError."""
    there = tuple(each for each in _FONTS if each in set(_known().families()))
    if not there:
        raise NoFontError
    return there


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _marked(made: bytes, sheet: Sheet) -> bytes:
    """The same with the marks in its XMP, and their schema as PDF/A wants it described."""
    marks = {
        (_IPTC, "Iptc4xmpExt", "DigitalSourceType"): sheet.level.source_type,
        (_OWN, "shenyong", STATE.removeprefix("shenyong-")): STATES[sheet.confirmed],
        (_OWN, "shenyong", NUMBER.removeprefix("shenyong-")): sheet.number,
        (_OWN, "shenyong", LEVEL.removeprefix("shenyong-")): sheet.level.value,
    }
    with pikepdf.open(io.BytesIO(made)) as book:
        stream = book.Root.Metadata
        root = etree.fromstring(
            stream.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True)
        )
        (rdf,) = root.iter(f"{{{_RDF}}}RDF")
        description = rdf[0]
        for (space, prefix, name), value in marks.items():
            if value:
                each = etree.SubElement(description, f"{{{space}}}{name}", nsmap={prefix: space})
                each.text = value
        _describe(description, marks.keys())
        stream.write(etree.tostring(root, encoding="UTF-8"))
        file = io.BytesIO()
        book.save(file, deterministic_id=True, fix_metadata_version=False)
    return file.getvalue()


def _describe(description: etree._Element, marks: Iterable[tuple[str, str, str]]) -> None:
    """The extension schemas of PDF/A-3 (ISO 19005-3, 6.6.2.3)."""
    schemas = next(iter(description.iter(f"{{{_EXTENSION}}}schemas")), None)
    if schemas is None:
        schemas = etree.SubElement(
            description, f"{{{_EXTENSION}}}schemas", nsmap={"pdfaExtension": _EXTENSION}
        )
        etree.SubElement(schemas, f"{{{_RDF}}}Bag")
    bag = schemas[0]
    by_space: dict[tuple[str, str], list[str]] = {}
    for space, prefix, name in marks:
        by_space.setdefault((space, prefix), []).append(name)
    for (space, prefix), names in by_space.items():
        item = etree.SubElement(bag, f"{{{_RDF}}}li")
        item.set(f"{{{_RDF}}}parseType", "Resource")
        for tag, words in (("schema", prefix), ("namespaceURI", space), ("prefix", prefix)):
            etree.SubElement(item, f"{{{_SCHEMA}}}{tag}").text = words
        holder = etree.SubElement(item, f"{{{_SCHEMA}}}property")
        sequence = etree.SubElement(holder, f"{{{_RDF}}}Seq")
        for name in names:
            entry = etree.SubElement(sequence, f"{{{_RDF}}}li")
            entry.set(f"{{{_RDF}}}parseType", "Resource")
            told = (("name", name), ("valueType", "Text"), ("category", "external"),
                    ("description", name))  # fmt: skip
            for tag, words in told:
                etree.SubElement(entry, f"{{{_PROPERTY}}}{tag}").text = words
