"""The pages of a matter: begin one, ask, edit, judge, submit, countersign.

Every change goes through `desk.matters.change`: made from what is there at that moment, recorded
in the ledger in the same transaction. What `review` refuses is shown as its words on the page.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shenyong.inspection.finding import Finding
from shenyong.ledger import Step
from shenyong.protocols import prose
from shenyong.reading.passage import Source as Passage
from shenyong.registry import Role
from shenyong.review import (
    Attempt,
    Basis,
    BasisKind,
    Check,
    Material,
    Matter,
    NotAllowed,
    Review,
    Source,
    Stage,
    Template,
    actions,
    canonical,
    human_share,
    imitated,
    may_read,
    prepare,
    sentence_at,
)
from shenyong.review.frames import frame, skeleton
from shenyong.sandbox import readers
from shenyong.storage.matters import Changed, NumberTakenError
from shenyong.web import asking
from shenyong.web.context import Desk, Guest, now
from shenyong.web.keys import use_case_id
from shenyong.web.matter_page import finding_rows, matter_values, spans
from shenyong.web.view import (
    SECURITY,
    explained,
    field,
    fields,
    files,
    not_found,
    page,
    redirect,
)
from shenyong.web.words import translator

_NAMES = ("person_name",)
_MOST_TEXT = 1_000_000
_MOST_FILE = 16 * 1024 * 1024
_LEVELS = ("普通", "密", "機密", "極機密", "絕對機密")
Change = Callable[[Review], Changed]


async def found(desk: Desk, guest: Guest, matter_id: str) -> Review | None:
    """The matter, if there is one and this person may see it."""
    try:
        uuid.UUID(matter_id)
    except ValueError:
        return None
    review = await desk.matters.get(matter_id)
    return review if review is not None and may_read(guest.who, review.matter) else None


async def material(desk: Desk, review: Review, text: str) -> Material:
    """What a text is checked against: sources, the official's own words, statutes, names in it."""
    mine = Source("prompt", "您的提示", review.prompt)
    sources = (*review.sources, mine) if review.prompt else review.sources

    def look() -> tuple[Finding, ...]:
        inspect = desk.worker.world.inspect
        return tuple(inspect((Passage("text", text), Passage("prompt", review.prompt))))

    findings = await asyncio.to_thread(look)
    in_text = [each for each in findings if each.path == "text" and each.kind in _NAMES]
    in_prompt = [each for each in findings if each.path == "prompt"]
    return Material(
        sources,
        desk.corpus,
        spans(in_text, _NAMES),
        (),
        imitated(review.prompt, spans(in_prompt, _NAMES)),
    )


async def checks_of(desk: Desk, review: Review, text: str) -> tuple[Check, ...]:
    """The checks of a text, prepared beside the event loop."""
    clean = canonical(text)
    against = await material(desk, review, clean)
    return await asyncio.to_thread(prepare, clean, against)


# -- beginning ---------------------------------------------------------------------------------


async def new(request: Request, desk: Desk, guest: Guest) -> Response:
    """The form of a new matter."""
    return _new_form(desk, guest, {})


def _new_form(desk: Desk, guest: Guest, values: dict[str, Any], problem: str = "") -> Response:
    told = {
        "nav": "new",
        "templates": list(Template),
        "levels": _LEVELS,
        "values": {"number": "", "title": "", "template": "letter", "level": "普通", **values},
        "problem": problem,
    }
    return page(desk, guest, "new.html", told, status=400 if problem else 200)


