"""Why: for a decision, the sentences that its rules give, in both languages.

The sentences are the annotations of the policies, so what the official reads and what the engine
carries out stand side by side in one file. Source: design.md (a refusal explains itself).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shenyong.decision.facts import Decision
from shenyong.decision.tighten import AgencyPack
from shenyong.guideline.pack import Pack
from shenyong.guideline.policies import Policy


class Reason(msgspec.Struct, frozen=True):
    """One rule's reason. `points` are full keys; `plans` the plans that it bars, none for a permit.

    `pack` is the id of the pack that the rule is of: the guideline's, or the agency's own.
    """

    rule: str
    pack: str
    points: tuple[str, ...]
    cites: tuple[str, ...]
    plans: tuple[str, ...]
    zh: str
    en: str


def explain(
    decision: Decision, pack: Pack, agency_packs: Sequence[AgencyPack] = ()
) -> tuple[Reason, ...]:
    """The reasons of `decision`: first the rules that determined it, then the other obstacles.

    `pack` and `agency_packs` are those of the judge that decided. A rule that is in none of them
    (the packs have been replaced since) is left out.
    """
    known: dict[str, tuple[str, Policy]] = {
        policy.id: (pack.id, policy) for policy in (*pack.policies, *pack.fallbacks)
    }
    for agency in agency_packs:
        known.update({policy.id: (agency.id, policy) for policy in agency.policies})
    barred: dict[str, list[str]] = {}
    for obstacle in decision.obstacles:
        for rule in obstacle.rules:
            barred.setdefault(rule, []).append(obstacle.plan)
    rules = dict.fromkeys((*decision.rules, *barred))
    return tuple(
        Reason(
            rule=rule,
            pack=known[rule][0],
            points=known[rule][1].points,
            cites=known[rule][1].cites,
            plans=tuple(barred.get(rule, ())),
            zh=known[rule][1].reason_zh,
            en=known[rule][1].reason_en,
        )
        for rule in rules
        if rule in known
    )
