"""The way back: the model's answer inspected, restored, recorded, and only then released."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from shenyong import wording
from shenyong.decision import explain
from shenyong.decision.facts import Decision
from shenyong.gateway import ledgering
from shenyong.gateway.commands import (
    Abort,
    Answered,
    Begin,
    Call,
    Command,
    Ended,
    Fault,
    Gone,
    Lapsed,
    Next,
    Open,
    Opened,
    Quiet,
    Record,
    Reply,
    Send,
)
from shenyong.gateway.ids import now_us
from shenyong.gateway.ledgering import Ending
from shenyong.gateway.outgoing import Outgoing, ended_by, refused_by_model, with_headers
from shenyong.gateway.streaming import Relay, Stopped
from shenyong.gateway.world import OutputJudge, World
from shenyong.guideline.terms import Verdict
from shenyong.ledger import OutcomeKind
from shenyong.protocols import failure, refusal
from shenyong.protocols.door import Writer
from shenyong.protocols.failure import Failure
from shenyong.protocols.openai_answer import Answer, UpstreamFault, parse_answer
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.sse import SseError
from shenyong.redaction import OutputWindow, Restorer

_JSON = ("content-type", "application/json")
_STREAM = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
HELD_MS = 30
"""How long text is held back at most while it is not the beginning of a value, in milliseconds.

Shorter than what G9 allows (150): an inspection costs 40 µs, a person sees a delay of 150 ms."""
Step = Generator[Command, Any, Reply | None]
_CHOICES = 16
"""Of so many choices of an answer it is told at most why they ended."""


def _judge(outgoing: Outgoing, world: World) -> OutputJudge:
    judge = world.judges[outgoing.case.asked.caller.key.agency]
    inspect = world.inspect_output or world.inspect
    return OutputJudge(inspect, judge, outgoing.considered.facts)


def record(outgoing: Outgoing, ending: Ending, judge: OutputJudge | None = None) -> Record:
    """The command that makes the call's outcome durable."""
    if judge is not None and judge.decision is not None:
        ending.verdict = judge.decision.verdict.word
        ending.points = judge.decision.points
        ending.rules = judge.decision.rules
        ending.findings = judge.findings
    outcome = ledgering.outcome(outgoing.case, outgoing.intent, now_us(), ending)
    return Record(outcome, ending.finish)


def _rendered(code: Failure, outgoing: Outgoing) -> Rendered:
    return failure.render(code, outgoing.case.request_id)


def failed(outgoing: Outgoing, code: Failure) -> Reply:
    """The reply that says what went wrong."""
    rendered = _rendered(code, outgoing)
    return Reply(rendered.status, rendered.headers, rendered.body)


# guideline: ey-genai-2023:4
def lapsed(outgoing: Outgoing, world: World) -> Reply:
    """Nothing was sent, for the environment no longer held when it was to go: a refusal."""
    decided = outgoing.considered.plan.decision
    said = refusal.Refusal(
        request_id=outgoing.case.request_id,
        decision=Decision(
            Verdict.DENY, ("4",), ("點4但書",), ("environment.lapsed",), (), decided.pack_digest
        ),
        link_base=world.link_base,
        reason_zh=wording.text("refusal.lapsed", "zh_TW"),
        reason_en=wording.text("refusal.lapsed", "en"),
    )
    rendered = refusal.render(said)
    return Reply(rendered.status, rendered.headers, rendered.body)


def unanswered(came: Answered | Fault | Gone | Lapsed, outgoing: Outgoing, world: World) -> Step:
    """The model did not answer: record how it ended, and say so."""
    if isinstance(came, Lapsed):
        yield record(outgoing, Ending(OutcomeKind.LAPSED))
        return lapsed(outgoing, world)
    if isinstance(came, Gone):
        yield record(outgoing, Ending(OutcomeKind.CLIENT_GONE))
        return None
    if isinstance(came, Fault):
        code, ending = ended_by(came)
    else:
        code = refused_by_model(came.status)
        ending = Ending(OutcomeKind.UPSTREAM_ERROR, status=came.status)
    yield record(outgoing, ending)
    return failed(outgoing, code)


def answer(outgoing: Outgoing, world: World) -> Step:
    """Call the model for a whole answer."""
    came = yield Call(outgoing.target, outgoing.body, under=outgoing.under)
    if not isinstance(came, Answered) or came.status != 200:
        return (yield from unanswered(came, outgoing, world))
    try:
        said = parse_answer(came.body, outgoing.exchange.model)
    except UpstreamFault:
        yield record(outgoing, Ending(OutcomeKind.UPSTREAM_ERROR, status=came.status))
        return failed(outgoing, Failure.UPSTREAM_FAULT)
    judge = _judge(outgoing, world)
    said, stopped = _inspected(said, judge, outgoing, world)
    try:
        body = outgoing.case.door.answer(said)
    except UpstreamFault:  # a chat completion, but nothing that the client's format can say
        yield record(outgoing, Ending(OutcomeKind.UPSTREAM_ERROR, status=came.status), judge)
        return failed(outgoing, Failure.UPSTREAM_FAULT)
    digester = world.digesters[outgoing.case.asked.caller.key.agency]
    ending = Ending(
        OutcomeKind.STOPPED if stopped else OutcomeKind.ANSWERED,
        status=came.status,
        answer=digester.body(body),
        delivered=len(body),
    )
    ending.finish = tuple(each.finish_reason or "stop" for each in said.choices[:_CHOICES])
    if said.usage:
        ending.tokens_in = said.usage.prompt_tokens
        ending.tokens_out = said.usage.completion_tokens
    yield record(outgoing, ending, judge)
    return Reply(200, (_JSON, *with_headers(outgoing, masked=judge.masked and not stopped)), body)


