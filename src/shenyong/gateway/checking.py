"""One line of ``check --jsonl`` in, one line out: read, inspected, decided, redacted. Pure.

The contract is design.md's and stays stable. Offsets are code points of the input, 0-based and
half-open; no value that was found is in the output but in `forward`, which is the text as it would
go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shenyong.decision import (
    Facts,
    Judge,
    Plan,
    UnknownDeclarationError,
    declared_class,
    gather,
    plan,
)
from shenyong.gateway.consider import Inspect, removable
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose, Verdict
from shenyong.inspection.finding import Finding
from shenyong.protocols import openai_chat
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.exchange import Exchange
from shenyong.reading.passage import Source
from shenyong.redaction import settle

FIELDS = frozenset(
    {"id", "text", "messages", "parts", "env", "env_max", "purpose", "actor", "classification"}
)
_PATH = "text"


class LineError(ValueError):
    """A line that can't be checked. `code` is for programs; neither holds the line's content."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class _Asked(msgspec.Struct):
    """A line, understood. `exchange` is set where messages were given, `parts` where parts were."""

    sources: tuple[Source, ...]
    exchange: Exchange | None
    parts: bool
    purpose: Purpose
    actor: Actor
    environment: Environment
    env_max: DataClass | None
    declared: str | None


class Checked(msgspec.Struct, frozen=True):
    """A line that was checked: the line out, and what it was made of."""

    out: dict[str, Any]
    plan: Plan
    facts: Facts
    findings: tuple[Finding, ...]
    pseudonyms: Mapping[str, str]


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
def check(line: Mapping[str, Any], inspect: Inspect, judge: Judge) -> Checked:
    """What would become of a line's text, messages or parts.

    Raises:
        LineError: the line is not of the contract's form.
    """
    asked = _understood(line)
    findings = inspect(asked.sources)
    redacted: dict[str, str] = {}
    pseudonyms: dict[str, str] = {}

    def facts_of(found: Sequence[Finding]) -> Facts:
        return gather(
            found,
            purpose=asked.purpose,
            actor=asked.actor,
            environment=asked.environment,
            env_max=asked.env_max,
            declared=asked.declared,
        )

    def reinspect() -> Facts:
        def look(texts: Mapping[str, str]) -> tuple[Finding, ...]:
            return inspect(
                [msgspec.structs.replace(each, text=texts[each.path]) for each in asked.sources]
            )

        before = {source.path: source.text for source in asked.sources}
        settled = settle(before, findings, look, removable)
        redacted.update(settled.redaction.texts)
        pseudonyms.update(settled.redaction.pseudonyms)
        return facts_of(settled.findings)

    facts = facts_of(findings)
    decided = plan(facts, judge, reinspect=reinspect)
    out: dict[str, Any] = {
        "id": line.get("id"),
        "verdict": decided.verdict.word,
        "points": _both(decided, "points"),
        "cites": _both(decided, "cites"),
        "rules": _both(decided, "rules"),
        "classes": sorted(tag.value for tag in facts.data),
        "findings": [finding_out(each) for each in findings],
        "forward": _forward(asked, decided, redacted),
        "remedies": [msgspec.to_builtins(each) for each in decided.remedies],
    }
    ignored = sorted(str(name) for name in line if name not in FIELDS)
    if ignored:
        out["ignored"] = ignored
    return Checked(out, decided, facts, findings, pseudonyms if decided.redact else {})


def finding_out(finding: Finding) -> dict[str, Any]:
    """A finding as it stands in a line out."""
    return {
        "kind": finding.kind,
        "class": finding.data_class.value if finding.data_class else None,
        "path": finding.path,
        "start": finding.start,
        "end": finding.end,
        "masked": finding.masked,
        "confidence": finding.confidence,
        "detector": finding.detector,
    }


def _both(decided: Plan, name: str) -> list[str]:
    """Points, cites or rules: of the decision, and of that on the redacted text if it was worse."""
    found: Iterable[str] = getattr(decided.decision, name)
    if decided.verdict is not decided.decision.verdict:
        found = (*found, *getattr(decided.final, name))
    return list(dict.fromkeys(found))


def _forward(asked: _Asked, decided: Plan, redacted: Mapping[str, str]) -> object:
    """What would go on: text for text, messages for messages; None if nothing would."""
    if decided.verdict > Verdict.REDACT:
        return None
    texts = redacted if decided.redact else {}
    if asked.parts:
        return {each.path: texts.get(each.path, each.text) for each in asked.sources}
    if asked.exchange is None:
        return texts.get(_PATH, asked.sources[0].text)
    return asked.exchange.rewritten(texts).messages


def _understood(line: Mapping[str, Any]) -> _Asked:
    text, messages, parts = line.get("text"), line.get("messages"), line.get("parts")
    if sum(each is not None for each in (text, messages, parts)) != 1:
        raise LineError("text_or_messages", "give either text, messages or parts")
    exchange: Exchange | None = None
    if parts is not None:
        if not isinstance(parts, dict) or not all(isinstance(each, str) for each in parts.values()):
            raise LineError("wrong_type", "parts must be an object of strings")
        sources: tuple[Source, ...] = tuple(Source(path, each) for path, each in parts.items())
    elif text is not None:
        if not isinstance(text, str):
            raise LineError("wrong_type", "text must be a string")
        sources = (Source(_PATH, text),)
    else:
        try:
            exchange = openai_chat.take({"model": "check", "messages": messages})
        except BadInputError as error:
            raise LineError(error.code, error.message) from None
        sources = exchange.sources
    declared = line.get("classification")
    if declared is not None:
        try:
            declared_class(declared if isinstance(declared, str) else "?")
        except UnknownDeclarationError as error:
            raise LineError("unknown_classification", str(error)) from None
    return _Asked(
        sources=sources,
        exchange=exchange,
        parts=parts is not None,
        purpose=_word(line, "purpose", Purpose, Purpose.GENERAL),
        actor=_word(line, "actor", Actor, Actor.OFFICIAL_NEED_TO_KNOW),
        environment=_word(line, "env", Environment, Environment.PUBLIC_CLOUD),
        env_max=_env_max(line),
        declared=declared,
    )


def _word(line: Mapping[str, Any], name: str, kind: Any, default: Any) -> Any:
    value = line.get(name)
    if value is None:
        return default
    try:
        return kind(value)
    except ValueError:
        raise LineError(f"unknown_{name}", f"{name} is one of {', '.join(kind)}") from None


def _env_max(line: Mapping[str, Any]) -> DataClass | None:
    found: DataClass | None = _word(line, "env_max", DataClass, None)
    if found is not None and found.rank not in range(1, 7):
        raise LineError("unknown_env_max", "env_max is D1 to D6, or null")
    return found
