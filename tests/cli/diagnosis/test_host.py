"""The doctor on what the settings ask of the machine."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted


def mounted(patient: Patient, options: str, section: str, key: str) -> None:
    """A folder that the settings name is a file system of its own."""
    place = patient.folder / "mounted"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    if section == "database":
        patient.monkeypatch.delenv("SHENYONG__DATABASE__DSN")
    patient.setting(section, key, place)


def few_files(patient: Patient) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    patient.monkeypatch.setattr(
        resource, "getrlimit",
        lambda kind: (256, hard) if kind == resource.RLIMIT_NOFILE else (soft, hard),
    )  # fmt: skip


PLANTS: dict[str, Plant] = {
    "descriptors_low": few_files,
    "memory_low": lambda it: it.setting("server", "workers", 256),
    "workers_many": lambda it: it.setting("server", "workers", 2 * (os.cpu_count() or 1) + 1),
    "disk_full": lambda it: mounted(it, "size=64m", "backup", "folder"),
    "inodes_low": lambda it: mounted(it, "size=2g,nr_inodes=20", "backup", "folder"),
    "data_in_memory": lambda it: mounted(it, "size=2g", "database", "data_dir"),
}


@pytest.fixture(autouse=True)
def _unmounted(tmp_path: Path):
    yield
    if (tmp_path / "mounted").exists():
        subprocess.run(["umount", "-l", tmp_path / "mounted"], check=False, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    planted(shell, code, PLANTS[code], "host", mend=False)


def test_few_files_of_a_real_process(shell: Patient) -> None:
    program = "from shenyong.cli.main import main; main()"
    done = subprocess.run(
        ["bash", "-c", 'ulimit -n 128; exec "$@"', "-", sys.executable, "-c", program, "doctor",
         str(shell.file), "--only", "host", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "descriptors_low" in done.stdout, done.stderr
