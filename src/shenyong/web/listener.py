"""The public register's own listener: another address, another process, none of the keys.

So what is open to everybody shares no port, no cookies and no memory with the workbench.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from shenyong.gateway.serve import check_free, run
from shenyong.settings import Settings
from shenyong.settings.sections import Ledger, Oidc, Registry, Scim, Server

_STOP_SECONDS = 10
_AGAIN_SECONDS, _AGAIN_MOST = 0.2, 30.0
"""How long after its end the register is begun again: at first, and where it ends at once."""


def apart(settings: Settings) -> Settings:
    """What the register needs of the settings: its own address, the database, and no key."""
    server = Server(host=settings.public.host, port=settings.public.port, workers=1)
    return msgspec.structs.replace(
        settings,
        server=server,
        ledger=Ledger(),
        registry=Registry(),
        oidc=Oidc(),
        scim=Scim(),
    )


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
    process = _Process(msgspec.json.encode(apart(settings)) + b"\n")
    try:
        yield
    finally:
        process.end()


class _Process:
    """The register's process, begun again where it ends without having been told to."""

    def __init__(self, settings: bytes) -> None:
        self._settings = settings
        self._ending = threading.Event()
        self._process = self._begun()
        threading.Thread(target=self._keep, name="register", daemon=True).start()

    def _begun(self) -> subprocess.Popen[bytes]:
        # A new interpreter: what this one has in its memory, keys among it, is not the register's.
        # A session of its own: if it must be killed, its worker is killed with it.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, start_new_session=True
        )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already: `_keep` sees it
            process.stdin.write(self._settings)
            process.stdin.flush()
        return process

    def _keep(self) -> None:
        pause = _AGAIN_SECONDS
        while True:
            began = time.monotonic()
            self._process.wait()
            if time.monotonic() - began > _AGAIN_MOST:
                pause = _AGAIN_SECONDS
            if self._ending.wait(pause):
                return
            pause = min(2 * pause, _AGAIN_MOST)
            _kill(self._process)  # a worker that it left behind has the address
            self._process = self._begun()

    def end(self) -> None:
        """Stop it, and wait until it has."""
        self._ending.set()
        process = self._process
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


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
