"""The time that is written down: it never runs back, whatever is done to the machine's clock.

The ledger says when things happened, in the order in which they were recorded; a clock that is set
back (by NTP, by hand, by a virtual machine that went to sleep) would make it contradict itself, and
the ids of requests, which begin with the time, would no longer be found by a recovery. So a process
goes on from where it was, and begins no earlier than the log's last entry. Whether something is
valid *now* is asked of the machine's clock, not of this one.
"""

from __future__ import annotations

import threading
import time
from typing import TypeVar

import msgspec

from shenyong.ledger import Entry
from shenyong.ledger.entry import EntryError, decode

E = TypeVar("E", bound=Entry)
_LATE_US = 1_000_000
"""How much older than its recording an entry may be; after that it gets the later time.

A request may be read and inspected for half a minute; entries a minute apart in the wrong order
would be a log whose time runs back (`ledger.books`).
"""


class Clock:
    """Microseconds UTC that only grow. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at, self._ran = time.time_ns(), time.monotonic_ns()

    def now(self) -> int:
        """The machine's time, or what it would be had it not been set back."""
        with self._lock:
            ran = time.monotonic_ns()
            self._at = max(time.time_ns(), self._at + ran - self._ran)
            self._ran = ran
            return self._at // 1000

    def not_before(self, at: int) -> None:
        """Go on from `at`, in microseconds, where that is later than now."""
        now = self.now()
        with self._lock:
            self._at += max(0, at - now) * 1000

    def after(self, leaf: bytes) -> None:
        """Go on from an entry that was recorded, as its leaf; one that can't be read says nothing.

        What is damaged is found and said by those who verify.
        """
        try:
            self.not_before(decode(leaf).at)
        except EntryError:
            return


CLOCK = Clock()
"""This process's clock for what is recorded."""


def stamped(entry: E) -> E:
    """The entry with a time that fits the order in which entries are recorded."""
    now = CLOCK.now()
    return entry if now - _LATE_US <= entry.at <= now else msgspec.structs.replace(entry, at=now)
