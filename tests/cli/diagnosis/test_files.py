"""The doctor on the settings' files."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted

FORBID = '@id("own-1")\n@reason_zh("本機關規定")\nforbid (principal, action, resource);\n'


def pack(patient: Patient, text: str | bytes | None) -> None:
    """A pack of the agency's own, as the settings name it."""
    file = patient.folder / "own.cedar"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    patient.file.write_text(
        patient.file.read_text().replace("agency_packs = []", 'agency_packs = ["own.cedar"]')
    )


def line(patient: Patient, text: str) -> None:
    patient.file.write_text(patient.file.read_text() + text + "\n")


PLANTS: dict[str, tuple[Plant, bool]] = {
    "settings_open": (lambda it: it.file.chmod(0o666), True),
    "folder_open": (lambda it: it.folder.chmod(0o777), True),
    "secret_in_text": (lambda it: line(it, f"# the old key: {'9f' * 32}"), True),
    "pack_missing": (lambda it: pack(it, None), False),
    "pack_unreadable": (lambda it: pack(it, "// 中文".encode("big5")), False),
    "pack_loosens": (lambda it: pack(it, FORBID.replace("forbid", "permit")), False),
    "pack_refused": (lambda it: pack(it, FORBID + "forbid (principal"), False),
}


@pytest.mark.point("ey-genai-2023:7")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    plant, mend = PLANTS[code]
    planted(shell, code, plant, "files", mend=mend)


def test_a_pack_that_tightens_is_fine(shell: Patient) -> None:
    pack(shell, FORBID)
    assert not shell.codes("files")


@pytest.mark.parametrize(
    "secret", ["postgresql://u:hunter2@db/x", "sk-sy-drafts-" + "A" * 24, "ab" * 32]
)
def test_no_secret_is_repeated(shell: Patient, secret: str) -> None:
    line(shell, f"# {secret}")
    found = shell.codes("files")["secret_in_text"]
    assert secret not in f"{found.says}{found.fact}{found.mend}"
    assert found.fact.endswith(f":{len(shell.file.read_text().splitlines())}")


def test_settings_that_are_wrong_are_said_with_their_place(shell: Patient) -> None:
    line(shell, "[sever]")
    found = shell.codes("settings")["settings_wrong"]
    assert "unknown_section" in found.fact
    assert "shenyong config check" in found.mend


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else")
def test_a_folder_that_can_not_be_written(shell: Patient) -> None:
    place = shell.folder / "backups"
    place.mkdir(mode=0o500)
    shell.setting("backup", "folder", place)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from shenyong.cli.diagnosis import Place, files\n"
        "from shenyong.settings import load\n"
        "file = Path(sys.argv[1]); at = Place(load(file).settings, file)\n"
        "os.chdir(at.folder); os.setuid(65534)\n"
        "print([each.code for each in files.unwritable(at)])\n"
    )
    for each in (shell.folder, *shell.folder.parents):
        if each.is_relative_to("/tmp/pytest-of-root"):
            each.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", code, str(shell.file)], capture_output=True, text=True, check=False
    )
    assert "folder_closed" in done.stdout, done.stderr
