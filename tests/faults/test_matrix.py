"""The matrix in its short form: lines of each kind, once (`make faults` for the rest)."""

from __future__ import annotations

import os

import faults.lines
import pytest
from faults.line import LINES
from faults.lines.clock import can_step
from faults.lines.network import can_cut
from faults.matrix import Round, run

assert faults.lines
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="faults are brought about as root"),
]


def rounds(*names: str) -> list[Round]:
    """What came of each line, once."""
    told: list[Round] = []
    run([LINES[name] for name in names], 1, told.append, seed=115)
    assert len(told) == len(names)
    return told


def fine(*names: str) -> None:
    for each in rounds(*names):
        assert not each.unfinished, each
        assert each.violations == (), each


@pytest.mark.point("ey-genai-2023:4")
def test_processes_and_the_database_die_under_load() -> None:
    fine(
        "kill-worker", "kill-register", "kill-reader", "kill-backend", "database-restart",
        "rules-changed", "kill-main",
    )  # fmt: skip


@pytest.mark.point("ey-genai-2023:4")
def test_the_one_that_signs_is_frozen_and_hosts_are_replaced() -> None:
    fine("leader-frozen")


def test_a_model_that_breaks_off_or_talks_nonsense() -> None:
    fine("model-cut", "model-nonsense")


@pytest.mark.skipif(not can_step(), reason="needs Debian's package faketime")
def test_the_clock_is_set_back() -> None:
    fine("clock-back")


def test_every_line_says_what_it_is() -> None:
    assert len(LINES) >= 30
    for line in LINES.values():
        assert line.zh
        assert line.en
        assert line.fault.__doc__, line.name
    assert isinstance(can_cut(), bool)
