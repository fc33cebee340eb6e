from __future__ import annotations

import json

from tests.cli.running import run


def test_mistakes_are_shown_with_their_place_and_end_with_two(tmp_path):
    file = tmp_path / "shenyong.toml"
    file.write_text("[server]\nprot = 1\n")
    done = run("config", "check", str(file))
    assert done.returncode == 2
    assert f"{file}:2:1" in done.stderr
    assert "did you mean port?" in done.stderr
    done = run("config", "check", "--json", str(file))
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["code"], problem["line"], problem["suggestion"]) == ("unknown_key", 2, "port")
    assert run("config", "show", str(file)).returncode == 2
    assert run("config", "check", str(tmp_path / "none.toml")).returncode == 2


def test_show_says_origins_and_hides_secrets(tmp_path):
    file = tmp_path / "shenyong.toml"
    file.write_text("[server]\nport = 8000\n")
    dsn = "postgresql://u:hunter2@db/x"
    done = run("config", "show", "--origin", str(file), SHENYONG__DATABASE__DSN=dsn)
    assert done.returncode == 0
    assert f"port = 8000  # {file}:2:1" in done.stdout
    assert 'dsn = "***"  # SHENYONG__DATABASE__DSN' in done.stdout
    assert "hunter2" not in done.stdout
    done = run("config", "show", "--json", "--origin", str(file))
    assert json.loads(done.stdout)["origins"]["server.host"] == "default"


def test_settings_that_name_no_database_are_not_called_fine(tmp_path):
    file = tmp_path / "shenyong.toml"
    file.touch()
    done = run("config", "check", str(file))
    assert done.returncode == 2
    assert "shenyong init" in done.stderr
    done = run("config", "check", "--json", str(file))
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"][0]["code"] == "no_database"
    dsn = "postgresql://u@db/x"
    assert run("config", "check", str(file), SHENYONG__DATABASE__DSN=dsn).returncode == 0
