from __future__ import annotations

import json
import stat

from tests.cli.running import run


def test_text_without_its_personal_data_and_what_stands_for_what(tmp_path):
    kept = tmp_path / "map.json"
    done = run("redact", "--pseudonyms", str(kept), "-", stdin="身分證字號 A123456789，請查收")
    assert done.returncode == 0
    assert "A123456789" not in done.stdout
    assert done.stdout.endswith("，請查收\n")
    assert list(json.loads(kept.read_text()).values()) == ["A123456789"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_redaction_can_not_open_is_said():
    done = run("redact", "--json", "-", stdin="機密等級：密\n身分證字號 A123456789")
    assert done.returncode == 1
    out = json.loads(done.stdout)
    assert [each["kind"] for each in out["left"]] == ["marking"]
    assert "A123456789" not in done.stdout


def test_the_kept_values_are_the_owners_alone_also_in_a_file_that_was_there(tmp_path):
    kept = tmp_path / "map.json"
    kept.touch(0o644)
    assert run("redact", "--pseudonyms", str(kept), "身分證字號 A123456789").returncode == 0
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    done = run("redact", "--pseudonyms", str(tmp_path / "none" / "map.json"), "a")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "none" / "map.json") in done.stderr
