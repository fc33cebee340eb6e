"""ODT: in which agencies exchange what can still be edited (CNS 15251, OpenDocument 1.3).

The marks are user-defined properties: programs that save the document again keep them, so what was
altered since can be told from what never was confirmed.
"""

from __future__ import annotations

import io

import odfdo
from odfdo import Element

from shenyong.disclosure.marks import CONFIRMATION, LEVEL, NUMBER, SOURCE_TYPE, STATE, STATES
from shenyong.disclosure.qr import png
from shenyong.disclosure.sheet import Line, Shape, Sheet

_FONT = "標楷體"
_FACES = (
    '<style:font-face style:name="Kai" svg:font-family="標楷體, DFKai-SB, BiauKai, TW-Kai" '
    'style:font-family-generic="roman" style:font-pitch="variable"/>'
)
_SIZES = {
    "Title": ("20pt", "bold", "center", "0cm", "0cm", "0.6cm"),
    "Section": ("16pt", "normal", "start", "1.7cm", "-1.7cm", "0.1cm"),
    "Item": ("16pt", "normal", "start", "2.3cm", "-1.15cm", "0.1cm"),
    "Deep": ("16pt", "normal", "start", "3.4cm", "-1.15cm", "0.1cm"),
    "Plain": ("16pt", "normal", "start", "0cm", "0cm", "0.1cm"),
    "Notice": ("12pt", "normal", "start", "0cm", "0cm", "0.1cm"),
    "Warning": ("14pt", "bold", "center", "0cm", "0cm", "0cm"),
    "Foot": ("10pt", "normal", "center", "0cm", "0cm", "0cm"),
}
_NAMES = {
    Shape.TITLE: "SyTitle",
    Shape.SECTION: "SySection",
    Shape.ITEM: "SyItem",
    Shape.DEEP: "SyDeep",
    Shape.PLAIN: "SyPlain",
}


# guideline: ey-genai-2023:6
def odt(sheet: Sheet, bundle: str = "") -> bytes:
    """The document's bytes; `bundle` is the packed confirmation, empty for a draft."""
    document = odfdo.Document("text")
    document.delete_styles()
    _styles(document, sheet)
    body = document.body
    body.clear()
    if sheet.heading:
        body.append(_paragraph("SyTitle", f"{sheet.agency}　{sheet.heading}"))
    for line in sheet.lines:
        body.append(_line(line))
    _disclose(document, sheet)
    _mark(document, sheet, bundle)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _paragraph(style: str, words: str) -> odfdo.Paragraph:
    return odfdo.Paragraph(words, style=style)


def _line(line: Line) -> odfdo.Paragraph:
    paragraph = odfdo.Paragraph(f"{line.label}{line.words}", style=_NAMES[line.shape])
    if line.shape is Shape.SECTION:
        paragraph.set_span("SyLabel", offset=0, length=len(line.label))
    return paragraph


def _disclose(document: odfdo.Document, sheet: Sheet) -> None:
    """The notice, the number, and where it leads."""
    body = document.body
    for words in (sheet.notice, sheet.number_words):
        if words:
            body.append(_paragraph("SyNotice", words))
    if sheet.link and sheet.number:
        path = document.add_file(io.BytesIO(png(sheet.link)))
        frame = odfdo.Frame.image_frame(
            path, name="QR", size=("2cm", "2cm"), anchor_type="as-char", style="SyFrame"
        )
        frame.append(Element.from_tag(f"<svg:title>{_escaped(sheet.number)}</svg:title>"))
        holder = odfdo.Paragraph("", style="SyNotice")
        holder.append(frame)
        body.append(holder)


def _styles(document: odfdo.Document, sheet: Sheet) -> None:
    document.insert_style(_FACES)
    for name, (size, weight, align, left, indent, below) in _SIZES.items():
        colour = ' fo:color="#a4161a"' if name == "Warning" else ""
        border = (
            ' fo:border-top="0.5pt solid #8a95a0" fo:padding="0.1cm"' if name == "Notice" else ""
        )
        document.insert_style(
            f'<style:style style:name="Sy{name}" style:family="paragraph">'
            f'<style:paragraph-properties fo:text-align="{align}" fo:margin-left="{left}" '
            f'fo:text-indent="{indent}" fo:margin-bottom="{below}" '
            f'fo:line-height="130%"{border}/>'
            f'<style:text-properties style:font-name="Kai" style:font-name-asian="Kai" '
            f'fo:font-size="{size}" style:font-size-asian="{size}" fo:font-weight="{weight}" '
            f'style:font-weight-asian="{weight}" fo:language="zh" fo:country="TW" '
            f'style:language-asian="zh" style:country-asian="TW"{colour}/></style:style>'
        )
    document.insert_style(
        '<style:style style:name="SyLabel" style:family="text"><style:text-properties '
        'fo:font-weight="bold" style:font-weight-asian="bold"/></style:style>'
    )
    document.insert_style(
        '<style:style style:name="SyFrame" style:family="graphic"><style:graphic-properties '
        'style:vertical-pos="middle" style:vertical-rel="line"/></style:style>'
    )
    document.insert_style(
        '<style:page-layout style:name="SyPage"><style:page-layout-properties '
        'fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="2cm" '
        'fo:margin-bottom="2cm" '
        'fo:margin-left="2.5cm" fo:margin-right="2.5cm"/>'
        '<style:header-style><style:header-footer-properties fo:margin-bottom="0.5cm"/>'
        "</style:header-style><style:footer-style/></style:page-layout>",
        automatic=True,
    )
    master = Element.from_tag(
        '<style:master-page style:name="Standard" style:page-layout-name="SyPage"/>'
    )
    if not sheet.confirmed:
        header = Element.from_tag("<style:header/>")
        header.append(_paragraph("SyWarning", sheet.warning))
        master.append(header)
    footer = Element.from_tag("<style:footer/>")
    footer.append(
        Element.from_tag(
            f'<text:p text:style-name="SyFoot">{_escaped(sheet.number)} '
            '<text:page-number text:select-page="current">1</text:page-number> / '
            "<text:page-count>1</text:page-count></text:p>"
        )
    )
    master.append(footer)
    document.insert_style(master.serialize(with_ns=True))


def _mark(document: odfdo.Document, sheet: Sheet, bundle: str) -> None:
    meta = document.meta
    meta.title = sheet.title
    meta.creator = sheet.agency
    meta.initial_creator = sheet.agency
    meta.language = sheet.language
    meta.set_generator("Shenyong")
    marks = {
        STATE: STATES[sheet.confirmed],
        NUMBER: sheet.number,
        LEVEL: sheet.level.value,
        SOURCE_TYPE: sheet.level.source_type,
        CONFIRMATION: bundle,
    }
    for name, value in marks.items():
        if value:
            meta.set_user_defined_metadata(name, value)


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
