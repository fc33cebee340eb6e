"""The gateway's log: one JSON line an event, and never content.

A line may carry ids, codes, counts and durations. There is no way to hand it free text: the fields
are fixed, so nothing that a person typed can slip in.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

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
    code: str = ""
    outcome: str = ""
    inspect_us: int = 0
    record_us: int = 0
    total_us: int = 0
    error: str = ""  # the type of an unexpected exception and where it was raised, no message


_WEIGHTS = {"info": 0, "warning": 1, "error": 2}


def weight(line: Line) -> str:
    """``error`` for a fault of ours, ``warning`` for a request not served, else ``info``."""
    if line.error or line.event != "request":
        return "error"
    return "warning" if line.status >= 500 else "info"


class Journal:
    """Writes lines to a stream, each as it comes.

    Lines lighter than `level` are left out; without `requests` so are those of requests that went
    as they should. Faults are always written.
    """

    def __init__(
        self, stream: TextIO | None = None, *, requests: bool = True, level: str = "info"
    ) -> None:
        self._stream = stream or sys.stderr
        self._encoder = msgspec.json.Encoder()
        self._least = max(_WEIGHTS[level], 0 if requests else 1)

    def write(self, line: Line) -> None:
        """Write one line, if it weighs enough."""
        if _WEIGHTS[weight(line)] >= self._least:
            self._stream.write(self._encoder.encode(line).decode() + "\n")


def timestamp() -> str:
    """Now, in ISO 8601 with the offset of Taipei's time and milliseconds."""
    now = time.time()
    local = time.gmtime(now + 8 * 3600)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', local)}.{int(now * 1000) % 1000:03d}+08:00"


def place_of(error: BaseException) -> str:
    """Where an unexpected error was raised: type, file and line. Never its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {name}:{trace.tb_lineno}"
