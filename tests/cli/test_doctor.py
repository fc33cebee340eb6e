from __future__ import annotations

import json

from tests.cli.running import run


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
    }
    mends = [each["mend"] for each in found if each["check"] == "keys"]
    assert mends == [
        "shenyong init",
        f"chmod 600 {tmp_path / 'keys' / 'digest.key'}",
        "shenyong init",
    ]
    (database,) = [each for each in found if each["check"] == "database"]
    assert not database["fine"]
    assert "start the database" in database["mend"]
    assert "nobody" not in done.stdout


def test_broken_settings_are_a_finding(tmp_path):
    (tmp_path / "shenyong.toml").write_text("[sever]\n")
    done = run("doctor", str(tmp_path / "shenyong.toml"))
    assert done.returncode == 1
    assert "unknown_section" in done.stdout
    assert "shenyong config check" in done.stdout
