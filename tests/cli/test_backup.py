"""`shenyong backup` and `restore` as an operator calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.diagnosis.patient import AGENCY, SEED, Patient
from tests.storage.test_backup_keys import PHRASE, pair

from shenyong.cli.keeping import SUFFIX
from shenyong.cli.main import run
from shenyong.cli.restore import PROVED
from shenyong.storage.backup import take
from shenyong.storage.backup_archive import Archive

Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def command(patient: Patient, capfd: pytest.CaptureFixture[str]) -> Command:
    patient.monkeypatch.setenv("SHENYONG_CONFIG", str(patient.file))

    def call(*arguments: str) -> tuple[int, Any]:
        capfd.readouterr()
        code = run([*arguments, "--json"])
        said = capfd.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return call


def test_settings_and_packs_travel_and_keys_do_not(patient: Patient, command: Command) -> None:
    (patient.folder / "packs").mkdir()
    (patient.folder / "packs/own.cedar").write_text("// 本機關\n")
    text = patient.file.read_text()
    patient.file.write_text(text.replace("agency_packs = []", 'agency_packs = ["packs/own.cedar"]'))
    code, done = command("backup", str(patient.folder / "out"))
    assert code == 0
    file = Path(done["file"])
    assert file.name.endswith(SUFFIX)
    assert file.stat().st_mode & 0o777 == 0o600
    assert SEED.encode() not in file.read_bytes()
    assert patient.dsn.encode() not in file.read_bytes()
    with Archive(file) as archive:
        assert {"settings/shenyong.toml", "settings/packs/own.cedar"} <= archive.names
        assert "keys.sealed" not in archive.names
    (log,) = done["manifest"]["logs"]
    assert (log["agency"], log["entries"], log["signed"]) == (AGENCY, 20, 20)
    assert log["checkpoint"].startswith(f"shenyong/{AGENCY}\n20\n")
    assert done["manifest"]["revision"]
    assert done["manifest"]["program"]


def test_only_so_many_stay_and_nothing_is_overwritten(patient: Patient, command: Command) -> None:
    folder = patient.folder / "out"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"shenyong-2020010{day}T000000Z{SUFFIX}").write_text("x")
    (folder / "other.txt").write_text("mine")
    _, done = command("backup", str(folder), "--keep", "2")
    assert len(done["removed"]) == 2
    assert len(list(folder.glob(f"*{SUFFIX}"))) == 2
    assert (folder / "other.txt").exists()
    assert command("backup", done["file"])[0] == 2, "a file that is there stays as it is"


def test_where_and_with_what_is_asked_for(patient: Patient, command: Command) -> None:
    assert command("backup")[0] == 2
    patient.setting("backup", "folder", patient.folder / "own")
    code, done = command("backup")
    assert code == 0
    assert Path(done["file"]).parent == patient.folder / "own"
    assert command("backup", "--passphrase-file", "x")[0] == 2
    (patient.folder / "short").write_text("short\n")
    assert command("backup", "--with-keys", "--passphrase-file", str(patient.folder / "short"))[0] \
        == 2  # fmt: skip
    assert command("restore", done["file"])[0] == 2
    assert command("restore", done["file"], "--verify", "--into", "x")[0] == 2
    assert command("restore", str(patient.file), "--verify")[0] == 2
    assert command("restore", str(patient.folder / "nothing"), "--verify")[0] == 3


@pytest.mark.slow
@pytest.mark.parametrize("by", ["passphrase", "recipient"])
def test_a_bare_machine_proves_a_backup_with_its_keys(
    patient: Patient, command: Command, by: str
) -> None:
    private, public = pair(patient.folder)
    (patient.folder / "p").write_text(PHRASE + "\n")
    (patient.folder / "private.pem").write_bytes(private)
    (patient.folder / "public.pem").write_bytes(public)
    flags = {
        "passphrase": ["--passphrase-file", str(patient.folder / "p")],
        "recipient": ["--recipient", str(patient.folder / "public.pem")],
    }
    opening = {
        "passphrase": flags["passphrase"],
        "recipient": ["--identity", str(patient.folder / "private.pem")],
    }
    code, done = command("backup", str(patient.folder / "out"), "--with-keys", *flags[by])
    assert code == 0
    assert SEED.encode() not in Path(done["file"]).read_bytes()
    bare = patient.folder / "bare"
    bare.mkdir()
    shutil.copy(done["file"], bare)
    patient.monkeypatch.delenv("SHENYONG_CONFIG")
    patient.monkeypatch.delenv("SHENYONG__DATABASE__DSN")
    patient.monkeypatch.chdir(bare)
    code, proof = command("restore", str(bare), "--verify")
    assert code == 0, "without the keys, what they prove is not said to be proved"
    assert (proof["signed"], proof["contents"]) == (None, None)
    code, proof = command("restore", str(bare), "--verify", *opening[by])
    assert code == 0
    assert proof["signed"] is True
    assert proof["keys_of_the_backup_itself"], "whoever made it chose them: they are shown"
    assert proof["public_keys"][AGENCY].startswith(f"shenyong/{AGENCY}+")
    assert proof["contents"]["closed"] == []
    assert proof["logs"][0]["ok"]


@pytest.mark.slow
def test_a_changed_backup_is_refused_and_the_result_is_kept(
    patient: Patient, command: Command
) -> None:
    _, done = command("backup", str(patient.folder / "out"))
    file = Path(done["file"])
    whole = bytearray(file.read_bytes())
    whole[3000] ^= 1
    file.write_bytes(whole)
    code, proof = command("restore", str(file), "--verify")
    assert code == 1
    assert [each["code"] for each in proof["faults"]] == ["changed_part"]
    assert json.loads(file.with_name(file.name + PROVED).read_text())["ok"] is False

    whole[3000] ^= 1
    file.write_bytes(whole)
    (patient.folder / "keys/signing.key").write_text("7a" * 32)
    code, proof = command("restore", str(file), "--verify")
    assert code == 1
    assert "foreign_backup" in {each["code"] for each in proof["faults"]}


def test_an_unsigned_backup_is_not_let_into_a_database(patient: Patient, command: Command) -> None:
    """Its SQL would run there, as the database's owner."""
    file = patient.folder / f"unsigned{SUFFIX}"
    take(patient.dsn, file, program_version="1", at=1)
    code, proof = command("restore", str(file), "--verify")
    assert code == 1
    assert [each["code"] for each in proof["faults"]] == ["unsigned_backup"]
    assert proof["logs"] == []


def test_people_are_told_in_their_language(
    patient: Patient, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", str(patient.folder / "out"), "--config", str(patient.file)]) == 0
    said = capfd.readouterr().out
    assert AGENCY in said
    assert "20" in said
