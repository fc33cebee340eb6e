"""A refusal over HTTP: what was found, where, under which point, and what to do about it.

Status 400, also when streaming: measured over seven clients, it is asked once, shown whole and
keeps its request id (ux.md 3.3, ADR 0031). The message comes first and stands alone, zh-TW before
English; the error object stays within 1,500 bytes because clients print all of it. The value that
was found is never in it: only what the detector masked.

Source: ux.md 3.3, rules a-h. What it leaves to others: deciding, and whether a key wants the
``message`` style.
"""

from __future__ import annotations

# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
from collections.abc import Iterable
from typing import Any

import msgspec

from shenyong.decision.facts import Decision
from shenyong.guideline.terms import DataClass, Verdict
from shenyong.inspection.finding import Finding
from shenyong.protocols import prose
from shenyong.protocols.openai_answer import Answer, Chunk, saying
from shenyong.protocols.rendered import JSON_TYPE, Headers, Rendered
from shenyong.wording import Lang, UnknownKeyError, text

ERROR_BYTES = 1500
"""The most that the error object takes, in bytes of UTF-8."""

CONFIRM_HEADER = "x-shenyong-confirm"
_FINDINGS = 5
_encode = msgspec.json.Encoder().encode
_CATEGORY = {
    DataClass.UNRELEASED: "unreleased",
    DataClass.PERSONAL: "personal_data",
    DataClass.PERSONAL_SPECIAL: "personal_data_special",
    DataClass.RESTRICTED: "classified",
    DataClass.CONFIDENTIAL: "classified",
    DataClass.SECRET: "classified",
    DataClass.TOP_SECRET: "classified",
}
_CATEGORY_OF_KIND = {
    "secret": "secret",
    "question_personal": "question",
    "question_confidential": "question",
    "produce_classified": "confidential_drafting",
    "encoded": "uninspectable",
}
CATEGORIES = tuple(dict.fromkeys((*_CATEGORY.values(), *_CATEGORY_OF_KIND.values(), "policy")))
"""All groups that `category` may say."""
_FIX = {
    "question": "rephrase",
    "confidential_drafting": "write_in_person",
    "uninspectable": "use_text",
    "classified": "remove_document",
}


