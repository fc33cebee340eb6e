from __future__ import annotations

import stat

from tests.cli.running import run


def test_it_is_kept_for_its_owner_and_one_that_others_can_write_is_not_read(tmp_path):
    done = run("check", "A123456789", XDG_CACHE_HOME=str(tmp_path))
    (kept,) = (tmp_path / "shenyong").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    first = kept.stat().st_mtime_ns
    assert run("check", "A123456789", XDG_CACHE_HOME=str(tmp_path)).stdout == done.stdout
    assert kept.stat().st_mtime_ns == first
    kept.chmod(0o666)
    assert run("check", "A123456789", XDG_CACHE_HOME=str(tmp_path)).stdout == done.stdout
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600  # made anew
    kept.write_bytes(kept.read_bytes()[:-1] + b"\0")
    assert run("check", "A123456789", XDG_CACHE_HOME=str(tmp_path)).stdout == done.stdout


def test_without_a_place_to_keep_it_nothing_else_changes(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("check", "A123456789", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert done.returncode == 1
