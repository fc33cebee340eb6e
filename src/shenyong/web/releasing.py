"""Release: the confirmed text as ODT, DOCX, PDF/A or plain, each with its disclosure and proof.

What is not confirmed goes out only as a draft that says so on every page. The files are made anew
from what was confirmed; their bytes are stored nowhere. Source: guideline points 5 and 6.
"""

from __future__ import annotations

# guideline: ey-genai-2023:5
# guideline: ey-genai-2023:6
import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import psycopg
from starlette.requests import Request
from starlette.responses import Response

from shenyong.disclosure import (
    Bundle,
    Confirmation,
    Level,
    NoFontError,
    Sheet,
    Signed,
    UnreadableError,
    claimed_by,
    from_document,
    lines_of,
    make_docx,
    new_number,
    notice,
    odt,
    payload_digest,
    pdf,
    seen,
    sidecar,
    signed,
    statement,
    suggested,
    verify_seen,
)
from shenyong.disclosure.verify import PLAIN, Result, Verdict
from shenyong.disclosure.visible import from_sidecar
from shenyong.ledger import ProofError
from shenyong.reading.documents import DocumentError
from shenyong.review import (
    Release,
    Review,
    Signature,
    Template,
    Who,
    actions,
    human_share,
    sections,
)
from shenyong.sandbox import readers
from shenyong.storage.matters import Changed
from shenyong.storage.proofs import receipt
from shenyong.web.context import Desk, Guest, now
from shenyong.web.matter import Change, changed, found
from shenyong.web.matter_page import facts
from shenyong.web.view import SECURITY, failed, field, files, not_found, page
from shenyong.web.words import iso, local
from shenyong.wording import text as words_of

