"""The load: wrk for rates and latency, and a small client for the time to the first token."""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import time

import msgspec
import psutil

from bench.servers import ROOT, Server, cpu_seconds, resident_mb, tree


class Figures(msgspec.Struct, frozen=True):
    """One measurement: rates per second, CPU in microseconds a request, latency in ms."""

    rate: float
    cpu_us: float
    p50_ms: float
    errors: int
    rss_mb: float
    extra_cpu_us: float = 0.0  # of the helpers, e.g. PostgreSQL


_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Said(msgspec.Struct, frozen=True):
    """What wrk says of its run."""

    requests: int
    rate: float
    p50_ms: float
    errors: int


def said(out: str) -> Said:
    """What wrk printed, read."""

    def of(pattern: str) -> tuple[str, ...]:
        found = re.search(pattern, out)
        return found.groups() if found else ()

    value, unit = of(r"50%\s+([\d.]+)(us|ms|s)")
    bad = (
        *of(r"Non-2xx or 3xx responses: (\d+)"),
        *of(r"read (\d+), write (\d+), timeout (\d+)"),
    )
    return Said(
        requests=int(of(r"(\d+) requests in")[0]),
        rate=float(of(r"Requests/sec: +([\d.]+)")[0]),
        p50_ms=float(value) * _UNITS[unit],
        errors=sum(map(int, bad)),
    )


def wrk(
    server: Server,
    processes: list[psutil.Process],
    connections: int,
    seconds: float,
    *,
    stream: bool = False,
    helpers: int = 0,
    variables: dict[str, str] | None = None,
) -> Figures:
    """Run wrk once against the server and read the CPU that its processes used meanwhile.

    `helpers` is the process whose tree's CPU is counted apart (PostgreSQL), 0 for none.
    """
    env = {
        **os.environ,
        **server.load,
        **(variables or {}),
        "BENCH_STREAM": "1" if stream else "0",
        "BENCH_SEED": str(time.time_ns() % 1_000_000),
    }
    # PostgreSQL's processes come and go: counted by the tree below `helpers` at each end.
    before = cpu_seconds(processes), cpu_seconds(tree(helpers) if helpers else [])
    out = subprocess.run(
        [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "20s", "--latency",
            "-s", "bench/prompts.lua", f"http://127.0.0.1:{server.port}",
        ],
        cwd=ROOT, env=env, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    after = cpu_seconds(processes), cpu_seconds(tree(helpers) if helpers else [])
    told = said(out)
    done = max(told.requests, 1)
    return Figures(
        rate=told.rate,
        cpu_us=(after[0] - before[0]) / done * 1e6,
        p50_ms=told.p50_ms,
        errors=told.errors,
        rss_mb=resident_mb(processes),
        extra_cpu_us=(after[1] - before[1]) / done * 1e6,
    )


async def _first_token(port: int, body: bytes, key: str, extra: str) -> tuple[float, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        f"content-type: application/json\r\nauthorization: Bearer {key}\r\n{extra}"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    ).encode()
    begin = time.perf_counter()
    writer.write(head + body)
    seen, role, content = b"", 0.0, 0.0
    while data := await reader.read(65536):
        seen += data
        now = (time.perf_counter() - begin) * 1000
        if not role and b'"role"' in seen:
            role = now
        if re.search(rb'"content": ?"[^"]', seen):
            content = now
            break
    writer.close()
    return role or content, content


def first_token(
    server: Server, rounds: int, variables: dict[str, str] | None = None
) -> tuple[float, float]:
    """Medians in ms until the stream's first event and until its first content, one at a time."""
    from bench.prompts import letter

    load = {**server.load, **(variables or {})}
    extra = "x-portkey-provider: openai\r\n"
    if host := load.get("BENCH_CUSTOM_HOST"):
        extra += f"x-portkey-custom-host: {host}\r\n"
    times: list[tuple[float, float]] = []
    for number in range(rounds):
        body = msgspec.json.encode(
            {
                "model": load.get("BENCH_MODEL", "bench"),
                "messages": [{"role": "user", "content": letter(number)}],
                "stream": True,
            }
        )
        times.append(
            asyncio.run(_first_token(server.port, body, load.get("BENCH_KEY", "none"), extra))
        )
    return (
        statistics.median(t[0] for t in times),
        statistics.median(t[1] for t in times),
    )
