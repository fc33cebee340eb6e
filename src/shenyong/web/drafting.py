"""Asking a model for a draft: what one types is looked at, then inspected, sent, and streamed."""

from __future__ import annotations

# guideline: ey-genai-2023:1
# guideline: ey-genai-2023:4
import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shenyong.protocols import prose
from shenyong.registry import Model
from shenyong.review import (
    Attempt,
    NotAllowed,
    Review,
    Source,
    actions,
    canonical,
    may_write,
)
from shenyong.storage.matters import Changed
from shenyong.web import asking
from shenyong.web.context import Desk, Guest, now
from shenyong.web.matter import MOST_TEXT, checks_of, found, shown
from shenyong.web.matter_page import finding_rows
from shenyong.web.view import SECURITY, explained, field, not_found, redirect
from shenyong.web.words import translator

_MOST_PROMPT = 200_000  # characters


async def look(request: Request, desk: Desk, guest: Guest) -> Response:
    """What would be decided on the words as they stand, for the page while one types."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None or not may_write(guest.who, review.matter):
        return not_found(desk, guest)
    prompt = (await field(request, "prompt")).replace("\r\n", "\n")[:_MOST_PROMPT]
    draft = msgspec.structs.replace(review, prompt=prompt)
    considered = await asking.look(desk, draft, await field(request, "model"))
    if considered is None:
        return _json({"rows": [], "action": "", "headline": ""})
    t = translator(guest.lang)
    findings = asking.in_prompt(considered)
    rows = [
        {**row, "start": _utf16(prompt, each.start), "end": _utf16(prompt, each.end),
         "advice": t(f"web.fix.{row['fix']}")}
        for row, each in zip(finding_rows(findings, t), findings, strict=True)
    ]  # fmt: skip
    plan = considered.plan
    headline = t(
        f"web.look.{plan.action}",
        count=len(rows),
        points=prose.points(plan.decision.points, guest.lang),
    )
    return _json({"rows": rows, "action": plan.action, "headline": headline})


def _utf16(text: str, at: int) -> int:
    """An offset as scripts count: UTF-16 units."""
    return len(text[:at].encode("utf-16-le")) // 2


def _json(value: Any) -> Response:
    return Response(json.dumps(value), 200, SECURITY, "application/json")


# guideline: ey-genai-2023:3
async def ask(request: Request, desk: Desk, guest: Guest) -> Response:
    """Inspect, decide, ask: streamed where the page asked for it, else whole."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    prompt = (await field(request, "prompt")).replace("\r\n", "\n")
    fix = await field(request, "fix")
    who = guest.who
    try:
        actions.drafting_allowed(review, who)
        if not prompt.strip():
            raise NotAllowed("no_prompt")
        if len(prompt) > _MOST_PROMPT:
            raise NotAllowed("too_long", most=_MOST_PROMPT, length=len(prompt))
        kept = await _keep_prompt(desk, guest, review, prompt)
        model = _model(desk, kept, await field(request, "model"))
        if fix:
            kept = await _remedied(desk, guest, kept, model.id, fix)
        if fix not in ("", "all"):
            return redirect(f"/m/{matter_id}?said=applied&model={model.id}#decision")
    except NotAllowed as refused:
        typed = msgspec.structs.replace(review, prompt=prompt)  # what was typed is not lost
        return await shown(request, desk, guest, typed, said=explained(guest, refused), status=409)
    wanted = Wanted(
        model,
        kept.sources if await field(request, "with_sources") == "yes" else (),
        await field(request, "confirm"),
        await field(request, "approval"),
    )
    way = _Way(desk, guest, kept, wanted)
    if request.headers.get("accept", "").startswith("text/event-stream"):
        return StreamingResponse(way.events(), 200, SECURITY, "text/event-stream")
    async for _ in way.events():
        pass
    return redirect(f"/m/{matter_id}{way.then}")


async def _keep_prompt(desk: Desk, guest: Guest, review: Review, prompt: str) -> Review:
    def change(each: Review) -> Changed:
        return Changed(actions.ask(each, guest.who, prompt))

    return await desk.matters.change(review.matter.id, change, now()) or review


def _model(desk: Desk, review: Review, wanted: str) -> Model:
    known = {each.id for each in asking.destinations(desk, review.matter)}
    if wanted not in known:
        raise NotAllowed("no_model")
    return desk.worker.world.registry.models[wanted]


