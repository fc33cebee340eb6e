"""The page of one matter, from what is kept of it: values for its template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shenyong.decision import explain
from shenyong.disclosure import Facts, Level, lines_of, notice, suggested
from shenyong.gateway.consider import Considered
from shenyong.inspection.finding import Finding
from shenyong.registry import Role
from shenyong.review import (
    Kind,
    Review,
    Span,
    Stage,
    human_share,
    may_be_drafted,
    may_countersign,
    may_write,
    pieces,
    reading_seconds,
    sections,
)
from shenyong.storage.matters import StepTaken
from shenyong.web.asking import Destination, in_prompt
from shenyong.web.context import Desk, Guest
from shenyong.web.words import day, translator

_CLASS = {"unreleased": "doc", "marking": "doc", "secret": "doc"}


def runs(text: str, marks: Sequence[tuple[int, int, int, str]]) -> list[dict[str, Any]]:
    """A text cut at its marks: (start, end, number, class); what overlaps is one."""
    found, at = [], 0
    for start, end, number, kind in sorted(marks):
        if start < at or end <= start:
            continue
        if start > at:
            found.append({"text": text[at:start], "number": 0, "kind": ""})
        found.append({"text": text[start:end], "number": number, "kind": kind})
        at = end
    found.append({"text": text[at:], "number": 0, "kind": ""})
    return found


def finding_rows(findings: Sequence[Finding], t: Any) -> list[dict[str, Any]]:
    """The findings in the prompt, as the table beside it shows them."""
    rows = []
    for number, each in enumerate(findings, 1):
        personal = each.data_class is not None and each.data_class.value == "D2"
        fix = "replace" if personal else "remove"
        if each.data_class is None and each.kind != "encoded":
            fix = "confirm"
        rows.append(
            {
                "number": number,
                "masked": each.masked,
                "kind": t(f"kind.{each.kind}"),
                "fix": fix,
                "class": _CLASS.get(each.kind, "pii"),
                "likely": each.likelihood.value,
            }
        )
    return rows


def decision_values(
    desk: Desk, guest: Guest, review: Review, considered: Considered | None
) -> dict[str, Any] | None:
    """What is known of the prompt as it is now: what would be decided, why, and what helps."""
    if considered is None:
        return None
    found = in_prompt(considered)
    plan = considered.plan
    judge = desk.worker.world.judges[review.matter.agency]
    reasons = explain(plan.decision, judge.pack, judge.agency_packs)
    t = translator(guest.lang)
    marks = [
        (each.start, each.end, number, _CLASS.get(each.kind, "pii"))
        for number, each in enumerate(found, 1)
    ]
    return {
        "action": plan.action,
        "verdict": plan.verdict.word,
        "points": plan.decision.points,
        "reasons": [each.en if guest.lang == "en" else each.zh for each in reasons],
        "rows": finding_rows(found, t),
        "runs": runs(review.prompt, marks),
        "removable": [each for each in finding_rows(found, t) if each["fix"] != "confirm"],
        "confirmable": any(each.op == "confirm_question" for each in plan.remedies),
        "elsewhere": [each.model for each in plan.remedies if each.op == "reroute"],
        "approvable": any(each.op == "ask_approver" for each in plan.remedies),
    }


def check_rows(review: Review, t: Any) -> list[dict[str, Any]]:
    """The checks, numbered as in the text."""
    rows: list[dict[str, Any]] = []
    for number, check in enumerate(review.checks, 1):
        word = review.judgements.get(check.id)
        params = dict(check.params)
        if check.kind is Kind.ACT_PART:
            params["part"] = t(f"act_part.{params['part']}")
        rows.append(
            {
                "number": number,
                "check": check,
                "params": params,
                "settled": review.settled(check),
                "judgement": word,
                "removable": bool(check.end),
            }
        )
    rows.sort(key=lambda each: bool(each["settled"]))
    return rows


def draft_values(review: Review, view: str) -> dict[str, Any]:
    """The draft as it is shown: with marks, with what was changed, or clean."""
    share = human_share(review.model_text, review.text)
    values: dict[str, Any] = {"share": share, "view": view}
    if view == "changes":
        values["pieces"] = pieces(review.model_text, review.text)
        return values
    lines, at = [], 0
    marks = [
        (check.start, check.end, number, "chk")
        for number, check in enumerate(review.checks, 1)
        if check.end
    ]
    for line in review.text.split("\n"):
        stop = at + len(line)
        mine = [
            (max(start, at) - at, min(end, stop) - at, number, kind)
            for start, end, number, kind in marks
            if start < stop and end > at
        ]
        shown = runs(line, mine if view == "marks" else [])
        shape = lines_of(review.matter.template, line)
        values_of = {"runs": shown, "shape": shape[0].shape.value if shape else "plain"}
        lines.append(values_of)
        at = stop + 1
    values["lines"] = lines
    return values


def disclosure_values(desk: Desk, guest: Guest, review: Review, at: int) -> dict[str, Any]:
    """The level that the facts call for, and what would be said."""
    level = suggested(review.model_text, review.text, human_share(review.model_text, review.text))
    return {"level": level, "notice": notice(level, facts(desk, review, at), desk.wording)}


def facts(desk: Desk, review: Review, at: int) -> Facts:
    """What a disclosure speaks of."""
    official = desk.person(review.matter.responsible)
    name = official.name if official else review.matter.responsible
    contact = desk.settings.web.contact or review.matter.unit
    return Facts(name, review.matter.unit, review.model, day(at).replace(" ", ""), contact)


def steps(review: Review) -> list[dict[str, Any]]:
    """The five steps above the page, and which one it is."""
    order = [Stage.DRAFTING, Stage.JUDGING, Stage.SUBMITTED, Stage.CONFIRMED, Stage.RELEASED]
    at = order.index(review.stage)
    done = {
        "prompt": bool(review.text),
        "draft": bool(review.text),
        "judge": at >= 2,
        "countersign": at >= 3,
        "release": at >= 4,
    }
    current = next((name for name, is_done in done.items() if not is_done), "release")
    return [
        {"name": name, "done": is_done, "now": name == current} for name, is_done in done.items()
    ]


def matter_values(
    desk: Desk,
    guest: Guest,
    review: Review,
    *,
    considered: Considered | None,
    places: list[Destination],
    chosen: str,
    trail: list[StepTaken],
    view: str,
    at: int,
) -> dict[str, Any]:
    """All that the page of a matter shows."""
    who, matter = guest.who, review.matter
    people = desk.worker.world.registry.people
    official = people.get(matter.responsible)
    last = review.attempts[-1] if review.attempts else None
    seconds = (at - review.shown) // 1_000_000
    return {
        "nav": "home" if matter.responsible == who.id or Role.AUDITOR in who.roles else "queue",
        "review": review,
        "matter": matter,
        "official": official,
        "may_write": may_write(who, matter),
        "may_countersign": may_countersign(who, matter),
        "may_be_drafted": may_be_drafted(matter.level),
        "open": review.stage.value in ("drafting", "judging"),
        "steps": steps(review),
        "decision": decision_values(desk, guest, review, considered),
        "last": last,
        "refused": sum(each.verdict in ("deny", "approve") for each in review.attempts),
        "passed": sum(each.verdict in ("allow", "redact") for each in review.attempts),
        "places": places,
        "chosen": chosen,
        "checks": check_rows(review, translator(guest.lang)),
        "draft": draft_values(review, view) if review.text else None,
        "disclosure": disclosure_values(desk, guest, review, at) if review.text else None,
        "sections": sections(matter.template, review.text),
        "trail": [
            {"step": each, "who": people[each.actor].name if each.actor in people else each.actor}
            for each in trail
        ],
        "needed": reading_seconds(review.text),
        "quick": bool(review.text) and seconds < reading_seconds(review.text),
        "statutes": desk.corpus.as_of if desk.corpus else "",
        "levels": [each for each in Level if each is not Level.SERVICE],
    }


def spans(findings: Sequence[Finding], kinds: Sequence[str]) -> tuple[Span, ...]:
    """Findings of some kinds as the runs that checks are made of."""
    return tuple(Span(each.start, each.end) for each in findings if each.kind in kinds)
