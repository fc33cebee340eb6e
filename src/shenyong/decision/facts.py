"""What the policies see, and nothing else: the facts of one request."""

from __future__ import annotations

import msgspec

from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose, Verdict


class Setting(msgspec.Struct, frozen=True):
    """Around a request: of whom, when, and on what model (for the rules of an agency).

    `hour` is 0 to 23 and `weekday` 1 (Monday) to 7 in Taipei; `lineage` in lower case.
    """

    unit: str = ""
    hour: int = -1
    weekday: int = 0
    trained: bool = True
    lineage: frozenset[str] = frozenset()
    country: str = ""


class Facts(msgspec.Struct, frozen=True):
    """The facts of a request about to go to one model (points 3 and 4).

    `data` is the union of the classes of all findings and of the official's declaration;
    `env_max` the highest class that the environment's confirmation covers, None where there is
    none. `unreadable` says that something could not be inspected.
    """

    purpose: Purpose
    data: frozenset[DataClass]
    environment: Environment
    env_max: DataClass | None
    actor: Actor
    question_personal: Likelihood = Likelihood.NONE
    question_confidential: Likelihood = Likelihood.NONE
    question_confirmed: bool = False  # the official said that the question touches neither
    production: Likelihood = (
        Likelihood.NONE
    )  # words that may ask to produce a confidential document
    production_confirmed: bool = False  # the official said that no such document is produced
    unreadable: bool = False
    kinds: frozenset[str] = frozenset()  # kinds of the findings, for an agency's own rules
    model: str = ""
    use_case: str = ""
    unit: str = ""  # of the person who asks
    hour: int = -1  # 0 to 23 in Taipei; -1 where no rule looks at the clock
    weekday: int = 0  # 1 Monday to 7 Sunday; 0 where no rule looks at the clock
    trained: bool = True
    lineage: frozenset[str] = frozenset()
    country: str = ""


def setting_of(facts: Facts) -> Setting:
    """What of the facts is the setting."""
    return Setting(
        facts.unit, facts.hour, facts.weekday, facts.trained, facts.lineage, facts.country
    )


class Obstacle(msgspec.Struct, frozen=True):
    """Why one plan is not permitted: the ids of the rules that forbid it."""

    plan: str  # "send", "sendRedacted", "sendApproved"
    rules: tuple[str, ...]


class Decision(msgspec.Struct, frozen=True):
    """What the policies say of the facts.

    `points` are the guideline's points without the pack's prefix (``("4",)``); `cites` the full
    citations; `rules` the ids that determined the verdict; `obstacles` the plans in order that
    were not permitted, each with the rules in its way.
    """

    verdict: Verdict
    points: tuple[str, ...]
    cites: tuple[str, ...]
    rules: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    pack_digest: str
