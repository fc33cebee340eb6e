"""The way of one request, as the picture in docs/architecture.md has it. No I/O.

    who → what → which model → read, inspect, decide → refuse | intent → call → inspect → outcome

`carry` is a generator: it yields a command, receives what came of it, and returns the whole reply
(or None where a stream was sent). Every way out records what it must before anything is released.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import msgspec

from shenyong import wording
from shenyong.decision import explain
from shenyong.decision.facts import Decision
from shenyong.decision.gather import UnknownDeclarationError, declared_class
from shenyong.gateway import ledgering
from shenyong.gateway.answering import answer, stream
from shenyong.gateway.commands import (
    Approval,
    Arrival,
    Command,
    Recall,
    Record,
    Remember,
    Reply,
    Seek,
)
from shenyong.gateway.consider import KEY_CLASS, Asked, Considered, Inspect, consider
from shenyong.gateway.embedding import embed
from shenyong.gateway.ledgering import Case, size_class
from shenyong.gateway.outgoing import Outgoing, with_headers
from shenyong.gateway.world import World, asks
from shenyong.guideline.terms import Actor, Verdict
from shenyong.inspection import register
from shenyong.inspection.finding import Finding
from shenyong.protocols import failure, history, refusal
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.door import CHAT, Door
from shenyong.protocols.exchange import CHAT as CHAT_TASK
from shenyong.protocols.exchange import EMBEDDINGS, Exchange
from shenyong.protocols.failure import Failure
from shenyong.protocols.history import Turn
from shenyong.protocols.rendered import JSON_TYPE, Rendered
from shenyong.reading.passage import Source
from shenyong.registry import Caller, Denied, KeyFault, authenticate
from shenyong.wording import Lang

Way = Generator[Command, Any, Reply | None]
"""What `carry` is: commands out, their results in, a whole reply at the end."""

_KEY_FAILURES = {
    KeyFault.MISSING: Failure.MISSING_KEY,
    KeyFault.MALFORMED: Failure.INVALID_KEY,
    KeyFault.UNKNOWN: Failure.INVALID_KEY,
    KeyFault.REVOKED: Failure.REVOKED_KEY,
    KeyFault.EXPIRED: Failure.EXPIRED_KEY,
    KeyFault.SUSPENDED: Failure.SUSPENDED_KEY,
}
PEOPLE = (Actor.OFFICIAL_NEED_TO_KNOW, Actor.OFFICIAL_NO_NEED)


class Unserved(Exception):  # noqa: N818 - a way out, not an error of ours
    """The request can't be served; the answer says why."""

    def __init__(self, rendered: Rendered) -> None:
        super().__init__()
        self.rendered = rendered


def identify(arrival: Arrival, world: World) -> Caller:
    """Who asks. Raises Unserved for a key that opens nothing."""
    caller = authenticate(
        world.registry, arrival.headers.get("authorization"), arrival.at, world.pepper
    )
    if isinstance(caller, Denied):
        raise Unserved(failure.render(_KEY_FAILURES[caller.fault], arrival.request_id))
    return caller


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
def carry(arrival: Arrival, world: World, door: Door = CHAT) -> Way:
    """Carry one request from its door to its end. Errors are in OpenAI's shape (`Door.error`)."""
    try:
        caller = identify(arrival, world)
        exchange = door.read(arrival.told, world.limits)
        asked = _asked(arrival, world, caller, exchange)
    except BadInputError as error:
        return _whole(failure.render_bad_input(error, arrival.request_id))
    except Unserved as unserved:
        return _whole(unserved.rendered)
    digester = world.digesters[caller.key.agency]
    user = exchange.safety_identifier or exchange.user
    case = Case(
        request_id=arrival.request_id,
        at=arrival.at,
        asked=asked,
        received=digester.body(arrival.body),
        size=size_class(len(arrival.body)),
        user=digester.turn(caller.key.id, user, "") if user else "",
        door=door,
    )
    exchange, ours = history.without_our_words(exchange)
    case = msgspec.structs.replace(case, history=len(ours))
    known = yield from _registered(exchange, case, world)
    considered = _consider(exchange, case, world, known)
    sworn: tuple[str, ...] = ()
    if considered.plan.action in ("refuse", "hold"):
        recovered = yield from _recover(
            case, exchange, considered, world, user=user, known_documents=known
        )
        case, exchange, considered = recovered.case, recovered.exchange, recovered.considered
        sworn = recovered.sworn
    elif asked.confirmed:  # no word was needed: what the header says is not ours to keep
        case = msgspec.structs.replace(case, asked=msgspec.structs.replace(asked, confirmed=""))
    case = yield from _approved(case, considered)
    if considered.plan.action == "refuse" or (
        considered.plan.action == "hold" and not case.asked.approved
    ):
        return (yield from _refuse(case, exchange, considered, world, user))
    if sworn:
        yield Remember(caller.key.agency, sworn, case.asked.confirmed)
    return (yield from _forward(case, exchange, considered, world))