async def begin(request: Request, desk: Desk, guest: Guest) -> Response:
    """A new matter."""
    told = {
        name: (await field(request, name)).strip()
        for name in ("number", "title", "template", "level")
    }
    told["number"], told["title"] = told["number"][:60], told["title"][:200]
    if not told["number"] or not told["title"]:
        return _new_form(desk, guest, told, "web.new.missing")
    if told["level"] not in _LEVELS or told["template"] not in list(Template):
        return _new_form(desk, guest, told, "web.new.missing")
    who, at = guest.who, now()
    assert guest.person is not None
    matter = Matter(
        str(uuid.uuid4()), who.agency, who.unit, told["number"], told["title"],
        Template(told["template"]), told["level"], use_case_id(who.agency), who.id, at,
        countersign=await field(request, "countersign") != "no",
    )  # fmt: skip
    review = Review(matter)
    try:
        step = desk.step(who, "matter.create", at, subject=matter.id, template=told["template"])
        await desk.matters.create(review, (step,))
    except NumberTakenError:
        return _new_form(desk, guest, told, "web.new.taken")
    return redirect(f"/m/{matter.id}")


# -- showing -----------------------------------------------------------------------------------


async def show(request: Request, desk: Desk, guest: Guest) -> Response:
    """The page of a matter."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None:
        return not_found(desk, guest)
    return await _page(request, desk, guest, review)


async def _page(
    request: Request, desk: Desk, guest: Guest, review: Review, said: str = "", status: int = 200
) -> Response:
    view = request.query_params.get("view", "marks")
    places = asking.destinations(desk, review.matter)
    chosen = _chosen(review, places, request.query_params.get("model", ""))
    considered = None
    fresh = review.stage is Stage.DRAFTING or request.query_params.get("again") == "1"
    if fresh and review.prompt:
        considered = await asking.look(desk, review, chosen)
    values = matter_values(
        desk,
        guest,
        review,
        considered=considered,
        places=places,
        chosen=chosen,
        trail=await desk.matters.steps(review.matter.id),
        view=view if view in ("marks", "changes", "clean") else "marks",
        at=now(),
    )
    flash = said or _flash(guest, request)
    values |= {"said": flash, "fresh": fresh, "frame": frame(review.matter.template)}
    values |= {"problem": bool(said), "opened": now(), "stream_words": _stream_words(guest)}
    return page(desk, guest, "matter.html", values, status=status)


def _flash(guest: Guest, request: Request) -> str:
    code = request.query_params.get("said", "")
    known = {"saved", "applied", "stopped", "failed", "submitted", "returned", "judged"}
    return translator(guest.lang)(f"web.said.{code}") if code in known else ""


def _stream_words(guest: Guest) -> str:
    t = translator(guest.lang)
    names = ("asking", "writing", "stopped", "stop", "seconds")
    return json.dumps({name: t(f"web.stream.{name}") for name in names}, ensure_ascii=False)


def _chosen(review: Review, places: Sequence[asking.Destination], wanted: str) -> str:
    known = [each.id for each in places]
    for name in (wanted, review.attempts[-1].model if review.attempts else ""):
        if name in known:
            return name
    return known[0] if known else ""


async def changed(
    request: Request, desk: Desk, guest: Guest, change: Change, *, then: str = ""
) -> Response:
    """Carry out a change and go back to the page; a refusal is said there, and nothing is lost."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    try:
        await desk.matters.change(matter_id, change, now())
    except NotAllowed as refused:
        now_there = await desk.matters.get(matter_id) or review
        return await _page(request, desk, guest, now_there, explained(guest, refused), 409)
    return redirect(f"/m/{matter_id}{then}")


# -- asking ------------------------------------------------------------------------------------


