from __future__ import annotations

import json

from tests.cli.running import run


def test_a_new_database_is_brought_up_and_again_is_nothing(tmp_path):
    run("init", str(tmp_path))
    file = str(tmp_path / "shenyong.toml")
    assert run("ledger", "verify", file).returncode == 3  # the schema isn't there yet
    first = run("migrate", file, "--json")
    assert first.returncode == 0, first.stderr
    assert run("migrate", file, "--json").stdout == first.stdout
    empty = run("ledger", "verify", file, "--json")
    assert empty.returncode == 2, "no log at all is nothing that could be called fine"
    assert "There is no log" in empty.stderr


def test_dry_run_prints_sql_and_needs_no_database(tmp_path):
    done = run("migrate", "--dry-run", "--json", cwd=tmp_path)
    assert "CREATE TABLE" in json.loads(done.stdout)["sql"]
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
