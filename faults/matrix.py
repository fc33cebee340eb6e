"""Running lines of the matrix: into the fault, out of it, back in service, and all compared."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from faults.checks import Checks
from faults.line import Line
from faults.stand import Stand

_BEFORE = 4
"""Requests that are served before a fault begins, so that it meets a house at work."""
_MOST_CALLS = 30_000
"""Calls after which a stand is replaced: verifying its log takes seconds by then."""


class Round(msgspec.Struct, frozen=True):
    """One fault: how long until it served again, and what was wrong."""

    line: str
    returned: float
    violations: tuple[str, ...] = ()
    calls: int = 0
    broken: int = 0  # requests that did not end well
    times: int = 1  # how often the fault was brought about in it
    unfinished: bool = False  # the rig itself failed: this says nothing


def run(
    lines: Iterable[Line],
    times: int,
    told: Callable[[Round], None],
    *,
    seed: int = 0,
    until: float | None = None,
) -> None:
    """Each line `times` times; `told` hears of each round. Ends at `until` (monotonic) at last."""
    with _stands() as stand_for:
        for line in lines:
            rng = random.Random(f"{seed} {line.name}")
            for number in range(times):
                if until is not None and time.monotonic() > until:
                    return
                last = number == times - 1
                proofs = last or number % line.proofs_every == line.proofs_every - 1
                try:
                    stand, checks = stand_for(line)
                    told(once(line, stand, checks, rng, proofs=proofs))
                except Exception as error:
                    # The rig itself, or a house that no longer starts: a new stand, and said so.
                    told(Round(line.name, 0.0, (f"broke off: {error!r}"[:1500],), unfinished=True))
                    stand_for.drop()


def once(
    line: Line, stand: Stand, checks: Checks, rng: random.Random, *, proofs: bool = True
) -> Round:
    """One round of a line."""
    calls = checks.calls
    stand.times = 1
    stand.go()
    if not stand.load.wait_served(_BEFORE, 60):
        raise RuntimeError(f"not served before the fault: {dict(stand.load.counts)}")
    before = len(stand.load.seen)
    wrong = list(line.fault(stand, rng) or ())
    ended = time.monotonic()
    # Back means that every host is ready and requests that began after the fault end well.
    allowed = line.back_seconds * stretch()
    until = ended + 2 * allowed
    while not stand.ready() and time.monotonic() < until:
        stand.ensure()
        time.sleep(0.02)
    back = stand.load.wait_served(_BEFORE, max(0.0, until - time.monotonic()))
    returned = time.monotonic() - ended
    if not back or returned > allowed:
        wrong.append(f"I5 back after {returned:.1f} s, {allowed:.0f} allowed")
    stand.rest()
    broken = sum(not each.ended for each in stand.load.seen[before:])
    wrong += checks.look(proofs=proofs)
    made = checks.calls - calls
    return Round(line.name, returned, tuple(wrong), made, broken, stand.times)


def stretch() -> float:
    """How much longer things may take now, since this machine does other work: 1 to 4.

    Half the runnable processes a core, as the load average of the last minute says.
    """
    busy, _, _ = os.getloadavg()
    return min(4.0, max(1.0, busy / (os.cpu_count() or 1) / 2))


def stand_of(line: Line) -> str:
    """Which stand a line needs: equal for lines that may share one."""
    return repr(sorted(line.stand.items(), key=lambda each: each[0]))


class _Stands:
    """One stand at a time, kept as long as lines ask for the same."""

    def __init__(self) -> None:
        self._made: tuple[str, Stand, Checks] | None = None

    def __call__(self, line: Line) -> tuple[Stand, Checks]:
        wanted = stand_of(line)
        if self._made is not None:
            name, stand, checks = self._made
            if name == wanted and checks.calls < _MOST_CALLS:
                return stand, checks
            self.drop()
        stand = Stand(**line.stand)
        self._made = wanted, stand, Checks(stand)
        return stand, self._made[2]

    def drop(self) -> None:
        """Close it."""
        if self._made is not None:
            self._made[1].close()
            self._made = None


@contextmanager
def _stands() -> Iterator[_Stands]:
    stands = _Stands()
    try:
        yield stands
    finally:
        stands.drop()


def say(told: Round) -> None:
    """A line on the terminal."""
    words = json.dumps(told.violations, ensure_ascii=False) if told.violations else ""
    print(
        f"{time.strftime('%H:%M:%S')} {told.line:22} back {told.returned:5.1f} s "
        f"calls {told.calls:5} broken {told.broken:4} {words}",
        flush=True,
        file=sys.stderr,
    )
