"""Levels of disclosure (point 6), and what the reader of a document or a service is told.

    L0  no generated text was kept        nothing has to be said
    L1  AI assisted, a person wrote       by whom it was confirmed
    L2  mostly generated                  by which model, and whom to ask
    L3  a service that speaks by itself   that it is one, and where people are

The wording is domain.md 6.1's; an agency may put its own in its place (`Wording`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from shenyong.wording import Lang, text

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
HUMAN = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"
_MOSTLY = 50  # percent of human work; with less, the text is the model's
_PUNCTUATION = str.maketrans("", "", "，。、；：「」『』（）()！？!?,.;: \n\t\u3000")


class Level(StrEnum):
    """How much of a text, or a service, is AI's; its words are ``disclosure.<value>``."""

    NONE = "L0"
    ASSISTED = "L1"
    GENERATED = "L2"
    SERVICE = "L3"

    @property
    def source_type(self) -> str:
        """IPTC's digital source type."""
        return {"L0": HUMAN, "L1": COMPOSITE}.get(self.value, GENERATED)


class Facts(msgspec.Struct, frozen=True):
    """What a disclosure speaks of. `day` as people read it; `contact` whom to ask."""

    official: str = ""
    unit: str = ""
    model: str = ""
    day: str = ""
    contact: str = ""


Wording = Mapping[str, str]
"""An agency's own words by level (``L1`` …), with the same ``{placeholders}``; others stay ours."""


class WordingError(ValueError):
    """An agency's wording can't be used: a placeholder that is none."""


def suggested(model_text: str, final: str, human_share: int) -> Level:
    """The level that the facts call for; the official may choose a higher one, never a lower."""
    if not model_text.strip() or not _kept(model_text, final):
        return Level.NONE
    return Level.ASSISTED if human_share >= _MOSTLY else Level.GENERATED


def _kept(model_text: str, final: str) -> bool:
    """Whether any of the model's words are left: ten characters in a row, or all of fewer."""
    model, mine = model_text.translate(_PUNCTUATION), final.translate(_PUNCTUATION)
    width = min(10, len(model))
    return width > 0 and any(model[at : at + width] in mine for at in range(len(model) - width + 1))


# guideline: ey-genai-2023:6
def notice(level: Level, facts: Facts, own: Wording | None = None, lang: Lang = "zh_TW") -> str:
    """What is said; empty for L0.

    Raises:
        WordingError: the agency's own words name a placeholder that there is not.
    """
    if level is Level.NONE:
        return ""
    told = msgspec.structs.asdict(facts)
    if own and (words := own.get(level.value)) and lang == "zh_TW":
        try:
            return words.format_map(told)
        except (KeyError, ValueError, IndexError, AttributeError):
            raise WordingError(level.value) from None
    return text(f"disclosure.{level.value}", lang, **told)
