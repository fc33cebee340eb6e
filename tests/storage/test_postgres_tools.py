"""PostgreSQL's programs are found and told where to go; no password stands where others read."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from tests.cli.diagnosis.test_reach import Guarded

from shenyong.storage.backup import take
from shenyong.storage.backup_archive import Archive
from shenyong.storage.migrate import migrate
from shenyong.storage.postgres_tools import ToolError, environment, feed, output, program
from shenyong.storage.restore import put


def test_an_address_goes_through_the_environment() -> None:
    found = environment("postgresql://u:p%40ss@db.example:5433/x?sslmode=verify-full")
    assert found["PGPASSWORD"] == "p@ss"
    assert (found["PGHOST"], found["PGPORT"], found["PGDATABASE"]) == ("db.example", "5433", "x")
    assert found["PGSSLMODE"] == "verify-full"
    with pytest.raises(ToolError, match="krbsrvname"):
        environment("postgresql://u@h/x?krbsrvname=a")
    with pytest.raises(ToolError, match="is not one"):
        environment("postgresql://u@h/x?no_such=1")


def test_programs_are_of_the_release_that_is_needed() -> None:
    assert program("pg_dump").exists()
    assert program("pg_restore", 14).exists(), "a newer one reads older servers"
    with pytest.raises(ToolError, match="PostgreSQL 99"):
        program("pg_dump", 99)


def test_what_a_program_complains_of_is_said(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("#!/bin/sh\ncat > /dev/null\necho partly\necho 'no such thing' >&2\nexit 3\n")
    bad.chmod(0o755)
    with pytest.raises(ToolError, match="no such thing"):
        list(output(bad, [], {}))
    with pytest.raises(ToolError, match="no such thing"):
        feed(bad, [], {}, [b"x" * 100_000])
    bad.write_text("#!/bin/sh\nexec >&- <&-\necho early >&2\nexit 1\n")
    with pytest.raises(ToolError, match="early"):
        feed(bad, [], {}, [b"x" * 1_000_000] * 5)


@pytest.mark.slow
def test_a_server_of_your_own_with_a_password(tmp_path: Path) -> None:
    """As in production: over TCP, by a role that is nobody special and owns its database."""
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = Guarded(folder, "CREATE DATABASE own OWNER guest", "CREATE DATABASE copy OWNER guest")
    try:
        own, copy = server.address("right", "own"), server.address("right", "copy")
        migrate(own)
        with psycopg.connect(own) as connection:
            connection.execute("INSERT INTO agency VALUES ('a', '甲', 'A', 'mandatory', '')")
        take(own, tmp_path / "b.tar", program_version="1", at=1)
        with Archive(tmp_path / "b.tar") as archive:
            put(copy, archive, 18)
        with psycopg.connect(copy) as connection:
            assert connection.execute("SELECT name_zh FROM agency").fetchone() == ("甲",)
        wrong = server.address("hunter2", "own")
        with pytest.raises(psycopg.OperationalError):
            take(wrong, tmp_path / "c.tar", program_version="1", at=1)
        assert not (tmp_path / "c.tar").exists()
    finally:
        server.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)
