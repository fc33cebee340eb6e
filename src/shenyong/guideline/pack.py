"""The packs: editions of the guideline as data, loaded, checked and named by their digest.

A pack is a folder of the package: ``pack.toml`` (particulars), ``points.toml`` (the points),
``policies.cedar`` and ``schema.cedarschema`` (the floor). The guideline is revised on a rolling
basis, so nothing outside a pack and its policies knows what "point 4" says.

Invariants:
    * A loaded pack is consistent: every policy has an id, points that the pack has, citations, a
      stage of the pack, and reasons in both languages; and the policies fit the schema.
    * The digest covers the canonical content: the same digest means the same decisions.

Source: guideline.md, domain.md 1.1 and 7. What it leaves to others: deciding (`decision`).
"""

from __future__ import annotations

# guideline: ey-genai-2023:rolling
import hashlib
import tomllib
from datetime import date
from functools import cached_property
from importlib import resources
from typing import Literal

import cedarpy
import msgspec

from shenyong.guideline import policies
from shenyong.guideline.policies import Policy

DEFAULT_PACK = "ey-genai-2023"
ENGINE_ERROR = "engine.error"
NOT_PERMITTED = "engine.not-permitted"
FALLBACK_STAGE = "engine"
_FILES = ("pack.toml", "points.toml", "policies.cedar", "schema.cedarschema")


class PackError(ValueError):
    """A pack that cannot be used: what is wrong, where, and what to do.

    `policy` is the id of the offending policy (or its number), `line` its line in the source,
    0 where the fault is not a policy's.
    """

    def __init__(self, pack: str, problem: str, advice: str, policy: str = "", line: int = 0):
        self.pack, self.problem, self.advice = pack, problem, advice
        self.policy, self.line = policy, line
        place = pack + (f", line {line}" if line else "") + (f", policy {policy}" if policy else "")
        super().__init__(f"{place}: {problem}. {advice}")


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point of the guideline. `text_zh` is ours where `wording` is ``summary``."""

    key: str
    number: str
    title_zh: str
    title_en: str
    wording: Literal["summary", "verbatim"]
    text_zh: str
    quoted_zh: tuple[str, ...]
    summary_en: str
    software_en: str
    software_zh: str


class Applicability(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the guideline binds: 適用, 準用 (point 9), 參照 (point 10)."""

    mandatory: str
    mutatis_mutandis: str
    reference: str


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stages: tuple[str, ...]


class _Fallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    point: str
    cites: str
    reason_zh: str
    reason_en: str

    def policy(self) -> Policy:
        """As a policy, so that it is explained like one."""
        return Policy(
            id=self.id,
            effect="forbid",
            points=tuple(self.point.split()),
            cites=policies.split_cites(self.cites),
            stage=FALLBACK_STAGE,
            reason_zh=self.reason_zh,
            reason_en=self.reason_en,
            line=0,
            engine_id="",
        )


