"""Common rules without code: a rule officer's choices → Cedar that only forbids (point 7).

What comes out is an agency pack like any other: it is loaded, shown, tried and approved by the
same way as one that an expert wrote.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
from collections.abc import Iterator, Sequence

import msgspec

from shenyong.guideline.terms import DataClass

SEND = ("send",)
OPEN = ("send", "sendRedacted")
TOPICS = (
    "person_name", "address", "organisation", "special_category", "bank_account", "credit_card",
    "case_no", "doc_no", "secret", "encoded", "protected_work", "question_personal",
    "question_confidential",
)  # fmt: skip
"""Kinds of findings that a rule officer may bar altogether."""
ALL = ("send", "sendRedacted", "sendApproved")


class Limit(msgspec.Struct, frozen=True):
    """The highest class that a unit may send; above it nothing goes."""

    unit: str
    highest: DataClass


class Composed(msgspec.Struct, frozen=True):
    """What a rule officer chose. Empty choices make no rule.

    `models` are the only ones that may be used. `approved_uses` are held for an approver whatever
    they carry. `topics` are kinds of findings that bar a request. `hours` are the first hour and
    the hour after the last, in Taipei, and `weekdays_only` bars Saturdays and Sundays.
    `training` wants a valid training. `lineages` (lower case) and `countries` (ISO 3166-1) bar
    models.
    """

    pack: str
    models: tuple[str, ...] = ()
    approved_uses: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    hours: tuple[int, int] | None = None
    weekdays_only: bool = False
    training: bool = False
    limits: tuple[Limit, ...] = ()
    lineages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


def quoted(text: str) -> str:
    """A Cedar string. Raises ValueError for control characters."""
    if any(ord(each) < 32 or ord(each) == 127 for each in text):
        raise ValueError("a name in a rule has no control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _set(values: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(each) for each in values) + "]"


def cedar(composed: Composed) -> str:
    """The Cedar text; "" where nothing was chosen.

    Raises:
        ValueError: a name can't stand in a rule, or the hours are none.
    """
    return "\n\n".join(_rules(composed)) + "\n" if any(_rules(composed)) else ""


def _rules(chosen: Composed) -> Iterator[str]:
    pack = chosen.pack
    if chosen.models:
        yield _forbid(
            f"{pack}.models", ALL, f"!{_set(chosen.models)}.contains(context.model)",
            "本機關僅得使用核可清單上之模型。",
            "Only the models on this agency's list may be used.",
        )  # fmt: skip
    if chosen.approved_uses:
        yield _forbid(
            f"{pack}.uses", OPEN, f"{_set(chosen.approved_uses)}.contains(context.useCase)",
            "此用途每次使用均須經核准。",
            "This use takes an approval each time.",
        )  # fmt: skip
    if chosen.topics:
        yield _forbid(
            f"{pack}.topics", ALL, f"context.kinds.containsAny({_set(chosen.topics)})",
            "本機關規定此類內容不得提供予生成式 AI。",
            "This agency does not let content of this kind be given to generative AI.",
        )  # fmt: skip
    if chosen.hours is not None:
        first, after = chosen.hours
        if not 0 <= first < after <= 24:
            raise ValueError("the hours run from 0 to 24, the first before the last")
        yield _forbid(
            f"{pack}.hours", ALL, f"context.hour < {first} || context.hour >= {after}",
            f"僅得於 {first} 時至 {after} 時使用。",
            f"It may be used from {first}:00 to {after}:00 only.",
        )  # fmt: skip
    if chosen.weekdays_only:
        yield _forbid(
            f"{pack}.weekdays", ALL, "context.weekday > 5",
            "僅得於週一至週五使用。",
            "It may be used from Monday to Friday only.",
        )  # fmt: skip
    if chosen.training:
        yield _forbid(
            f"{pack}.training", ALL, "!context.trained",
            "使用前須完成教育訓練，且訓練仍在有效期內。",
            "A valid training is required before use.",
        )  # fmt: skip
    for number, limit in enumerate(chosen.limits, 1):
        above = [each.value for each in DataClass if each.rank > limit.highest.rank]
        yield _forbid(
            f"{pack}.unit-{number}", ALL,
            f"context.unit == {quoted(limit.unit)} && context.data.containsAny({_set(above)})",
            f"{limit.unit}不得使用超過 {limit.highest} 之資料。",
            f"{limit.unit} may not use data above {limit.highest}.",
        )  # fmt: skip
    if chosen.lineages:
        yield _forbid(
            f"{pack}.lineage", ALL, f"context.lineage.containsAny({_set(chosen.lineages)})",
            "本機關不使用此系譜之模型。",
            "This agency does not use models of this lineage.",
        )  # fmt: skip
    if chosen.countries:
        yield _forbid(
            f"{pack}.country", ALL, f"{_set(chosen.countries)}.contains(context.country)",
            "本機關不使用設於此國家或地區之模型。",
            "This agency does not use models hosted in this country or region.",
        )  # fmt: skip


def _forbid(rule: str, plans: Sequence[str], when: str, zh: str, en: str) -> str:
    actions = ", ".join(f'Action::"{each}"' for each in plans)
    scope = f"action in [{actions}]" if len(plans) > 1 else f"action == {actions}"
    return (
        f"@id({quoted(rule)})\n@reason_zh({quoted(zh)})\n@reason_en({quoted(en)})\n"
        f"forbid (principal, {scope}, resource)\nwhen {{ {when} }};"
    )
