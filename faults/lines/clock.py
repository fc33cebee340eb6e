"""The machine's clock set back and forward, while requests run and processes die (F10)."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

from faults.line import NotHereError, line
from faults.lines.killing import somewhere
from faults.stand import Stand

_OFFSET = Path("/tmp") / f"syf-clock-{os.getpid()}"
_LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
CLOCKED = {
    "environment": {
        "LD_PRELOAD": str(_LIBRARIES[0]) if _LIBRARIES else "",
        "FAKETIME_TIMESTAMP_FILE": str(_OFFSET),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }
}
"""Processes whose clock is the machine's and so many seconds that a file says."""


def can_step() -> bool:
    """Whether libfaketime is there (Debian's package faketime)."""
    return bool(_LIBRARIES) and shutil.which("faketime") is not None


def _set(seconds: float) -> None:
    part = _OFFSET.with_suffix(".new")
    part.write_text(f"{seconds:+.1f}\n")
    part.replace(_OFFSET)


@line(
    "clock-back",
    "時鐘往回撥，且行程同時死亡",
    "the clock set back by up to an hour, and a process killed meanwhile",
    back=60,
    stand=CLOCKED,
)
def back(stand: Stand, rng: random.Random) -> None:
    """What is recorded does not run back, and what the dead left open is found all the same."""
    if not can_step():
        raise NotHereError("libfaketime")
    _set(0)
    somewhere(rng, 0.3)
    _set(-rng.choice((1.5, 20, 300, 3500)))
    stand.load.wait_served(10, 20)
    if rng.random() < 0.5:
        rng.choice(stand.host.workers()).kill()
    else:
        stand.host.kill()
        stand.host.launch()
    somewhere(rng, 0.5)
    if rng.random() < 0.5:
        _set(0)


@line(
    "clock-forward",
    "時鐘往前撥後改回",
    "the clock set forward by up to an hour, then right again",
    back=60,
    stand=CLOCKED,
)
def forward(stand: Stand, rng: random.Random) -> None:
    """What was recorded in between stands; afterwards time goes on from there."""
    if not can_step():
        raise NotHereError("libfaketime")
    _set(0)
    somewhere(rng, 0.3)
    _set(rng.choice((1.5, 20, 300, 3500)))
    stand.load.wait_served(10, 20)
    if rng.random() < 0.3:
        stand.host.kill()
        stand.host.launch()
        time.sleep(rng.uniform(0, 2))
    _set(0)
    if rng.random() < 0.3:
        rng.choice(stand.host.workers() or [stand.host]).kill()
