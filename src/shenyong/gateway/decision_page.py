"""The page behind a refusal's link: what was decided, by which point, and by which rules.

It shows what the ledger holds and nothing else, so it can show no content. Who has the link has the
id of the decision, which nobody guesses (74 random bits). No script, no cookie, nothing fetched.
"""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
from collections.abc import Sequence
from html import escape
from importlib import resources

import msgspec

from shenyong.decision import Judge
from shenyong.gateway.commands import Headers
from shenyong.ledger import Decided, Intent, OutcomeKind
from shenyong.protocols import prose
from shenyong.storage.decisions import Recorded
from shenyong.wording import Lang, UnknownKeyError, text

_INSPECTED = (OutcomeKind.ANSWERED, OutcomeKind.STOPPED)  # whole, so that counts say something
_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


@functools.cache
def _style() -> str:
    return (resources.files(__package__) / "decision_page.css").read_text("utf-8")


@functools.cache
def headers() -> Headers:
    """The page's headers: no script, no frame, no cache, and no style but this one."""
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    )


class Shown(msgspec.Struct, frozen=True):
    """What the page shows of one decision."""

    recorded: Recorded
    reasons: tuple[tuple[str, str], ...]  # zh-TW and English, one for each rule


def shown(recorded: Recorded, judge: Judge) -> Shown:
    """The entry with the reasons of its rules, as far as the packs now in force have them."""
    rules = recorded.entry.rules + (recorded.outcome.rules if recorded.outcome else ())
    found = [judge.policies[rule] for rule in dict.fromkeys(rules) if rule in judge.policies]
    return Shown(recorded, tuple((each.reason_zh, each.reason_en) for each in found))


def page(decision: Shown) -> bytes:
    """The page of one decision."""
    entry, outcome = decision.recorded.entry, decision.recorded.outcome
    called = isinstance(entry, Intent)
    stopped = outcome is not None and outcome.outcome is OutcomeKind.STOPPED
    key = f"page.{_state(entry, stopped=stopped)}"
    when = datetime.datetime.fromtimestamp(entry.at / 1e6, _TAIPEI)
    date = f"{when.year - 1911} 年 {when.month} 月 {when.day} 日 {when:%H:%M:%S}"
    points = prose.points(
        tuple(dict.fromkeys((*entry.points, *(outcome.points if outcome else ()))))
    )
    facts = [
        (_say("page.id"), f"<code>{escape(entry.request)}</code>"),
        (_say("page.time"), f'<time datetime="{when.isoformat(timespec="seconds")}">{date}</time>'),
        (_say("page.point"), escape(points or text("refusal.rule"))),
        (_say("page.model"), f"{escape(entry.model)}（{escape(entry.environment)}）"),
        (_say("page.found"), _kinds(entry.kinds)),
    ]
    if outcome is not None:
        facts.append((_say("page.outcome"), _say(f"page.outcome.{outcome.outcome}")))
        if outcome.outcome in _INSPECTED:
            facts.append((_say("page.found_in_answer"), _kinds(outcome.kinds)))
    body = [
        f'<h1 class="{"ok" if called and not stopped else "deny"}">{_say(key)}</h1>',
        f'<p lang="en">{_say(key, "en")}</p>',
        "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts) + "</dl>",
    ]
    if decision.reasons:
        body.append(f"<h2>{_say('page.why')}</h2><ul>")
        body += [
            f'<li>{escape(zh)}<br><span lang="en">{escape(en)}</span></li>'
            for zh, en in decision.reasons
        ]
        body.append("</ul>")
    if stopped or not called:
        steps = "page.next_steps.stopped" if stopped else "page.next_steps"
        body.append(f"<h2>{_say('page.next')}</h2><p>{_say(steps)}</p>")
        body.append(f'<p lang="en">{_say(steps, "en")}</p>')
    return _whole(_say(key), body)


def _state(entry: Intent | Decided, *, stopped: bool) -> str:
    if isinstance(entry, Intent):
        return "stopped" if stopped else "sent"
    return "held" if entry.verdict == "approve" else "not_sent"


def unknown() -> bytes:
    """The page for an id that is none: it says nothing about whether others exist."""
    body = [
        f"<h1>{_say('page.unknown')}</h1>",
        f'<p lang="en">{_say("page.unknown", "en")}</p>',
    ]
    return _whole(_say("page.unknown"), body)


def _whole(title: str, body: Sequence[str]) -> bytes:
    return (
        '<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} — 審用</title><style>{_style()}</style></head><body>"
        f'<header><div class="in"><b>審用</b> {_say("page.name")}</div></header>'
        f'<main><div class="in">{"".join(body)}</div></main>'
        f'<footer><div class="in">{_say("page.foot")}<br><span lang="en">'
        f"{_say('page.foot', 'en')}</span></div></footer></body></html>"
    ).encode()


def _say(key: str, lang: Lang = "zh_TW") -> str:
    return escape(text(key, lang))


def _kinds(kinds: dict[str, int]) -> str:
    """How many findings of each kind; what was looked for is never "safe"."""
    if not kinds:
        return _say("page.none_found")
    named = []
    for kind, count in kinds.items():
        try:
            name = text(f"kind.{kind}")
        except UnknownKeyError:
            name = text("kind.other")
        named.append(f"{escape(name)} × {count}")
    return "、".join(named)