# guideline: ey-genai-2023:4
def _approved(case: Case, considered: Considered) -> Generator[Command, Any, Case]:
    """An approval counts for what is held, never for what is refused, and for these bytes alone."""
    asked = case.asked
    decision, approved = asked.approved, ""
    if decision and considered.plan.action == "hold":
        key = asked.caller.key
        received: str = yield Approval(key.agency, decision, key.owner)
        approved = decision if received and received == case.received else ""
    return msgspec.structs.replace(case, asked=msgspec.structs.replace(asked, approved=approved))


def _whole(rendered: Rendered) -> Reply:
    return Reply(rendered.status, rendered.headers, rendered.body)


def _asked(arrival: Arrival, world: World, caller: Caller, exchange: Exchange) -> Asked:
    """The model that is asked for, if this key may, and what the official declared."""
    model = world.registry.models.get(exchange.model)
    if model is None:
        rendered = failure.render(
            Failure.MODEL_NOT_FOUND, arrival.request_id, param="model", model=exchange.model
        )
        raise Unserved(rendered)
    if caller.key.models and model.id not in caller.key.models:
        rendered = failure.render(
            Failure.MODEL_NOT_ALLOWED, arrival.request_id, param="model", model=model.id
        )
        raise Unserved(rendered)
    declared = arrival.headers.get("x-shenyong-classification", "").strip()
    if declared:
        try:
            declared = declared_class(declared).value
        except UnknownDeclarationError:
            raise BadInputError("unknown_classification", "x-shenyong-classification") from None
    return Asked(
        caller=caller,
        model=model,
        at=arrival.at,
        declared=declared,
        # Only a person can confirm, never an unattended key (guideline.md, point 2).
        confirmed=_named(arrival, caller, "x-shenyong-confirm"),
        approved=_named(arrival, caller, "x-shenyong-approval"),
    )


def _named(arrival: Arrival, caller: Caller, header: str) -> str:
    """The decision that a header names; only a person's key may name one."""
    named = arrival.headers.get(header, "").strip()
    return named if caller.key.actor in PEOPLE else ""


def _registered(
    exchange: Exchange, case: Case, world: World
) -> Generator[Command, Any, tuple[Finding, ...]]:
    """What of the request stands in documents of the agency that are not released."""
    agency = case.asked.caller.key.agency
    mine = world.registers.get(agency)
    suspects = mine.suspects(exchange.texts()) if mine else {}
    if not suspects:
        return ()
    values = {each.value for prints in suspects.values() for each in prints}
    documents = yield Seek(agency, tuple(sorted(values)))
    return register.findings(suspects, documents, case.at)


def _with(inspect: Inspect, known: tuple[Finding, ...]) -> Inspect:
    """Inspection that also tells what is known of the request: redaction doesn't take it away."""
    if not known:
        return inspect

    def told(sources: Sequence[Source]) -> tuple[Finding, ...]:
        still = {source.path for source in sources}
        return inspect(sources) + tuple(each for each in known if each.path in still)

    return told


def _consider(
    exchange: Exchange, case: Case, world: World, known: tuple[Finding, ...]
) -> Considered:
    agency = case.asked.caller.key.agency
    # A confirmation counts once it is known to be of this very turn (see `_recover`).
    asked = msgspec.structs.replace(case.asked, confirmed="")
    return consider(
        exchange.sources,
        asked,
        registry=world.registry,
        inspect=_with(world.inspect, known),
        judge=world.judges[agency],
        style=world.style,
    )


