from __future__ import annotations

from tests.cli.running import run


def test_a_new_installation_is_fine_and_is_not_overwritten(tmp_path):
    done = run("init", str(tmp_path))
    assert done.returncode == 0
    assert run("config", "check", str(tmp_path / "shenyong.toml")).returncode == 0
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert len(before) == 4
    assert run("init", str(tmp_path)).returncode == 2
    assert before == {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
