"""What to do with one request: read, inspected, decided. Pure: values in, a plan out.

The plan's own redaction is inspected again before it counts (guideline.md reading 4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from shenyong.decision import Candidate, Facts, Judge, Plan, gather, plan
from shenyong.decision.facts import Decision, Obstacle
from shenyong.decision.judge import PLANS
from shenyong.guideline.terms import DataClass, Verdict
from shenyong.inspection.finding import Finding
from shenyong.inspection.inspector import Inspector
from shenyong.inspection.mosaic import mosaic
from shenyong.reading import read
from shenyong.reading.passage import Source
from shenyong.redaction import Redaction, Style, settle
from shenyong.registry import ApiKey, Caller, Model, Registry
from shenyong.registry.model import descent

KEY_CLASS = "key.max-class"
"""The rule of a key's own bound."""
Inspect = Callable[[Sequence[Source]], tuple[Finding, ...]]


class Asked(msgspec.Struct, frozen=True):
    """What is known of a request beside its text.

    `declared` is the class that the official declared, `confirmed` the decision that the official
    confirmed before this one (empty if none), `approved` the held decision that somebody approved;
    `at` is UTC in microseconds.
    """

    caller: Caller
    model: Model
    at: int
    declared: str = ""
    confirmed: str = ""
    approved: str = ""


class Considered(msgspec.Struct, frozen=True):
    """A request with its findings and what is to be done.

    `texts` are the texts that go on (only those that differ), `pseudonyms` what stands for what.
    """

    findings: tuple[Finding, ...]
    facts: Facts
    plan: Plan
    texts: Mapping[str, str]
    pseudonyms: Mapping[str, str]


def inspecting(inspector: Inspector) -> Inspect:
    """Reading and inspection as one step."""

    def inspect(sources: Sequence[Source]) -> tuple[Finding, ...]:
        return inspector.inspect(read(sources))

    return inspect


def removable(finding: Finding) -> bool:
    """Whether redaction may take it out: personal data, and what could not be read.

    A level or a special category is not taken out: redaction alone never opens them.
    """
    return finding.data_class is DataClass.PERSONAL or finding.kind == "encoded"


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
def consider(
    sources: Sequence[Source],
    asked: Asked,
    *,
    registry: Registry,
    inspect: Inspect,
    judge: Judge,
    style: Style,
    found: tuple[Finding, ...] | None = None,
) -> Considered:
    """Decide on one request. `found` are its findings, if they are known already."""
    # What only the turns together say stays said whatever is taken out of each of them.
    together = mosaic(sources)
    findings = (*(inspect(sources) if found is None else found), *together)
    key, use_case, model = asked.caller.key, asked.caller.use_case, asked.model
    environment, env_max = registry.effective(model, asked.at)
    setting = registry.setting(key, model, asked.at, clock=judge.by_clock)

    def facts_of(each: Sequence[Finding]) -> Facts:
        return gather(
            each,
            purpose=use_case.purpose,
            actor=key.actor,
            environment=environment,
            env_max=env_max,
            declared=asked.declared or None,
            question_confirmed=bool(asked.confirmed),
            production_confirmed=bool(asked.confirmed),
            model=model.id,
            use_case=use_case.id,
            setting=setting,
        )

    redaction: Redaction | None = None

    def reinspect() -> Facts:
        nonlocal redaction

        def look(texts: Mapping[str, str]) -> tuple[Finding, ...]:
            again = [msgspec.structs.replace(each, text=texts[each.path]) for each in sources]
            return (*inspect(again), *together)

        texts = {source.path: source.text for source in sources}
        settled = settle(texts, findings, look, removable, style)
        redaction = settled.redaction
        return facts_of(settled.findings)

    facts = facts_of(findings)
    decided = plan(
        facts,
        judge,
        reinspect=reinspect,
        candidates=_candidates(registry, asked) if findings or asked.declared else (),
        reroute=key.reroute,
    )
    decided = _bounded(decided, facts, key)
    if redaction is None or not decided.redact:
        return Considered(findings, facts, decided, {}, {})
    before = {source.path: source.text for source in sources}
    texts = {path: text for path, text in redaction.texts.items() if before[path] != text}
    return Considered(findings, facts, decided, texts, redaction.pseudonyms)


# guideline: ey-genai-2023:7
def _bounded(decided: Plan, facts: Facts, key: ApiKey) -> Plan:
    """The plan within the key's own bound: what is above the class it may carry is refused."""
    if not key.max_class:
        return decided
    highest = DataClass(key.max_class).rank
    if all(tag.rank <= highest for tag in facts.data):
        return decided
    decision = Decision(
        Verdict.DENY, ("7",), ("點7", f"內控:金鑰上限 {key.max_class}"), (KEY_CLASS,),
        tuple(Obstacle(name, (KEY_CLASS,)) for name in PLANS), decided.decision.pack_digest,
    )  # fmt: skip
    return msgspec.structs.replace(
        decided, action="refuse", verdict=Verdict.DENY, redact=False, decision=decision,
        final=decision, remedies=(), obstacles=decision.obstacles,
    )  # fmt: skip


def _candidates(registry: Registry, asked: Asked) -> tuple[Candidate, ...]:
    """The other models that this key may name, with their environments at this moment."""
    return tuple(
        Candidate(
            model.id,
            *registry.effective(model, asked.at),
            descent(model),
            model.hosting_country.strip().upper(),
        )
        for model in registry.models_for(asked.caller.key)
        if model.id != asked.model.id
    )


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings of each kind: all that the ledger and the metrics learn of them."""
    return dict(Counter(finding.kind for finding in findings))
