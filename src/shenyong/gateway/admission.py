"""Who is let in while many want to: bounded, fair between agencies and keys, slow models apart.

Three bounds, each asked before anything is read or recorded:
    * as many requests at once as `limit`, and of those that wait for nobody else (a model, a
      slow client) as many as this worker can serve in `TARGET_SECONDS` at what they cost it; fewer
      while the event loop is late: what could only wait is told so at once, and comes again;
    * once half of it is taken, no agency more than its equal share of nine tenths of the limit, and
      no key more than its equal share of its agency's: who asks little is let in however much
      others ask;
    * no model's server more than three quarters of the limit, so that one that hangs leaves room
      for the others.

Pure: counts only. Source: issue "It holds" (overload), reliability.md G14.
"""

from __future__ import annotations

import math
from collections import Counter

CROWDED = 0.5
"""From which part of the limit on shares are looked at."""
KEPT = 0.1
"""The part of the limit that those who have places already leave to others."""
ONE_MODEL = 0.75
"""The part of the limit that requests waiting for one model may hold."""
TARGET_SECONDS = 0.25
"""Of how long a queue for this worker's core may be."""
FIRST_COST = 0.002
"""What a request is taken to cost before that is known, in seconds of the processor."""
LATE_SECONDS = 0.25
"""From which lateness of the event loop on the limit shrinks."""
_LEAST = 8
_SMOOTH = 0.3
_ENOUGH = 20  # ended requests that tell a cost


class _Elsewhere:
    """``with admission.elsewhere:`` a request waits for somebody else, and needs nothing of us."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Admission:
    """One worker's count of what is open. Not for several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.elsewhere = _Elsewhere()
        self._late = 0.0
        self._cost = FIRST_COST
        self._ended = 0
        self._told = 0.0
        self._agencies: Counter[str] = Counter()
        self._keys: dict[str, Counter[str]] = {}
        self._models: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many requests are open."""
        return self._agencies.total()

    @property
    def limit(self) -> int:
        """How many may be open now: those that wait elsewhere, and what can be served soon."""
        room = TARGET_SECONDS / self._cost
        if self._late > LATE_SECONDS:
            room *= LATE_SECONDS / self._late
        return min(self._limit, self.elsewhere.count + max(_LEAST, int(room)))

    def late(self, seconds: float) -> None:
        """The event loop came `seconds` later than it should have; remembered smoothed."""
        self._late += _SMOOTH * (seconds - self._late)

    def used(self, processor: float) -> None:
        """This process has used `processor` seconds of processor time until now, threads included.

        What a request costs is what was used, divided by those that ended meanwhile; smoothed.
        """
        if self._ended < _ENOUGH:
            return
        cost = (processor - self._told) / self._ended
        if self._told:
            self._cost += _SMOOTH * (cost - self._cost)
        self._ended, self._told = 0, processor

    def enter(self, agency: str, key: str) -> bool:
        """Let a request in, and count it; False if it has to come again later."""
        limit = self.limit
        if self.open >= limit or (
            self.open >= limit * CROWDED and not self._within_shares(agency, key, limit)
        ):
            return False
        self._agencies[agency] += 1
        self._keys.setdefault(agency, Counter())[key] += 1
        return True

    def _within_shares(self, agency: str, key: str, limit: int) -> bool:
        share = (limit - self._kept(limit)) / len(self._agencies.keys() | {agency})
        keys = self._keys.get(agency, Counter())
        part = share / len(keys.keys() | {key})
        return self._agencies[agency] + 1 <= max(1, share) and keys[key] + 1 <= max(1, part)

    @staticmethod
    def _kept(limit: int) -> int:
        """Places that shares leave free, for whoever comes anew."""
        return int(limit * KEPT)

    def leave(self, agency: str, key: str) -> None:
        """A request that was let in has ended."""
        self._ended += 1
        for counts, name in ((self._agencies, agency), (self._keys[agency], key)):
            counts[name] -= 1
            if not counts[name]:
                del counts[name]
        if not self._keys[agency]:
            del self._keys[agency]

    def ask(self, model: str) -> bool:
        """Let a request wait for a model, and count it; False if too many wait for that one."""
        if self._models[model] >= math.ceil(self._limit * ONE_MODEL):
            return False
        self._models[model] += 1
        return True

    def answered(self, model: str) -> None:
        """A request waits for the model no more."""
        self._models[model] -= 1
        if not self._models[model]:
            del self._models[model]
