"""The day after: everything is gone but a backup, and the ledger goes on from it and proves it."""

from __future__ import annotations

import http.client
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.running import run
from tests.house import AGENCY, House

from shenyong.gateway.worker import log_key
from shenyong.ledger.proof import verify_receipt
from shenyong.storage.proofs import receipt
from shenyong.storage.server import EmbeddedServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.point("ey-genai-2023:2"),
]


class Installation(House):
    """A house whose commands are run as an operator would."""

    def command(self, *arguments: str) -> tuple[int, Any]:
        done = run(*arguments, "--json", cwd=self.folder, SHENYONG__DATABASE__DSN=self.dsn)
        assert done.stdout, done.stderr
        print(done.stdout[:3000])
        return done.returncode, json.loads(done.stdout)

    def say(self, words: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = json.dumps(
            {"model": "local/echo", "messages": [{"role": "user", "content": words}]}
        ).encode()
        head = {"authorization": f"Bearer {self.keys['official']}",
                "content-type": "application/json"}  # fmt: skip
        try:
            connection.request("POST", "/v1/chat/completions", body, head)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    @property
    def entries(self) -> int:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT size FROM ledger_head").fetchone()
        return int(row[0]) if row else 0

    def signed(self, size: int) -> None:
        """Wait until a checkpoint covers that many entries."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for _ in range(400):
                row = connection.execute("SELECT integrated FROM ledger_head").fetchone()
                if row and row[0] >= size:
                    return
                connection.execute("SELECT pg_sleep(0.05)")
        raise AssertionError("no checkpoint")

    def disaster(self) -> None:
        """kill -9 of everything, and the database's folder is gone."""
        self.kill()
        self.database.stop()
        shutil.rmtree(self.folder / "pg")

    def new_database(self) -> None:
        self.database = EmbeddedServer(self.folder / "pg")
        self.dsn = self.database.dsn


@contextmanager
def load(house: Installation, threads: int = 2) -> Iterator[list[int]]:
    """Requests, one after the other in each thread, until the block ends."""
    stop, statuses = threading.Event(), list[int]()

    def work(name: int) -> None:
        while not stop.is_set() and len(statuses) < 200:
            statuses.append(house.say(f"請將會議時間改為下午 {name} 點。"))

    workers = [threading.Thread(target=work, args=[each]) for each in range(threads)]
    for each in workers:
        each.start()
    try:
        yield statuses
    finally:
        stop.set()
        for each in workers:
            each.join()


@pytest.fixture(scope="module")
def house() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as folder:
        made = Installation(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.close()


def test_the_ledger_goes_on_after_everything_but_a_backup_is_gone(house: Installation) -> None:
    assert house.say("請摘要這段文字。") == 200
    house.signed(2)
    old = receipt(house.dsn, AGENCY, 0)
    backups = house.folder / "backups"

    with load(house) as statuses:
        code, done = house.command("backup", str(backups))
        assert code == 0
        held = done["manifest"]["logs"][0]["entries"]
        while house.entries < held + 10:
            house.say("再一則。")
    assert set(statuses) == {200}, "a backup costs nobody a request"
    house.signed(held + 10)

    # Proved while the gateway serves: it is behind the database in use, which is said, and good.
    code, proof = house.command("restore", done["file"], "--verify")
    assert code == 0, proof
    assert proof["ok"]
    assert proof["signed"]
    assert proof["compared_with_database_in_use"]
    assert proof["rollback"][AGENCY] > 0
    assert Path(done["file"] + ".proved.json").exists()

    _, later = house.command("backup", str(backups))
    exported = house.folder / "kept"
    assert house.command("ledger", "export", str(exported))[0] == 0
    known = (exported / AGENCY / "checkpoint").read_bytes()
    house.disaster()
    house.new_database()

    # The older of the two backups would roll the log back: that is refused, with nothing done.
    refused = run("restore", done["file"], "--into", str(house.folder),
                  SHENYONG__DATABASE__DSN=house.dsn)  # fmt: skip
    assert refused.returncode == 2
    assert "rolls back" in refused.stderr
    with psycopg.connect(house.dsn) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)

    # The newest one holds all that was signed.
    code, back = house.command("restore", later["file"], "--into", str(house.folder))
    assert code == 0, back
    assert back["rollback"] == {}
    house.start()
    before = house.entries
    assert [house.say("復原後的要求。") for _ in range(3)] == [200] * 3
    house.signed(before + 6)
    (house.folder / "kept.note").write_bytes(known)
    code, verified = house.command("ledger", "verify", "--kept", "kept.note")
    assert code == 0, verified
    assert verified["logs"][0]["entries"] >= before + 6

    # An old receipt still opens, and the newest checkpoint proves the same entry.
    seed = bytes.fromhex((house.folder / "keys/signing.key").read_text().strip())
    key = log_key(seed, AGENCY).verifying
    with psycopg.connect(house.dsn) as connection:
        row = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE agency = %s AND idx = 0", [AGENCY]
        ).fetchone()
    assert row is not None
    leaf = bytes(row[0])
    assert verify_receipt(old, leaf, key)
    assert verify_receipt(receipt(house.dsn, AGENCY, 0, newest=True), leaf, key)
    assert _admin(house.dsn, "ledger.restore") == 1


def test_an_older_state_is_put_back_only_with_eyes_open_and_says_so(house: Installation) -> None:
    older = sorted((house.folder / "backups").glob("*.tar"))[0]
    known = house.folder / "kept" / AGENCY / "checkpoint"
    house.disaster()
    house.new_database()
    code, back = house.command(
        "restore", str(older), "--into", str(house.folder), "--known", str(known),
        "--accept-rollback",
    )  # fmt: skip
    assert code == 0, back
    assert back["rollback"][AGENCY] > 0
    entry = _restored(house.dsn)
    assert f"known={back['logs'][0]['known']}" in entry["subject"]
    assert entry["digest"] == back["logs"][0]["known_root"]
    house.start()
    assert house.say("倒回之後。") == 200
    house.signed(house.entries)
    # In itself the log verifies; against what was kept elsewhere it is another history.
    assert house.command("ledger", "verify")[0] == 0
    code, verified = house.command("ledger", "verify", "--kept", str(known))
    assert code == 1
    faults = {each["code"] for each in verified["logs"][0]["faults"]}
    assert faults & {"root_mismatch", "tail_missing"}


def test_with_an_export_kept_elsewhere_nothing_of_the_log_is_lost(house: Installation) -> None:
    older = sorted((house.folder / "backups").glob("*.tar"))[0]
    export = house.folder / "kept"
    house.disaster()
    house.new_database()
    code, back = house.command(
        "restore", str(older), "--into", str(house.folder), "--entries", str(export)
    )
    assert code == 0, back
    assert back["recovered"][AGENCY] > 0
    assert back["rollback"] == {}
    house.start()
    assert house.say("補回之後。") == 200
    house.signed(house.entries)
    kept = export / AGENCY / "checkpoint"
    code, verified = house.command("ledger", "verify", "--kept", str(kept))
    assert code == 0, verified


def _admin(dsn: str, action: str) -> int:
    return sum(each["action"] == action for each in _entries(dsn))


def _restored(dsn: str) -> dict[str, Any]:
    return next(each for each in _entries(dsn) if each["action"] == "ledger.restore")


def _entries(dsn: str) -> list[dict[str, Any]]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT leaf FROM ledger_entry WHERE type = 'admin'").fetchall()
    return [json.loads(bytes(leaf)) for (leaf,) in rows]