class Alternative(msgspec.Struct, frozen=True):
    """A model that may receive this as it is; `up_to` says up to which class, in words."""

    model: str
    up_to: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """What is told about a decision against sending (or against showing more of an answer).

    `request_id` is the decision's id and the ledger's. `reason_zh` and `reason_en` are those of
    the rule that decided (the policies' annotations), said where nothing was found at a place.
    `link_base` is the scheme and host of our pages, without a slash at the end; empty for none.
    `confirmable` says that the caller may confirm that it asks for nothing of the kind.
    `output` is set where the answer, not the request, was stopped.
    """

    request_id: str
    decision: Decision
    findings: tuple[Finding, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    link_base: str = ""
    reason_zh: str = ""
    reason_en: str = ""
    appealable: bool = True
    output: bool = False
    confirmable: bool = False


def category(finding: Finding) -> str:
    """The group of a finding's kind, as it stands in ``content_filter_result``."""
    known = _CATEGORY_OF_KIND.get(finding.kind)
    if known is None and finding.data_class is not None:
        known = _CATEGORY.get(finding.data_class)
    return known or "policy"


def kind_name(kind: str, lang: Lang = "zh_TW") -> str:
    """What a kind of finding is called."""
    try:
        return text(f"kind.{kind}", lang)
    except UnknownKeyError:
        return text("kind.other", lang)


def explain(refusal: Refusal) -> str:
    """The message: zh-TW, complete in itself, then one English clause in parentheses."""
    return _message(refusal, alternatives=True)


def _message(refusal: Refusal, *, alternatives: bool) -> str:
    decision = refusal.decision
    points = prose.points(decision.points) or text("refusal.rule")
    held = decision.verdict is Verdict.APPROVE
    opening = "stopped" if refusal.output else "held" if held else "not_sent"
    said = text(f"refusal.{opening}", points=points)
    if refusal.findings:
        said += _found(refusal.findings)
    elif refusal.reason_zh:
        said += _clip(refusal.reason_zh, 120).rstrip("。") + "。"
    if not refusal.output:
        said += text(f"remedy.{_fix(refusal)}")
        if refusal.confirmable:
            said += text("remedy.confirm", header=CONFIRM_HEADER, id=refusal.request_id)
        if alternatives and refusal.alternatives:
            said += text("remedy.alternative", model=_clip(refusal.alternatives[0].model, 64))
        said += "。"
    if refusal.link_base:
        link = f"{_clip(refusal.link_base, 120)}/d/{refusal.request_id}"
        said += text("refusal.link", link=link)
    what = ", ".join(text(f"category.{name}", "en") for name in _categories(refusal)[:3])
    if not refusal.findings and refusal.reason_en:
        what = _clip(refusal.reason_en, 120).rstrip(".")
    point = prose.points(decision.points, "en") or text("refusal.rule", "en")
    return f"{said} ({text(f'refusal.short.{opening}', 'en', points=point, what=what)})"


def _found(findings: tuple[Finding, ...]) -> str:
    first = findings[0]
    masked = f"（{_clip(first.masked, 40)}）" if first.masked else ""
    where = prose.place(first.path, first.start, first.end)
    said = text("refusal.found", place=where, kind=kind_name(first.kind)) + masked
    if len(findings) > 1:
        said += text("refusal.found_more", count=len(findings) - 1)
    return said + "。"


def _categories(refusal: Refusal) -> list[str]:
    """The groups of what was found, each once, in order; ``policy`` where nothing was."""
    return list(dict.fromkeys(category(finding) for finding in refusal.findings)) or ["policy"]


def _fix(refusal: Refusal) -> str:
    if not refusal.findings:
        return "approve" if refusal.decision.verdict is Verdict.APPROVE else "other_way"
    return _FIX.get(category(refusal.findings[0]), "delete")


def _clip(value: str, longest: int) -> str:
    value = " ".join(value.split())
    return value if len(value) <= longest else value[: longest - 1] + "…"


def _finding(number: int, finding: Finding) -> dict[str, object]:
    return {
        "id": number,
        "path": _clip(finding.path, 120),
        "start": finding.start,
        "end": finding.end,
        "unit": "codepoint",
        "kind": finding.kind,
        "masked": _clip(finding.masked, 40),
        "fix": {"op": _FIX.get(category(finding), "delete")},
    }


def error(refusal: Refusal) -> dict[str, Any]:
    """The error object, within `ERROR_BYTES`; what had to be left out shows in the totals."""
    decision, findings = refusal.decision, refusal.findings
    listed = [_finding(number, found) for number, found in enumerate(findings[:_FINDINGS], 1)]
    rules = list(decision.rules[:4])
    alternatives = [
        {"model": _clip(other.model, 64), "up_to": _clip(other.up_to, 20)}
        for other in refusal.alternatives[:3]
    ]
    result = {name: {"filtered": True, "detected": True} for name in _categories(refusal)}
    said: dict[str, Any] = {
        "message": explain(refusal),
        "type": "invalid_request_error",
        "param": _clip(findings[0].path, 120) if findings else None,
        "code": "content_filter",
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": result},
        "shenyong": {
            "decision_id": refusal.request_id,
            "decision": decision.verdict.word,
            "points": list(decision.points),
            "rules": rules,
            "findings": listed,
            "findings_total": len(findings),
            "alternatives": alternatives,
            "appealable": refusal.appealable,
        },
    }
    if refusal.confirmable:
        said["shenyong"]["confirm"] = {"header": CONFIRM_HEADER, "value": refusal.request_id}
    while len(_encode(said)) > ERROR_BYTES:  # the least telling first, the message last
        if len(listed) > 1:
            listed.pop()
        elif len(alternatives) > 1:
            alternatives.pop()
        elif len(rules) > 1:
            rules.pop()
        elif len(result) > 1:
            result.popitem()
        elif listed:
            listed.pop()
        elif rules or alternatives:
            rules.clear()
            alternatives.clear()
            said["message"] = _message(refusal, alternatives=False)
        else:
            said["message"] = _clip(said["message"], len(said["message"]) * 3 // 4)
    return said


def headers(refusal: Refusal) -> Headers:
    """The headers of a refusal, whatever its style; no content type."""
    points = ",".join(refusal.decision.points)
    return (
        ("x-request-id", refusal.request_id),
        ("x-should-retry", "false"),
        ("x-shenyong-decision", refusal.decision.verdict.word),
        *((("x-shenyong-points", points),) if points else ()),
        ("content-language", "zh-TW"),
    )


def render(refusal: Refusal) -> Rendered:
    """The refusal as an error: 400, also for a request that wanted a stream."""
    return Rendered(400, (JSON_TYPE, *headers(refusal)), _encode({"error": error(refusal)}))


def as_answer(refusal: Refusal, model: str, created: int, n: int = 1) -> Answer:
    """The refusal as an answer of the assistant (``denial_style = "message"``).

    `created` in seconds since 1970; `n` answers, as many as were asked for.
    """
    number = f"chatcmpl-{refusal.request_id}"
    said = explain(refusal)
    return saying(said, "content_filter", id=number, created=created, model=model, n=n)


def as_chunks(refusal: Refusal, model: str, created: int, n: int = 1) -> list[Chunk]:
    """The refusal as a stream of an assistant's answer."""
    opening = Chunk(f"chatcmpl-{refusal.request_id}", "chat.completion.chunk", created, model, [])
    return stopped(refusal, opening, range(n), separator="")


def stopped(
    refusal: Refusal, like: Chunk, indexes: Iterable[int], *, separator: str = "\n\n"
) -> list[Chunk]:
    """What ends a stream whose output was stopped: explanation and ``content_filter``.

    `like` is any chunk of the stream (its id, time and model go on); `indexes` are the choices
    that have not ended yet.
    """
    said = separator + explain(refusal)
    chunks: list[Chunk] = []
    for index in indexes:
        channel = f"choices[{index}].content"
        chunk = like.speaking({channel: said}, finish=None)
        if not separator:
            chunk.choices[0].delta.role = "assistant"
        chunks.append(chunk)
        chunks.append(like.ending(index, "content_filter"))
    return chunks
