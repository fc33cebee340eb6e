"""The gateway's log: one line an event, and never content.

A line may carry ids, codes, counts and durations. There is no way to hand it free text: the fields
are fixed, so nothing that a person typed can slip in.
"""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from shenyong.gateway.line import WEIGHTS, Line, weight
from shenyong.gateway.log_formats import json_line


class Collector(Protocol):
    """Where lines go besides the stream. Neither call waits for anybody but `close`."""

    def offer(self, line: Line) -> None:
        """Take a line, or count it as lost."""

    def close(self) -> None:
        """Send what waits, for a moment at most."""


class Journal:
    """Writes lines to a stream, each as it comes, and offers them to a collector.

    Lines lighter than `level` are left out; without `requests` so are those of requests that went
    as they should. Faults are always written, to the stream too where `stderr` keeps it quiet.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        requests: bool = True,
        level: str = "info",
        stderr: bool = True,
        collector: Collector | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._least = max(WEIGHTS[level], 0 if requests else 1)
        self._shown = 0 if stderr else WEIGHTS["error"]
        self._collector = collector

    def write(self, line: Line) -> None:
        """Write one line, if it weighs enough."""
        weighs = WEIGHTS[weight(line)]
        if weighs < self._least:
            return
        if weighs >= self._shown:
            self._stream.write(json_line(line) + "\n")
        if self._collector is not None:
            self._collector.offer(line)

    def close(self) -> None:
        """Let the collector have what it was offered."""
        if self._collector is not None:
            self._collector.close()


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


__all__ = ["Collector", "Journal", "Line", "place_of", "timestamp", "weight"]
