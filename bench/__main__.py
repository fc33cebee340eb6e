"""``python -m bench``: the gateway beside its peers, in one run; writes docs/benchmarks.md.

Needs nginx, wrk, node and npm on the machine (Debian: ``apt-get install nginx-light wrk``);
LiteLLM, Portkey and presidio are installed into ``.bench/`` from their registries. Options:
``--seconds N`` for each measurement, ``--rounds N``, ``--only NAME`` (of a server), ``--no-write``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import load, servers
from bench.gateway import installed
from bench.inspecting import inspecting
from bench.servers import ROOT, UPSTREAM_PORT, WORK, Server

PAGE = ROOT / "docs" / "benchmarks.md"
CONNECTIONS = (1, 16, 64)


def median(figures: list[load.Figures]) -> load.Figures:
    """The median of each figure, errors summed."""

    def of(name: str) -> float:
        return statistics.median(getattr(each, name) for each in figures)

    return load.Figures(
        rate=of("rate"),
        cpu_us=of("cpu_us"),
        p50_ms=of("p50_ms"),
        errors=sum(each.errors for each in figures),
        rss_mb=max(each.rss_mb for each in figures),
        extra_cpu_us=of("extra_cpu_us"),
    )


@contextlib.contextmanager
def upstream() -> Iterator[None]:
    """The instant model server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.upstream", str(UPSTREAM_PORT)], cwd=ROOT
    )
    try:
        while not servers.listening(UPSTREAM_PORT):
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def measured(
    server: Server, helpers: int, seconds: float, rounds: int
) -> dict[str, load.Figures | tuple[float, float]]:
    """All measurements of one server: plain at 1, 16 and 64 connections, streams, first token."""
    results: dict[str, load.Figures | tuple[float, float]] = {}
    with servers.running(server) as processes:
        load.wrk(server, processes, 16, 2)  # warm up
        for connections in CONNECTIONS:
            results[f"plain {connections}"] = median(
                [
                    load.wrk(server, processes, connections, seconds, helpers=helpers)
                    for _ in range(rounds)
                ]
            )
        results["stream 16"] = median(
            [
                load.wrk(server, processes, 16, seconds, stream=True, helpers=helpers)
                for _ in range(rounds)
            ]
        )
        results["personal 16"] = median(
            [
                load.wrk(
                    server,
                    processes,
                    16,
                    seconds,
                    helpers=helpers,
                    variables={"BENCH_PERSONAL": "1"},
                )
                for _ in range(rounds)
            ]
        )
        results["first token"] = load.first_token(server, 40)
    return results


def peers(only: str) -> Iterator[tuple[Server, int]]:
    """Every server in turn; one that can't be had here is said and left out."""
    makers = {
        "nginx": servers.nginx,
        "bare": servers.bare_proxy,
        "litellm": servers.litellm,
        "portkey": servers.portkey,
    }
    if not only or only == "shenyong":
        with installed() as (server, helpers):
            yield server, helpers
    for name, make in makers.items():
        if only and only != name:
            continue
        try:
            server = make()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: not measured ({type(error).__name__})", flush=True)
            continue
        yield server, 0


