"""A trial of revised rules on past decisions: what would have been decided otherwise, for whom.

Past decisions with the same facts are decided once; that is exact, for a judge is a function of the
facts (tests compare it with deciding one by one). Source: the guideline's rolling revision
(滾動修正), point 7; issue (trial on past decisions).
"""

from __future__ import annotations

# guideline: ey-genai-2023:rolling
# guideline: ey-genai-2023:7
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from shenyong.decision.facts import Decision, Facts
from shenyong.decision.judge import Judge
from shenyong.decision.planner import Candidate, Plan, plan
from shenyong.guideline.terms import DataClass, Verdict


class Past(msgspec.Struct, frozen=True):
    """What was decided upon: the facts, those after redaction (None: not known), and for whom."""

    facts: Facts
    left: Facts | None
    owner: str


class Change(msgspec.Struct, frozen=True):
    """Decisions that the revised rules turn, alike in facts.

    `count` is how many, `owners` how many of them each person asked for. `rules` are those of the
    revised packs that determine it; `remedies` what a person could do instead.
    """

    before: Verdict
    after: Verdict
    count: int
    facts: Facts
    owners: tuple[tuple[str, int], ...]
    rules: tuple[str, ...]
    remedies: tuple[str, ...]


class Trial(msgspec.Struct, frozen=True):
    """The outcome: how many decisions were tried, and what would have been otherwise.

    `undecidable` are those whose entries don't keep the facts (written before entries kept them).
    `looser` and `stricter` count decisions; a pack of an agency makes none looser.
    """

    decided: int
    undecidable: int
    changes: tuple[Change, ...]
    distinct: int

    @property
    def stricter(self) -> int:
        """How many would have been decided more strictly."""
        return sum(each.count for each in self.changes if each.after > each.before)

    @property
    def looser(self) -> int:
        """How many would have been decided less strictly."""
        return sum(each.count for each in self.changes if each.after < each.before)

    @property
    def people(self) -> int:
        """How many people would have felt it."""
        return len({owner for each in self.changes for owner, _ in each.owners})


def again(past: Past, judge: Judge, candidates: Sequence[Candidate] = ()) -> Plan:
    """The plan for a past request under `judge`, as the gateway would make it."""
    left = past.left or _without_personal(past.facts)
    return plan(past.facts, judge, reinspect=lambda: left, candidates=candidates)


def _without_personal(facts: Facts) -> Facts:
    """What redaction would leave where it was not tried then: it takes personal data (D2) out."""
    return msgspec.structs.replace(facts, data=facts.data - {DataClass.PERSONAL})


def try_out(
    pasts: Mapping[Past, int],
    before: Judge,
    after: Judge,
    *,
    undecidable: int = 0,
    candidates: Sequence[Candidate] = (),
) -> Trial:
    """Decide `pasts` (each with how often it happened) by both judges, and compare.

    `candidates` are the models that could be offered instead now.
    """
    unread = _unread(before, after)
    known: dict[tuple[Facts, Facts | None], tuple[Verdict, Verdict]] = {}
    turned: dict[tuple[Facts, Facts | None], Counter[str]] = {}
    for past, count in pasts.items():
        left = past.left and msgspec.structs.replace(past.left, **unread)
        facts = (msgspec.structs.replace(past.facts, **unread), left)
        if facts not in known:
            alike = Past(*facts, "")
            known[facts] = (again(alike, before).verdict, again(alike, after).verdict)
        old, new = known[facts]
        if old is not new:
            turned.setdefault(facts, Counter())[past.owner] += count
    changes = []
    for facts, owners in turned.items():
        old, new = known[facts]
        offered = again(Past(*facts, ""), after, candidates)
        changes.append(
            Change(
                before=old,
                after=new,
                count=owners.total(),
                facts=facts[0],
                owners=tuple(owners.most_common()),
                rules=_rules(offered.decision, after),
                remedies=tuple(dict.fromkeys(each.op for each in offered.remedies)),
            )
        )
    changes.sort(key=lambda each: -each.count)
    return Trial(sum(pasts.values()), undecidable, tuple(changes), len(known))


_OWN: dict[str, tuple[str, object]] = {
    "kinds": ("kinds", frozenset()),
    "use_case": ("useCase", ""),
    "unit": ("unit", ""),
    "hour": ("hour", -1),
    "weekday": ("weekday", 0),
    "trained": ("trained", True),
    "lineage": ("lineage", frozenset()),
    "country": ("country", ""),
}
"""Facts that only rules of agencies look at, as policies write them, and what stands for any."""


def _unread(*judges: Judge) -> dict[str, object]:
    """What no policy of the judges looks at, with one value for all.

    A policy can't depend on what its text doesn't name, so decisions stay the same, and requests
    that differ only there are decided once.
    """
    text = "\n".join(
        part
        for judge in judges
        for part in (judge.pack.policy_text, *(own.policy_text for own in judge.agency_packs))
    )
    return {name: value for name, (word, value) in _OWN.items() if word not in text}


def _rules(decision: Decision, judge: Judge) -> tuple[str, ...]:
    """The rules in the way; an agency's own first, for the trial is about them."""
    barred = dict.fromkeys(
        (*decision.rules, *(rule for each in decision.obstacles for rule in each.rules))
    )
    own = {policy.id for pack in judge.agency_packs for policy in pack.policies}
    return tuple(sorted(barred, key=lambda rule: rule not in own))
