from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.diagnosis.patient import AGENCY, Patient
from tests.cli.running import run

from shenyong.cli.main import run as called
from shenyong.storage.migrate import head

Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def command(patient: Patient, capfd: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> tuple[int, Any]:
        capfd.readouterr()
        code = called(["migrate", str(patient.file), *arguments, "--json"])
        said = capfd.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return call


def test_a_new_database_is_brought_up_and_again_is_nothing(tmp_path):
    run("init", str(tmp_path))
    file = str(tmp_path / "shenyong.toml")
    dry = run("migrate", file, "--dry-run", "--json")
    assert json.loads(dry.stdout)["from"] is None
    assert not (tmp_path / "postgresql").exists(), "a dry run makes no database"
    assert run("ledger", "verify", file).returncode == 3  # the schema isn't there yet
    first = run("migrate", file, "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["backup"] == "", "of an empty database there is none"
    assert run("migrate", file, "--json").stdout == first.stdout
    empty = run("ledger", "verify", file, "--json")
    assert empty.returncode == 2, "no log at all is nothing that could be called fine"
    assert "There is no log" in empty.stderr


def test_dry_run_prints_sql_and_needs_no_database(tmp_path):
    done = run("migrate", "--dry-run", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert "CREATE TABLE" in told["sql"]
    assert {"code": "table_added", "name": "ledger_entry", "column": ""} in told["effects"]
    assert list(tmp_path.iterdir()) == []


def test_no_database_set_is_wrong_use(tmp_path):
    assert run("migrate", cwd=tmp_path).returncode == 2


def test_a_database_that_does_not_answer_is_unavailable(tmp_path):
    (tmp_path / "dsn").write_text("postgresql://u:hunter2@127.0.0.1:9/x")
    (tmp_path / "dsn").chmod(0o600)
    (tmp_path / "shenyong.toml").write_text('[database]\ndsn_file = "dsn"\n')
    done = run("migrate", cwd=tmp_path)
    assert done.returncode == 3
    assert "hunter2" not in done.stdout + done.stderr


def test_back_and_up_again_each_after_a_backup(patient: Patient, command: Command) -> None:
    code, told = command("--dry-run", "--back")
    assert code == 0
    assert told["from"] == head()
    assert told["effects"]
    lost = {each["table"] for each in told["losses"]}
    assert AGENCY not in json.dumps(told), "what would be lost is counted, not shown"
    if lost & {"ledger_entry", "ledger_head"}:
        pytest.fail("no version takes the ledger away")
    code, back = command("--back", "--lose")
    assert code == 0
    assert back["revision"] != head()
    assert Path(back["backup"]).parent == patient.folder / "backups"
    code, dry = command("--dry-run")
    assert (dry["from"], dry["revision"]) == (back["revision"], head())
    assert dry["effects"]
    code, up = command()
    assert (code, up["revision"]) == (0, head())
    assert Path(up["backup"]).name.startswith(f"before-migrate-{back['revision']}-")
    assert command("--lose")[0] == 2


def test_what_would_be_lost_is_said_and_kept(patient: Patient, command: Command) -> None:
    while command("--dry-run", "--back")[1]["from"] != "0005":
        assert command("--back", "--no-backup")[0] == 0
    patient.execute("INSERT INTO key_use VALUES ('k', '2026-11', 1, 1)")
    code, refused = command("--back", "--no-backup")
    assert (code, refused["refused"]) == (1, "loss")
    assert {"table": "key_use", "rows": 1, "column": ""} in refused["losses"]
    assert command("--dry-run", "--back")[1]["from"] == "0005"


def test_a_newer_schema_is_refused_by_every_way(patient: Patient, command: Command) -> None:
    patient.execute("UPDATE alembic_version SET version_num = '9999'")
    for flags in ([], ["--back"], ["--dry-run"], ["--dry-run", "--back"]):
        code, said = command(*flags)
        assert code == 3, flags
        assert "9999" in said
    assert not (patient.folder / "backups").exists()