async def look(request: Request, desk: Desk, guest: Guest) -> Response:
    """What would be decided on the words as they stand, for the page while one types."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None:
        return not_found(desk, guest)
    import msgspec

    prompt = (await field(request, "prompt"))[:200_000].replace("\r\n", "\n")
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
        f"web.look.{plan.action}", count=len(rows), points=prose.points(plan.decision.points)
    )
    return _json({"rows": rows, "action": plan.action, "headline": headline})


def _utf16(text: str, at: int) -> int:
    """An offset as scripts count: UTF-16 units."""
    return len(text[:at].encode("utf-16-le")) // 2


def _json(value: Any) -> Response:
    return Response(json.dumps(value), 200, SECURITY, "application/json")


async def ask(request: Request, desk: Desk, guest: Guest) -> Response:
    """Inspect, decide, ask: streamed where the page asked for it, else whole."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    prompt = (await field(request, "prompt"))[:200_000]
    wanted = await field(request, "model")
    send_sources = await field(request, "with_sources") == "yes"
    fix = await field(request, "fix")
    confirm = await field(request, "confirm")
    approval = await field(request, "approval")
    who = guest.who
    try:
        actions.drafting_allowed(review, who)
        if not prompt.strip():
            raise NotAllowed("no_prompt")
        kept = await _keep_prompt(desk, guest, review, prompt)
        model = _model(desk, kept, wanted)
        if fix:
            kept = await _remedied(desk, guest, kept, model.id, fix)
        if fix not in ("", "all"):
            return redirect(f"/m/{matter_id}?said=applied&model={model.id}#decision")
    except NotAllowed as refused:
        return await _page(request, desk, guest, review, explained(guest, refused), 409)
    sources = kept.sources if send_sources else ()
    way = _Way(desk, guest, kept, model, sources, confirm, approval)
    if request.headers.get("accept", "").startswith("text/event-stream"):
        return StreamingResponse(way.events(), 200, SECURITY, "text/event-stream")
    async for _ in way.events():
        pass
    return redirect(f"/m/{matter_id}{way.then}")


async def _keep_prompt(desk: Desk, guest: Guest, review: Review, prompt: str) -> Review:
    def change(each: Review) -> Changed:
        return Changed(actions.ask(each, guest.who, prompt))

    return await desk.matters.change(review.matter.id, change, now()) or review


def _model(desk: Desk, review: Review, wanted: str) -> Any:
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
            number = int(fix) if fix.isdigit() else 0
            whole = asking.in_prompt(considered) if considered else []
            findings = whole[number - 1 : number] if number else []
        if not findings:
            break
        text = asking.remedied(review.prompt, findings)
        review = await _keep_prompt(desk, guest, review, text)
        if fix != "all":
            break
    return review


