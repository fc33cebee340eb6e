"""Matters: what is written, for which file, by which official, out of which sources."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Template(StrEnum):
    """What is drafted (文別, issue 4); its words are ``template.<value>``."""

    LETTER = "letter"  # 函
    MEMO = "memo"  # 簽
    MINUTES = "minutes"  # 會議紀錄摘要
    NEWS = "news"  # 新聞稿
    PETITION = "petition"  # 民眾陳情回復
    TRANSLATION = "translation"  # 翻譯
    SUMMARY = "summary"  # 摘要


SECTIONS: dict[Template, tuple[str, ...]] = {
    Template.LETTER: ("主旨", "說明", "辦法"),
    Template.MEMO: ("主旨", "說明", "擬辦"),
    Template.MINUTES: ("會議名稱", "時間", "地點", "出席人員", "決議"),
    Template.NEWS: ("標題", "內文", "聯絡窗口"),
    Template.PETITION: ("主旨", "說明"),
    Template.TRANSLATION: (),
    Template.SUMMARY: ("摘要",),
}
"""The parts of each kind of document (公文程式條例; domain.md 3.1), by which it is copied out."""


class Source(msgspec.Struct, frozen=True):
    """What the matter rests on and no AI wrote: a file, a letter, a note. `text` is its words."""

    id: str
    title: str
    text: str


class Matter(msgspec.Struct, frozen=True):
    """A matter (案件). `level` is its 密等 (``普通``, ``密`` …), `number` the agency's 案號.

    `countersign` says that another person has to countersign whatever the text is.
    """

    id: str
    agency: str
    unit: str
    number: str
    title: str
    template: Template
    level: str
    use_case: str
    responsible: str
    created: int
    countersign: bool = True


# guideline: ey-genai-2023:3
def may_be_drafted(level: str) -> bool:
    """Whether generative AI may write it at all: a confidential document is written in person."""
    return level.strip() in ("普通", "公開", "")


def sections(template: Template, text: str) -> tuple[tuple[str, str], ...]:
    """The text by its parts: ``("主旨", …), ("說明", …)``; what stands before any is of no part."""
    names = SECTIONS[template]
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.split("\n"):
        head = next(
            (name for name in names if line.strip().startswith((f"{name}：", f"{name}:"))), ""
        )
        if head:
            found.append((head, [line.strip()[len(head) + 1 :].strip()]))
        else:
            found[-1][1].append(line)
    return tuple(
        (name, body) for name, lines in found if (body := "\n".join(lines).strip("\n")) or name
    )
