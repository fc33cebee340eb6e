"""``shenyong witness`` on another host (a network namespace of its own), and a log shown to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cli.running import PROGRAM
from tests.storage.entries import AGENCY, intent
from tests.storage.test_export import KEY, VKEY, _grow

from shenyong.ledger.checkpoint import Checkpoint, open_note
from shenyong.ledger.witness import Request
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.witnessing import Witness, WitnessError, submit

SHENYONG = list(PROGRAM)
HERE, THERE = "10.217.9.1", "10.217.9.2"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def host() -> Iterator[list[str]]:
    """Another host: the words that begin a command there."""
    name = f"sywit{os.getpid()}"
    inside, outside = f"w{os.getpid() % 99999}a", f"w{os.getpid() % 99999}b"
    try:
        _ip("netns", "add", name)
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("network namespaces are not permitted here")
    try:
        _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        _ip("addr", "add", f"{HERE}/30", "dev", outside)
        _ip("link", "set", outside, "up")
        _ip("-n", name, "addr", "add", f"{THERE}/30", "dev", inside)
        _ip("-n", name, "link", "set", inside, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


class Running:
    """A witness on the other host."""

    def __init__(self, host: list[str], folder: Path) -> None:
        self.host, self.folder = host, folder
        made = subprocess.run(
            [*SHENYONG, "witness", str(folder), "--init", "--name", "w.example", "--json"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        self.vkey: str = json.loads(made.stdout)["vkey"]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [*self.host, *SHENYONG, "witness", str(self.folder), "--log", VKEY,
                   "--host", THERE, "--port", "8611"]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection((THERE, 8611), timeout=1).close()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        until = time.monotonic() + 60  # its worker holds the port a moment longer
        with contextlib.suppress(OSError):
            while time.monotonic() < until:
                socket.create_connection((THERE, 8611), timeout=1).close()
                time.sleep(0.05)

    def seen(self) -> int:
        (file,) = self.folder.glob("seen-*.json")
        return int(json.loads(file.read_bytes())["size"])

    def post(self, body: bytes) -> tuple[int, str]:
        request = urllib.request.Request(f"http://{THERE}:8611/add-checkpoint", data=body)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def witness(host: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(host, tmp_path_factory.mktemp("witness"))
    running.start()
    yield running
    running.kill()


def asked(witness: Running, dsn: str) -> int:
    return asyncio.run(submit(dsn, AGENCY, Witness(f"http://{THERE}:8611", witness.vkey)))


def grown(dsn: str, by: int) -> None:
    async def grow() -> None:
        writer = LedgerWriter(dsn, started=1)
        await writer.start({AGENCY: VKEY})
        for _ in range(by):
            await writer.append(intent())
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await Checkpointer(dsn, {AGENCY: KEY}).sign_all(connection)
        await writer.stop()

    asyncio.run(grow())


@pytest.mark.point("ey-genai-2023:0")
def test_a_log_is_cosigned_elsewhere_and_can_not_be_rewritten(
    witness: Running, dsn: str, new_database: object
) -> None:
    asyncio.run(_grow(dsn))
    assert asked(witness, dsn) == 602
    assert witness.seen() == 602
    grown(dsn, 7)
    assert asked(witness, dsn) == 610
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT size, witness FROM cosignature ORDER BY size").fetchall()
        note = connection.execute(
            "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
    assert rows == [(602, "w.example"), (610, "w.example")]
    assert note is not None
    # kill -9: what was seen is still known after a start.
    witness.kill()
    witness.start()
    assert witness.seen() == 610
    # Another log with the same key (forked from the first entry on) is refused, long or short.
    other = new_database()  # type: ignore[operator]
    asyncio.run(_grow(other))
    with pytest.raises(WitnessError) as refused:
        asked(witness, other)
    assert refused.value.status == 409
    grown(other, 30)
    with pytest.raises(WitnessError) as refused:
        asked(witness, other)
    assert refused.value.status == 422
    assert witness.seen() == 610
    # Cut off: the state of 602 again.
    with psycopg.connect(dsn) as connection:
        old = connection.execute("SELECT note FROM ledger_checkpoint WHERE size = 602").fetchone()
    assert old is not None
    assert witness.post(Request(0, (), bytes(old[0])).body()) == (409, "610\n")
    assert witness.post(Request(610, (), bytes(old[0])).body())[0] == 400
    # A stranger's log is not known, a wrong signature not taken.
    text = Checkpoint.parse(open_note(bytes(note[0]), KEY.verifying))
    assert witness.post(Request(0, (), b"other/log\n1\nAAAA\n\n").body())[0] == 404
    forged = Checkpoint(text.origin, 700, text.root).text() + bytes(note[0]).partition(b"\n\n")[2]
    assert witness.post(Request(610, (), forged).body())[0] == 403


def test_it_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*SHENYONG, "witness", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--init" in done.stderr
    done = subprocess.run(
        [*SHENYONG, "witness", str(tmp_path), "--init"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "--name" in done.stderr) == (2, True)