async def _remedied(desk: Desk, guest: Guest, review: Review, model: str, fix: str) -> Review:
    """The prompt with all remedies applied, or one of them."""
    for _ in range(4):  # what is left is inspected again: a pseudonym may uncover a neighbour
        considered = await asking.look(desk, review, model)
        findings = asking.in_prompt(considered) if considered else []
        findings = [
            each for each in findings if each.data_class is not None or each.kind == "encoded"
        ]
        if fix != "all":
            number = int(fix) if fix.isascii() and fix.isdigit() and len(fix) < 9 else 0
            whole = asking.in_prompt(considered) if considered else []
            findings = whole[number - 1 : number] if number else []
        if not findings:
            break
        text = asking.remedied(review.prompt, findings)
        review = await _keep_prompt(desk, guest, review, text)
        if fix != "all":
            break
    return review


class Wanted(msgspec.Struct, frozen=True):
    """What is asked for: the model, the sources sent along, what was confirmed or approved."""

    model: Model
    sources: tuple[Source, ...] = ()
    confirm: str = ""
    approval: str = ""


class _Way:
    """One request to a model and what becomes of it. The text so far is kept, whatever happens."""

    def __init__(self, desk: Desk, guest: Guest, review: Review, wanted: Wanted) -> None:
        self._desk, self._guest, self._review = desk, guest, review
        self._model, self._wanted = wanted.model, wanted
        self._said: list[str] = []
        self.then = ""

    async def events(self) -> AsyncIterator[bytes]:
        """Server-sent events for the page: ``text``, and at the end ``go`` with where to."""
        stop = asyncio.Event()
        done = False
        way = asking.ask(
            self._desk, self._review, self._model, stop,
            confirm=self._wanted.confirm, approval=self._wanted.approval,
            sources=self._wanted.sources,
        )  # fmt: skip
        try:
            yield _event("begun", "")
            async for event in way:
                if isinstance(event, asking.Delta):
                    self._said.append(event.text)
                    yield _event("text", event.text)
                elif isinstance(event, asking.Refused):
                    await self._refused(event)
                    done = True
                else:
                    await self._ended(event.decision, event.verdict, whole=event.whole)
                    done = True
            yield _event("go", f"/m/{self._review.matter.id}{self.then}")
        finally:
            stop.set()
            if not done:  # the official pressed stop, or the line broke: the text so far is kept
                kept = asyncio.create_task(self._ended("", "", whole=False))
                await asyncio.shield(kept)

    async def _refused(self, refused: asking.Refused) -> None:
        if refused.code != "content_filter":
            self.then = "?said=failed&again=1"
            return
        attempt = Attempt(
            refused.decision, now(), refused.verdict or "deny", self._model.id,
            self._model.environment.value, refused.points,
        )  # fmt: skip
        await self._change(lambda each: actions.attempted(each, self._guest.who, attempt))
        self.then = f"?again=1&model={self._model.id}#decision"

    async def _ended(self, decision: str, verdict: str, *, whole: bool) -> None:
        whole_text = canonical("".join(self._said))
        text, whole = whole_text[:MOST_TEXT], whole and len(whole_text) <= MOST_TEXT
        at, who = now(), self._guest.who
        if not text:
            self.then = "?said=failed&again=1"
            return
        checks = await checks_of(self._desk, self._review, text)
        model = self._model
        answer = actions.Answer(text, model.id, model.environment.value, not whole)
        attempt = Attempt(decision, at, verdict or "allow", model.id, model.environment.value)

        def change(each: Review) -> Changed:
            after = actions.answered(actions.attempted(each, who, attempt), who, answer, checks, at)
            step = self._desk.step(
                who, "draft.answer", at, subject=each.matter.id, decision=decision, model=model.id,
                digest=self._desk.text_digest(who.agency, after.digest),
            )  # fmt: skip
            return Changed(after, (step,))

        await self._desk.matters.change(self._review.matter.id, change, at)
        self.then = "" if whole else "?said=stopped"

    async def _change(self, change: Callable[[Review], Review]) -> None:
        await self._desk.matters.change(
            self._review.matter.id, lambda each: Changed(change(each)), now()
        )


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
