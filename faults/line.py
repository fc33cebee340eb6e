"""A line of the matrix: a fault, the stand it needs, and how soon service must be back."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from faults.stand import Stand

Fault = Callable[[Stand, random.Random], "list[str] | None"]
"""Brings the fault about and ends it; what it saw amiss by itself, if anything. The load runs."""


class NotHereError(RuntimeError):
    """This machine, or this copy, lacks what a line needs. Its rounds count for nothing."""


class Line(msgspec.Struct, frozen=True):
    """One line. `stand` are the arguments of its `Stand`; lines of equal ones share it."""

    name: str
    group: str
    fault: Fault
    zh: str
    en: str
    back_seconds: float = 30.0
    stand: Mapping[str, Any] = {}
    proofs_every: int = 20
    short: bool = True
    """Whether the short form, that of the tests, has it."""


LINES: dict[str, Line] = {}
"""The matrix, in order."""


def line(
    name: str,
    zh: str,
    en: str,
    *,
    back: float = 30.0,
    stand: Mapping[str, Any] | None = None,
    proofs_every: int = 20,
    short: bool = True,
) -> Callable[[Fault], Fault]:
    """Enter a function into the matrix."""

    def enter(fault: Fault) -> Fault:
        assert name not in LINES, name
        group = fault.__module__.rpartition(".")[2]
        LINES[name] = Line(
            name, group, fault, zh, en, back, stand or {}, proofs_every, short
        )  # fmt: skip
        return fault

    return enter
