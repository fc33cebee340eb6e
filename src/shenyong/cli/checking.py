"""The gateway's checking, for commands: on this process's inspector and the pack's own judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from shenyong.cli.automaton import kept_engine
from shenyong.decision import AgencyPack, Judge
from shenyong.gateway.checking import FIELDS, LineError, check, finding_out
from shenyong.gateway.consider import inspecting
from shenyong.guideline.pack import load_pack
from shenyong.inspection.inspector import Inspector

__all__ = [
    "FIELDS",
    "LineError",
    "check_line",
    "finding_out",
    "inspector",
    "judge",
    "judge_with",
]


@cache
def inspector() -> Inspector:
    """The inspector, made once, on the automaton that an earlier command may have kept."""
    kept_engine()
    return Inspector()


@cache
def judge() -> Judge:
    """The judge of the guideline's own pack, made once."""
    return Judge(load_pack())


def judge_with(packs: Sequence[AgencyPack]) -> Judge:
    """A judge that knows an agency's rules too."""
    return Judge(load_pack(), packs) if packs else judge()


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
def check_line(line: Mapping[str, Any], by: Judge | None = None) -> dict[str, Any]:
    """The line out for a line in; `by` is another judge than that of the guideline's own pack.

    Raises:
        LineError: the line is not of the contract's form.
    """
    return check(line, inspecting(inspector()), by or judge()).out
