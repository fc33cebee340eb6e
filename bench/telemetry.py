"""What logs and telemetry cost a request: CPU of the whole process, the sending threads included.

``python -m bench.telemetry`` writes the table of docs/telemetry.md to standard output. The
receivers run in a process of their own, so that their CPU is not counted.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from shenyong.gateway.journal import Journal
from shenyong.gateway.line import Line
from shenyong.gateway.outbox import Outbox
from shenyong.gateway.syslog import collector
from shenyong.gateway.tracing import Telemetry
from shenyong.ledger import Outcome, OutcomeKind
from shenyong.settings.sections import Logging
from shenyong.settings.sections import Telemetry as TelemetrySettings

COUNT = 20_000
_PACE = 2000  # offered at once; then it is waited until they are away, as at 2,000 requests/s


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()


def receivers(told: Connection) -> None:
    """A collector of logs over TCP and one of telemetry over HTTP."""
    import threading

    web = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    lines = socket.create_server(("127.0.0.1", 0))
    told.send((web.server_port, lines.getsockname()[1]))
    while True:
        line, _ = lines.accept()
        while line.recv(1 << 20):
            pass


class Call:
    """A whole answer of a model, as the shell has it."""

    called_at, first_at, answered_at = 1.0, 0.0, 1.2
    streamed, finish, first = False, ("stop",), None
    outcome = Outcome("moda", "r", 1, 0, OutcomeKind.ANSWERED, tokens_in=300, tokens_out=20)


def line() -> Line:
    """A request that was redacted."""
    return Line(
        "2026-11-28T08:00:00.123+08:00", "request", request_id=str(uuid.uuid4()), agency="moda",
        key="drafts", model="cloud/gemma", environment="E1", verdict="redact", points=("4",),
        kinds=("person_name", "tw_national_id"), status=200, outcome="answered", inspect_us=180,
        record_us=900, total_us=240_000,
    )  # fmt: skip


def measured(take: Callable[[Line], None], waiting: Callable[[], int] = lambda: 0) -> float:
    """Microseconds of CPU a request, of all threads of this process."""
    lines = [line() for _ in range(COUNT)]
    begin = time.process_time()
    for start in range(0, COUNT, _PACE):
        for each in lines[start : start + _PACE]:
            take(each)
        while waiting():
            time.sleep(0.001)
    return (time.process_time() - begin) / COUNT * 1e6


def main() -> None:
    """Print the table."""
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(
        target=receivers, args=[theirs], daemon=True
    )
    other.start()
    web, tcp = ours.recv()
    rows: list[tuple[str, float]] = []
    with Path(os.devnull).open("w") as nowhere:
        rows.append(("a JSON line on standard error", measured(Journal(nowhere).write)))
        for form in ("json", "cef"):
            settings = Logging(syslog=f"tcp://127.0.0.1:{tcp}", format=form)  # type: ignore[arg-type]
            box = collector(settings, lambda reason, count: None)
            assert isinstance(box, Outbox)
            took = measured(box.offer, box.__len__)
            box.close()
            rows.append((f"besides: syslog over TCP, {form}", took))
    url = f"http://127.0.0.1:{web}"
    for name, more in (
        ("OpenTelemetry: spans and figures", {}),
        ("OpenTelemetry: a tenth traced, and figures", {"sample": 0.1}),
        ("OpenTelemetry: figures alone", {"traces": False}),
    ):
        telemetry = Telemetry(TelemetrySettings(endpoint=url, **more), lambda signal, n: None)  # type: ignore[arg-type]

        def take(each: Line, telemetry: Telemetry = telemetry) -> None:
            telemetry.offer("/v1/chat/completions", [], each, Call())

        rows.append((name, measured(take, lambda telemetry=telemetry: telemetry.waiting)))  # type: ignore[misc]
        telemetry.close()
    print("| what | CPU a request |\n|---|---|")
    for name, took in rows:
        print(f"| {name} | {took:.0f} µs |")
    other.kill()


if __name__ == "__main__":
    main()
