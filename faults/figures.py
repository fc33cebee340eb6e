"""What the runs found, kept over many of them: faults/figures.json.

Several runs may add to it at once; each round is kept as soon as it is over.
"""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from faults.matrix import Round

FILE = Path(__file__).parent / "figures.json"
_LOCK = FILE.with_suffix(".lock")
_EXAMPLES = 3


class Tally(msgspec.Struct):
    """Of one line. `unfinished` are rounds in which the rig itself failed: they count for nothing.

    `calls` reached the model; `unserved` requests did not end well, as they may in a fault.
    """

    times: int = 0
    violations: int = 0
    examples: list[str] = []
    calls: int = 0
    unserved: int = 0
    longest: float = 0.0
    unfinished: int = 0
    last: str = ""
    commit: str = ""


class Soaked(msgspec.Struct):
    """Of the last soak."""

    minutes: float = 0.0
    rate: float = 0.0
    requests: int = 0
    failed: int = 0
    rss_mib: tuple[float, float] = (0.0, 0.0)
    rss_slope: float = 0.0
    fds: tuple[int, int] = (0, 0)
    fds_slope: float = 0.0
    p50_ms: tuple[float, float] = (0.0, 0.0)
    p99_ms: tuple[float, float] = (0.0, 0.0)
    p99_slope: float = 0.0
    violations: list[str] = []
    last: str = ""
    commit: str = ""
    load: str = ""


class Figures(msgspec.Struct):
    """Everything."""

    machine: str = ""
    matrix: dict[str, Tally] = {}
    soak: Soaked = msgspec.field(default_factory=Soaked)


def read() -> Figures:
    """What is known."""
    try:
        return msgspec.json.decode(FILE.read_bytes(), type=Figures)
    except FileNotFoundError:
        return Figures()


@contextmanager
def changed() -> Iterator[Figures]:
    """What is known, to be changed; kept at the end. One at a time."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        figures = read()
        yield figures
        figures.machine = machine()
        part = FILE.with_suffix(".part")
        text = msgspec.json.format(msgspec.json.encode(figures), indent=1)
        part.write_bytes(text + b"\n")
        part.replace(FILE)


def add(told: Round) -> None:
    """Keep a round."""
    with changed() as figures:
        tally = figures.matrix.setdefault(told.line, Tally())
        if told.unfinished:
            tally.unfinished += 1
            return
        tally.times += told.times
        tally.violations += bool(told.violations)
        tally.examples = [*tally.examples, *told.violations][:_EXAMPLES]
        tally.calls += told.calls
        tally.unserved += told.broken
        tally.longest = round(max(tally.longest, told.returned), 1)
        tally.last, tally.commit = today(), commit()


def forget(line: str) -> None:
    """Begin a line's figures anew, after what it found was mended."""
    with changed() as figures:
        figures.matrix.pop(line, None)


def today() -> str:
    """The date, UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def commit() -> str:
    """The version that is tested, as git names it."""
    found = subprocess.run(
        ["git", "-C", str(FILE.parent), "rev-parse", "--short=7", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


def machine() -> str:
    """What it ran on."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}"
