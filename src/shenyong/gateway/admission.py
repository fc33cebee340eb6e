"""Who is let in while many want to: bounded, fair between agencies and keys, slow models apart.

Three bounds, each asked before anything is read or recorded:
    * as many requests at once as `limit`, fewer while the event loop is late: what could only
      wait is told so at once, and comes again;
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
LATE_SECONDS = 0.25
"""From which lateness of the event loop on the limit shrinks."""
_LEAST = 8
_SMOOTH = 0.3


class Admission:
    """One worker's count of what is open. Not for several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._late = 0.0
        self._agencies: Counter[str] = Counter()
        self._keys: dict[str, Counter[str]] = {}
        self._models: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many requests are open."""
        return self._agencies.total()

    @property
    def limit(self) -> int:
        """How many may be open now: the limit, less where the loop is late."""
        if self._late <= LATE_SECONDS:
            return self._limit
        return max(min(_LEAST, self._limit), int(self._limit * LATE_SECONDS / self._late))

    def late(self, seconds: float) -> None:
        """The event loop came `seconds` later than it should have; remembered smoothed."""
        self._late += _SMOOTH * (seconds - self._late)

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
