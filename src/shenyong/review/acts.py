"""Administrative acts (行政處分): does a text look like one, and has it the required parts?

An act in writing has to name whom it is for, its order, facts, reasons and legal basis, and how to
seek relief (行政程序法 96 I). What looks like one can't be judged in passing: each check by itself,
and a second person (guideline points 2 and 5; domain.md 3.1, 8.4 A14).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

_NAMED = re.compile(r"處分書|裁處書|行政處分|核定書|裁決書")
_ORDER = re.compile(
    r"(?:處|科|裁處)[^。；\n]{0,12}罰鍰|限期[^。；\n]{0,12}(?:改善|繳納|拆除|補正|停止)|否准|駁回(?:申請|其|臺端|台端|所)"
    r"|(?:廢止|撤銷)[^。；\n]{0,14}(?:許可|執照|資格|登記|處分|補助)|勒令|停止(?:營業|使用|補助|發給)"
    r"|追繳|應予(?:繳還|拆除|停業)|核定[^。；\n]{0,14}(?:補助|資格|等級|稅額)|不予(?:核准|許可|同意|補助)|准予"
)
_RELIEF = re.compile(r"(?:如有?不服|不服本(?:處分|裁處))[^。]{0,80}(?:訴願|行政訴訟|復審|申復)")
_ADDRESSEE = re.compile(r"受處分人|相對人|受文者|臺端|台端|申請人|貴公司|貴商號")
_ORDER_PART = re.compile(r"主旨[:：]|主文[:：]")
_FACTS = re.compile(r"事實[:：]|事實及理由|經查|查(?:臺端|台端|貴|受處分人|申請人|本案)|說明[:：]")
_REASONS = re.compile(r"理由[:：]|事實及理由|說明[:：]")
_BASIS = re.compile(
    r"依(?:據|照)?[^。；\n]{0,30}第[ 0-9一二三四五六七八九十百千零之\-]+條|法令依據"
)


class Part(msgspec.Struct, frozen=True):
    """One of the parts that 行政程序法 96 I asks for; its words are ``act.part.<name>``."""

    name: str
    item: str  # the 款 of 行政程序法 96 I that asks for it
    there: bool


class Act(msgspec.Struct, frozen=True):
    """What of a text looks like an administrative act. `signs` are (start, end) in the text."""

    signs: tuple[tuple[int, int], ...]
    parts: tuple[Part, ...]

    @property
    def likely(self) -> bool:
        """Whether it has to be treated as one."""
        return bool(self.signs)

    @property
    def missing(self) -> tuple[Part, ...]:
        """What an act in writing has to have and this text has not."""
        return tuple(part for part in self.parts if not part.there) if self.signs else ()


# guideline: ey-genai-2023:5
def look(text: str) -> Act:
    """What of `text` looks like an administrative act. A doubt counts as one."""
    found = [match.span() for match in (*_NAMED.finditer(text), *_ORDER.finditer(text))]
    if not found and (relief := _RELIEF.search(text)):
        found.append(relief.span())
    patterns: Sequence[tuple[str, str, re.Pattern[str]]] = (
        ("addressee", "1", _ADDRESSEE),
        ("order", "2", _ORDER_PART),
        ("facts", "2", _FACTS),
        ("reasons", "2", _REASONS),
        ("basis", "2", _BASIS),
        ("relief", "6", _RELIEF),
    )
    parts = tuple(Part(name, item, bool(each.search(text))) for name, item, each in patterns)
    return Act(tuple(sorted(set(found))), parts)
