"""The doctor on the ledger: damage that a glance sees, and what witnesses say."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.diagnosis.patient import AGENCY, DAY, KEY, Patient, Plant, planted
from tests.cli.diagnosis.test_network import free_port

from shenyong.ledger.checkpoint import SigningKey

_PROGRAM = [sys.executable, "-c", "from shenyong.cli.main import main; main()"]


def later(patient: Patient, microseconds: int) -> None:
    """The newest entry says another time, hashed as it should be."""
    from shenyong.ledger.merkle import leaf_hash

    at = time.time_ns() // 1000 + microseconds
    leaf = json.dumps({"agency": AGENCY, "at": at}).encode()
    patient.execute(
        "UPDATE ledger_entry SET leaf = %s, leaf_hash = %s WHERE idx = 19", leaf, leaf_hash(leaf)
    )


def waiting(patient: Patient) -> None:
    """An entry of an hour ago that nobody signed for."""
    later(patient, -3_600_000_000)
    patient.execute(
        "UPDATE ledger_head SET integrated = 10; DELETE FROM ledger_checkpoint WHERE size = 20"
    )
    patient.execute("UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry "
                    "WHERE idx = 19), leaf_hash = (SELECT leaf_hash FROM ledger_entry "
                    "WHERE idx = 19) WHERE idx = 10")  # fmt: skip


def forged(patient: Patient) -> None:
    """A checkpoint of somebody else's key."""
    from shenyong.ledger.checkpoint import Checkpoint

    other = SigningKey(f"shenyong/{AGENCY}", b"\7" * 32)
    note = other.sign(Checkpoint(f"shenyong/{AGENCY}", 20, b"\0" * 32).text())
    patient.execute("UPDATE ledger_checkpoint SET note = %s WHERE size = 20", note)


PLANTS: dict[str, Plant] = {
    "log_headless": lambda it: it.execute("DELETE FROM ledger_head"),
    "log_key_other": lambda it: (it.folder / "keys/signing.key").write_text("7a" * 32),
    "log_cut": lambda it: it.execute("DELETE FROM ledger_entry WHERE idx = 19"),
    "entry_damaged": lambda it: it.execute(
        "UPDATE ledger_entry SET leaf = set_byte(leaf, 9, 120) WHERE idx = 7"),
    "clock_ran_ahead": lambda it: later(it, DAY),
    "checkpoint_missing": lambda it: it.execute("DELETE FROM ledger_checkpoint WHERE size = 20"),
    "checkpoint_bad": forged,
    "tile_damaged": lambda it: it.execute(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 99, 255 - get_byte(hashes, 99))"),
    "checkpoint_old": waiting,
    "witness_malformed": lambda it: it.setting("ledger", "witnesses", "http://x nokey"),
}  # fmt: skip


@pytest.mark.point("ey-genai-2023:2")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(patient: Patient, code: str) -> None:
    planted(patient, code, PLANTS[code], "ledger", mend=False)


def test_without_a_witness_there_is_advice(patient: Patient) -> None:
    found = patient.codes("ledger")
    assert set(found) == {"witness_none"}
    assert found["witness_none"].advice


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one, in a process of its own; the setting that names it."""
    folder, port = tmp_path_factory.mktemp("witness"), free_port()
    made = subprocess.run([*_PROGRAM, "witness", str(folder), "--init", "--name", "w", "--json"],
                          capture_output=True, check=True)  # fmt: skip
    vkey = json.loads(made.stdout)["vkey"]
    process = subprocess.Popen(
        [*_PROGRAM, "witness", str(folder), "--log", str(KEY.verifying), "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        import socket

        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port} {vkey}"
    finally:
        process.terminate()
        process.wait(30)


def test_what_a_witness_knows(patient: Patient, witness: str) -> None:
    """In one go, as it happens: it learns of the log, the log grows, then is rolled back."""
    import asyncio

    from shenyong.storage.witnessing import parsed, submit

    patient.setting("ledger", "witnesses", witness)
    (known,) = parsed([witness])
    whole = "UPDATE ledger_head SET integrated = %s, size = %s"
    cut = "CREATE TABLE kept AS SELECT * FROM ledger_checkpoint WHERE size = 20"
    patient.execute(cut)
    patient.execute("DELETE FROM ledger_checkpoint WHERE size = 20")
    patient.execute(whole, 10, 10)
    assert asyncio.run(submit(patient.dsn, AGENCY, known)) == 10
    assert not {"witness_behind", "log_rolled_back"} & set(patient.codes("ledger"))

    patient.execute("INSERT INTO ledger_checkpoint SELECT * FROM kept")
    patient.execute(whole, 20, 20)
    assert "witness_behind" not in patient.codes("ledger"), "it was seen a moment ago"
    patient.execute("UPDATE cosignature SET at = 0")
    assert "witness_behind" in patient.codes("ledger")

    assert asyncio.run(submit(patient.dsn, AGENCY, known)) == 20
    patient.execute("DELETE FROM ledger_checkpoint WHERE size = 20")
    patient.execute("DELETE FROM ledger_entry WHERE idx >= 10")
    patient.execute(whole, 10, 10)
    found = patient.codes("ledger")["log_rolled_back"]
    assert "10 < 20" in found.fact


def test_a_witness_that_does_not_know_us_and_one_that_is_silent(
    patient: Patient, witness: str, tmp_path: Path
) -> None:
    other = SigningKey(f"shenyong/{AGENCY}", b"\7" * 32)
    patient.setting("ledger", "witnesses", witness)
    from shenyong.ledger.checkpoint import Checkpoint

    note = other.sign(Checkpoint("shenyong/stranger", 20, b"\0" * 32).text())
    patient.execute("UPDATE ledger_checkpoint SET note = %s WHERE size = 20", note)
    assert "witness_refuses" in patient.codes("ledger")
    patient.setting("ledger", "witnesses", f"http://127.0.0.1:9 {witness.split(' ')[1]}")
    assert "witness_silent" in patient.codes("ledger")
