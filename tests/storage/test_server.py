"""The embedded server: it starts, recovers from a kill, and is refused where it could forget."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shenyong.storage.server import EmbeddedServer, ServerError, check_durability, wait_for


@pytest.fixture(scope="module")
def own() -> Iterator[EmbeddedServer]:
    """A server of this module alone: it is killed and set wrong."""
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "pg")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_keeps_what_was_committed_when_it_is_killed(own: EmbeddedServer) -> None:
    with psycopg.connect(own.dsn) as connection:
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    os.kill(own.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while Path(f"/proc/{own.pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ServerError):
        wait_for(own.dsn, 0.2)
    own.start()
    wait_for(own.dsn, 5)
    with psycopg.connect(own.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row == (1000,)


def test_it_is_the_same_server_for_who_names_the_same_folder(own: EmbeddedServer) -> None:
    assert EmbeddedServer(own.folder).pid == own.pid


def test_a_server_that_may_forget_is_refused(own: EmbeddedServer) -> None:
    check_durability(own.dsn)
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        _set(own, name, "off")
        with pytest.raises(ServerError, match=name):
            check_durability(own.dsn)
        _set(own, name, "on")
    check_durability(own.dsn)


def _set(server: EmbeddedServer, name: str, value: str) -> None:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with psycopg.connect(server.dsn) as connection:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        if row == (value,):
            return
        time.sleep(0.05)


def test_a_folder_that_is_no_database_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "pg"
    folder.mkdir()
    (folder / "other").write_text("not a database")
    with pytest.raises(ServerError, match="does not start"):
        EmbeddedServer(folder)


def test_nobody_at_the_address() -> None:
    with pytest.raises(ServerError, match="does not answer"):
        wait_for("postgresql://postgres@127.0.0.1:1/postgres", 0.1)
