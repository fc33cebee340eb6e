"""What inspection says: findings. Findings are facts; they never decide (design.md)."""

from __future__ import annotations

import msgspec

from shenyong.guideline.terms import DataClass, Likelihood


class Finding(msgspec.Struct, frozen=True):
    """One thing found at one place.

    `kind` is an id of the identifiers' list or one of ``person_name address organisation marking
    secret unreleased question_personal question_confidential produce_classified special_category
    protected_work encoded``. `data_class` is None for findings that carry no data (questions,
    intents). `start`/`end` are code points of the original string at `path`. `masked` never holds
    the whole value. `detector` is ``name/version``. `group` ties the parts of one value that is
    cut over several strings.
    """

    kind: str
    data_class: DataClass | None
    path: str
    start: int
    end: int
    masked: str
    confidence: float
    detector: str
    likelihood: Likelihood = Likelihood.NONE  # of questions, intents and special categories
    group: int = 0
    evasion: str = ""  # how it was hidden, e.g. "compact", "base64"; empty if plain
