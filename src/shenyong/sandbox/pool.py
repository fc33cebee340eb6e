"""A few children that wait for documents; each reads one at a time.

A child lives for many documents, since starting one takes a third of a second, but not for ever:
what a parser leaks goes with it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache

import msgspec
from msgspec.structs import replace

from shenyong.reading.documents import (
    DEFAULT_LIMITS,
    Document,
    DocumentError,
    Fault,
    Limits,
)
from shenyong.reading.documents.picture import can_recognise
from shenyong.sandbox.frames import ANSWERS, HEAD, LARGEST, Ask, framed

_PIECE = 1 << 18
_LIFE = 200  # documents that one child reads


class Bounds(msgspec.Struct, frozen=True):
    """Of one child: memory in bytes, and seconds by the clock for each document."""

    memory: int = 1 << 30
    seconds: float = 30.0


RECOGNISING = Bounds(memory=4 << 30, seconds=120.0)
"""Of a child that recognises text: its models take half a gigabyte, a page a second or two."""
PICTURES = 60
"""Pictures and scanned pages of one document at most."""


class _Late(Exception):  # noqa: N818
    """The child did not answer in time."""


class _Child:
    """One process and its pipes."""

    def __init__(self, bounds: Bounds) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-I", "-m", "shenyong.sandbox.child", str(bounds.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LANG": "C.UTF-8"},
            cwd="/",
            close_fds=True,
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self.read = 0

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def ask(self, ask: Ask, deadline: float) -> Document:
        """The document. Raises DocumentError, `_Late`, or EOFError where the child died."""
        self.read += 1
        sent = memoryview(framed(ask))
        came = bytearray()
        length = -1
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._to, selectors.EVENT_WRITE)
            waiting.register(self._from, selectors.EVENT_READ)
            while length < 0 or len(came) < HEAD + length:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise _Late
                for key, _ in waiting.select(left):
                    if key.fd == self._to:
                        sent = sent[self._send(sent) :]
                        if not sent:
                            waiting.unregister(self._to)
                    else:
                        piece = os.read(self._from, _PIECE)
                        if not piece:
                            raise EOFError
                        came += piece
                if length < 0 and len(came) >= HEAD:
                    length = int.from_bytes(came[:HEAD], "big")
                    if length > LARGEST:
                        raise EOFError
        return ANSWERS.decode(memoryview(came)[HEAD:]).opened()

    def _send(self, data: memoryview) -> int:
        try:
            return os.write(self._to, data[:_PIECE])
        except BrokenPipeError:
            raise EOFError from None

    def end(self) -> int:
        """Kill it and all of its session; the signal that had ended it before, or 0."""
        ended = self._process.poll()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return -code if ended is not None and code < 0 else 0


class Readers:
    """At most `count` children. Safe to use from any thread; close it when done.

    With `recognise` what needs the recognition of text goes to one further child that has more
    memory and time, so that a scan doesn't hold up letters; by default where it is installed.

    guideline: ey-genai-2023:4
    """

    def __init__(
        self, count: int = 1, bounds: Bounds | None = None, recognise: bool | None = None
    ) -> None:
        self._bounds = bounds or Bounds()
        if recognise is None:
            recognise = can_recognise()
        self._recognising = Readers(1, RECOGNISING, recognise=False) if recognise else None
        self._free: list[_Child] = []
        self._turn = threading.Semaphore(count)
        self._lock = threading.Lock()
        self._closed = False

    def read(self, name: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Document:
        """The document in `data`, read by a child; waits for one that is free.

        Raises:
            DocumentError: it can't be read whole. TIMEOUT where it took too long; DAMAGED where the
                child died of it.
        """
        try:
            return self._read(name, data, limits)
        except DocumentError as error:
            if error.fault is not Fault.NEEDS_OCR or self._recognising is None:
                raise
        return self._recognising.read(name, data, replace(limits, pictures=PICTURES))

    def shown(self, data: bytes) -> Document:
        """What a released document shows, and its marks (`disclosure.visible.from_document`).

        Raises:
            DocumentError: as `read`.
        """
        return self._read("", data, DEFAULT_LIMITS, shown=True)

    async def shown_soon(self, data: bytes) -> Document:
        """As `shown`, beside the event loop."""
        return await asyncio.to_thread(self.shown, data)

    def _read(self, name: str, data: bytes, limits: Limits, *, shown: bool = False) -> Document:
        if len(data) > limits.file:
            raise DocumentError(Fault.TOO_LARGE, name)
        seconds = max(1, round(self._bounds.seconds))
        ask = Ask(name, data, limits, seconds, shown)
        with self._turn:
            child = self._take()
            try:
                document = child.ask(ask, time.monotonic() + self._bounds.seconds)
            except DocumentError:
                self._put(child)
                raise
            except _Late:
                child.end()
                raise DocumentError(Fault.TIMEOUT, name) from None
            except (EOFError, OSError, msgspec.DecodeError):
                late = child.end() == signal.SIGXCPU
                raise DocumentError(Fault.TIMEOUT if late else Fault.DAMAGED, name) from None
            except BaseException:
                child.end()
                raise
            self._put(child)
            return document

    async def read_soon(self, name: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> Document:
        """As `read`, beside the event loop."""
        return await asyncio.to_thread(self.read, name, data, limits)

    def pids(self) -> list[int]:
        """The children that wait."""
        with self._lock:
            return [child.pid for child in self._free]

    def close(self) -> None:
        """End all children."""
        if self._recognising is not None:
            self._recognising.close()
        with self._lock:
            self._closed = True
            children, self._free = self._free, []
        for child in children:
            child.end()

    def _take(self) -> _Child:
        with self._lock:
            while self._free:
                child = self._free.pop()
                if child.alive:
                    return child
                child.end()  # it died while it waited: no document is to blame for that
        return _Child(self._bounds)

    def _put(self, child: _Child) -> None:
        with self._lock:
            if not self._closed and child.read < _LIFE:
                self._free.append(child)
                return
        child.end()


@cache
def readers() -> Readers:
    """The readers of this process, made once; they end with it."""
    made = Readers()
    close: Callable[[], None] = made.close
    atexit.register(close)
    return made
