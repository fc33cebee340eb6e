"""The facts of a decision in its entry, and back: so that past decisions can be decided again.

A trial of revised rules (滾動修正, point 7) asks what would have been decided otherwise. For that
the entry keeps classes, likelihoods and names of things of the agency, and never content.
"""

from __future__ import annotations

# guideline: ey-genai-2023:rolling
from typing import NamedTuple

import msgspec

from shenyong.decision.facts import Facts
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose
from shenyong.ledger.entry import Decided, Intent, Seen

_NONE = Likelihood.NONE


class Decidable(NamedTuple):
    """The facts of a request, and those after redaction (None where nothing was redacted)."""

    facts: Facts
    left: Facts | None


def seen(facts: Facts, left: Facts | None = None) -> Seen:
    """What the entry keeps of `facts` beyond its own fields."""
    return Seen(
        data=tuple(sorted(facts.data)),
        covers=facts.env_max or "",
        personal=_told(facts.question_personal),
        confidential=_told(facts.question_confidential),
        confirmed=facts.question_confirmed,
        production=_told(facts.production),
        production_confirmed=facts.production_confirmed,
        unreadable=facts.unreadable,
        unit=facts.unit,
        hour=facts.hour,
        weekday=facts.weekday,
        trained=facts.trained,
        lineage=tuple(sorted(facts.lineage)),
        country=facts.country,
        left=None if left is None else tuple(sorted(left.data)),
        left_kinds=None if left is None else tuple(sorted(left.kinds)),
    )


def _told(likelihood: Likelihood) -> str:
    return "" if likelihood is _NONE else likelihood.value


def decidable(entry: Intent | Decided) -> Decidable | None:
    """The facts on which `entry` was decided; None where it doesn't keep them (older entries)."""
    kept = entry.seen
    if kept is None:
        return None
    facts = Facts(
        purpose=Purpose(entry.purpose),
        data=frozenset(map(DataClass, kept.data)),
        environment=Environment(entry.environment),
        env_max=DataClass(kept.covers) if kept.covers else None,
        actor=Actor(entry.actor),
        question_personal=Likelihood(kept.personal or _NONE),
        question_confidential=Likelihood(kept.confidential or _NONE),
        question_confirmed=kept.confirmed,
        production=Likelihood(kept.production or _NONE),
        production_confirmed=kept.production_confirmed,
        unreadable=kept.unreadable,
        kinds=frozenset(entry.kinds),
        model=entry.model,
        use_case=entry.use_case,
        unit=kept.unit,
        hour=kept.hour,
        weekday=kept.weekday,
        trained=kept.trained,
        lineage=frozenset(kept.lineage),
        country=kept.country,
    )
    if kept.left is None:
        return Decidable(facts, None)
    # What redaction cannot lower stays as it is; the rest is as it was inspected again.
    left = msgspec.structs.replace(
        facts,
        data=frozenset(map(DataClass, kept.left)),
        kinds=frozenset(kept.left_kinds or ()),
        unreadable="encoded" in (kept.left_kinds or ()),
        **_asked_again(facts, frozenset(kept.left_kinds or ())),
    )
    return Decidable(facts, left)


def _asked_again(facts: Facts, kinds: frozenset[str]) -> dict[str, Likelihood]:
    """The likelihoods of what is still asked after redaction."""
    return {
        "question_personal": facts.question_personal if "question_personal" in kinds else _NONE,
        "question_confidential": (
            facts.question_confidential if "question_confidential" in kinds else _NONE
        ),
        "production": facts.production if "produce_classified" in kinds else _NONE,
    }
