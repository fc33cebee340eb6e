"""``python -m bench.hosts``: one host and two hosts, of two workers each, over one PostgreSQL.

Each host is a network namespace with a card on a common bridge; PostgreSQL and the model's server
stand on the bridge's own address, and all talk TCP. First the load goes to the first host alone,
then to both at once: without a bound, and with each host held to `SHARE` of a core (a control
group, cgroup v1), so that a machine of two cores can carry two hosts, PostgreSQL, model and load at
once and tell whether a second host adds what it has. At the end the ledger is verified: one log, of
all workers. ``--write`` puts the table into docs/capacity.md. Needs root, ip and wrk.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import psycopg
from faults.postgres import Postgres

from bench import load
from bench.__main__ import keep
from bench.gateway import furnished
from bench.servers import BIN, ROOT, UPSTREAM_PORT, WORK, cpu_seconds, tree
from shenyong.storage.verification import verify_log

PORT = 9106
NET = "10.231.17"
HOSTS = ("sybh1", "sybh2")
SHARE = 0.4
"""Of a core, for each host where it is bounded."""
_BRIDGE = "sybr0"
_GROUP = Path("/sys/fs/cgroup/cpu")
_PERIOD = 20_000  # µs; short, so that a bound host pauses for little at a time


class Told(msgspec.Struct, frozen=True):
    """One load: rates a second; CPU a request in µs; entries of the ledger in one commit."""

    bound: float  # of a core, a host; 0 for none
    hosts: int
    rate: float
    errors: int
    p50_ms: float
    worker_us: float
    database_us: float
    entries_a_commit: float


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _address(number: int) -> str:
    return f"{NET}.{11 + number}"


@contextlib.contextmanager
def network() -> Iterator[None]:
    """A bridge, and a namespace on it for each host."""
    _torn()
    try:
        _do("ip", "link", "add", _BRIDGE, "type", "bridge")
        _do("ip", "addr", "add", f"{NET}.1/24", "dev", _BRIDGE)
        _do("ip", "link", "set", _BRIDGE, "up")
        for number, name in enumerate(HOSTS):
            here, there = f"{name}a", f"{name}b"
            _do("ip", "netns", "add", name)
            _do("ip", "link", "add", here, "type", "veth", "peer", "name", there)
            _do("ip", "link", "set", here, "master", _BRIDGE)
            _do("ip", "link", "set", here, "up")
            _do("ip", "link", "set", there, "netns", name)
            inside = ("ip", "-n", name)
            _do(*inside, "addr", "add", f"{_address(number)}/24", "dev", there)
            _do(*inside, "link", "set", there, "up")
            _do(*inside, "link", "set", "lo", "up")
        yield
    finally:
        _torn()


def _torn() -> None:
    for words in (*(("netns", "del", name) for name in HOSTS), ("link", "del", _BRIDGE)):
        subprocess.run(["ip", *words], check=False, capture_output=True)


@contextlib.contextmanager
def gateways(folder: Path, dsn: str) -> Iterator[list[psutil.Process]]:
    """The gateway of each host, started inside its namespace."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for name in HOSTS:
            with (WORK / f"{name}.log").open("wb") as log:
                running.append(
                    subprocess.Popen(
                        ["ip", "netns", "exec", name, str(BIN / "shenyong"), "serve",
                         str(folder / "shenyong.toml")],
                        env={**os.environ, "SHENYONG__DATABASE__DSN": dsn,
                             "SHENYONG__SERVER__HOST": "0.0.0.0"},
                        stdout=log, stderr=log, start_new_session=True,
                    )
                )  # fmt: skip
        for number in range(len(HOSTS)):
            _until_ready(number)
        yield [psutil.Process(each.pid) for each in running]
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(60)


@contextlib.contextmanager
def bound(processes: list[psutil.Process], share: float) -> Iterator[None]:
    """Each host's processes may use so much of a core (0: all)."""
    groups = []
    try:
        for number, each in enumerate(processes if share else []):
            group = _GROUP / f"syb{number}"
            group.mkdir(exist_ok=True)
            groups.append(group)
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(int(_PERIOD * share)))
            for process in tree(each.pid):
                (group / "cgroup.procs").write_text(str(process.pid))
        yield
    finally:
        for group in groups:
            for pid in (group / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):
                    (_GROUP / "cgroup.procs").write_text(pid)
            group.rmdir()


