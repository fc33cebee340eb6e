"""Facts → Cedar → decision.

The three ways to send are asked in order, and the first that is permitted is the verdict
(design.md). One call for all three is no faster: measured, three evaluations cost three times one;
so what one answer implies for the next plan is not asked again. The decision explains itself by the
policies that determined it.

Invariants:
    * Pure: the same facts and packs give the same decision. Cached by facts; a judge holds one set
      of packs, whose joint digest stands in every decision.
    * Fails closed: an error while evaluating any policy, or a policy without a name, is ``deny`` by
      the rule ``engine.error``. (Cedar itself skips a policy that errs, so a forbid could vanish.)

Source: guideline.md, domain.md 8. What it leaves to others: facts (`gather`), remedies (`planner`).
"""

from __future__ import annotations

# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import cedarpy
import msgspec

from shenyong.decision.facts import Decision, Facts, Obstacle
from shenyong.decision.tighten import AgencyPack
from shenyong.guideline.pack import ENGINE_ERROR, NOT_PERMITTED, Pack, PackError
from shenyong.guideline.policies import Policy
from shenyong.guideline.terms import DataClass, Environment, Purpose, Verdict

PLANS = ("send", "sendRedacted", "sendApproved")
_ACTIONS = tuple(f'Action::"{plan}"' for plan in PLANS)
_CACHE = 8192  # decisions; a decision is under 1 kB
_NO_ENTITIES = cedarpy.Entities.from_json_str("[]")
_CONFIRMABLE = (Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED)
_CLOCK = re.compile(r"\b(?:hour|weekday)\b")
_ENCODER = msgspec.json.Encoder()


class _Context(msgspec.Struct, rename="camel"):
    """`Request` of schema.cedarschema."""

    purpose: str
    data: list[str]
    environment: str
    confirmed: int
    question_personal: str
    question_confidential: str
    question_confirmed: bool
    production: str
    production_confirmed: bool
    unreadable: bool
    kinds: list[str]
    model: str
    use_case: str
    unit: str
    hour: int
    weekday: int
    trained: bool
    lineage: list[str]
    country: str


def carried(facts: Facts) -> frozenset[DataClass]:
    """The tags that the request carries: its data's, and at least 密 for the use of classified.

    A request to query, search or compare classified matter is of that matter's class whatever it
    quotes (domain.md 8.4 A11: high-water mark). ``D0`` is the empty set.
    """
    tags = facts.data - {DataClass.PUBLIC}
    if facts.purpose is Purpose.USE_CLASSIFIED_OTHER:
        tags |= {DataClass.RESTRICTED}
    return tags


def confirmed(facts: Facts) -> int:
    """The rank of the highest class that the environment is confirmed for; -1 where for none."""
    if facts.environment not in _CONFIRMABLE or facts.env_max is None:
        return -1
    return facts.env_max.rank


def context(facts: Facts) -> bytes:
    """The facts as the policies see them: JSON of schema.cedarschema's ``Request``."""
    return _ENCODER.encode(
        _Context(
            purpose=facts.purpose.value,
            data=sorted(tag.value for tag in carried(facts)),
            environment=facts.environment.value,
            confirmed=confirmed(facts),
            question_personal=facts.question_personal.value,
            question_confidential=facts.question_confidential.value,
            question_confirmed=facts.question_confirmed,
            production=facts.production.value,
            production_confirmed=facts.production_confirmed,
            unreadable=facts.unreadable,
            kinds=sorted(facts.kinds),
            model=facts.model,
            use_case=facts.use_case,
            unit=facts.unit,
            hour=facts.hour,
            weekday=facts.weekday,
            trained=facts.trained,
            lineage=sorted(facts.lineage),
            country=facts.country,
        )
    )


class _Outcome(msgspec.Struct, frozen=True):
    """What Cedar said of one plan: permitted or not, and the ids of the determining policies."""

    permitted: bool
    rules: frozenset[str]


class _EvaluationError(Exception):
    """A policy could not be evaluated, or has no name."""


