"""PostgreSQL stopped, restarted, frozen, failed over, crowded, full or damaged (F3 to F5, F11)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from tests.house import AGENCY

from faults.line import line
from faults.lines.killing import PAGES, somewhere
from faults.postgres import Postgres, free_port
from faults.stand import Stand
from shenyong.gateway.worker import key_bytes, log_key
from shenyong.storage.verification import verify_log

_FULL_BYTES = 260 * 1024 * 1024


@line(
    "database-restart",
    "PostgreSQL 重新啟動",
    "PostgreSQL restarted",
    stand=PAGES,
)
def restart(stand: Stand, rng: random.Random) -> None:
    """As for an update: fast stop, start at once."""
    somewhere(rng)
    stand.database.stop(rng.choice((signal.SIGINT, signal.SIGQUIT)))
    stand.database.start()


@line(
    "database-stopped",
    "PostgreSQL 停止一段時間：不送出，回應 503",
    "PostgreSQL stopped for a while: 503, and nothing reaches the model",
    stand=PAGES,
)
def stopped(stand: Stand, rng: random.Random) -> list[str]:
    """While it is down no model is called."""
    somewhere(rng)
    stand.database.stop()
    _unserved(stand)
    before = len(stand.model.received)
    time.sleep(rng.uniform(0.3, 1.5))
    called = len(stand.model.received) - before
    stand.database.start()
    return [f"I1 {called} calls without a database"] if called else []


def _unserved(stand: Stand) -> None:
    """Wait until what was under way when the database went has come to its end."""
    before = stand.load.counts["status 503 audit_unavailable"]
    until = time.monotonic() + 30
    while stand.load.counts["status 503 audit_unavailable"] < before + 10:
        if time.monotonic() > until:
            return
        time.sleep(0.02)


@line(
    "database-frozen",
    "PostgreSQL 凍結（SIGSTOP）後恢復",
    "PostgreSQL frozen (SIGSTOP) for a while, then let go on",
    stand=PAGES,
)
def frozen(stand: Stand, rng: random.Random) -> None:
    """Commits hang: nobody may wait for ever, and what was in doubt must not be doubled."""
    somewhere(rng)
    stand.witnessed.asks = False
    processes = [stand.database.pid, *(each.pid for each in stand.database.children())]
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(rng.uniform(0.5, 5.0))
    finally:
        for pid in reversed(processes):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        stand.witnessed.asks = True


def _crowded(folder: Path) -> Postgres:
    return Postgres(folder, settings={"max_connections": "24", "reserved_connections": "0"})


@line(
    "database-crowded",
    "PostgreSQL 連線數用盡",
    "PostgreSQL out of connections",
    stand={"postgres": _crowded},
)
def crowded(stand: Stand, rng: random.Random) -> None:
    """Others take every connection, ours are cut off at the same time, then they let go."""
    somewhere(rng)
    taken: list[psycopg.Connection[Any]] = []
    dsn = stand.database.dsn
    try:
        until = time.monotonic() + rng.uniform(1.0, 2.5)
        with psycopg.connect(dsn, autocommit=True) as first:
            while time.monotonic() < until:
                first.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
                    "pg_backend_pid() AND application_name LIKE 'shenyong%'"
                )
                with suppress(psycopg.OperationalError):
                    while True:
                        taken.append(psycopg.connect(dsn, application_name="crowd"))
                time.sleep(0.02)
    finally:
        for each in taken:
            each.close()


def _small(folder: Path) -> Postgres:
    """A server whose data stand on a small disk of their own."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_FULL_BYTES},mode=0755", "syf", folder],
        check=True,
    )
    return _OnDisk(folder / "data", settings={"wal_recycle": "off", "min_wal_size": "32MB"})


class _OnDisk(Postgres):
    """A server that takes its disk away with it."""

    def close(self) -> None:
        """Unmount it."""
        self.stop()
        subprocess.run(["umount", "-l", self.folder.parent], check=False)


