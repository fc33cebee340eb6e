"""Ready packs: what other rules of Taiwan and of the world ask, for an agency to adopt (point 7).

A pack is data: clauses in our own words, each with its source and with how it is met here: by a
*rule* (Cedar that only forbids, taken over as a draft of the agency's own rules), by *evidence*
that the program keeps, or by the *agency* itself. A clause that nothing here meets says so.

The rules are tightened, tried and approved like any other; adopting a pack sets nothing in force.
Its examples are run before. Source: issue (Ready packs, each clause with its source), domain.md 7.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
# guideline: ey-genai-2023:10
import tomllib
from functools import cache
from importlib import resources

import msgspec

_FOLDER = "ready_packs"


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A clause: what is asked, where that stands, and how it is met.

    Exactly one of `rule` (an ``@id`` of the pack's Cedar), `evidence_*` and `operator_*` is given.
    """

    key: str
    title_zh: str
    title_en: str
    source: str
    rule: str = ""
    evidence_zh: str = ""
    evidence_en: str = ""
    operator_zh: str = ""
    operator_en: str = ""


class ReadyPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pack. `source` is what the clauses are taken from; `seen` how well we know its wording.

    `policy_text` is Cedar, "" where nothing can be enforced; `examples` are facts with the verdict
    that the floor together with the pack must give.
    """

    id: str
    version: str
    title_zh: str
    title_en: str
    source: str
    seen_zh: str
    seen_en: str
    clauses: tuple[Clause, ...]
    policy_text: str = ""
    examples: str = ""


class ReadyPackError(ValueError):
    """A pack that is not consistent: which one, and what is wrong."""

    def __init__(self, pack: str, problem: str) -> None:
        super().__init__(f"{pack}: {problem}")


def read_ready(name: str, text: str) -> ReadyPack:
    """A pack from its TOML. Raises ReadyPackError."""
    try:
        pack = msgspec.convert(tomllib.loads(text), ReadyPack)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ReadyPackError(name, str(error)) from None
    seen: set[str] = set()
    for each in pack.clauses:
        if each.key in seen:
            raise ReadyPackError(pack.id, f"clause {each.key} stands twice")
        seen.add(each.key)
        ways = [bool(each.rule), bool(each.evidence_zh), bool(each.operator_zh)]
        if sum(ways) != 1 or not each.source:
            raise ReadyPackError(pack.id, f"clause {each.key} has a source and is met in one way")
        if bool(each.evidence_zh) != bool(each.evidence_en) or bool(each.operator_zh) != bool(
            each.operator_en
        ):
            raise ReadyPackError(pack.id, f"clause {each.key} lacks a language")
    return pack


@cache
def ready_packs() -> tuple[ReadyPack, ...]:
    """All packs of this package, by their files' names. Raises ReadyPackError."""
    folder = resources.files("shenyong.guideline") / _FOLDER
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")),
                   key=lambda each: each.name)  # fmt: skip
    return tuple(read_ready(each.name, each.read_text(encoding="utf-8")) for each in files)


def ready_pack(id: str) -> ReadyPack | None:
    """The pack of that id, or None."""
    return next((each for each in ready_packs() if each.id == id), None)