def _inspected(
    said: Answer, judge: OutputJudge, outgoing: Outgoing, world: World
) -> tuple[Answer, bool]:
    """The answer as it may be released, and whether any choice of it was stopped."""
    pseudonyms = outgoing.considered.pseudonyms
    texts: dict[str, str] = {}
    stopped: dict[int, str] = {}
    for channel, text in said.texts().items():
        window = OutputWindow(judge.inspect, judge.act)
        first = window.feed(text)
        rest = window.finish()
        released = first.text + rest.text
        if first.stopped or rest.stopped:
            index = int(channel.partition("[")[2].partition("]")[0])
            kept = released if channel.endswith(".content") else ""
            stopped.setdefault(index, "")
            stopped[index] = stopped[index] or kept
        if pseudonyms:
            restorer = Restorer(pseudonyms, json=channel.endswith(".arguments"))
            released = restorer.feed(released) + restorer.finish()
        texts[channel] = released
    said = said.rewritten(texts)
    if stopped:
        why = refusal.explain(_stopping(judge, outgoing, world))
        said = said.stopped(
            {
                index: (texts.get(f"choices[{index}].content", "") + "\n\n" + why).strip()
                if kept
                else why
                for index, kept in stopped.items()
            }
        )
    return said, bool(stopped)


def _stopping(judge: OutputJudge, outgoing: Outgoing, world: World) -> refusal.Refusal:
    """Why the output was stopped."""
    assert judge.decision is not None
    floor = world.judges[outgoing.case.asked.caller.key.agency]
    reasons = explain(judge.decision, floor.pack, floor.agency_packs)
    return refusal.Refusal(
        request_id=outgoing.case.request_id,
        decision=judge.decision,
        link_base=world.link_base,
        reason_zh=reasons[0].zh if reasons else "",
        reason_en=reasons[0].en if reasons else "",
        output=True,
    )


def stream(outgoing: Outgoing, world: World) -> Step:
    """Call the model for a stream and relay it, inspected."""
    came = yield Open(outgoing.target, outgoing.body, outgoing.under)
    if not isinstance(came, Opened):
        return (yield from unanswered(came, outgoing, world))
    yield Begin(200, (*_STREAM, *with_headers(outgoing)))
    judge = _judge(outgoing, world)
    writer = outgoing.case.door.writer(outgoing.exchange, outgoing.case.request_id)
    relay = Relay(
        judge,
        outgoing.considered.pseudonyms,
        outgoing.exchange.model,
        writer,
        include_usage=outgoing.exchange.include_usage,
    )
    yield from _relayed(outgoing, world, relay, writer, judge)
    return None


def _relayed(
    outgoing: Outgoing, world: World, relay: Relay, writer: Writer, judge: OutputJudge
) -> Generator[Command, Any, None]:
    tally = world.digesters[outgoing.case.asked.caller.key.agency].tally()
    ending: Ending
    last = b""
    while True:
        came = yield Next(HELD_MS if relay.holding else None)
        try:
            if isinstance(came, bytes):
                out = relay.feed(came)
            elif isinstance(came, Quiet):
                out = relay.quiet()
            else:
                out = b""
        except Stopped as stop:
            yield Abort()
            explained = refusal.stopped(
                _stopping(judge, outgoing, world), stop.like, sorted(relay.open) or [0]
            )
            last = stop.released + b"".join(map(writer.chunk, explained)) + writer.end()
            ending = Ending(OutcomeKind.STOPPED, status=200)
            break
        except (UpstreamFault, SseError):
            yield Abort()
            ending = Ending(OutcomeKind.UPSTREAM_ERROR, status=200)
            last = outgoing.case.door.event(_rendered(Failure.UPSTREAM_FAULT, outgoing))
            break
        if relay.done or (isinstance(came, Ended) and relay.complete):
            # The last words wait for the outcome: who saw the end has a record of it.
            last = out + writer.end()
            ending = Ending(OutcomeKind.ANSWERED, status=200)
            break
        if isinstance(came, Gone):
            yield Abort()
            ending = Ending(OutcomeKind.CLIENT_GONE, status=200)
            break
        if isinstance(came, (Fault, Ended)):
            fault = came if isinstance(came, Fault) else None
            code, ending = ended_by(fault) if fault else (Failure.UPSTREAM_FAULT, Ending(_BROKEN))
            last = outgoing.case.door.event(_rendered(code, outgoing))
            break
        if out:
            tally.add(out)
            yield Send(out)
    gone = ending.kind is OutcomeKind.CLIENT_GONE
    if last and not gone:
        tally.add(last)
    ending.answer, ending.delivered = tally.digest(), tally.size
    ending.tokens_in, ending.tokens_out = relay.tokens_in, relay.tokens_out
    stopped = ending.kind is OutcomeKind.STOPPED
    ending.finish = ("content_filter",) if stopped else tuple(relay.finish.values())[:_CHOICES]
    yield record(outgoing, ending, judge)
    if last and not gone:
        yield Send(last)


_BROKEN = OutcomeKind.UPSTREAM_ERROR
