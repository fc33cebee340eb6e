"""`shenyong doctor` as a whole; each fault by itself is planted in `tests/cli/diagnosis`."""

from __future__ import annotations

import json

import pytest
from tests.cli.diagnosis.patient import Patient
from tests.cli.running import run

from shenyong.cli import doctor
from shenyong.cli.main import run as called


def test_each_fault_is_said_with_what_mends_it(tmp_path):
    assert run("init", str(tmp_path)).returncode == 0
    file = tmp_path / "shenyong.toml"
    (tmp_path / "keys" / "signing.key").write_text("short")
    (tmp_path / "keys" / "digest.key").chmod(0o644)
    (tmp_path / "keys" / "pepper.key").unlink()
    dsn = "postgresql://nobody@127.0.0.1:9/none"
    file.write_text(file.read_text().replace("data_dir", "# data_dir"))
    done = run("doctor", str(file), "--json", SHENYONG__DATABASE__DSN=dsn)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {each["check"] for each in found if each["fine"]} >= {
        "python",
        "packages",
        "pack",
        "model",
        "sandbox",
    }
    keys = {each["code"]: each for each in found if each["check"] == "keys"}
    assert set(keys) == {"key_bad", "key_open", "key_missing"}
    assert keys["key_open"]["mend"] == f"chmod 600 {tmp_path / 'keys' / 'digest.key'}"
    assert keys["key_open"]["fact"] == "0644"
    (database,) = [each for each in found if each["check"] == "database"]
    assert not database["fine"]
    assert "systemctl start postgresql" in database["mend"]
    assert "nobody" not in done.stdout


def test_broken_settings_are_a_finding(tmp_path):
    (tmp_path / "shenyong.toml").write_text("[sever]\n")
    done = run("doctor", str(tmp_path / "shenyong.toml"), "--only", "settings")
    assert done.returncode == 1
    assert "unknown_section" in done.stdout
    assert "shenyong config check" in done.stdout


def test_one_subject_alone(patient: Patient, capfd: pytest.CaptureFixture[str]) -> None:
    assert called(["doctor", str(patient.file), "--only", "keys", "--only", "people"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 3, "keys, people, and the schema before it"
    assert called(["doctor", str(patient.file), "--only", "weather"]) == 2


def test_advice_alone_is_fine(patient: Patient, capfd: pytest.CaptureFixture[str]) -> None:
    assert called(["doctor", str(patient.file), "--only", "ledger"]) == 0
    said = capfd.readouterr().out
    assert "△" in said, "there is no witness"
    patient.execute("DELETE FROM ledger_head")
    assert called(["doctor", str(patient.file), "--only", "ledger"]) == 1
    assert "✗" in capfd.readouterr().out


def test_a_look_that_falls_over_ends_nothing(patient: Patient) -> None:
    patient.execute("ALTER TABLE account RENAME TO accounts_elsewhere")
    found = patient.codes("people")
    assert found["look_failed"].fact.startswith("accounts ")
    assert not found["look_failed"].fine


def test_all_subjects_are_looked_at(patient: Patient) -> None:
    subjects = set(doctor.SUBJECTS) - {"pack", "model", "sandbox"}  # they take seconds
    assert {each.check for each in patient.examined(*subjects)} == subjects
