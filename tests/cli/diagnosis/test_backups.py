"""The doctor on backups: there, new, closed, whole, ours, apart, and proved."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted

from shenyong.cli.keeping import SUFFIX, Keys, stamp
from shenyong.cli.restore import PROVED
from shenyong.settings import load
from shenyong.storage.backup import take

HOUR = 3_600_000_000
NOW = time.time_ns() // 1000


def kept(patient: Patient, hours: int = 0, *, ok: bool = True, proved_days: float = 0.0) -> Path:
    """A backup of so many hours ago, and its proof."""
    folder = patient.folder / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    at = NOW - hours * HOUR
    file = folder / f"shenyong-{stamp(at)}{SUFFIX}"
    key = Keys.of(load(patient.file).settings).backup_key()
    take(patient.dsn, file, program_version="1", at=at, signing=key)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - proved_days * 86_400))
    told = {"ok": ok, "at": when, "file": str(file)}
    file.with_name(file.name + PROVED).write_text(json.dumps(told))
    return file


@pytest.fixture
def backed_up(patient: Patient) -> Patient:
    patient.setting("backup", "folder", patient.folder / "backups")
    kept(patient)
    return patient


def newest(patient: Patient) -> Path:
    return sorted((patient.folder / "backups").glob(f"*{SUFFIX}"))[-1]


def proof(patient: Patient) -> Path:
    return next((patient.folder / "backups").glob(f"*{PROVED}"))


def older(patient: Patient) -> None:
    newest(patient).unlink()
    kept(patient, 50)


def other_signer(patient: Patient) -> None:
    (patient.folder / "keys/signing.key").write_text("7a" * 32)


def cut(patient: Patient) -> None:
    file = newest(patient)
    file.write_bytes(file.read_bytes()[:5000])


def beside(patient: Patient) -> None:
    (patient.folder / "backups/keys").mkdir()
    (patient.folder / "backups/keys/signing.key").write_text("x")


def on_one_disk(patient: Patient) -> None:
    patient.monkeypatch.delenv("SHENYONG__DATABASE__DSN")
    (patient.folder / "pg").mkdir()
    patient.setting("database", "data_dir", patient.folder / "pg")


def unproved(patient: Patient) -> None:
    proof(patient).unlink()


def failed(patient: Patient) -> None:
    proof(patient).write_text(proof(patient).read_text().replace("true", "false"))


PLANTS: dict[str, tuple[Plant, bool]] = {
    "backup_nowhere": (lambda it: it.setting("backup", "folder", ""), False),
    "backup_none": (lambda it: [each.unlink() for each in (it.folder / "backups").iterdir()],
                    False),
    "backup_old": (older, False),
    "backup_broken": (cut, False),
    "backup_foreign": (other_signer, False),
    "backup_open": (lambda it: newest(it).chmod(0o644), True),
    "backup_with_keys": (beside, False),
    "backup_beside": (on_one_disk, False),
    "backup_unproved": (unproved, False),
    "backup_proof_failed": (failed, False),
}  # fmt: skip


@pytest.mark.parametrize("code", PLANTS)
def test_planted(backed_up: Patient, code: str) -> None:
    plant, mend = PLANTS[code]
    planted(backed_up, code, plant, "backup", mend=mend)


def test_a_proof_that_is_too_long_ago(backed_up: Patient) -> None:
    newest(backed_up).unlink()
    proof(backed_up).unlink()
    kept(backed_up, proved_days=9.5)
    assert backed_up.codes("backup")["backup_unproved"].says.count("9")


def test_the_commands_that_are_named_mend_it(
    backed_up: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`shenyong backup` and `shenyong restore --verify`, as the doctor writes them."""
    import sys

    tools = backed_up.folder / "bin"
    tools.mkdir()
    program = tools / "shenyong"
    program.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'from shenyong.cli.main import main; main()' \"$@\"\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    for each in (backed_up.folder / "backups").iterdir():
        each.unlink()
    backed_up.mended(backed_up.codes("backup")["backup_none"])
    backed_up.mended(backed_up.codes("backup")["backup_unproved"])
    assert not backed_up.codes("backup")