@line(
    "disk-full",
    "資料庫磁碟寫滿",
    "the database's disk full",
    back=60,
    stand={"postgres": _small, "pages": True},
)
def disk_full(stand: Stand, rng: random.Random) -> list[str]:
    """Filled to the last byte for a while; then there is room again."""
    somewhere(rng)
    filler = stand.database.folder.parent / "filler"
    wrong: list[str] = []
    try:
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * (1 << 20))
        with filler.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
        until = time.monotonic() + 20
        failures = stand.load.counts["status 503 audit_unavailable"]
        while stand.load.counts["status 503 audit_unavailable"] < failures + 20:
            if time.monotonic() > until:  # what the last pages and segments still had room for
                break
            time.sleep(0.02)
        if stand.load.counts["status 503 audit_unavailable"] > failures:
            before = len(stand.model.received)
            time.sleep(rng.uniform(0.1, 0.5))
            if not stand.database.running() and len(stand.model.received) > before:
                wrong.append("I1 calls while the database was gone")
    finally:
        filler.unlink(missing_ok=True)
    return wrong


def _flip(stand: Stand, place: int, index: int) -> None:
    stand.database.execute(
        "UPDATE ledger_entry SET leaf = set_byte(leaf, %s, get_byte(leaf, %s) # 1) "
        "WHERE agency = %s AND idx = %s",
        place, place, AGENCY, index,
    )  # fmt: skip


def _named(stand: Stand) -> set[int | None]:
    seed = key_bytes("", str(stand.host.folder / "keys" / "signing.key"), "signing")
    report = verify_log(stand.host.dsn, AGENCY, log_key(seed, AGENCY).verifying)
    return {each.index for each in report.faults}


@line(
    "entry-corrupt",
    "紀錄簿的一個位元被改掉：指出是哪一筆",
    "one bit of an entry changed in the database: found, and the entry named",
    stand={},
)
def entry_corrupt(stand: Stand, rng: random.Random) -> list[str]:
    """Behind our back, in what was signed already; put right afterwards."""
    size = int(str(stand.database.execute(
        "SELECT integrated FROM ledger_head WHERE agency = %s", AGENCY)[0][0]))  # fmt: skip
    if not size:
        return []
    index, place = rng.randrange(size), rng.randrange(100)
    _flip(stand, place, index)
    try:
        named = _named(stand)
    finally:
        _flip(stand, place, index)
    return [] if index in named else [f"I4 entry {index} was changed and is not named"]


@line(
    "tile-corrupt",
    "雜湊磚的一個位元被改掉：不再簽署，該機關停止送出，修復後重啟",
    "one bit of a tile changed: nothing more is signed or sent until it is put right",
    back=60,
    stand={},
)
def tile_corrupt(stand: Stand, rng: random.Random) -> list[str]:
    """The next checkpoint must not be built on it."""
    found = stand.database.execute(
        "SELECT level, idx, length(hashes) FROM ledger_tile WHERE agency = %s "
        "ORDER BY level, idx DESC LIMIT 1", AGENCY)  # fmt: skip
    if not found:
        return []
    level, index, length = (int(str(each)) for each in found[0])
    place = rng.randrange(length)

    def flip() -> None:
        stand.database.execute(
            "UPDATE ledger_tile SET hashes = set_byte(hashes, %s, get_byte(hashes, %s) # 1) "
            "WHERE agency = %s AND level = %s AND idx = %s",
            place, place, AGENCY, level, index,
        )  # fmt: skip

    newest = "SELECT max(size) FROM ledger_checkpoint WHERE agency = %s"
    flip()
    wrong: list[str] = []
    began, signed = time.monotonic(), stand.database.execute(newest, AGENCY)
    refused = stand.load.counts["status 503 audit_unavailable"]
    while stand.load.counts["status 503 audit_unavailable"] < refused + 5:
        if time.monotonic() > began + 15:
            break
        time.sleep(0.02)
    if not _named(stand):
        # A tile that was only just begun may have been written anew from the entries.
        if stand.database.execute(newest, AGENCY) == signed:
            wrong.append("I4 a tile was changed and is not named")
        return wrong
    flip()
    stand.host.kill()
    stand.host.launch()
    return wrong


