"""Editing, judging, submitting, countersigning, voiding: the person's part (points 2 and 5)."""

from __future__ import annotations

# guideline: ey-genai-2023:2
# guideline: ey-genai-2023:5
import contextlib
import uuid

from starlette.requests import Request
from starlette.responses import Response

from shenyong.ledger import Step
from shenyong.review import (
    Basis,
    BasisKind,
    NotAllowed,
    Review,
    Signature,
    Source,
    Stage,
    Who,
    actions,
    canonical,
    human_share,
    sentence_at,
)
from shenyong.review.frames import skeleton
from shenyong.sandbox import readers
from shenyong.storage.matters import Changed
from shenyong.web.context import Desk, Guest, now
from shenyong.web.matter import MOST_TEXT, Change, changed, checks_of, found, shown
from shenyong.web.view import explained, field, fields, files, not_found, page, redirect

_MOST_FILE = 16 * 1024 * 1024


async def edit(request: Request, desk: Desk, guest: Guest) -> Response:
    """The form in which the official writes."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None or review.matter.responsible != guest.who.id:
        return not_found(desk, guest)
    text = review.text or skeleton(review.matter.template)
    values = {"nav": "home", "review": review, "matter": review.matter, "text": text}
    return page(desk, guest, "edit.html", {**values, "problem": "", "newer": ""})


async def save(request: Request, desk: Desk, guest: Guest) -> Response:
    """The text as the official wrote it. After a release this voids it; the form says so."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None:
        return not_found(desk, guest)
    text = await field(request, "text")
    seen = await field(request, "digest")
    if len(text) > MOST_TEXT:
        refused = NotAllowed("too_long", most=MOST_TEXT, length=len(text))
        values = {"nav": "home", "review": review, "matter": review.matter, "text": text}
        values |= {"problem": explained(guest, refused), "newer": ""}
        return page(desk, guest, "edit.html", values, status=413)
    if seen not in ("", review.digest) and canonical(text) != review.text:
        # Somebody, or another tab, changed it meanwhile: both texts are there, none is lost.
        refused = NotAllowed("changed_meanwhile")
        values = {"nav": "home", "review": review, "matter": review.matter, "text": text}
        values |= {"problem": explained(guest, refused), "newer": review.text}
        return page(desk, guest, "edit.html", values, status=409)
    return await _edited(request, desk, guest, review, text, then="?said=saved")


async def _edited(
    request: Request, desk: Desk, guest: Guest, review: Review, text: str, *, then: str = ""
) -> Response:
    checks = await checks_of(desk, review, text)
    at, who = now(), guest.who

    def change(each: Review) -> Changed:
        if each.digest != review.digest:  # what was changed is no longer what was seen
            raise NotAllowed("other_text")
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
    if len(text) > MOST_TEXT:
        refused = NotAllowed("too_long", most=MOST_TEXT, length=len(text))
        return await shown(request, desk, guest, review, said=explained(guest, refused), status=413)
    if text.strip():
        given.append(Source(uuid.uuid4().hex[:12], title or "補充資料", canonical(text)))
    for each in await files(request, "file"):
        data = await each.read(_MOST_FILE + 1)
        made = await _read_file(each.filename or "", data)
        if made is None:
            refused = NotAllowed("unreadable_file", name=(each.filename or "")[:80])
            return await shown(
                request, desk, guest, review, said=explained(guest, refused), status=400
            )
        given.append(made)

    def change(before: Review) -> Changed:
        after = actions.unsourced(before, who, gone) if gone else before
        for each in given:
            after = actions.sourced(after, who, each)
        return Changed(after)

    try:
        after = await desk.matters.change(matter_id, change, now())
    except NotAllowed as refused:
        return await shown(request, desk, guest, review, said=explained(guest, refused), status=409)
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
    if len(words) > MOST_TEXT:
        return None
    return Source(uuid.uuid4().hex[:12], name[:200], canonical(words))


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
        return Changed(after, (signed_step(desk, who, after, action, signature),))

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
            with contextlib.suppress(NotAllowed):
                await desk.matters.change(
                    matter_id, lambda each: Changed(actions.based(each, guest.who, bases)), now()
                )
        there = await desk.matters.get(matter_id) or review
        return await shown(request, desk, guest, there, said=explained(guest, refused), status=409)
    return redirect(f"/m/{matter_id}?said=submitted")


def signed_step(desk: Desk, who: Who, review: Review, action: str, signature: Signature) -> Step:
    """The entry that says who signed which text, after how long, and what became of its checks."""
    counts: dict[str, int] = {}
    for check in review.checks:
        word = "verified" if check.id in review.judgements else check.standing.value
        name = f"{check.kind.value}:{word}"
        counts[name] = counts.get(name, 0) + 1
    return desk.step(
        who, action, signature.at, subject=review.matter.id,
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
    told = await field(request, "opened")
    opened = desk.opened_at(who, request.path_params["id"], told) or at

    def change(each: Review) -> Changed:
        if what == "return":
            after = actions.returned(each, who, comment, at)
            return Changed(after, (desk.step(who, "draft.return", at, subject=each.matter.id),))
        after = actions.countersigned(each, who, seen, opened, hasty=hasty, at=at)
        signature = after.countersigned
        assert signature is not None
        return Changed(after, (signed_step(desk, who, after, "draft.countersign", signature),))

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