def _until_ready(number: int) -> None:
    import httpx

    until = time.monotonic() + 90
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"http://{_address(number)}:{PORT}/readyz", timeout=2).status_code == 200:
                return
        if time.monotonic() > until:
            raise RuntimeError(f"host {number + 1} did not become ready: see {WORK}")
        time.sleep(0.2)


def _wrk(number: int, key: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            "wrk", "-t1", "-c16", f"-d{seconds:g}s", "--timeout", "20s", "--latency", "-s",
            "bench/prompts.lua", f"http://{_address(number)}:{PORT}",
        ],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "BENCH_KEY": key, "BENCH_SEED": str(time.time_ns() % 1_000_000)},
    )  # fmt: skip


def _commits(dsn: str) -> tuple[int, int]:
    """Commits of the database, and entries of the log."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()), "
            "(SELECT size FROM ledger_head WHERE agency = 'bench')"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def tried(
    share: float,
    hosts: int,
    processes: list[psutil.Process],
    database: int,
    key: str,
    dsn: str,
    seconds: float,
) -> Told:
    """The load on the first `hosts` hosts."""
    workers = [each for process in processes for each in tree(process.pid)]
    before = cpu_seconds(workers), cpu_seconds(tree(database)), _commits(dsn)
    outs = [each.communicate()[0] for each in [_wrk(n, key, seconds) for n in range(hosts)]]
    time.sleep(1.5)  # the database's counts come late
    after = cpu_seconds(workers), cpu_seconds(tree(database)), _commits(dsn)
    told = [load.said(out) for out in outs]
    done = sum(each.requests for each in told)
    commits, entries = (after[2][at] - before[2][at] for at in (0, 1))
    return Told(
        share, hosts, sum(each.rate for each in told), sum(each.errors for each in told),
        max(each.p50_ms for each in told),
        (after[0] - before[0]) / done * 1e6, (after[1] - before[1]) / done * 1e6,
        entries / max(1, commits),
    )  # fmt: skip


def table(found: list[Told], verified: str) -> str:
    """The figures as Markdown."""
    rows = [
        "| a host may use | hosts × workers | requests/s | errors | p50 (ms) "
        "| CPU of the gateways (µs a request) | of PostgreSQL (µs a request) | entries a commit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in found:
        share = f"{each.bound:.0%} of a core" if each.bound else "what is there"
        rows.append(
            f"| {share} | {each.hosts} × 2 | {each.rate:,.0f} | {each.errors} | {each.p50_ms:.0f} "
            f"| {each.worker_us:,.0f} | {each.database_us:,.0f} | {each.entries_a_commit:.1f} |"
        )
    free, kept = (found[at + 1].rate / found[at].rate for at in (0, 2))
    rows += [
        "",
        f"Two hosts carry {kept:.2f}× what one carries where each has its own share of the "
        f"machine, and {free:.2f}× where one alone could use all of its two cores. {verified}",
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print, and with ``--write`` keep the table."""
    options = argparse.ArgumentParser(prog="python -m bench.hosts", description=__doc__)
    options.add_argument("--seconds", type=float, default=15.0)
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    WORK.mkdir(exist_ok=True)
    folder = WORK / "hosts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with network():
        database = Postgres(folder / "pg", address=f"{NET}.1", settings={"max_connections": "100"})
        database.start()
        model = subprocess.Popen(
            [sys.executable, "-m", "bench.upstream", str(UPSTREAM_PORT), f"{NET}.1"], cwd=ROOT
        )
        try:
            key = furnished(folder, database.dsn, PORT, 2, f"http://{NET}.1:{UPSTREAM_PORT}/v1")
            with gateways(folder, database.dsn) as processes:
                tried(0, 2, processes, database.pid, key, database.dsn, 3)  # warm up
                found = []
                for share in (0.0, SHARE):
                    with bound(processes, share):
                        found += [
                            tried(share, n, processes, database.pid, key, database.dsn,
                                  chosen.seconds)
                            for n in (1, 2)
                        ]  # fmt: skip
                time.sleep(3)
            report = verify_log(database.dsn, "bench")
            verified = f"One log of {report.entries:,} entries by four workers on two hosts: " + (
                f"{len(report.faults)} faults." if report.faults else "it verifies, no fault."
            )
        finally:
            model.kill()
            model.wait()
            database.stop()
    told = table(found, verified)
    print(told)
    if chosen.write:
        keep("hosts", told)


if __name__ == "__main__":
    main()
