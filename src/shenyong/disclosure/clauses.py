"""The clauses of a contract as ODT: from the agency's rules in force, with four annexes (point 8).

    clauses.toml + the contract's particulars ──▶ articles
    the guideline's points, the agency's rules, agreed tools, a sheet to sign ──▶ annexes 1 to 4

Pure. What is in force on the day is printed with its digest, so a copy on paper tells which version
it was. The Chinese text is the contract's; the English one is a translation and says so.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import msgspec

from shenyong.disclosure.paper import Paper
from shenyong.wording import Lang, text

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
    title = f"{contract.title} {text('clauses.title', lang)}"
    paper = Paper(title, contract.agency, contract.number, lang)
    put, table = paper.put, paper.table

    def t(key: str, **more: object) -> str:
        return text(f"clauses.{key}", lang, **more)

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
    table("Points", (t("point"), t("text")), rules.points)
    put("Head", t("annex.2"))
    if rules.own:
        table("Rules", (t("rule"), t("text")), rules.own)
    else:
        put("Plain", t("no_own"))
    put("Head", t("annex.3"))
    heads = tuple(t(f"tool.{each}") for each in ("name", "version", "country", "purpose",
                                                 "classes", "agreed"))  # fmt: skip
    table("Tools", heads, contract.tools or (("",) * len(heads),) * 3)
    put("Head", t("annex.4"))
    put("Plain", t("declare", digest=rules.digest[:16]))
    heads = tuple(t(f"sign.{each}") for each in ("name", "post", "signature", "day"))
    table("Signing", heads, (("",) * len(heads),) * 4)
    paper.note("shenyong-rules", rules.digest)
    return paper.made()
