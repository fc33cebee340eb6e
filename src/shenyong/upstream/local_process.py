"""Starts the bundled model in a process of its own, waits until it is healthy, and ends it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

_POLL_SECONDS = 0.05
_STOP_SECONDS = 5.0


class LocalModelError(RuntimeError):
    """The model's process ended, or did not become healthy in time. Says what it printed last."""


class LocalModel:
    """A running model. Also a context manager that ends it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @classmethod
    def start(cls, cache: Path, port: int, *, threads: int | None = None) -> LocalModel:
        """Start the process; `wait` until it is healthy before asking it.

        `cache` is the folder for the weights and the log; `threads` is half the processors unless
        given, since the model's threads wait for each other and stall when others need the
        processors. The process ends with this one.
        """
        threads = threads or max(1, (os.cpu_count() or 2) // 2)
        cache.mkdir(parents=True, exist_ok=True)
        log = cache / "local-model.log"
        command = [sys.executable, "-m", "shenyong.upstream.local", "--port", str(port)]
        command += ["--cache", str(cache), "--threads", str(threads), "--parent", str(os.getpid())]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        return cls(process, port, log)

    @property
    def base_url(self) -> str:
        """Its base URL, up to and with ``/v1``."""
        return f"http://127.0.0.1:{self.port}/v1"

    def wait(self, seconds: float = 30.0) -> None:
        """Wait until it answers its health check.

        Raises:
            LocalModelError: it ended, or the time is over; then it has been ended.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise LocalModelError(self._last_words())
            if healthy(self.port):
                return
            time.sleep(_POLL_SECONDS)
        self.stop()
        raise LocalModelError(f"not healthy after {seconds:.0f} s; {self._last_words()}")

    def stop(self) -> None:
        """End the process: asked first, then forced."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> LocalModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "it printed nothing"


def healthy(port: int) -> bool:
    """Whether a model's server on ``127.0.0.1:port`` says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