class _Recovered(msgspec.Struct, frozen=True):
    """What a request became by what is remembered of it. `sworn` are digests newly confirmed."""

    case: Case
    exchange: Exchange
    considered: Considered
    sworn: tuple[str, ...] = ()


def _recover(
    case: Case,
    exchange: Exchange,
    considered: Considered,
    world: World,
    *,
    user: str,
    known_documents: tuple[Finding, ...],
) -> Generator[Command, Any, _Recovered]:
    """What was refused before and comes back as history goes out; what is confirmed may go on.

    One refusal must not end a conversation (ux.md 3.3): turns refused earlier to this credential
    and user are replaced. And an official who was asked to confirm names that decision; it counts
    for those words only, wherever else in the request something asks, and stays with them.
    """
    key = case.asked.caller.key
    digester = world.digesters[key.agency]
    at_fault = {exchange.message_of(each.path) for each in considered.findings}
    spoken = [turn for turn in history.turns(exchange) if turn.role in _REMEMBERED]
    fresh = _fresh(spoken)
    turns = [
        turn
        for turn in spoken
        if turn.index in at_fault and (turn.index not in fresh or case.asked.confirmed)
    ]
    if not turns:
        return _Recovered(case, exchange, considered)
    denied = {turn.index: digester.turn(key.id, user, turn.text) for turn in turns}
    sworn = {turn.index: digester.turn(key.id, user, _SWORN + turn.text) for turn in turns}
    known: dict[str, str] = yield Recall(key.agency, (*denied.values(), *sworn.values()))
    old: dict[int, tuple[str, ...]] = {}
    confirmed: dict[int, str] = {}
    for turn in turns:
        decisions = {known.get(denied[turn.index]), known.get(sworn[turn.index])} - {None}
        if turn.index in fresh:
            if case.asked.confirmed in decisions:
                confirmed[turn.index] = case.asked.confirmed
        elif sworn[turn.index] in known:
            confirmed[turn.index] = known[sworn[turn.index]]
        elif decisions:
            old[turn.index] = considered.plan.decision.points
    asking = {exchange.message_of(each.path) for each in considered.findings if asks(each)}
    asking -= old.keys()
    # A word given for one question opens no other one.
    counts = bool(asking) and asking <= confirmed.keys()
    if not old and not counts:
        return _Recovered(case, exchange, considered)
    exchange = history.replaced(exchange, old, world.limits)
    decision = next((confirmed[index] for index in sorted(confirmed, reverse=True)), "")
    case = msgspec.structs.replace(
        case,
        history=case.history + len(old),
        asked=msgspec.structs.replace(case.asked, confirmed=decision if counts else ""),
    )
    considered = consider(
        exchange.sources,
        case.asked,
        registry=world.registry,
        inspect=_with(world.inspect, _still(known_documents, old, exchange)),
        judge=world.judges[key.agency],
        style=world.style,
    )
    words = tuple(sworn[index] for index in sorted(confirmed) if counts and index in fresh)
    return _Recovered(case, exchange, considered, words)


def _still(
    known: tuple[Finding, ...], old: Mapping[int, object], exchange: Exchange
) -> tuple[Finding, ...]:
    """What is known of turns that were not replaced."""
    return tuple(each for each in known if exchange.message_of(each.path) not in old)


_OPEN = frozenset({Verdict.ALLOW.word, Verdict.REDACT.word})
_REMEMBERED = frozenset({"user", "tool", "function"})
_SWORN = "\0confirmed\0"  # before a text, for the digest of words that were confirmed


def _fresh(spoken: Sequence[Turn]) -> set[int]:
    """The turns that were not sent before: the last a person said, or the results behind it.

    A client that got an error keeps no answer, so the refused turn and the new one stand side by
    side: only the last of a person's turns is new.
    """
    said = [turn.index for turn in spoken if turn.role == "user"]
    last = said[-1] if said else -1
    behind = {turn.index for turn in spoken if turn.index > last and turn.newest}
    return behind or ({last} if said else set())


