"""DOCX, for agencies whose counterparts don't read ODT. Marks as custom properties."""

from __future__ import annotations

import datetime
import io

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from lxml import etree

from shenyong.disclosure.marks import CONFIRMATION, LEVEL, NUMBER, SOURCE_TYPE, STATE, STATES
from shenyong.disclosure.qr import png
from shenyong.disclosure.sheet import Line, Shape, Sheet

_PIECE = 240  # a property's value has at most 255 characters in Word
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_VALUES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the format of user-defined properties
_INDENTS = {
    Shape.SECTION: (1.7, -1.7),
    Shape.ITEM: (2.3, -1.15),
    Shape.DEEP: (3.4, -1.15),
    Shape.PLAIN: (0.0, 0.0),
    Shape.TITLE: (0.0, 0.0),
}


# guideline: ey-genai-2023:6
def make_docx(sheet: Sheet, bundle: str = "") -> bytes:
    """The document's bytes; `bundle` is the packed confirmation, empty for a draft."""
    document = docx.Document()
    _page(document, sheet)
    if sheet.heading:
        title = document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(title, f"{sheet.agency}　{sheet.heading}", 20, bold=True)
    for line in sheet.lines:
        _line(document, line)
    for words in (sheet.notice, sheet.number_words):
        if words:
            _run(document.add_paragraph(), words, 12)
    if sheet.link and sheet.number:
        document.add_picture(io.BytesIO(png(sheet.link)), width=Cm(2))
        _describe(document, sheet.number)
    _mark(document, sheet, bundle)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _page(document: Document, sheet: Sheet) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2)
    if not sheet.confirmed:
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(head, sheet.warning, 14, bold=True, colour=RGBColor(0xA4, 0x16, 0x1A))
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(foot, f"{sheet.number} ".lstrip(), 10)
    _field(foot, "PAGE")
    _run(foot, " / ", 10)
    _field(foot, "NUMPAGES")


def _line(document: Document, line: Line) -> None:
    paragraph = document.add_paragraph()
    left, first = _INDENTS[line.shape]
    paragraph.paragraph_format.left_indent = Cm(left)
    paragraph.paragraph_format.first_line_indent = Cm(first)
    paragraph.paragraph_format.space_after = Pt(3)
    paragraph.paragraph_format.line_spacing = 1.3
    if line.label:
        _run(paragraph, line.label, 16, bold=line.shape is Shape.SECTION)
    _run(paragraph, line.words, 16)


def _run(
    paragraph: Paragraph,
    words: str,
    size: int,
    *,
    bold: bool = False,
    colour: RGBColor | None = None,
) -> None:
    run = paragraph.add_run(words)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, "標楷體"
    if colour is not None:
        run.font.color.rgb = colour
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), "標楷體")


def _field(paragraph: Paragraph, name: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    run, words = OxmlElement("w:r"), OxmlElement("w:t")
    words.text = "1"
    run.append(words)
    field.append(run)
    paragraph._element.append(field)


def _describe(document: Document, words: str) -> None:
    for each in document.element.iter(qn("wp:docPr")):
        each.set("descr", words)


def _mark(document: Document, sheet: Sheet, bundle: str) -> None:
    core = document.core_properties
    core.title, core.author, core.language = sheet.title, sheet.agency, sheet.language
    core.comments = sheet.notice
    if sheet.made:
        core.created = core.modified = datetime.datetime.fromisoformat(sheet.made)
    marks = {
        STATE: STATES[sheet.confirmed],
        NUMBER: sheet.number,
        LEVEL: sheet.level.value,
        SOURCE_TYPE: sheet.level.source_type,
    }
    for at in range(0, len(bundle), _PIECE):
        marks[f"{CONFIRMATION}-{at // _PIECE + 1:02}"] = bundle[at : at + _PIECE]
    spaces = {None: _CUSTOM, "vt": _VALUES}
    root = etree.Element(f"{{{_CUSTOM}}}Properties", nsmap=spaces)  # type: ignore[arg-type]
    for number, (name, value) in enumerate(marks.items(), 2):
        if value:
            item = etree.SubElement(root, f"{{{_CUSTOM}}}property")
            item.set("fmtid", _FORMAT_ID)
            item.set("pid", str(number))
            item.set("name", name)
            etree.SubElement(item, f"{{{_VALUES}}}lpwstr").text = value
    package = document.part.package
    blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    part = Part(PackURI("/docProps/custom.xml"), _TYPE, blob, package)
    package.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_PROPERTIES)
