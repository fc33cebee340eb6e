"""What follows from a record's step for the registry: values in, values out.

The shell saves them in the transaction that stores the record, so a decision of officers and what
it changes are there together, or neither is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from shenyong.governance.form import day, many, midnight, text
from shenyong.governance.kinds.use import verdict
from shenyong.governance.record import Record, Refused, Taken
from shenyong.guideline.terms import DataClass, Purpose
from shenyong.registry import (
    Confirmation,
    Delegation,
    Exemption,
    Model,
    Person,
    Registry,
    Scope,
    UseCase,
)
from shenyong.registry.model import running

Saved = Confirmation | Delegation | Model | Person | UseCase
_DAY = 86_400_000_000


def day_of(record: Record | Taken, name: str) -> int:
    """An answer that is a day, as the beginning of that day in Taipei; 0 if it is none."""
    found = day(text(record.values, name))
    return midnight(found) if found else 0


def effects(record: Record, registry: Registry) -> tuple[Saved, ...]:
    """What the record's last step changes in the registry.

    Raises:
        Refused: the registry doesn't allow it, for instance a model that isn't there any more.
    """
    effect = _EFFECTS.get((record.kind, record.steps[-1].action))
    return effect(record, registry) if effect is not None else ()


def _use(record: Record, registry: Registry) -> tuple[Saved, ...]:
    values, grade = record.values, verdict(record.values)
    return (
        UseCase(
            id=use_id(record),
            agency=record.agency,
            title=text(values, "title"),
            purpose=Purpose(text(values, "purpose")),
            risk=grade,
            # 人工智慧基本法 17: who meets a high-risk use is warned.
            warning=grade == "high",
            review_by=day_of(record, "review_by"),
            ground=text(values, "ground"),
        ),
    )


def _use_ended(record: Record, registry: Registry) -> tuple[Saved, ...]:
    known = registry.use_cases.get(use_id(record))
    return (msgspec.structs.replace(known, active=False),) if known else ()


def use_id(record: Record) -> str:
    """The use's id in the registry: what keys and templates hang on."""
    return "u-" + re.sub(r"[^a-z0-9]", "", record.id.lower())[:12]


def _confirmation(record: Record, registry: Registry) -> tuple[Saved, ...]:
    values = record.values
    model = registry.models.get(text(values, "model"))
    confirmed, approved = record.last("confirm"), record.last("approve")
    if model is None or confirmed is None or approved is None:
        raise Refused("model")
    declared = msgspec.structs.replace(
        model,
        scope=Scope(
            host=model.scope.host,
            upstream_model=model.upstream_model,
            weights_sha256=text(values, "weights_sha256"),
            stack=text(values, "stack"),
            segment=text(values, "segment"),
        ),
    )
    try:
        made = Confirmation(
            id=record.id,
            model=model.id,
            scope=running(declared),
            max_class=DataClass(text(values, "max_class")),
            evidence=many(values, "evidence"),
            confirmed_by=confirmed.actor,
            approved_by=approved.actor,
            valid_from=day_of(record, "from"),
            expires=day_of(record, "until"),
            air_gapped=text(values, "air_gapped") == "yes",
            approved_crypto=text(values, "approved_crypto"),
        )
    except ValueError:
        raise Refused("confirmation") from None
    return (declared, made)


def _revoked(record: Record, registry: Registry) -> tuple[Saved, ...]:
    found = [
        each
        for each in registry.confirmations(text(record.values, "model"))
        if each.id == record.id
    ]
    return tuple(msgspec.structs.replace(each, revoked=True) for each in found)


def _exempted(record: Record, registry: Registry) -> tuple[Saved, ...]:
    model = registry.models.get(text(record.values, "model"))
    if model is None:
        raise Refused("model")
    if record.steps[-1].action == "end":
        return (msgspec.structs.replace(model, exception=None),)
    made = Exemption(
        reason=text(record.values, "reason"),
        ciso=record.steps[-1].actor,
        authority_letter=text(record.values, "authority_letter"),
        expires=day_of(record, "until") + _DAY,
    )
    return (msgspec.structs.replace(model, exception=made),)


def _delegated(record: Record, registry: Registry) -> tuple[Saved, ...]:
    people = registry.people
    person, deputy = text(record.values, "person"), text(record.values, "deputy")
    if any(each not in people or people[each].agency != record.agency for each in (person, deputy)):
        raise Refused("person")
    ended = record.state == "ended"
    until = day_of(record, "until") + _DAY  # the last day counts whole
    return (
        Delegation(record.id, record.agency, person, deputy, day_of(record, "from"), until, ended),
    )


def _trained(record: Record, registry: Registry) -> tuple[Saved, ...]:
    person = registry.people.get(text(record.values, "person"))
    if person is None or person.agency != record.agency:
        raise Refused("person")
    until = 0 if record.state == "ended" else day_of(record, "until") + _DAY
    return (msgspec.structs.replace(person, trained_until=until),)


_EFFECTS: dict[tuple[str, str], Callable[[Record, Registry], tuple[Saved, ...]]] = {
    ("use", "approve"): _use,
    ("use", "end"): _use_ended,
    ("confirmation", "approve"): _confirmation,
    ("confirmation", "revoke"): _revoked,
    ("exemption", "approve"): _exempted,
    ("exemption", "end"): _exempted,
    ("delegation", "grant"): _delegated,
    ("delegation", "end"): _delegated,
    ("training", "open"): _trained,
    ("training", "end"): _trained,
}