def _refuse(
    case: Case, exchange: Exchange, considered: Considered, world: World, user: str
) -> Generator[Command, Any, Reply | None]:
    """Record the decision, remember the turn, and say why."""
    key = case.asked.caller.key
    yield Record(ledgering.decided(case, world, considered))
    at_fault = {exchange.message_of(each.path) for each in considered.findings}
    turns: Sequence[Turn] = [
        turn
        for turn in history.turns(exchange)
        if turn.newest and turn.role in _REMEMBERED and turn.index in at_fault
    ]
    if turns:
        digester = world.digesters[key.agency]
        digests = tuple(digester.turn(key.id, user, turn.text) for turn in turns)
        yield Remember(key.agency, digests, case.request_id)
    said = _refusal(case, considered, world)
    if key.denial_style == "message" and exchange.task == CHAT_TASK:
        created = case.at // 1_000_000
        if exchange.stream:
            writer = case.door.writer(exchange, case.request_id)
            chunks = refusal.as_chunks(said, exchange.model, created, exchange.n)
            headers = (("content-type", "text/event-stream"), *refusal.headers(said))
            return Reply(200, headers, b"".join(map(writer.chunk, chunks)) + writer.end())
        answer_of_ours = refusal.as_answer(said, exchange.model, created, exchange.n)
        return Reply(200, (JSON_TYPE, *refusal.headers(said)), case.door.answer(answer_of_ours))
    return _whole(refusal.render(said))


def _refusal(case: Case, considered: Considered, world: World) -> refusal.Refusal:
    plan = considered.plan
    judge = world.judges[case.asked.caller.key.agency]
    reasons = explain(plan.decision, judge.pack, judge.agency_packs)
    levels = {model.id: model for model in world.registry.models_for(case.asked.caller.key)}
    alternatives = []
    for remedy in plan.remedies:
        if remedy.op == "reroute" and remedy.model in levels:
            _, level = world.registry.effective(levels[remedy.model], case.at)
            alternatives.append(refusal.Alternative(remedy.model, level.value if level else ""))
    guilty = [each for each in considered.findings if _counts(each)]
    if KEY_CLASS in plan.decision.rules:  # redacting would not help: the key is what bounds it
        guilty = []
    return refusal.Refusal(
        request_id=case.request_id,
        # What was asked for would be redacted, but what redaction leaves may not go: denied.
        decision=msgspec.structs.replace(plan.decision, verdict=plan.verdict),
        findings=tuple(sorted(guilty, key=_gravest)),
        alternatives=tuple(alternatives),
        link_base=world.link_base,
        confirmable=case.asked.caller.key.actor in PEOPLE
        and any(
            remedy.op == "confirm_question" and remedy.verdict in _OPEN for remedy in plan.remedies
        ),
        reason_zh=reasons[0].zh if reasons else _of_key(plan.decision, "zh_TW"),
        reason_en=reasons[0].en if reasons else _of_key(plan.decision, "en"),
    )


def _of_key(decision: Decision, lang: Lang) -> str:
    """The reason where the key's own bound decided, which no pack knows of."""
    return wording.text("refusal.key_class", lang) if KEY_CLASS in decision.rules else ""


def _counts(finding: Any) -> bool:
    """Whether a finding weighs in a decision: public business numbers (D0) do not."""
    return finding.data_class is None or finding.data_class.rank > 0


def _gravest(finding: Any) -> tuple[int, float]:
    rank = 8 if finding.data_class is None else finding.data_class.rank
    return -rank, -finding.confidence


def _forward(
    case: Case, exchange: Exchange, considered: Considered, world: World
) -> Generator[Command, Any, Reply | None]:
    """Intent, call, outcome."""
    target = world.registry.models[considered.plan.model]
    # What is sent is written anew from the values that were inspected.
    body = exchange.rewritten(considered.texts, target.upstream_model).body()
    digester = world.digesters[case.asked.caller.key.agency]
    index: int = yield Record(ledgering.intent(case, world, considered, digester.body(body)))
    outgoing = Outgoing(
        case=case,
        exchange=exchange,
        considered=considered,
        target=target,
        body=body,
        intent=index,
    )
    if exchange.task == EMBEDDINGS:
        return (yield from embed(outgoing, world))
    return (yield from (stream if exchange.stream else answer)(outgoing, world))


__all__ = ["Unserved", "Way", "carry", "identify", "with_headers"]
