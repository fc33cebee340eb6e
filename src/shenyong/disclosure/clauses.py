"""The clauses of a contract as ODT: from the agency's rules in force, with four annexes (point 8).

    clauses.toml + the contract's particulars ──▶ articles
    the guideline's points, the agency's rules, agreed tools, a sheet to sign ──▶ annexes 1 to 4

Pure. What is in force on the day is printed with its digest, so a copy on paper tells which version
it was. The Chinese text is the contract's; the English one is a translation and says so.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

import msgspec
import odfdo
from odfdo import Element

from shenyong.wording import Lang, text

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
_DIGITS = "〇一二三四五六七八九"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A clause in both languages; `when` names the contract's property that calls for it."""

    key: str
    source: str
    zh: str
    en: str
    when: str = ""


class Contract(msgspec.Struct, frozen=True):
    """The particulars. Days as people write them; `traits` are what `Clause.when` asks for.

    `tools` are rows of (tool, version, country, purpose, classes, agreed).
    """

    number: str
    title: str
    agency: str
    contractor: str
    begins: str
    ends: str
    incident_hours: str
    retention_months: str
    classes: str
    traits: frozenset[str] = frozenset()
    tools: tuple[tuple[str, ...], ...] = ()


class InForce(msgspec.Struct, frozen=True):
    """The rules of the day: the guideline's edition, its points, the agency's own rules.

    `points` are (number, title); `own` are (rule's id, reason); `digest` the joint digest.
    """

    pack: str
    version: str
    title: str
    digest: str
    day: str
    points: tuple[tuple[str, str], ...]
    own: tuple[tuple[str, str], ...]


@cache
def all_clauses() -> tuple[Clause, ...]:
    """The clauses that come with the program, in their order."""
    raw = resources.files("shenyong.disclosure").joinpath("clauses.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(raw)["clauses"], tuple[Clause, ...])


def articles(contract: Contract, rules: InForce, lang: Lang = "zh_TW") -> Iterator[tuple[str, str]]:
    """(text, source) of the clauses that the contract calls for."""
    told: Mapping[str, str] = {
        "pack": rules.pack, "pack_version": rules.version, "pack_title": rules.title,
        "classes": contract.classes, "incident_hours": contract.incident_hours,
        "retention_months": contract.retention_months, "begins": contract.begins,
        "ends": contract.ends,
    }  # fmt: skip
    for each in all_clauses():
        if not each.when or each.when in contract.traits:
            yield (each.en if lang == "en" else each.zh).format_map(told), each.source


def numbered(number: int, lang: Lang) -> str:
    """第一條; in English ``Article 1``."""
    if lang == "en":
        return f"Article {number}"
    tens, ones = divmod(number, 10)
    words = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return f"第{words}{_DIGITS[ones] if ones or not tens else ''}條"


# guideline: ey-genai-2023:8
def clauses_odt(contract: Contract, rules: InForce, lang: Lang = "zh_TW") -> bytes:
    """The document's bytes."""
    document = odfdo.Document("text")
    document.delete_styles()
    _styles(document, contract, lang)
    body = document.body
    body.clear()

    def t(key: str, **more: object) -> str:
        return text(f"clauses.{key}", lang, **more)

    def put(style: str, words: str) -> None:
        body.append(odfdo.Paragraph(words, style=f"Sy{style}"))

    put("Title", t("title"))
    put("Plain", t("parties", agency=contract.agency, contractor=contract.contractor))
    put("Plain", t("of", number=contract.number, title=contract.title))
    put("Plain", t("version", pack=rules.pack, version=rules.version, digest=rules.digest[:16],
                   day=rules.day))  # fmt: skip
    if lang == "en":
        put("Plain", t("translation"))
    for number, (words, source) in enumerate(articles(contract, rules, lang), 1):
        put("Article", f"{numbered(number, lang)}　{words}")
        put("Source", t("source", source=source))
    put("Annexes", t("annex.1"))
    body.append(_table("Points", (t("point"), t("text")), rules.points))
    put("Head", t("annex.2"))
    if rules.own:
        body.append(_table("Rules", (t("rule"), t("text")), rules.own))
    else:
        put("Plain", t("no_own"))
    put("Head", t("annex.3"))
    heads = tuple(t(f"tool.{each}") for each in ("name", "version", "country", "purpose",
                                                 "classes", "agreed"))  # fmt: skip
    body.append(_table("Tools", heads, contract.tools or (("",) * len(heads),) * 3))
    put("Head", t("annex.4"))
    put("Plain", t("declare", digest=rules.digest[:16]))
    heads = tuple(t(f"sign.{each}") for each in ("name", "post", "signature", "day"))
    body.append(_table("Signing", heads, (("",) * len(heads),) * 4))
    _describe(document, contract, rules, lang)
    file = io.BytesIO()
    document.save(file)
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


def _styles(document: odfdo.Document, contract: Contract, lang: Lang) -> None:
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
    foot = odfdo.Paragraph(f"{contract.number}　", style="SyFoot")
    foot.append(Element.from_tag('<text:page-number text:select-page="current"/>'))
    foot.append(Element.from_tag("<text:span> / </text:span>"))
    foot.append(Element.from_tag("<text:page-count/>"))
    footer.append(foot)
    master.append(footer)
    document.insert_style(master.serialize(with_ns=True))


def _describe(document: odfdo.Document, contract: Contract, rules: InForce, lang: Lang) -> None:
    meta = document.meta
    meta.title = f"{contract.title} {text('clauses.title', lang)}"
    meta.creator = contract.agency
    meta.initial_creator = contract.agency
    meta.language = "en" if lang == "en" else "zh-TW"
    meta.set_generator("Shenyong")
    meta.set_user_defined_metadata("shenyong-rules", rules.digest)