@line(
    "page-corrupt",
    "資料檔的一頁損壞：資料庫以檢查碼發現，不當作沒事",
    "a page of the table's file damaged on the disk: its checksum tells",
    back=60,
    stand={},
)
def page_corrupt(stand: Stand, rng: random.Random) -> list[str]:
    """While the server is stopped; afterwards the page is put back as from a backup."""
    stand.database.execute("CHECKPOINT")
    found = stand.database.execute("SELECT pg_relation_filepath('ledger_entry')")
    file = stand.database.folder / str(found[0][0])
    stand.database.stop()
    pages = file.stat().st_size // 8192
    if not pages:
        stand.database.start()
        return []
    place = rng.randrange(pages) * 8192 + rng.randrange(64, 8192)
    with file.open("r+b") as opened:
        opened.seek(place)
        kept = opened.read(1)
        opened.seek(place)
        opened.write(bytes([kept[0] ^ (1 << rng.randrange(8))]))
    stand.database.start()
    try:
        told = False
        try:
            told = bool(_named(stand))
        except psycopg.Error:
            told = True
    finally:
        stand.database.stop(signal.SIGQUIT)
        with file.open("r+b") as opened:
            opened.seek(place)
            opened.write(kept)
        stand.database.start()
    return [] if told else [f"I4 byte {place} of the file was changed and nobody says so"]


class Pair:
    """A leader and a standby that streams from it, by one address of two hosts.

    A commit is acknowledged when both have it, so a fail-over loses nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self.leader = Postgres(folder / "a")
        self.standby = self.leader
        self._ports = self.leader.port, free_port()

    @property
    def dsn(self) -> str:
        """Both addresses: the one that may be written to is taken."""
        hosts = ",".join("127.0.0.1" for _ in self._ports)
        ports = ",".join(str(each) for each in self._ports)
        return (
            f"postgresql://postgres@/postgres?host={hosts}&port={ports}"
            "&target_session_attrs=read-write&connect_timeout=2"
        )

    def start(self) -> None:
        """Start the leader, and a standby of it."""
        self.leader.start()
        self._join()

    def _join(self) -> None:
        """A new standby of the leader, at the other port; from then on commits wait for it."""
        (port,) = {*self._ports} - {self.leader.port}
        shutil.rmtree(self.folder / "b", ignore_errors=True)
        place = self.folder / str(port)
        shutil.rmtree(place, ignore_errors=True)
        self.standby = Postgres(place, standby_of=self.leader)
        self.standby.port = port
        self.standby.start()
        until = time.monotonic() + 60
        while self.leader.execute("SELECT count(*) FROM pg_stat_replication")[0][0] == 0:
            assert time.monotonic() < until, "no standby"
            time.sleep(0.05)
        self.leader.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.leader.execute("SELECT pg_reload_conf()")

    def fail_over(self, how: signal.Signals) -> None:
        """The leader goes, the standby takes over, and gets a standby of its own."""
        gone = self.leader
        gone.stop(how)
        self.standby.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self.standby.execute("SELECT pg_promote(true, 60)")
        self.leader = self.standby
        self._join()

    def ensure(self) -> None:
        """Started again where one has ended."""
        self.leader.ensure()
        self.standby.ensure()

    def stop(self) -> None:
        """Stop both."""
        self.standby.stop()
        self.leader.stop()


@line(
    "database-failover",
    "PostgreSQL 主機消失，備援接手",
    "PostgreSQL's host gone: the synchronous standby is promoted and takes over",
    back=60,
    stand={"postgres": Pair, "pages": True},
)
def failover(stand: Stand, rng: random.Random) -> None:
    """With two hosts in the address; what was acknowledged is at both."""
    somewhere(rng)
    pair = stand.database
    assert isinstance(pair, Pair)
    pair.fail_over(rng.choice((signal.SIGKILL, signal.SIGQUIT, signal.SIGINT)))
