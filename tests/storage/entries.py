"""Entries to record in tests, with ids as the gateway makes them (UUIDv7)."""

from __future__ import annotations

import os
import time
import uuid

from shenyong.ledger import Intent, Outcome, OutcomeKind

AGENCY = "moda"


def request_id(at_ms: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 5.7)."""
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    value = (
        milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | int.from_bytes(os.urandom(7)) & (1 << 62) - 1
    )
    return str(uuid.UUID(int=value))


def intent(request: str | None = None, *, agency: str = AGENCY, worker: str = "") -> Intent:
    return Intent(
        agency=agency,
        request=request or request_id(),
        at=time.time_ns() // 1000,
        key="k1",
        owner="wang",
        use_case="drafts",
        purpose="general",
        actor="official",
        model="local",
        environment="E3",
        verdict="allow",
        pack="sha256:1",
        inspector="shenyong/0",
        received="ab" * 32,
        forwarded="cd" * 32,
        size=1024,
        kinds={"tw_national_id": 1},
        worker=worker,
    )


def outcome(of: Intent, index: int) -> Outcome:
    return Outcome(
        agency=of.agency,
        request=of.request,
        at=time.time_ns() // 1000,
        intent=index,
        outcome=OutcomeKind.ANSWERED,
        status=200,
    )
