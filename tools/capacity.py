"""What so and so many officials need, from what a request was measured to cost.

``python -m tools.capacity [--write]`` reads the table of docs/benchmarks.md (``make bench`` writes
it) and prints the model that docs/capacity.md has. Assumed: an official asks 30 times a working day
of 8 hours; the busiest quarter of an hour has four times the mean; a worker is loaded to 60 %.
"""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
OFFICIALS = (1_000, 100_000, 1_000_000)
A_DAY, HOURS, PEAK, LOADED = 30, 8, 4.0, 0.6
_WORKING_DAYS = 125  # in six months
_BYTES = 1_500
"""Of an intent and its outcome in PostgreSQL with their indexes, in bytes."""


class Cost(msgspec.Struct, frozen=True):
    """CPU time of one request, in microseconds: the worker's, and PostgreSQL's beside it."""

    worker: float
    database: float


class Need(msgspec.Struct, frozen=True):
    """What so many officials need. Rates per second; cores at `LOADED`; disk in GB."""

    officials: int
    mean: float
    peak: float
    workers: int
    database_cores: float
    disk_gb: float


def measured(page: str) -> dict[str, Cost]:
    """The costs in the table of benchmarks. Raises ValueError where it has none."""
    found = {}
    for kind, worker, database in re.findall(
        r"\| Shenyong[^|]*\| ([a-z]+ \d+) \|[^|]*\| ([\d,]+) \+ ([\d,]+) PostgreSQL", page
    ):
        found[kind] = Cost(float(worker.replace(",", "")), float(database.replace(",", "")))
    if "plain 16" not in found:
        raise ValueError("docs/benchmarks.md has no measurement of ours: make bench")
    return found


def need(officials: int, cost: Cost) -> Need:
    """Cores and disk for so many officials."""
    mean = officials * A_DAY / (HOURS * 3600)
    peak = mean * PEAK
    return Need(
        officials, mean, peak,
        workers=max(1, math.ceil(peak * cost.worker / 1e6 / LOADED)),
        database_cores=peak * cost.database / 1e6 / LOADED,
        disk_gb=officials * A_DAY * _WORKING_DAYS * _BYTES / 1e9,
    )  # fmt: skip


def table(costs: dict[str, Cost]) -> str:
    """The costs and the needs as Markdown."""
    out = ["| a request | a worker's CPU (µs) | PostgreSQL's CPU (µs) |", "|---|---|---|"]
    out += [
        f"| {kind} connections | {each.worker:,.0f} | {each.database:,.0f} |"
        for kind, each in costs.items()
    ]
    out += [
        "", f"With {A_DAY} requests an official and day of {HOURS} hours, the busiest quarter of "
        f"an hour at {PEAK:g} times the mean, each worker loaded to {LOADED:.0%}, a quarter of the "
        "requests streamed and a quarter redacted:", "",
        "| officials | requests/s, mean | at the peak | workers (a core each) | PostgreSQL's cores | disk, 6 months (GB) |",  # noqa: E501
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    mixed = mix(costs)
    for each in (need(count, mixed) for count in OFFICIALS):
        out.append(
            f"| {each.officials:,} | {each.mean:,.1f} | {each.peak:,.1f} | {each.workers:,} "
            f"| {each.database_cores:,.2f} | {each.disk_gb:,.0f} |"
        )
    return "\n".join(out)


def mix(costs: dict[str, Cost]) -> Cost:
    """The cost of a usual request: half plain, a quarter streamed, a quarter redacted."""
    plain = costs["plain 16"]
    stream, personal = costs.get("stream 16", plain), costs.get("personal 16", plain)
    return Cost(
        plain.worker / 2 + stream.worker / 4 + personal.worker / 4,
        plain.database / 2 + stream.database / 4 + personal.database / 4,
    )


def main() -> None:
    """Print the model, and with ``--write`` keep it."""
    options = argparse.ArgumentParser(prog="python -m tools.capacity", description=__doc__)
    options.add_argument("--write", action="store_true")
    told = table(measured((ROOT / "docs" / "benchmarks.md").read_text("utf-8")))
    print(told)
    if options.parse_args().write:
        page = ROOT / "docs" / "capacity.md"
        head, mark, rest = page.read_text("utf-8").partition("<!-- cost -->")
        _, end, after = rest.partition("<!-- /cost -->")
        page.write_text(f"{head}{mark}\n\n{told}\n\n{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
