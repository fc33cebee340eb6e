"""``python -m bench.overload``: latency at 30, 60 and 90 % of what can be served, and at 300 %.

Arrivals come at a steady rate whatever the server does (an open loop), and latency counts from when
a request should have gone, so a server that stalls can't hide it. First the server's capacity is
measured by wrk (16 connections); then each load for ``--seconds``. Served and shed (503 with
Retry-After) are told apart. ``--write`` puts the table into docs/capacity.md.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import deque

import msgspec

from bench import load, servers
from bench.__main__ import keep, upstream
from bench.gateway import installed
from bench.prompts import letter
from bench.servers import WORK, Server

LOADS = (0.3, 0.6, 0.9, 3.0)
MOST = 2_000
"""Connections at once; arrivals beyond them are counted as unsent."""
_DISTINCT = 4_000


class Told(msgspec.Struct, frozen=True):
    """What became of a load. Latencies in ms."""

    part: float
    offered: float
    served: float
    shed: float
    failed: int
    unsent: int
    p50: float
    p99: float
    shed_p99: float


class _Line(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, done: _Load) -> None:
        self._load = done
        self._transport: asyncio.Transport | None = None
        self._began = 0.0
        self._seen = b""
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.open = transport, True

    def ask(self, request: bytes, due: float) -> None:
        assert self._transport is not None
        self._began, self._seen = due, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            took, self._began = time.perf_counter() - self._began, 0.0
            self._load.answered(self, int(head[9:12]), took * 1000)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        self._load.lost(self, asked=self._began > 0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Load:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._free: deque[_Line] = deque()
        self.lines = 0
        self.served: list[float] = []
        self.shed: list[float] = []
        self.failed = self.unsent = self.waiting = 0
        self._ended = False

    def answered(self, line: _Line, status: int, took: float) -> None:
        self.waiting -= 1
        if status == 200:
            self.served.append(took)
        elif status == 503:
            self.shed.append(took)
        else:
            self.failed += 1
        self._free.append(line)

    def lost(self, line: _Line, *, asked: bool) -> None:
        self.lines -= 1
        if asked and not self._ended:
            self.failed += 1
            self.waiting -= 1

    async def _opened(self) -> _Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: _Line(self), "127.0.0.1", self._server.port)
        return line

    async def _send(self, request: bytes, due: float) -> None:
        while self._free:
            line = self._free.popleft()
            if line.open:
                break
        else:
            if self.lines >= MOST:
                self.unsent += 1
                return
            self.lines += 1
            try:
                line = await self._opened()
            except OSError:
                self.lines -= 1
                self.failed += 1
                return
        self.waiting += 1
        line.ask(request, due)

    async def run(self, requests: list[bytes], rate: float, seconds: float) -> float:
        """Send at the rate; returns how long it really took."""
        begin = time.perf_counter()
        sent, tasks = 0, set()
        while (now := time.perf_counter() - begin) < seconds:
            while sent < now * rate:
                due = begin + sent / rate
                task = asyncio.ensure_future(self._send(requests[sent % len(requests)], due))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                sent += 1
            await asyncio.sleep(0.001)
        took = time.perf_counter() - begin
        until = time.perf_counter() + 20
        while self.waiting > 0 and time.perf_counter() < until:  # noqa: ASYNC110 - bounded
            await asyncio.sleep(0.05)
        self.failed += self.waiting
        self._ended = True
        for line in self._free:
            line.close()
        await asyncio.sleep(0.2)
        return took


def _requests(server: Server, seed: int) -> list[bytes]:
    made = []
    for number in range(_DISTINCT):
        body = msgspec.json.encode(
            {"model": "bench", "messages": [{"role": "user", "content": letter(seed + number)}]}
        )
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: "
            f"application/json\r\nauthorization: Bearer {server.load['BENCH_KEY']}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def _at(part: float, values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[round(part * 100) - 1] if len(values) > 1 else 0.0


def tried(server: Server, part: float, capacity: float, seconds: float) -> Told:
    """One load against the running server."""
    requests = _requests(server, time.time_ns() % 1_000_000_000)
    going = _Load(server)
    took = asyncio.run(going.run(requests, capacity * part, seconds))
    return Told(
        part, capacity * part, len(going.served) / took, len(going.shed) / took, going.failed,
        going.unsent, _at(0.5, going.served), _at(0.99, going.served), _at(0.99, going.shed),
    )  # fmt: skip


def table(capacity: float, found: list[Told]) -> str:
    """The figures as Markdown."""
    rows = [
        f"Capacity by wrk, 16 connections: {capacity:,.0f} requests/s.", "",
        "| load | offered/s | served/s | shed/s | failed | not sent | p50 (ms) | p99 (ms) | p99 of a refusal (ms) |",  # noqa: E501
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    rows += [
        f"| {each.part:.0%} | {each.offered:,.0f} | {each.served:,.0f} | {each.shed:,.0f} "
        f"| {each.failed} | {each.unsent} | {each.p50:.1f} | {each.p99:.1f} | {each.shed_p99:.1f} |"
        for each in found
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and with ``--write`` keep the table."""
    options = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    WORK.mkdir(exist_ok=True)
    with upstream(), installed() as (server, helpers), servers.running(server) as processes:
        load.wrk(server, processes, 16, 2)
        capacity = load.wrk(server, processes, 16, 5, helpers=helpers).rate
        found = [tried(server, each, capacity, chosen.seconds) for each in LOADS]
    told = table(capacity, found)
    print(told)
    if chosen.write:
        keep("overload", told)


if __name__ == "__main__":
    main()
