"""What a person contributed to a text, to take away: evidence of authorship (point 7).

A work is protected as far as a person made it; the tool's part is not (經濟部智慧財產局電子郵件
1111031 號函釋). So the record says what the model wrote and what the official changed, in figures
and, for whoever may read the matter, run by run; who judged what; and under which entries of the
ledger all this stands, which anybody can prove.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
import asyncio
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from shenyong.review import Review, human_share, pieces
from shenyong.storage.matters import StepTaken
from shenyong.web import sheets
from shenyong.web.context import Desk, Guest, now
from shenyong.web.matter import found
from shenyong.web.view import not_found
from shenyong.web.words import moment, translator
from shenyong.wording import Lang

Row = tuple[str, str]


async def taken(request: Request, desk: Desk, guest: Guest) -> Response:
    """The record of a matter's text as a table: ``?as=ods``, ``csv`` or ``json``."""
    review = await found(desk, guest, request.path_params["id"])
    form = request.query_params.get("as", "ods")
    if review is None or not review.text or form not in sheets.FORMATS:
        return not_found(desk, guest)
    steps = await desk.matters.steps(review.matter.id)
    rows = await asyncio.to_thread(lambda: list(_rows(desk, review, steps, guest.lang)))
    step = desk.admin(guest.actor, "contribution.export", now(), subject=review.matter.id)
    await asyncio.to_thread(desk.records.note, step)
    t = translator(guest.lang)
    name = f"contribution-{review.release.number}" if review.release else "contribution"
    heads = (t("contribution.item"), t("contribution.value"))
    return sheets.given(sheets.Sheet(name, t("contribution.title"), heads, rows), form)


def _rows(desk: Desk, review: Review, steps: list[StepTaken], lang: Lang) -> Iterator[Row]:
    t = translator(lang)
    matter, person = review.matter, desk.person(review.matter.responsible)
    runs = pieces(review.model_text, review.text)
    weigh = {"same": 0, "add": 0, "remove": 0}
    for run in runs:
        weigh[run.op] += len("".join(run.text.split()))
    yield t("web.matter.number"), matter.number
    yield t("web.matter.official"), person.name if person else matter.responsible
    yield t("contribution.model"), review.model or t("web.none")
    yield t("contribution.share"), f"{human_share(review.model_text, review.text)}%"
    yield t("contribution.kept"), str(weigh["same"])
    yield t("contribution.added"), str(weigh["add"])
    yield t("contribution.removed"), str(weigh["remove"])
    yield t("contribution.digest"), review.digest
    yield t("contribution.judged"), str(len(review.judgements) + len(review.gone))
    if review.submitted is not None:
        yield t("contribution.seconds"), str(review.submitted.seconds)
    if review.release is not None:
        yield t("contribution.release"), review.release.number
    for step in steps:
        actor = desk.person(step.actor)
        who = actor.name if actor else step.actor
        told = f"{moment(step.at, lang)} {who} {t('gov.entry', number=step.entry)} {step.digest}"
        yield t(f"action.{step.action}"), told
    for run in runs:
        if run.op != "same" and run.text.strip():
            yield t(f"contribution.run.{run.op}"), run.text[:2000]