class Judge:
    """The floor of one pack, and an agency's own rules on top of it.

    Safe to use from any thread: nothing in it changes but the cache of decisions.

    Raises:
        PackError: an agency's rule bears the id of a rule of the floor, or of another agency pack.
    """

    def __init__(self, pack: Pack, agency_packs: Sequence[AgencyPack] = ()) -> None:
        # Sorted, so that the order in which packs are listed is of no consequence.
        agencies = sorted(agency_packs, key=lambda agency: (agency.id, agency.digest))
        self.pack = pack
        self.agency_packs = tuple(agencies)
        self.policies = _index(pack, agencies)
        self.digest = _joint_digest(pack, agencies)
        self._order = _order(pack, self.policies.values())
        self._asked = _asked(self.policies.values())
        # Where no rule looks at the clock, the clock need not be told, and decisions stay cached.
        self.by_clock = any(_CLOCK.search(agency.policy_text) for agency in agencies) or bool(
            _CLOCK.search(pack.policy_text)
        )
        self._set = cedarpy.PolicySet.from_str(pack.policy_text)
        for agency in agencies:
            self._set = self._set.with_added_str(agency.policy_text)
        self._cached = lru_cache(maxsize=_CACHE)(self._judge)

    def decide(self, facts: Facts) -> Decision:
        """The decision on `facts`. Never raises on facts of the right types; errors deny."""
        return self._cached(facts)

    def _judge(self, facts: Facts) -> Decision:
        """Ask for the plans in order, until one is permitted: what is not needed is not asked."""
        seen = context(facts).decode()
        barred: list[_Outcome] = []
        try:
            for verdict, action in zip(Verdict, _ACTIONS, strict=False):
                implied = self._implied(PLANS[verdict], barred)
                outcome = implied or self._ask(action, facts, seen)
                if outcome.permitted:
                    return self._decided(verdict, barred, outcome.rules)
                barred.append(outcome)
        except (_EvaluationError, ValueError, KeyError, TypeError, RuntimeError):
            # What the engine said may quote facts, so it is not carried along.
            return self._refused_by_engine()
        return self._decided(Verdict.DENY, barred, frozenset())

    def _implied(self, plan: str, barred: Sequence[_Outcome]) -> _Outcome | None:
        """What the answer on ``send`` already says of `plan`; None where Cedar must be asked.

        The forbids that hold for ``send`` hold for every other plan in their scope, for no rule's
        condition looks at the action; and where no forbid is for `plan` without being for ``send``,
        there are no others. So where one of them bars `plan`, these are all that do.
        """
        if not barred or plan in self._asked:
            return None
        rules = frozenset(rule for rule in barred[0].rules if self.policies[rule].covers(plan))
        rules -= {NOT_PERMITTED}
        return _Outcome(False, rules) if rules else None

    def _ask(self, action: str, facts: Facts, seen: str) -> _Outcome:
        request = {
            "principal": {"type": "Actor", "id": facts.actor.value},
            "action": action,
            "resource": {"type": "Model", "id": facts.model},
            "context": seen,
        }
        return self._outcome(cedarpy.is_authorized(request, self._set, _NO_ENTITIES))

    def _outcome(self, result: cedarpy.AuthzResult) -> _Outcome:
        said = result.diagnostics
        if said.errors or result.decision is cedarpy.Decision.NoDecision:
            raise _EvaluationError
        names = said.id_annotations_by_reason  # a KeyError below: a policy without @id took part
        rules = frozenset(names[reason] for reason in said.reasons)
        if not rules <= self.policies.keys():
            raise _EvaluationError
        if not rules:  # Cedar's default: nothing bars it, and nothing permits it
            rules = frozenset({NOT_PERMITTED})
        return _Outcome(result.allowed, rules)

    def _decided(
        self, verdict: Verdict, barred: Sequence[_Outcome], permits: frozenset[str]
    ) -> Decision:
        """The decision, with the rules that determined it.

        For ``allow`` these are the permits. Otherwise they are the rules that barred *every* plan
        before the one taken (or, where no single rule did, all that barred any), and the citations
        are those of the earliest stage among them.
        """
        rules = permits
        if barred:
            rules = frozenset.intersection(*(outcome.rules for outcome in barred))
            rules = rules or frozenset().union(*(outcome.rules for outcome in barred))
        ordered = self._sorted(rules)
        leading = self._leading(ordered)
        return Decision(
            verdict=verdict,
            points=_unique(
                key.partition(":")[2] for rule in leading for key in self.policies[rule].points
            ),
            cites=_unique(cite for rule in leading for cite in self.policies[rule].cites),
            rules=ordered,
            obstacles=tuple(
                Obstacle(plan, self._sorted(outcome.rules))
                for plan, outcome in zip(PLANS, barred, strict=False)
            ),
            pack_digest=self.digest,
        )

    def _sorted(self, rules: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(rules, key=self._order.__getitem__))

    def _leading(self, ordered: Sequence[str]) -> list[str]:
        if not ordered:
            return []
        stage = self.policies[ordered[0]].stage
        return [rule for rule in ordered if self.policies[rule].stage == stage]

    def _refused_by_engine(self) -> Decision:
        barred = [_Outcome(False, frozenset({ENGINE_ERROR}))] * len(PLANS)
        return self._decided(Verdict.DENY, barred, frozenset())


def _index(pack: Pack, agencies: Sequence[AgencyPack]) -> dict[str, Policy]:
    found = {policy.id: policy for policy in (*pack.fallbacks, *pack.policies)}
    for agency in agencies:
        for policy in agency.policies:
            if policy.id in found:
                problem = f"the id {policy.id} is taken by another pack"
                advice = 'Begin your @id with the name of your agency, e.g. @id("trade.no-…")'
                raise PackError(agency.id, problem, advice, policy.id, policy.line)
            found[policy.id] = policy
    return found


def _order(pack: Pack, policies: Iterable[Policy]) -> dict[str, tuple[int, int]]:
    """Each rule's place: by stage, then as the packs list them."""
    stages = {stage: number for number, stage in enumerate(pack.stages)}
    return {
        policy.id: (stages.get(policy.stage, len(stages)), number)
        for number, policy in enumerate(policies)
    }


def _asked(policies: Iterable[Policy]) -> frozenset[str]:
    """The plans of which the answer on ``send`` says nothing, so that Cedar is always asked."""
    forbids = [policy for policy in policies if policy.effect == "forbid"]
    if any(policy.by_action for policy in forbids):
        return frozenset(PLANS)
    return frozenset(
        plan
        for plan in PLANS
        if any(policy.covers(plan) and not policy.covers(PLANS[0]) for policy in forbids)
    )


def _joint_digest(pack: Pack, agencies: Sequence[AgencyPack]) -> str:
    """The pack's own digest where it stands alone; else sha256 over all the digests."""
    if not agencies:
        return pack.digest
    joined = "\n".join([pack.digest, *(f"{agency.id} {agency.digest}" for agency in agencies)])
    return hashlib.sha256(joined.encode()).hexdigest()


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
