"""A request that goes to a model, and the headers that tell the client what was done to it."""

from __future__ import annotations

import msgspec

from shenyong.gateway.commands import Fault, FaultKind, Headers, Under
from shenyong.gateway.consider import Considered
from shenyong.gateway.ledgering import Case, Ending
from shenyong.ledger import OutcomeKind
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.failure import Failure
from shenyong.registry import Model


class Outgoing(msgspec.Struct, frozen=True):
    """One call: the case, what was decided, the bytes that go, and the index of its intent."""

    case: Case
    exchange: Exchange
    considered: Considered
    target: Model
    body: bytes
    intent: int

    @property
    def under(self) -> Under:
        """The environment that was decided upon."""
        plan = self.considered.plan
        return Under(plan.environment, plan.facts.env_max)


FAILURES: dict[FaultKind, tuple[Failure, OutcomeKind]] = {
    FaultKind.TIMEOUT: (Failure.UPSTREAM_TIMEOUT, OutcomeKind.TIMEOUT),
    FaultKind.REFUSED: (Failure.UPSTREAM_FAULT, OutcomeKind.UPSTREAM_ERROR),
    FaultKind.BROKEN: (Failure.UPSTREAM_FAULT, OutcomeKind.UPSTREAM_ERROR),
}


def ended_by(fault: Fault) -> tuple[Failure, Ending]:
    """What the client and the ledger are told of a fault at the model's side."""
    failure, kind = FAILURES[fault.kind]
    return failure, Ending(kind)


def refused_by_model(status: int) -> Failure:
    """What an upstream's error status means for our client: its request, its rate, or its fault."""
    if status == 429:
        return Failure.RATE_LIMITED
    if status in (400, 404, 409, 413, 422):
        return Failure.UPSTREAM_REFUSED
    return Failure.UPSTREAM_FAULT


def with_headers(outgoing: Outgoing, *, masked: bool = False) -> Headers:
    """The headers of an answer: the decision's id, the decision, and what was changed."""
    plan, case = outgoing.considered.plan, outgoing.case
    headers: list[tuple[str, str]] = [
        ("x-request-id", case.request_id),
        ("x-shenyong-decision", plan.verdict.word),
        ("x-shenyong-model", outgoing.target.id),
    ]
    if plan.decision.points:
        headers.append(("x-shenyong-points", ",".join(plan.decision.points)))
    if outgoing.considered.pseudonyms:
        headers.append(("x-shenyong-redacted", str(len(outgoing.considered.pseudonyms))))
    if case.history:
        headers.append(("x-shenyong-history", f"stripped={case.history}"))
    if outgoing.exchange.dropped_total:
        headers.append(("x-shenyong-dropped", outgoing.exchange.dropped_header))
    if case.asked.caller.use_case.warning:  # 人工智慧基本法 17: whoever meets the use is warned
        headers.append(("x-shenyong-risk", "high"))
    if masked:
        headers.append(("x-shenyong-output", "masked"))
    return tuple(headers)