class _Way:
    """One request to a model and what becomes of it. The text so far is kept, whatever happens."""

    def __init__(
        self, desk: Desk, guest: Guest, review: Review, model: Any, sources: Sequence[Source],
        confirm: str, approval: str,
    ) -> None:  # fmt: skip
        self._desk, self._guest, self._review = desk, guest, review
        self._model, self._sources = model, sources
        self._confirm, self._approval = confirm, approval
        self._said: list[str] = []
        self.then = ""

    async def events(self) -> AsyncIterator[bytes]:
        """Server-sent events for the page: ``text``, and at the end ``go`` with where to."""
        stop = asyncio.Event()
        done = False
        way = asking.ask(
            self._desk, self._review, self._model, stop,
            confirm=self._confirm, approval=self._approval, sources=self._sources,
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
        text = canonical("".join(self._said))[:_MOST_TEXT]
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


# -- editing and judging -----------------------------------------------------------------------


async def edit(request: Request, desk: Desk, guest: Guest) -> Response:
    """The form in which the official writes."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None or review.matter.responsible != guest.who.id:
        return not_found(desk, guest)
    text = review.text or skeleton(review.matter.template)
    values = {"nav": "home", "review": review, "matter": review.matter, "text": text}
    return page(desk, guest, "edit.html", values)


async def save(request: Request, desk: Desk, guest: Guest) -> Response:
    """The text as the official wrote it. After a release this voids it; the form says so."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None:
        return not_found(desk, guest)
    text = (await field(request, "text"))[:_MOST_TEXT]
    return await _edited(request, desk, guest, review, text, then="?said=saved")


async def _edited(
    request: Request, desk: Desk, guest: Guest, review: Review, text: str, *, then: str = ""
) -> Response:
    checks = await checks_of(desk, review, text)
    at, who = now(), guest.who

    def change(each: Review) -> Changed:
        after = actions.edited(each, who, text, checks, at)
        steps: tuple[Step, ...] = ()
        if after.digest != each.digest:
            told = {"subject": each.matter.id, "digest": desk.text_digest(who.agency, after.digest)}
            steps = (
                desk.step(
                    who, "draft.edit", at, share=human_share(after.model_text, after.text), **told
                ),
            )
            if each.release is not None:
                voided = desk.step(who, "release.void", at, subject=each.release.number)
                steps = (*steps, voided)
        return Changed(after, steps)

    return await changed(request, desk, guest, change, then=then)


async def judge(request: Request, desk: Desk, guest: Guest) -> Response:
    """One check: verified, corrected, or removed."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    name, what = await field(request, "check"), await field(request, "what")
    words = (await field(request, "words"))[:2000]
    at, who = now(), guest.who
    check = next((each for each in review.checks if each.id == name), None)
    if check is not None and what == "remove":
        start, end = sentence_at(review.text, check.start, check.end)
        text = actions.without(review.text, start, end)
        return await _edited(request, desk, guest, review, text, then="#checks")
    if check is not None and what == "correct":
        text = actions.corrected(review.text, check, words)
        return await _edited(request, desk, guest, review, text, then="#checks")

    def change(each: Review) -> Changed:
        if what == "withdraw":
            return Changed(actions.withdrawn(each, who, name))
        after = actions.judged(each, who, name, words, at)
        kind = next(item.kind.value for item in each.checks if item.id == name)
        told = {"subject": each.matter.id, "kinds": {f"{kind}:verified": 1}}
        return Changed(after, (desk.step(who, "check.verify", at, **told),))

    return await changed(request, desk, guest, change, then="#checks")


async def source(request: Request, desk: Desk, guest: Guest) -> Response:
    """Add a source, by its words or as files; or take one out."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    who = guest.who
    gone = await field(request, "remove")
    given: list[Source] = []
    title, text = (await field(request, "title")).strip()[:200], await field(request, "text")
    if text.strip():
        given.append(
            Source(uuid.uuid4().hex[:12], title or "補充資料", canonical(text)[:_MOST_TEXT])
        )
    for each in await files(request, "file"):
        data = await each.read(_MOST_FILE + 1)
        made = await _read_file(each.filename or "", data)
        if made is None:
            refused = NotAllowed("unreadable_file", name=(each.filename or "")[:80])
            return await _page(request, desk, guest, review, explained(guest, refused), 400)
        given.append(made)

    def change(before: Review) -> Changed:
        after = actions.unsourced(before, who, gone) if gone else before
        for each in given:
            after = actions.sourced(after, who, each)
        return Changed(after)

    try:
        after = await desk.matters.change(matter_id, change, now())
    except NotAllowed as refused:
        return await _page(request, desk, guest, review, explained(guest, refused), 409)
    if after is not None and after.text:
        return await _edited(request, desk, guest, after, after.text, then="#sources")
    return redirect(f"/m/{matter_id}#sources")


async def _read_file(name: str, data: bytes) -> Source | None:
    """A file's words, read in a process of its own; None if it can't be read whole."""
    from shenyong.reading.documents import DocumentError

    if len(data) > _MOST_FILE:
        return None
    try:
        document = await readers().read_soon(name, data)
    except DocumentError:
        return None
    skipped = ("name", "properties", "styles")
    words = "\n".join(part.text for part in document.parts if part.path not in skipped)
    return Source(uuid.uuid4().hex[:12], name[:200], canonical(words)[:_MOST_TEXT])


async def submit(request: Request, desk: Desk, guest: Guest) -> Response:
    """The declaration: on exactly the text that was on the page."""
    at, who = now(), guest.who
    seen = await field(request, "digest")
    declared = await field(request, "declared") == "yes"
    hasty = await field(request, "hasty") == "yes"
    form = await fields(request)
    bases = [
        Basis(BasisKind(str(kind)), str(words))
        for kind, words in zip(form.getlist("basis_kind"), form.getlist("basis"), strict=False)
        if str(kind) in list(BasisKind) and str(words).strip()
    ]

    def change(each: Review) -> Changed:
        told = actions.based(each, who, bases) if bases else each
        after = actions.submitted(told, who, seen, declared=declared, hasty=hasty, at=at)
        signature = after.submitted
        assert signature is not None
        action = "draft.submit" if after.stage is Stage.SUBMITTED else "draft.confirm"
        return Changed(after, (_signed(desk, guest, after, action, at, signature),))

    return await _with_bases_kept(request, desk, guest, change, bases)


async def _with_bases_kept(
    request: Request, desk: Desk, guest: Guest, change: Change, bases: list[Basis]
) -> Response:
    """As `changed`; but what was typed as basis stays though the declaration is refused."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    try:
        await desk.matters.change(matter_id, change, now())
    except NotAllowed as refused:
        if bases:
            try:
                await desk.matters.change(
                    matter_id, lambda each: Changed(actions.based(each, guest.who, bases)), now()
                )
            except NotAllowed:
                pass
        there = await desk.matters.get(matter_id) or review
        return await _page(request, desk, guest, there, explained(guest, refused), 409)
    return redirect(f"/m/{matter_id}?said=submitted")


def _signed(desk: Desk, guest: Guest, review: Review, action: str, at: int, signature: Any) -> Step:
    who = guest.who
    counts: dict[str, int] = {}
    for check in review.checks:
        word = "verified" if check.id in review.judgements else check.standing.value
        name = f"{check.kind.value}:{word}"
        counts[name] = counts.get(name, 0) + 1
    return desk.step(
        who, action, at, subject=review.matter.id,
        digest=desk.text_digest(who.agency, review.digest),
        share=human_share(review.model_text, review.text), seconds=signature.seconds,
        hasty=signature.hasty, kinds=counts, template=review.matter.template.value,
    )  # fmt: skip


async def countersign(request: Request, desk: Desk, guest: Guest) -> Response:
    """Another person's word: countersigned, or sent back."""
    at, who = now(), guest.who
    seen = await field(request, "digest")
    what, comment = await field(request, "what"), await field(request, "comment")
    hasty = await field(request, "hasty") == "yes"
    opened_at = await field(request, "opened")
    opened = int(opened_at) if opened_at.isdigit() else at

    def change(each: Review) -> Changed:
        if what == "return":
            after = actions.returned(each, who, comment, at)
            return Changed(after, (desk.step(who, "draft.return", at, subject=each.matter.id),))
        after = actions.countersigned(each, who, seen, opened, hasty=hasty, at=at)
        signature = after.countersigned
        assert signature is not None
        return Changed(after, (_signed(desk, guest, after, "draft.countersign", at, signature),))

    return await changed(request, desk, guest, change)


async def recall(request: Request, desk: Desk, guest: Guest) -> Response:
    """The official takes the text back before it goes out."""
    at, who = now(), guest.who

    def change(each: Review) -> Changed:
        after = actions.recalled(each, who)
        return Changed(after, (desk.step(who, "draft.recall", at, subject=each.matter.id),))

    return await changed(request, desk, guest, change)


async def void(request: Request, desk: Desk, guest: Guest) -> Response:
    """A release is withdrawn."""
    at, who = now(), guest.who
    reason = await field(request, "reason")

    def change(each: Review) -> Changed:
        number = each.release.number if each.release else ""
        after = actions.voided(each, who, reason, at)
        return Changed(after, (desk.step(who, "release.void", at, subject=number),))

    return await changed(request, desk, guest, change)

