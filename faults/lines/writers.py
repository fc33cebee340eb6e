"""Two hosts over one PostgreSQL: the leading one frozen, both at work, one replaced (F13, F14)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path

from faults.line import NotHereError, line
from faults.lines.killing import somewhere
from faults.load import told
from faults.stand import Host, Stand
from shenyong.storage.checkpointing import LEADER_LOCK

TWO = {"hosts": 2, "workers": 1}
_MAIN = Path(__file__).parents[2]


def _leader(stand: Stand) -> Host:
    """The host whose worker signs: whose connection holds the leader's lock."""
    rows = stand.database.execute(
        "SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::int8 = %s",
        LEADER_LOCK,
    )
    ports = {int(str(port)) for (port,) in rows}
    for host in stand.hosts:
        for each in host.workers():
            held = {connection.laddr.port for connection in each.net_connections("tcp")}
            if ports & held:
                return host
    return stand.host


@line(
    "leader-frozen",
    "兩台主機：正在簽署的一台凍結後又醒來",
    "two hosts: the one that signs frozen (SIGSTOP), then let go on",
    back=60,
    stand=TWO,
)
def leader_frozen(stand: Stand, rng: random.Random) -> list[str]:
    """The other serves and records on; the one that wakes must not sign a second history."""
    somewhere(rng)
    frozen = _leader(stand)
    other = next(each for each in stand.hosts if each is not frozen)
    pids = [each.pid for each in frozen.workers()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    both = stand.bases
    stand.bases = lambda: [other.base_url]  # type: ignore[method-assign]
    stand.load._bases = stand.bases
    wrong = []
    try:
        if not stand.load.wait_served(20, 30):
            wrong.append("I5 the other host did not serve on")
        time.sleep(30.0 if rng.random() < 0.05 else rng.uniform(0.5, 6.0))
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        stand.bases = both  # type: ignore[method-assign]
        stand.load._bases = both
    return wrong


@line(
    "two-writers",
    "兩台主機同時寫入、同時簽署",
    "two hosts that record and sign at once; the leadership taken away again and again",
    stand=TWO,
)
def two_writers(stand: Stand, rng: random.Random) -> None:
    """Its lock is cut off at random, so that the signing moves to and fro."""
    until = time.monotonic() + rng.uniform(0.5, 1.5)
    while time.monotonic() < until:
        stand.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND objsubid = 2 AND classid::int8 = %s AND granted",
            LEADER_LOCK,
        )
        time.sleep(rng.uniform(0.05, 0.4))


def _failed(stand: Stand, before: int) -> list[str]:
    """Requests that a host took and that did not end well.

    A connection that the kernel had queued, and that no worker took before the end, is reset: not
    a byte of it was read, no model was asked, and a balancer tries the next host.
    """
    asked = {told(body) for body in stand.model.received}
    failed = [
        each
        for each in stand.load.seen[before:]
        if not each.ended and (each.status or each.number in asked)
    ]
    kinds = Counter(f"{each.status} {each.code}" for each in failed)
    return [f"failed requests: {dict(kinds)}"] if failed else []


@line(
    "stop-under-load",
    "負載中正常停止（SIGTERM）：已收下的請求全部做完",
    "ended by SIGTERM under load: what was accepted is finished",
    back=60,
    stand={**TWO, "load": {"alone": True}},
)
def stopped(stand: Stand, rng: random.Random) -> list[str]:
    """The other host takes the new ones; none of the accepted fails."""
    somewhere(rng)
    before = len(stand.load.seen)
    host = rng.choice(stand.hosts)
    host.stop()
    stand.load.wait_served(5, 30)
    wrong = _failed(stand, before)
    host.launch()
    return wrong


@cache
def previous() -> tuple[str, str]:
    """The oldest commit of the same schema: its id and the folder with its sources.

    Two empty strings where there is none, as in a copy without its history.
    """
    place = "src/shenyong/storage/migrations/versions"

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(_MAIN), *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    def schema(commit: str) -> set[tuple[str, str]]:
        rows = [row.split() for row in git("ls-tree", commit, f"{place}/").splitlines()]
        return {(Path(row[3]).name, row[2]) for row in rows}

    with suppress(subprocess.CalledProcessError, OSError):
        files = sorted((_MAIN / place).glob("*.py"))
        now = {(each.name, git("hash-object", str(each))) for each in files}
        found = ""
        for commit in git("rev-list", "--first-parent", "HEAD").split():
            if schema(commit) == now:
                found = commit
            elif found:
                break
        if found and found != git("rev-parse", "HEAD"):
            folder = tempfile.mkdtemp(prefix="syf-previous-")
            archive = subprocess.run(
                ["git", "-C", str(_MAIN), "archive", found, "src"], capture_output=True, check=True
            )
            subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
            return found[:7], f"{folder}/src"
    return "", ""


@line(
    "upgrade",
    "負載中由前一版逐台升級",
    "upgraded from the previous version under load, one host after the other",
    back=60,
    stand={**TWO, "load": {"alone": True}},
)
def upgrade(stand: Stand, rng: random.Random) -> list[str]:
    """Old and new serve side by side over one database; no accepted request fails.

    A round begins with both hosts at the old version and ends with both at the new one.
    """
    commit, sources = previous()
    if not commit:
        raise NotHereError("an earlier version with this schema")
    wrong: list[str] = []
    for version in (sources, os.environ.get("PYTHONPATH", "")):
        for host in rng.sample(stand.hosts, 2):
            before = len(stand.load.seen)
            host.environment["PYTHONPATH"] = version
            host.stop()
            host.start()
            stand.load.wait_served(5, 30)
            wrong += _failed(stand, before)
    return wrong
