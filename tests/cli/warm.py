"""The program imported once, and forked for each command.

A real process for each command, with its own memory, streams, folder and environment, but without
the second that importing takes; hundreds of tests run commands. Started lazily by each process of
the tests, and gone with it.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import TypedDict

ROOMS = (
    "guideline", "wording", "reading", "inspection", "decision", "redaction", "registry", "ledger",
    "statutes", "review", "governance", "disclosure", "protocols", "upstream", "sandbox",
    "storage", "gateway",
)  # fmt: skip
"""What commands import when they are called."""


class Asked(TypedDict):
    """A command, and what its process begins with."""

    arguments: list[str]
    cwd: str
    environ: dict[str, str]


MOST = 100_000
"""Bytes of arguments and environment that fit into one message."""


def serve(channel: socket.socket) -> None:
    """Fork for each request, until nobody is there any more."""
    from shenyong.cli.main import COMMANDS

    for target in COMMANDS.values():
        importlib.import_module(target.partition(":")[0])
    for room in ROOMS:
        package = importlib.import_module(f"shenyong.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    from shenyong.inspection.tagging import weights
    from shenyong.reading.folding import tables

    tables()
    weights()
    # The commands' own modules speak the language that they were imported in.
    for name in [name for name in sys.modules if name.startswith("shenyong.cli")]:
        del sys.modules[name]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 2 * MOST, 4)
        if not data:
            return
        if os.fork() == 0:
            _attend(channel, json.loads(data), fds)
        for each in fds:
            os.close(each)


def _attend(channel: socket.socket, asked: Asked, fds: list[int]) -> None:
    """Wait for the command's process and say how it ended, like a shell."""
    channel.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(fds[3])
        _carry_out(asked, fds)
    _, status = os.waitpid(pid, 0)
    os.write(fds[3], str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _carry_out(asked: Asked, fds: list[int]) -> None:
    """Become the command."""
    from shenyong.cli.main import main

    code: object = 1
    try:
        for stream, fd in enumerate(fds[:3]):
            os.dup2(fd, stream)
            os.close(fd)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        sys.argv = ["shenyong", *asked["arguments"]]
        main()
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        traceback.print_exc()
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter ends
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code if isinstance(code, int) else 1)


class Warm:
    """The process that forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None

    def _begun(self) -> socket.socket:
        with self._lock:
            if self._channel is None:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                subprocess.Popen(
                    [sys.executable, str(Path(__file__)), str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
                theirs.close()
                self._channel = ours
            return self._channel

    def run(
        self, arguments: tuple[str, ...], stdin: str, cwd: Path | None, environ: dict[str, str],
        seconds: float,
    ) -> subprocess.CompletedProcess[str] | None:  # fmt: skip
        """Run a command to its end; None where what it is told is too long for a message.

        Raises subprocess.TimeoutExpired.
        """
        asked = json.dumps(
            {"arguments": arguments, "cwd": str(cwd or Path.cwd()), "environ": environ}
        ).encode()
        if len(asked) > MOST:
            return None
        done, ended = os.pipe()
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
            open(done, "rb") as told,  # noqa: PTH123
        ):
            given.write(stdin.encode())
            given.seek(0)
            try:
                fds = [given.fileno(), out.fileno(), err.fileno(), ended]
                socket.send_fds(self._begun(), [asked], fds)
            finally:
                os.close(ended)
            if not select.select([told], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired(arguments, seconds)
            code = int(told.read() or b"-9")
            for each in (out, err):
                each.seek(0)
            return subprocess.CompletedProcess(
                arguments, code, out.read().decode(), err.read().decode()
            )


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