def machine() -> str:
    """What this was measured on."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return (
        f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    )


def keep(name: str, told: str) -> None:
    """Put what ``python -m bench.NAME`` measured between its marks in docs/capacity.md."""
    page = ROOT / "docs" / "capacity.md"
    end = f"<!-- /{name} -->"
    head, mark, rest = page.read_text("utf-8").partition(f"<!-- {name} -->")
    when = f"Measured by `python -m bench.{name}` on {machine()}."
    after = rest.partition(end)[2]
    page.write_text(f"{head}{mark}\n\n{when}\n\n{told}\n\n{end}{after}", "utf-8")


def table(results: dict[str, dict[str, load.Figures | tuple[float, float]]]) -> str:
    """The figures as Markdown."""
    out = [
        "| server | load | requests/s | CPU a request (µs) | p50 (ms) | errors | RSS (MiB) |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, measurements in results.items():
        for kind, figures in measurements.items():
            if not isinstance(figures, load.Figures):
                continue
            cpu = f"{figures.cpu_us:,.0f}"
            if figures.extra_cpu_us:
                cpu += f" + {figures.extra_cpu_us:,.0f} PostgreSQL"
            out.append(
                f"| {name} | {kind} | {figures.rate:,.0f} | {cpu} | {figures.p50_ms:.2f} "
                f"| {figures.errors} | {figures.rss_mb:.0f} |"
            )
    out += ["", "| server | first event (ms) | first content (ms) |", "|---|---|---|"]
    for name, measurements in results.items():
        first = measurements.get("first token")
        if isinstance(first, tuple):
            shown = " | ".join(f"{each:.2f}" if each else "–" for each in first)
            out.append(f"| {name} | {shown} |")
    return "\n".join(out)


def ratios(results: dict[str, dict[str, load.Figures | tuple[float, float]]]) -> str:
    """What was aimed at, beside what was measured."""

    def rate(prefix: str, kind: str) -> float:
        for name, measurements in results.items():
            figures = measurements.get(kind)
            if name.startswith(prefix) and isinstance(figures, load.Figures):
                return figures.rate
        return 0.0

    def figure(kind: str) -> load.Figures:
        found = results[next(name for name in results if name.startswith("Shenyong"))][kind]
        assert isinstance(found, load.Figures)
        return found

    def times(prefix: str, kind: str) -> str:
        other = rate(prefix, kind)
        return f"{rate('Shenyong', kind) / other:.2f}×" if other else "not measured"

    plain = figure("plain 16")
    ours = results[next(name for name in results if name.startswith("Shenyong"))]
    bare = next((each for name, each in results.items() if name.startswith("bare")), {})
    added_p50 = "not measured"
    added_first = "not measured"
    if isinstance(bare_plain := bare.get("plain 16"), load.Figures):
        added_p50 = f"{plain.p50_ms - bare_plain.p50_ms:.2f} ms over the bare proxy's"
    mine, theirs = ours.get("first token"), bare.get("first token")
    if isinstance(mine, tuple) and isinstance(theirs, tuple):
        added_first = f"{mine[1] - theirs[1]:.2f} ms"
    rows = [
        ("LiteLLM, plain, 16 connections", "≥ 10×", times("LiteLLM", "plain 16")),
        ("Portkey, plain, 16 connections", "≥ 1.5×", times("Portkey", "plain 16")),
        ("bare proxy, plain, 16 connections", "≥ 0.1×", times("bare", "plain 16")),
        ("CPU for a 1 KB request", "≤ 600 µs", f"{plain.cpu_us:,.0f} µs (PostgreSQL apart)"),
        ("p50 added at 16 connections", "≤ 2 ms", added_p50),
        ("LiteLLM, streams of 50 chunks", "≥ 20×", times("LiteLLM", "stream 16")),
        ("time to first token added", "≤ 5 ms", added_first),
        ("a worker's memory", "≤ 200 MiB", f"{plain.rss_mb:.0f} MiB"),
    ]
    out = ["| against | aim | measured |", "|---|---|---|"]
    return "\n".join(out + [f"| {what} | {aim} | {got} |" for what, aim, got in rows])


def main() -> None:
    """Measure, print, and write the page."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", default="")
    options.add_argument("--no-write", action="store_true")
    chosen = options.parse_args()
    WORK.mkdir(exist_ok=True)
    missing = [tool for tool in ("wrk", "nginx", "npm", "node") if not shutil.which(tool)]
    if missing:
        sys.exit(f"bench needs {', '.join(missing)}: apt-get install nginx-light wrk nodejs npm")
    results: dict[str, dict[str, load.Figures | tuple[float, float]]] = {}
    with upstream():
        for server, helpers in peers(chosen.only):
            print(server.name, flush=True)
            results[server.name] = measured(server, helpers, chosen.seconds, chosen.rounds)
            for kind, figures in results[server.name].items():
                print("  ", kind, figures, flush=True)
    inspection = inspecting() if not chosen.only else ""
    if any(name.startswith("Shenyong") for name in results):
        print(ratios(results))
    if chosen.no_write or chosen.only:
        return
    head, _, _ = PAGE.read_text(encoding="utf-8").partition("<!-- measured -->")
    PAGE.write_text(
        f"{head}<!-- measured -->\n\nMeasured by `make bench` on {machine()}; medians of "
        f"{chosen.rounds} rounds of {chosen.seconds:g} s; every prompt different.\n\n"
        f"## Aims\n\n{ratios(results)}\n\n## Servers\n\n{table(results)}\n\n"
        f"## Inspection\n\n{inspection}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
