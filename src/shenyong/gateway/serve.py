"""Starting and stopping the gateway: Granian's workers, each with the same application."""

from __future__ import annotations

import base64
import ctypes
import gc
import importlib
import os
import shutil
import signal
import socket
import tempfile
from types import FrameType

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from shenyong.settings import Settings

_HANDED = "SHENYONG_WORKER_SETTINGS"
_PR_SET_PDEATHSIG = 1  # prctl(2)


def handed_over() -> Settings:
    """The settings that the starting process left in the environment of its workers."""
    return msgspec.json.decode(base64.b64decode(os.environ[_HANDED]), type=Settings)


def run(settings: Settings, target: str = "shenyong.gateway.app:build") -> None:
    """Serve until SIGTERM or SIGINT; open requests are finished first.

    `target` makes the application of one worker, which reads its settings with `handed_over`.

    `settings.database.dsn` names a server that answers, with the schema of this version.

    Raises:
        OSError: the address is taken or can't be had.
    """
    server = settings.server
    check_free(server.host, server.port)
    folder = tempfile.mkdtemp(prefix="shenyong-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ[_HANDED] = base64.b64encode(msgspec.json.encode(settings)).decode()
    # Here and once: a worker is forked with it, so one that died is replaced in a moment and not
    # in the seconds that importing takes, and all share its memory.
    importlib.import_module(target.partition(":")[0])
    gc.freeze()
    _end_together()
    granian = Granian(
        target=target,
        factory=True,
        address=server.host,
        port=server.port,
        interface=Interfaces.ASGI,
        workers=server.workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=30_000, max_buffer_size=256 * 1024, pipeline_flush=False
        ),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=int(server.shutdown_seconds) + 5,
    )
    previous = signal.getsignal(signal.SIGTERM)
    # A worker inherits the server's handler, which only takes note of the signal: one that is told
    # to end while it still imports would go on, and be an orphan if this process is killed.
    os.register_at_fork(after_in_child=_ended_by_sigterm)
    try:
        granian.serve()
    finally:
        signal.signal(signal.SIGTERM, previous if callable(previous) else _ignored)
        shutil.rmtree(folder, ignore_errors=True)
        os.environ.pop(_HANDED, None)


def _end_together() -> None:
    """From now on what this process forks is killed with it.

    A worker that outlives its first process would hold the address, and nobody would end it; what
    it leaves open is closed as ``interrupted`` like that of any dead one.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:  # not Linux
        return
    parent = 0

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def end_with_the_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before that
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=remember, after_in_child=end_with_the_parent)


def _ended_by_sigterm() -> None:
    """In a new worker, until it sets a handler of its own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _ignored(number: int, frame: FrameType | None) -> None:
    """Already stopping."""


def check_free(host: str, port: int) -> None:
    """Raise OSError now, with a clear place, rather than in a worker later."""
    with socket.create_server((host, port), reuse_port=False):
        pass
