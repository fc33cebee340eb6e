"""An hour of load: does memory grow, do descriptors leak, do answers become slower?

The rate is half of what the machine does at this moment, measured first. Every ten seconds the
resident memory and the descriptors of all processes of the gateway are read, and the latencies of
the requests since. What counts is the slope over the whole run (least squares), not its noise: how
much it is allowed is stated in `LIMITS` and in docs/reliability.md.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import psutil

from faults import figures
from faults.checks import Checks
from faults.figures import Soaked
from faults.stand import Stand

SAMPLE_SECONDS = 10.0
WARM_SECONDS = 60.0
LIMITS = {"rss": 5.0, "fds": 2.0, "p99": 20.0}
"""Allowed growth an hour: memory and p99 in percent of their mean, descriptors in number."""


class Sample(msgspec.Struct, frozen=True):
    """One reading. Milliseconds of whole answers."""

    at: float
    rss: float
    fds: int
    p50: float
    p99: float
    requests: int


def processes(stand: Stand) -> list[psutil.Process]:
    """All processes of the gateway."""
    found = []
    for host in stand.hosts:
        with suppress(psutil.Error):
            assert host.process is not None
            main = psutil.Process(host.process.pid)
            found += [main, *main.children(recursive=True)]
    return found


def _resources(stand: Stand) -> tuple[float, int]:
    """Memory that is theirs (shared pages counted once, by proportion) in MiB, and descriptors."""
    memory, fds = 0.0, 0
    for each in processes(stand):
        with suppress(psutil.Error):
            memory += each.memory_full_info().pss / 2**20
            fds += each.num_fds()
    return memory, fds


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Growth an hour by least squares; `points` are (seconds, value)."""
    if len(points) < 3:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return 3600 * sum((x - mean_x) * (y - mean_y) for x, y in points) / square if square else 0.0


def error(points: Sequence[tuple[float, float]]) -> float:
    """The standard error of `slope`, an hour: what noise alone makes of it."""
    if len(points) < 4:
        return float("inf")
    by = slope(points) / 3600
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    left = sum((y - mean_y - by * (x - mean_x)) ** 2 for x, y in points)
    return 3600 * float((left / (len(points) - 2) / square) ** 0.5)


def run(minutes: float, say: Callable[[str], None]) -> Soaked:
    """Load for so long; what was seen is kept in the figures."""
    stand = Stand(pages=True, public=True, workers=2, clients=16, load={"timeout": 30.0})
    try:
        checks = Checks(stand)
        rate = _capacity(stand) / 2
        checks.look(proofs=False)
        say(f"half of what it does: {rate:.0f} requests a second")
        stand.load.pace(rate)
        stand.go()
        time.sleep(min(WARM_SECONDS, minutes * 6))
        samples, failed, done = [], 0, 0
        began = time.monotonic()
        seen_until = len(stand.load.seen)
        while time.monotonic() < began + minutes * 60:
            time.sleep(SAMPLE_SECONDS)
            new = stand.load.seen[seen_until:]
            seen_until += len(new)
            failed += sum(not each.ended for each in new)
            done += len(new)
            memory, fds = _resources(stand)
            took = [each.seconds * 1000 for each in new if each.ended]
            sample = Sample(
                time.monotonic() - began, memory, fds, quantile(took, 0.5), quantile(took, 0.99),
                len(new),
            )  # fmt: skip
            samples.append(sample)
            say(
                f"{sample.at:6.0f} s  {sample.requests / SAMPLE_SECONDS:6.0f}/s  "
                f"{sample.rss:6.0f} MiB  {sample.fds:4} fds  p50 {sample.p50:5.1f}  "
                f"p99 {sample.p99:6.1f} ms"
            )
        stand.rest()
        wrong = checks.look(proofs=True)
    finally:
        stand.close()
    soaked = judged(samples, minutes=minutes, rate=rate, done=done, failed=failed, wrong=wrong)
    with figures.changed() as known:
        known.soak = soaked
    return soaked


def _capacity(stand: Stand) -> float:
    """Requests a second that end well when nobody waits."""
    stand.go()
    stand.load.wait_served(200, 60)
    before, began = stand.load.served(), time.monotonic()
    time.sleep(15)
    rate = (stand.load.served() - before) / (time.monotonic() - began)
    stand.rest()
    return rate


def judged(
    samples: Sequence[Sample],
    *,
    minutes: float,
    rate: float,
    done: int,
    failed: int,
    wrong: Sequence[str],
) -> Soaked:
    """What the samples say."""
    tenth = max(1, len(samples) // 10)
    first, last = samples[:tenth], samples[-tenth:]

    def mean(of: Sequence[Sample], value: Callable[[Sample], float]) -> float:
        return sum(map(value, of)) / max(1, len(of))

    def grown(value: Callable[[Sample], float]) -> tuple[float, float]:
        points = [(each.at, value(each)) for each in samples]
        return slope(points), error(points)

    rss, rss_error = grown(lambda each: each.rss)
    fds, fds_error = grown(lambda each: float(each.fds))
    p99, p99_error = grown(lambda each: each.p99)
    of_rss, of_p99 = mean(samples, lambda e: e.rss) or 1, mean(samples, lambda e: e.p99) or 1
    found = [f"{failed} requests were not served"] if failed else []
    # A slope counts where it is more than is allowed and more than noise makes (two errors).
    for name, by, off in (
        ("rss", 100 * rss / of_rss, 100 * rss_error / of_rss),
        ("fds", fds, fds_error),
        ("p99", 100 * p99 / of_p99, 100 * p99_error / of_p99),
    ):
        if by > LIMITS[name] and by > 2 * off:
            found.append(f"{name} grows by {by:.1f} an hour (±{off:.1f})")
    return Soaked(
        minutes=minutes,
        rate=rate,
        requests=done,
        failed=failed,
        rss_mib=(mean(first, lambda e: e.rss), mean(last, lambda e: e.rss)),
        rss_slope=100 * rss / of_rss,
        fds=(round(mean(first, lambda e: e.fds)), round(mean(last, lambda e: e.fds))),
        fds_slope=fds,
        p50_ms=(mean(first, lambda e: e.p50), mean(last, lambda e: e.p50)),
        p99_ms=(mean(first, lambda e: e.p99), mean(last, lambda e: e.p99)),
        p99_slope=100 * p99 / of_p99,
        violations=[*found, *wrong],
        last=figures.today(),
        commit=figures.commit(),
        load=_others(),
    )


def _others() -> str:
    """How busy the machine is beside us: a measurement among others is worth less."""
    one, five, fifteen = psutil.getloadavg()
    return f"load average {one:.1f} {five:.1f} {fifteen:.1f}"


def say(words: str) -> None:
    """A line on the terminal."""
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True, file=sys.stderr)
