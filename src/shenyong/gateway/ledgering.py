"""From what happened to the entries that say so."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shenyong.decision import Facts, Plan
from shenyong.gateway.commands import Arrival
from shenyong.gateway.consider import Asked, Considered, counted
from shenyong.gateway.world import World
from shenyong.inspection.finding import Finding
from shenyong.ledger import Decided, Intent, Outcome, OutcomeKind
from shenyong.ledger.entry import size_class
from shenyong.ledger.seen import seen
from shenyong.protocols.door import CHAT, Door
from shenyong.registry import Caller


class Case(msgspec.Struct, frozen=True):
    """One request as the ledger sees it: its id, who asks what model, and what came in.

    `door` is where it came in, and where its answer goes out.
    """

    request_id: str
    at: int
    asked: Asked
    received: str
    size: int
    user: str = ""
    history: int = 0
    door: Door = CHAT


def intent(case: Case, world: World, considered: Considered, forwarded: str) -> Intent:
    """The entry before a call. `forwarded` is the digest of exactly the bytes that go."""
    plan = considered.plan
    key, model = case.asked.caller.key, case.asked.model
    target = world.registry.models[plan.model]
    return Intent(
        agency=key.agency,
        request=case.request_id,
        at=case.at,
        key=key.id,
        owner=key.owner,
        use_case=key.use_case,
        purpose=considered.facts.purpose.value,
        actor=key.actor.value,
        model=plan.model or model.id,
        environment=plan.environment.value,
        verdict=plan.verdict.word,
        pack=plan.decision.pack_digest,
        inspector=world.inspector,
        received=case.received,
        forwarded=forwarded,
        size=case.size,
        confirmation=world.registry.confirmation_of(target, case.at),
        declared=case.asked.declared,
        points=plan.decision.points,
        rules=plan.decision.rules,
        kinds=counted(considered.findings),
        confirmed=case.asked.confirmed,
        approved=case.asked.approved,
        user=case.user,
        history=case.history,
        requested=model.id if plan.model not in ("", model.id) else "",
        worker=world.worker,
        seen=seen(plan.facts, plan.left),
    )


def decided(case: Case, world: World, considered: Considered) -> Decided:
    """The entry of a decision without a call."""
    plan: Plan = considered.plan
    key, model = case.asked.caller.key, case.asked.model
    return Decided(
        agency=key.agency,
        request=case.request_id,
        at=case.at,
        key=key.id,
        owner=key.owner,
        use_case=key.use_case,
        purpose=considered.facts.purpose.value,
        actor=key.actor.value,
        model=model.id,
        environment=considered.facts.environment.value,
        verdict=plan.verdict.word,
        pack=plan.decision.pack_digest,
        inspector=world.inspector,
        received=case.received,
        size=case.size,
        confirmation=world.registry.confirmation_of(model, case.at),
        declared=case.asked.declared,
        points=plan.decision.points,
        rules=plan.decision.rules,
        kinds=counted(considered.findings),
        user=case.user,
        seen=seen(considered.facts, plan.left),
    )


def looked(
    arrival: Arrival,
    world: World,
    caller: Caller,
    *,
    plan: Plan,
    facts: Facts,
    kinds: dict[str, int],
) -> Decided:
    """The entry of what was only checked: no model was asked for, and none is called."""
    key = caller.key
    return Decided(
        agency=key.agency,
        request=arrival.request_id,
        at=arrival.at,
        key=key.id,
        owner=key.owner,
        use_case=key.use_case,
        purpose=facts.purpose.value,
        actor=facts.actor.value,
        model="",
        environment=facts.environment.value,
        verdict=plan.verdict.word,
        pack=plan.decision.pack_digest,
        inspector=world.inspector,
        received=world.digesters[key.agency].body(arrival.body),
        size=size_class(len(arrival.body)),
        points=plan.decision.points,
        rules=plan.decision.rules,
        kinds=kinds,
        seen=seen(facts, plan.left),
    )


class Ending(msgspec.Struct):
    """How a call ended, as far as it is known; becomes the outcome's entry."""

    kind: OutcomeKind
    status: int = 0
    answer: str = ""
    delivered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    verdict: str = ""
    points: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    findings: Sequence[Finding] = ()
    finish: tuple[str, ...] = ()  # why each choice ended: for telemetry, the ledger has `kind`


def outcome(case: Case, index: int, at: int, ending: Ending) -> Outcome:
    """The entry after a call; `index` is the intent's, `at` the time of the end."""
    return Outcome(
        agency=case.asked.caller.key.agency,
        request=case.request_id,
        at=at,
        intent=index,
        outcome=ending.kind,
        verdict=ending.verdict,
        points=ending.points,
        rules=ending.rules,
        kinds=counted(ending.findings),
        status=ending.status,
        answer=ending.answer,
        delivered=ending.delivered,
        tokens_in=ending.tokens_in,
        tokens_out=ending.tokens_out,
    )


__all__ = ["Case", "Ending", "decided", "intent", "looked", "outcome", "size_class"]
