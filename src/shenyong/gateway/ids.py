"""Request ids: one number for the client's error, the decision and the ledger's entries.

UUIDv7 (RFC 9562, 5.7): time-ordered, so the ledger's index on it grows at one end; 74 random bits,
so an id tells nobody about another.
Its time never runs back, whatever happens to the machine's clock (`storage.clock`).
"""

from __future__ import annotations

import secrets
import time

from shenyong.storage.clock import CLOCK


def new_request_id() -> str:
    """A fresh UUIDv7 in its 36-character text form."""
    milliseconds = CLOCK.now() // 1000
    tail = secrets.token_hex(10)
    head = f"{milliseconds:012x}"
    variant = "89ab"[int(tail[3], 16) & 3]
    return f"{head[:8]}-{head[8:]}-7{tail[:3]}-{variant}{tail[4:7]}-{tail[8:]}"


def now_us() -> int:
    """UTC in microseconds since 1970."""
    return time.time_ns() // 1000
