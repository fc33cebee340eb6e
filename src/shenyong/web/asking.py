"""Asking a model from the workbench: through the gateway's own door, like any program.

The same bytes that are inspected for the page are sent, so what the official sees beside the text
is what the gateway will decide upon; and the gateway decides, records and answers for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from shenyong.gateway.consider import Asked, Considered, consider, removable
from shenyong.gateway.ids import now_us
from shenyong.inspection import register
from shenyong.inspection.finding import Finding
from shenyong.protocols.door import CHAT
from shenyong.protocols.sse import Parser
from shenyong.redaction import Style, redact
from shenyong.registry import Caller, Model
from shenyong.review import Matter, Review, Source, may_be_drafted, sentence_at
from shenyong.review.frames import frame
from shenyong.web.context import Desk
from shenyong.web.keys import key_id, key_secret, use_key_id

PROMPT_PATH = "messages[1].content"
"""Where the official's own words stand in the request."""
_PATH = "/v1/chat/completions"
_encode = msgspec.json.Encoder().encode


class Destination(msgspec.Struct, frozen=True):
    """A model as the official sees it: where it stands, and up to which class it may be asked."""

    id: str
    environment: str
    level: str
    until: int


class Refused(msgspec.Struct, frozen=True):
    """The gateway did not send it, or the model could not be asked: what it said."""

    status: int
    code: str
    decision: str
    verdict: str
    points: tuple[str, ...]
    message: str


class Delta(msgspec.Struct, frozen=True):
    """A piece of the answer."""

    text: str


class Ended(msgspec.Struct, frozen=True):
    """The answer's end; `whole` is False where it was stopped."""

    decision: str
    verdict: str
    whole: bool


Event = Refused | Delta | Ended


def caller(desk: Desk, matter: Matter) -> Caller | None:
    """The key with which the workbench asks for the matter's official."""
    registry = desk.worker.world.registry
    classified = not may_be_drafted(matter.level)
    assessed = None if classified else registry.use_cases.get(matter.use_case)
    if assessed is not None and assessed.risk:
        key = registry.key(use_key_id(matter.responsible, assessed.id))
    else:
        key = registry.key(key_id(matter.responsible, classified=classified))
    return Caller(key, registry.use_case(key.use_case)) if key else None


def destinations(desk: Desk, matter: Matter) -> list[Destination]:
    """The models that may be asked, the closed ones first."""
    registry, at = desk.worker.world.registry, now_us()
    who = caller(desk, matter)
    found = []
    for model in registry.models_for(who.key) if who else ():
        environment, level = registry.effective(model, at)
        until = registry.confirmed_until(model, at) or 0
        found.append(Destination(model.id, environment.value, level.value if level else "", until))
    return sorted(found, key=lambda each: each.environment, reverse=True)


def body(review: Review, model: str, *, sources: Sequence[Source] = ()) -> bytes:
    """The request, as it is inspected and as it is sent."""
    messages = [
        {"role": "system", "content": frame(review.matter.template)},
        {"role": "user", "content": review.prompt},
        *(
            {"role": "user", "content": f"參考資料「{each.title}」：\n{each.text}"}
            for each in sources
        ),
    ]
    return _encode({"model": model, "messages": messages, "stream": True})


# guideline: ey-genai-2023:4
async def look(desk: Desk, review: Review, model_id: str) -> Considered | None:
    """What the gateway would decide on the prompt; None if the model or the key isn't there."""
    world = desk.worker.world
    who, model = caller(desk, review.matter), world.registry.models.get(model_id)
    if who is None or model is None or not review.prompt.strip():
        return None
    exchange = CHAT.read(body(review, model_id), world.limits)
    agency = review.matter.agency
    known: tuple[Finding, ...] = ()
    mine = world.registers.get(agency)
    suspects = mine.suspects(exchange.texts()) if mine else {}
    if suspects:
        prints = tuple(sorted({each.value for found in suspects.values() for each in found}))
        documents = await desk.worker.register.known(agency, prints)
        known = register.findings(suspects, documents, now_us())
    asked = Asked(who, model, now_us(), declared_of(review.matter))

    def inspect(sources: Any) -> tuple[Finding, ...]:
        still = {source.path for source in sources}
        return (*world.inspect(sources), *(each for each in known if each.path in still))

    return await asyncio.to_thread(
        lambda: consider(
            exchange.sources,
            asked,
            registry=world.registry,
            inspect=inspect,
            judge=world.judges[agency],
            style=Style.LABEL,
        )
    )


def declared_of(matter: Matter) -> str:
    """The class that the matter's level declares."""
    from shenyong.decision.gather import declared_class

    return declared_class(matter.level or "普通").value