Maker = Callable[..., bytes]
MAKERS: dict[str, tuple[Maker, str]] = {
    "odt": (odt, "application/vnd.oasis.opendocument.text"),
    "docx": (
        make_docx,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "pdf": (pdf, "application/pdf"),
}
_HEADINGS = {Template.LETTER: "函", Template.PETITION: "函", Template.MEMO: "簽"}
_ORDER = [Level.NONE, Level.ASSISTED, Level.GENERATED]
_PATIENCE = 8.0  # seconds that a checkpoint is waited for
_MOST_FILE = 32 * 1024 * 1024


def sheet_of(desk: Desk, review: Review, release: Release | None) -> Sheet:
    """What the document shows: with `release` as it was released, without as a draft."""
    matter = review.matter
    agency = desk.worker.world.registry.agencies[matter.agency]
    number = release.number if release else ""
    public = desk.settings.public.url
    share = human_share(review.model_text, review.text)
    level = Level(release.level) if release else suggested(review.model_text, review.text, share)
    return Sheet(
        agency=agency.name_zh,
        heading=_HEADINGS.get(matter.template, ""),
        title=matter.title,
        lines=lines_of(matter.template, review.text),
        level=level,
        notice=release.notice if release else "",
        number=number,
        number_words=words_of("disclosure.number", number=number) if number else "",
        link=f"{public}/r/{number}" if number and public else "",
        confirmed=release is not None,
        warning=words_of("disclosure.unconfirmed"),
        words_of=review.model,
        made=iso(release.at if release else now()),
    )


def plain(text: str, sheet: Sheet) -> bytes:
    """The text as a file of its own: with its disclosure, or with the warning of a draft."""
    lines = [text, "", sheet.notice, sheet.number_words]
    if not sheet.confirmed:
        lines = [f"【{sheet.warning}】", "", text]
    return ("\n".join(lines).strip() + "\n").encode("utf-8-sig")


def _renderings(text: str, sheet: Sheet) -> dict[str, str]:
    """What each format shows. Where there is no font for PDF, there is no PDF."""
    told = {PLAIN: seen(plain(text, sheet)).digest}
    for form, (make, _) in MAKERS.items():
        try:
            told[form] = seen(make(sheet)).digest
        except NoFontError:
            continue
    return told


def _signed(desk: Desk, signature: Signature) -> Signed:
    person = desk.person(signature.by)
    return Signed(
        signature.by,
        person.role.value if person else "",
        person.unit if person else "",
        iso(signature.at),
        signature.seconds,
        signature.hasty,
    )


def confirmation_of(
    desk: Desk, review: Review, release: Release, renderings: dict[str, str]
) -> Confirmation:
    """The predicate of the confirmation, from the review."""
    assert review.submitted is not None
    counts: dict[str, int] = {}
    for check in review.checks:
        word = "verified" if check.id in review.judgements else check.standing.value
        counts[f"{check.kind.value}:{word}"] = counts.get(f"{check.kind.value}:{word}", 0) + 1
    for gone in review.gone:
        name = f"gone:{gone.resolution.value}"
        counts[name] = counts.get(name, 0) + 1
    signature = review.countersigned
    return Confirmation(
        number=release.number,
        agency=review.matter.agency,
        pack=desk.settings.policy.pack,
        level=release.level,
        model=review.model,
        environment=review.environment,
        human_share=human_share(review.model_text, review.text),
        template=review.matter.template.value,
        act=review.act,
        declared=_signed(desk, review.submitted),
        countersigned=_signed(desk, signature) if signature else None,
        checks=counts,
        bases=tuple(each.kind.value for each in review.bases),
        statutes=desk.corpus.as_of if desk.corpus else "",
        decisions=tuple(each.decision for each in review.attempts if each.decision),
        renderings=renderings,
        nonce=secrets.token_hex(16),
    )


async def release(request: Request, desk: Desk, guest: Guest) -> Response:
    """Give the confirmed text its number, its disclosure and its proof."""
    matter_id = request.path_params["id"]
    review = await found(desk, guest, matter_id)
    if review is None:
        return not_found(desk, guest)
    change = await prepared(desk, guest.who, review, await field(request, "level"), now())
    return await changed(request, desk, guest, change, then="#release")


async def prepared(desk: Desk, who: Who, review: Review, wanted: str, at: int) -> Change:
    """The change that releases a confirmed text: its number, its notice, its signed statement.

    `wanted` is a level; one lower than the facts call for is raised to it.
    """
    share = human_share(review.model_text, review.text)
    least = suggested(review.model_text, review.text, share)
    level = Level(wanted) if wanted in {each.value for each in _ORDER} else least
    level = max(level, least, key=_ORDER.index)
    number = new_number(local(at).year - 1911)
    told = notice(level, facts(desk, review, at), desk.wording)
    made = Release(number, at, who.id, review.digest, level.value, told)
    payload, envelope = b"", ""
    if review.confirmed:
        renderings = await asyncio.to_thread(_renderings, review.text, sheet_of(desk, review, made))
        payload = statement(review.digest, confirmation_of(desk, review, made, renderings))
        key = desk.log_key(review.matter.agency)
        envelope = json.dumps(signed(payload, key))

    def change(each: Review) -> Changed:
        after = actions.released(each, who, made)
        step = desk.step(
            who, "release", at, subject=number, digest=payload_digest(payload),
            template=each.matter.template.value, level=level.value, model=each.model, share=share,
        )  # fmt: skip
        return Changed(after, (step,), payload, envelope)

    return change


async def bundle_of(desk: Desk, number: str) -> Bundle | None:
    """The confirmation of a release with its proof; waits for the log's next checkpoint."""
    kept = await desk.releases.kept(number)
    if kept is None:
        return None
    until = now() + int(_PATIENCE * 1_000_000)
    while True:
        try:
            proof = await asyncio.to_thread(
                receipt, desk.settings.database.dsn, kept.agency, kept.entry
            )
            break
        except (ProofError, psycopg.Error):
            if now() > until:
                return None
            await asyncio.sleep(0.2)
    leaf = await desk.releases.leaf(kept.agency, kept.entry)
    return Bundle(json.loads(kept.envelope), leaf, proof.text())


async def download(request: Request, desk: Desk, guest: Guest) -> Response:
    """The file in one format: confirmed, or as a draft that says so."""
    review = await found(desk, guest, request.path_params["id"])
    form = request.query_params.get("format", "odt")
    if review is None or not review.text or form not in (*MAKERS, "txt", "proof"):
        return not_found(desk, guest)
    stands = review.release if review.stage.value == "released" else None
    packed = ""
    if stands is not None:
        bundle = await bundle_of(desk, stands.number)
        if bundle is None:
            return failed(desk, guest, "web.error.no_checkpoint", 503)
        packed = bundle.packed()
    name = f"{review.matter.number}{'' if stands else '-未經確認'}"
    if form == "proof":
        if stands is None:
            return not_found(desk, guest)
        return _file(sidecar(packed, stands.number), "application/json", f"{name}.shenyong.json")
    sheet = sheet_of(desk, review, stands)
    if form == "txt":
        data = plain(review.text, sheet)
        return _file(data, "text/plain; charset=utf-8", f"{name}.txt")
    make, kind = MAKERS[form]
    try:
        data = await asyncio.to_thread(make, sheet, packed)
    except NoFontError:
        return failed(desk, guest, "web.error.no_font", 501)
    return _file(data, kind, f"{name}.{form}")


def _file(data: bytes, kind: str, name: str) -> Response:
    headers = {
        **SECURITY,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "x-shenyong-disclosure": "see file",
    }
    return Response(data, 200, headers, kind)


async def copying(request: Request, desk: Desk, guest: Guest) -> Response:
    """The text by its parts, to be pasted into the agency's document system."""
    review = await found(desk, guest, request.path_params["id"])
    if review is None or not review.text:
        return not_found(desk, guest)
    stands = review.release if review.stage.value == "released" else None
    values = {
        "nav": "home",
        "review": review,
        "matter": review.matter,
        "parts": sections(review.matter.template, review.text),
        "sheet": sheet_of(desk, review, stands),
    }
    return page(desk, guest, "copying.html", values)


async def verify_form(request: Request, desk: Desk, guest: Guest) -> Response:
    """The page into which a file is dropped."""
    return page(desk, guest, "verify.html", {"nav": "verify", "verdict": None, "problem": ""})


async def verify_file(request: Request, desk: Desk, guest: Guest) -> Response:
    """What a file is: genuine, altered since, voided, a draft, unknown."""
    given = await files(request, "file")
    proofs = await files(request, "proof")
    values: dict[str, Any] = {"nav": "verify", "verdict": None, "problem": "", "record": None}
    if not given:
        return page(desk, guest, "verify.html", {**values, "problem": "verify.no_file"}, status=400)
    data = await given[0].read(_MOST_FILE + 1)
    try:
        proof = from_sidecar(await proofs[0].read(_MOST_FILE)) if proofs else ""
        verdict = await verdict_of(desk, data, proof)
    except (UnreadableError, DocumentError):
        told = {**values, "problem": "verify.unreadable"}
        return page(desk, guest, "verify.html", told, status=400)
    values["verdict"] = verdict
    values["record"] = await desk.releases.record(verdict.number) if verdict.number else None
    values["file_name"] = (given[0].filename or "")[:120]
    return page(desk, guest, "verify.html", values)


async def verdict_of(desk: Desk, data: bytes, proof: str = "") -> Verdict:
    """A file's verdict, read in a process of its own; the register says whether it stands.

    Raises:
        UnreadableError, DocumentError: it can't be read as a document.
    """
    if len(data) > _MOST_FILE:
        raise UnreadableError("too large")
    shown = from_document(await readers().shown_soon(data))
    agency = claimed_by(shown, proof)
    if agency not in desk.worker.world.registry.agencies:
        agency = next(iter(desk.worker.world.registry.agencies), "")
    verdict = verify_seen(shown, desk.log_key(agency).verifying, proof)
    if verdict.result is Result.GENUINE:
        record = await desk.releases.record(verdict.number)
        if record is None or not record.stands:
            return Verdict(
                Result.VOIDED, verdict.format, verdict.number, verdict.confirmation, verdict.entry
            )
    return verdict
