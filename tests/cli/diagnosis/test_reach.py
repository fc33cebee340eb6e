"""The doctor at a database that does not let us in: why, and what mends it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cli.diagnosis.patient import Patient, Plant

from shenyong.storage.postgres_tools import program
from shenyong.storage.server import EmbeddedServer


class Guarded:
    """A server that asks for passwords over TCP, and has few connections."""

    def __init__(self, folder: Path, *statements: str) -> None:
        made = EmbeddedServer(folder / "pg")
        with psycopg.connect(made.dsn, autocommit=True) as connection:
            connection.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
            for each in statements:
                connection.execute(each.encode())
        made.stop()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.data, self.user = folder / "pg", (folder / "pg/PG_VERSION").stat().st_uid
        (self.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self.control(
            "start", "-w", "-l", str(self.data / "log"), "-o",
            f"-h 127.0.0.1 -p {self.port} -k '' -c max_connections=6 "
            "-c superuser_reserved_connections=2 -c max_wal_senders=0",
        )  # fmt: skip

    def control(self, *arguments: str) -> None:
        subprocess.run([program("pg_ctl"), "-D", self.data, *arguments], check=True,
                       user=self.user, stdout=subprocess.DEVNULL)  # fmt: skip

    def address(self, password: str, name: str) -> str:
        return f"postgresql://guest:{password}@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = Guarded(folder)
    try:
        yield server
    finally:
        server.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


def dsn(patient: Patient, value: str) -> None:
    patient.dsn = value
    patient.setting("database", "dsn", value)


def embedded(patient: Patient, folder: Path) -> None:
    patient.monkeypatch.delenv("SHENYONG__DATABASE__DSN")
    patient.setting("database", "data_dir", folder)


def dsn_file(patient: Patient, content: str | None) -> None:
    patient.monkeypatch.delenv("SHENYONG__DATABASE__DSN")
    file = patient.folder / "keys/dsn"
    if content is not None:
        file.write_text(content)
        file.chmod(0o600)
    patient.setting("database", "dsn_file", file)


def opened(patient: Patient) -> None:
    folder = patient.folder / "pg"
    folder.mkdir(mode=0o755)
    (folder / "PG_VERSION").write_text("18\n")
    embedded(patient, folder)


def broken(patient: Patient) -> None:
    """A data folder of which all but its name is gone."""
    folder = patient.folder / "pg"
    folder.mkdir(mode=0o700)
    (folder / "PG_VERSION").write_text("18\n")
    embedded(patient, folder)


PLANTS: dict[str, Plant] = {
    "database_unnamed": lambda it: it.monkeypatch.delenv("SHENYONG__DATABASE__DSN"),
    "database_new": lambda it: embedded(it, it.folder / "nowhere"),
    "database_open": opened,
    "database_broken": broken,
    "dsn_unreadable": lambda it: dsn_file(it, None),
    "dsn_malformed": lambda it: dsn_file(it, "mysql://u@h/x"),
    "database_down": lambda it: dsn(it, "postgresql://u@127.0.0.1:9/x"),
    "database_plain": lambda it: dsn(it, "postgresql://u@203.0.113.9/x?connect_timeout=1"),
}


@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    PLANTS[code](shell)
    found = shell.codes("database")
    assert code in found, found
    assert found[code].mend
    assert "look_failed" not in found


GUARDED = {"database_password": ("hunter2", "postgres"), "database_missing": ("right", "nowhere")}


@pytest.mark.parametrize("code", GUARDED)
def test_planted_at_a_guarded_server(shell: Patient, guarded: Guarded, code: str) -> None:
    dsn(shell, guarded.address(*GUARDED[code]))
    found = shell.codes("database")
    assert code in found, found
    said = "".join(f"{each.says}{each.fact}{each.mend}" for each in found.values())
    assert "hunter2" not in said
    assert ":right" not in said


def test_connections_used_up(shell: Patient, guarded: Guarded) -> None:
    address = guarded.address("right", "postgres")
    dsn(shell, address)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(8):
                stack.enter_context(psycopg.connect(address))
        assert "connections_used" in shell.codes("database")


def test_a_server_that_takes_connections_and_says_nothing(shell: Patient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=lambda: silent.accept()[0].recv(1), daemon=True).start()
        port = silent.getsockname()[1]
        dsn(shell, f"postgresql://u@127.0.0.1:{port}/x?connect_timeout=2")
        assert "database_down" in shell.codes("database")