def in_prompt(considered: Considered) -> list[Finding]:
    """The findings in the official's own words that weigh in the decision, in their order."""
    found = [
        each
        for each in considered.findings
        if each.path == PROMPT_PATH and (each.data_class is None or each.data_class.rank > 0)
    ]
    found.sort(key=lambda each: (each.start, -each.end))
    apart: list[Finding] = []
    for each in found:
        if not apart or each.start >= apart[-1].end:
            apart.append(each)
    return apart


# guideline: ey-genai-2023:4
def remedied(prompt: str, findings: Sequence[Finding]) -> str:
    """The prompt with these findings out: personal data by pseudonyms, the rest by sentences."""
    mine = [msgspec.structs.replace(each, path="prompt") for each in findings]
    cut = sorted((each for each in mine if not removable(each)), key=lambda each: -each.start)
    spans = sorted({sentence_at(prompt, each.start, each.end) for each in cut})
    kept = [
        each
        for each in mine
        if removable(each)
        and not any(start < each.end and each.start < end for start, end in spans)
    ]
    marked = prompt
    moved = list(kept)
    for start, end in reversed(spans):
        marked = marked[:start] + marked[end:]
        moved = [
            each
            if each.end <= start
            else msgspec.structs.replace(
                each, start=each.start - (end - start), end=each.end - (end - start)
            )
            for each in moved
        ]
    if moved:
        marked = redact({"prompt": marked}, moved, Style.LABEL).texts["prompt"]
    return marked.strip()


async def ask(
    desk: Desk,
    review: Review,
    model: Model,
    stop: asyncio.Event,
    *,
    confirm: str = "",
    approval: str = "",
    sources: Sequence[Source] = (),
) -> AsyncIterator[Event]:
    """Ask through the gateway. `stop` ends it as a client that goes away does."""
    who = caller(desk, review.matter)
    assert who is not None
    secret = key_secret(desk.pepper, who.key.id)
    headers = {
        "host": "workbench",  # a request without a host is no request (`gateway.framing`)
        "authorization": f"Bearer sk-sy-{who.key.id}-{secret}",
        "content-type": "application/json",
        "x-shenyong-classification": declared_of(review.matter),
        **({"x-shenyong-confirm": confirm} if confirm else {}),
        **({"x-shenyong-approval": approval} if approval else {}),
    }
    asked = body(review, model.id, sources=sources)
    sent: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
    given = False

    async def receive() -> Mapping[str, Any]:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": asked, "more_body": False}
        await stop.wait()
        return {"type": "http.disconnect"}

    async def run() -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": _PATH,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        try:
            await desk.gateway(scope, receive, sent.put)  # type: ignore[arg-type]
        finally:
            await sent.put(None)

    task = asyncio.create_task(run(), name="ask")
    try:
        async for event in _events(sent):
            yield event
    finally:
        stop.set()
        await asyncio.wait({task}, timeout=10)


async def _events(sent: asyncio.Queue[Mapping[str, Any] | None]) -> AsyncIterator[Event]:
    start = await sent.get()
    if start is None or start["type"] != "http.response.start":
        yield Refused(500, "internal", "", "", (), "")
        return
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    decision, verdict = told.get("x-request-id", ""), told.get("x-shenyong-decision", "allow")
    if start["status"] != 200:
        yield _refused(start["status"], told, await _whole(sent))
        return
    parser, finish, failed = Parser(), "", False
    while (message := await sent.get()) is not None:
        for event in parser.feed(message.get("body", b"")):
            if event.done:
                continue
            chunk = msgspec.json.decode(event.data)
            if "error" in chunk:
                failed = True
                continue
            for choice in chunk.get("choices", ()):
                finish = choice.get("finish_reason") or finish
                if text := choice.get("delta", {}).get("content"):
                    yield Delta(text)
    yield Ended(decision, verdict, finish == "stop" and not failed)


async def _whole(sent: asyncio.Queue[Mapping[str, Any] | None]) -> bytes:
    parts = []
    while (message := await sent.get()) is not None:
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _refused(status: int, headers: Mapping[str, str], said: bytes) -> Refused:
    try:
        error = msgspec.json.decode(said)["error"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        error = {}
    ours = error.get("shenyong") or {}
    return Refused(
        status,
        str(error.get("code") or ""),
        str(ours.get("decision_id") or headers.get("x-request-id", "")),
        str(ours.get("decision") or headers.get("x-shenyong-decision", "")),
        tuple(str(each) for each in ours.get("points", ())),
        str(error.get("message") or ""),
    )