class Particulars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``pack.toml``: what edition this is, by whom, in force from when."""

    id: str
    version: str
    title_zh: str
    title_en: str
    authority_zh: str
    authority_en: str
    letter: str
    approved: date
    effective_from: date
    applicability: Applicability
    policies: _Order
    fallbacks: tuple[_Fallback, ...]
    effective_until: date | None = None


class Pack(msgspec.Struct, frozen=True, dict=True):
    """An edition of the guideline, ready to be judged by.

    `stages` orders the grounds for citing; `digest` is the sha256 (hex) of the canonical content.
    """

    particulars: Particulars
    points: tuple[Point, ...]
    policies: tuple[Policy, ...]
    policy_text: str
    schema_text: str
    digest: str
    sources: tuple[str, ...] = ()  # the four files' texts, as they were read

    @property
    def id(self) -> str:
        """The pack's id, ``ey-genai-2023``."""
        return self.particulars.id

    @cached_property
    def fallbacks(self) -> tuple[Policy, ...]:
        """What stands in for a policy where none could speak: `ENGINE_ERROR`, `NOT_PERMITTED`."""
        return tuple(fallback.policy() for fallback in self.particulars.fallbacks)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in the order in which grounds are cited."""
        return self.particulars.policies.stages

    @cached_property
    def _by_key(self) -> dict[str, Point]:
        return {point.key: point for point in self.points}

    def point(self, key: str) -> Point:
        """The point with the key ``ey-genai-2023:4``.

        Raises:
            KeyError: the pack has no such point.
        """
        return self._by_key[key]

    def in_force(self, day: date) -> bool:
        """Whether this edition is in force on `day`."""
        until = self.particulars.effective_until
        return self.particulars.effective_from <= day and (until is None or day <= until)


def load_pack(id: str = DEFAULT_PACK) -> Pack:
    """The pack `id` from the package's data. A pure function of that data.

    Raises:
        PackError: there is no such pack, or it is not consistent.
    """
    folder = resources.files("shenyong.guideline") / "packs" / id.replace("-", "_")
    try:
        sources = {name: (folder / name).read_text(encoding="utf-8") for name in _FILES}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PackError(
            id, "there is no such pack", "Known packs stand in guideline/packs"
        ) from error
    return parse_pack(id, sources)


def parse_pack(id: str, sources: dict[str, str]) -> Pack:
    """A pack from its four files' texts, by file name.

    Raises:
        PackError: a file is missing or malformed, or the pack is not consistent.
    """
    try:
        particulars = msgspec.convert(tomllib.loads(sources["pack.toml"]), Particulars)
        table = tomllib.loads(sources["points.toml"])
        points = msgspec.convert(table["points"], tuple[Point, ...])
    except KeyError as error:
        raise PackError(id, f"{error} is missing", "Add it") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PackError(id, str(error), "Correct pack.toml or points.toml") from error
    if particulars.id != id:
        raise PackError(id, f"it calls itself {particulars.id}", "Make folder and id agree")
    policy_text, schema_text = sources["policies.cedar"], sources["schema.cedarschema"]
    pack = Pack(
        particulars=particulars,
        points=points,
        policies=read_policies(id, policy_text, schema_text),
        policy_text=policy_text,
        schema_text=schema_text,
        digest=_digest(particulars, points, policy_text, schema_text),
        sources=tuple(sources[name] for name in _FILES),
    )
    _check(pack)
    return pack


def read_policies(pack: str, text: str, schema_text: str) -> tuple[Policy, ...]:
    """The policies of `text`, validated against the schema, with distinct ids.

    Raises:
        PackError: the text is not Cedar, does not fit the schema, or lacks or repeats an id.
    """
    try:
        found = policies.read(text)
        schema = cedarpy.Schema.from_str(schema_text)
    except ValueError as error:
        raise PackError(pack, f"not readable as Cedar: {error}", "Correct the syntax") from error
    by_engine = {policy.engine_id: policy for policy in found}
    for fault in cedarpy.validate_policies(text, schema).errors:
        culprit = by_engine.get(fault.policy_id)
        raise PackError(
            pack,
            f"does not fit the schema: {fault.error}",
            "Use only the facts that schema.cedarschema declares",
            culprit.id if culprit else fault.policy_id,
            culprit.line if culprit else 0,
        )
    seen: set[str] = set()
    for number, policy in enumerate(found, 1):
        if not policy.id or policy.id in seen:
            problem = f"the id {policy.id} is taken" if policy.id else "it has no @id"
            name = policy.id or f"number {number}"
            raise PackError(pack, problem, 'Give each policy its own @id("…")', name, policy.line)
        seen.add(policy.id)
    return found


def _check(pack: Pack) -> None:
    keys = [point.key for point in pack.points]
    if len(set(keys)) != len(keys):
        raise PackError(pack.id, "two points have one key", "Give each point its own key")
    if {policy.id for policy in pack.fallbacks} != {ENGINE_ERROR, NOT_PERMITTED}:
        advice = f"Declare exactly {ENGINE_ERROR} and {NOT_PERMITTED}"
        raise PackError(pack.id, "the fallbacks are not complete", advice)
    for policy in (*pack.fallbacks, *pack.policies):
        for problem in _problems(policy, pack):
            raise PackError(pack.id, problem, "Complete the annotations", policy.id, policy.line)


def _problems(policy: Policy, pack: Pack) -> list[str]:
    found = [f"there is no point {key}" for key in policy.points if key not in pack._by_key]
    if not policy.points:
        found.append("@point is missing")
    if not policy.cites:
        found.append("@cites is missing")
    if not (policy.reason_zh and policy.reason_en):
        found.append("@reason_zh or @reason_en is missing")
    if policy.stage not in pack.stages:
        found.append(f"@stage {policy.stage!r} is none of {', '.join(pack.stages)}")
    return found


def _digest(
    particulars: Particulars, points: tuple[Point, ...], policy_text: str, schema_text: str
) -> str:
    """sha256 over the values, not over the TOML files' layout; the Cedar texts as they are."""
    content = msgspec.json.encode([particulars, points, policy_text, schema_text], order="sorted")
    return hashlib.sha256(content).hexdigest()
