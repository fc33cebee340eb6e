"""Paper: an ODT of headings, numbered articles and tables, for what an agency gives away. Pure.

Contract clauses and checklists are made on it. Released texts are not: those carry marks and a
confirmation (`odt`), and what is on paper here confirms nothing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import odfdo
from odfdo import Element

from shenyong.wording import Lang

_FACES = (
    '<style:font-face style:name="Kai" svg:font-family="標楷體, DFKai-SB, BiauKai, TW-Kai" '
    'style:font-family-generic="roman" style:font-pitch="variable"/>'
)
_SIZES = {
    "Title": ("18pt", "bold", "center", "0cm", "0cm", "0.4cm"),
    "Head": ("14pt", "bold", "start", "0cm", "0cm", "0.2cm"),
    "Annexes": ("14pt", "bold", "start", "0cm", "0cm", "0.2cm"),
    "Article": ("12pt", "normal", "start", "1.5cm", "-1.5cm", "0.15cm"),
    "Source": ("9pt", "normal", "start", "1.5cm", "0cm", "0.25cm"),
    "Plain": ("12pt", "normal", "start", "0cm", "0cm", "0.15cm"),
    "Cell": ("10pt", "normal", "start", "0cm", "0cm", "0cm"),
    "Foot": ("9pt", "normal", "center", "0cm", "0cm", "0cm"),
}


class Paper:
    """A document that grows from top to bottom. `foot` stands before the page's number."""

    def __init__(self, title: str, author: str, foot: str, lang: Lang) -> None:
        self._document = odfdo.Document("text")
        self._document.delete_styles()
        _styles(self._document, foot, lang)
        self._document.body.clear()
        meta = self._document.meta
        meta.title = title
        meta.creator = author
        meta.initial_creator = author
        meta.language = "en" if lang == "en" else "zh-TW"
        meta.set_generator("Shenyong")

    def put(self, style: str, words: str) -> None:
        """A paragraph; `style` is one of ``Title Head Annexes Article Source Plain``."""
        self._document.body.append(odfdo.Paragraph(words, style=f"Sy{style}"))

    def table(self, name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table; of two columns the first is narrow."""
        self._document.body.append(_table(name, heads, rows))

    def note(self, name: str, value: str) -> None:
        """A user-defined property."""
        self._document.meta.set_user_defined_metadata(name, value)

    def made(self) -> bytes:
        """The document's bytes."""
        file = io.BytesIO()
        self._document.save(file)
        return file.getvalue()


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> odfdo.Table:
    table = odfdo.Table(name)
    table.set_attribute("table:style-name", "SyTable")
    for cells in (heads, *rows):
        line = odfdo.Row()
        for words in cells:
            cell = odfdo.Cell(cell_type="string", style="SyCellBox")
            cell.append(odfdo.Paragraph(words, style="SyCell"))
            line.append_cell(cell)
        table.append_row(line)
    for column in table.get_elements("table:table-column"):
        table.delete(column)
    for at in range(len(heads) - 1, -1, -1):
        narrow = len(heads) == 2 and at == 0
        name = "SyNarrow" if narrow else "SyWide"
        table.insert(
            Element.from_tag(f'<table:table-column table:style-name="{name}"/>'), position=0
        )
    return table


def _styles(document: odfdo.Document, foot_words: str, lang: Lang) -> None:
    country = ("en", "US") if lang == "en" else ("zh", "TW")
    grey = ' fo:color="#5e6a77"'
    spacing = {
        "Head": ' fo:margin-top="0.5cm" fo:keep-with-next="always"',
        "Annexes": ' fo:break-before="page"',
    }
    document.insert_style(_FACES)
    for name, (size, weight, align, left, indent, below) in _SIZES.items():
        document.insert_style(
            f'<style:style style:name="Sy{name}" style:family="paragraph">'
            f'<style:paragraph-properties fo:text-align="{align}" fo:margin-left="{left}" '
            f'fo:text-indent="{indent}" fo:margin-bottom="{below}" fo:line-height="125%"'
            f"{spacing.get(name, '')}/>"
            f'<style:text-properties style:font-name="Kai" style:font-name-asian="Kai" '
            f'fo:font-size="{size}" style:font-size-asian="{size}" fo:font-weight="{weight}" '
            f'style:font-weight-asian="{weight}" fo:language="{country[0]}" '
            f'fo:country="{country[1]}" style:language-asian="zh" style:country-asian="TW"'
            f"{grey if name == 'Source' else ''}/></style:style>"
        )
    for name, width in (("Narrow", 2), ("Wide", 8)):
        document.insert_style(
            f'<style:style style:name="Sy{name}" style:family="table-column">'
            f'<style:table-column-properties style:rel-column-width="{width}*"/>'
            "</style:style>",
            automatic=True,
        )
    document.insert_style(
        '<style:style style:name="SyTable" style:family="table"><style:table-properties '
        'style:rel-width="100%" table:align="margins" table:border-model="collapsing"/>'
        "</style:style>",
        automatic=True,
    )
    document.insert_style(
        '<style:style style:name="SyCellBox" style:family="table-cell">'
        '<style:table-cell-properties fo:border="0.5pt solid #8a95a0" fo:padding="0.12cm"/>'
        "</style:style>",
        automatic=True,
    )
    document.insert_style(
        '<style:page-layout style:name="SyPage"><style:page-layout-properties '
        'fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="2cm" '
        'fo:margin-bottom="2cm" fo:margin-left="2.5cm" fo:margin-right="2.5cm"/>'
        "<style:header-style/><style:footer-style/></style:page-layout>",
        automatic=True,
    )
    master = Element.from_tag(
        '<style:master-page style:name="Standard" style:page-layout-name="SyPage"/>'
    )
    footer = Element.from_tag("<style:footer/>")
    foot = odfdo.Paragraph(f"{foot_words}　", style="SyFoot")
    foot.append(Element.from_tag('<text:page-number text:select-page="current"/>'))
    foot.append(Element.from_tag("<text:span> / </text:span>"))
    foot.append(Element.from_tag("<text:page-count/>"))
    footer.append(foot)
    master.append(footer)
    document.insert_style(master.serialize(with_ns=True))
