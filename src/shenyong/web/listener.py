"""The public register's own listener: another address, another process, none of the keys.

So what is open to everybody shares no port, no cookies and no memory with the workbench.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from shenyong.gateway.serve import check_free, run
from shenyong.settings import Settings
from shenyong.settings.sections import Ledger, Registry, Server

_STOP_SECONDS = 10


def apart(settings: Settings) -> Settings:
    """What the register needs of the settings: its own address, the database, and no key."""
    server = Server(host=settings.public.host, port=settings.public.port, workers=1)
    return msgspec.structs.replace(settings, server=server, ledger=Ledger(), registry=Registry())


@contextmanager
def public_register(settings: Settings) -> Iterator[None]:
    """Serve the register beside the caller, if the settings give it a port.

    Raises:
        OSError: the address is taken or can't be had.
    """
    if not settings.public.port:
        yield
        return
    check_free(settings.public.host, settings.public.port)
    # A new interpreter: what this one has in its memory, keys among it, is not the register's.
    # A session of its own: if it must be killed, its worker is killed with it.
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(apart(settings)) + b"\n")
    process.stdin.flush()
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdin.close()


def main() -> None:
    """The process of the register: its settings are the first line of the standard input."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    run(settings, "shenyong.web.public:build")


def _end_with_the_caller() -> None:
    """The other end of the standard input is the caller's: where it is gone, so is this.

    Not through `sys.stdin`: a worker that is forked meanwhile would inherit its lock, held.
    """
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
