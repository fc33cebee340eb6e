"""One event of the gateway's log. The fields are fixed: no field takes what a person wrote."""

from __future__ import annotations

import msgspec


class Line(msgspec.Struct, omit_defaults=True):
    """One event. Durations are in microseconds."""

    time: str
    event: str
    request_id: str = ""
    agency: str = ""
    key: str = ""
    model: str = ""
    environment: str = ""
    verdict: str = ""
    points: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    status: int = 0
    code: str = ""  # of an error: why the request was not served
    outcome: str = ""
    inspect_us: int = 0
    record_us: int = 0
    total_us: int = 0
    error: str = ""  # the type of an unexpected exception and where it was raised, no message


WEIGHTS = {"info": 0, "warning": 1, "error": 2}


def weight(line: Line) -> str:
    """``error`` for a fault of ours, ``warning`` for a request not served, else ``info``."""
    if line.error or line.event != "request":
        return "error"
    return "warning" if line.status >= 500 else "info"
