"""Does what the path asks: writes the ledger, calls models, sends to the client.

One `Shell` serves one request. A client that goes away is noticed while a model is waited for; then
the call is stopped at the model, and the path hears `Gone`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import msgspec

from shenyong.gateway.admission import Admission
from shenyong.gateway.commands import (
    Abort,
    Answered,
    Approval,
    Begin,
    Call,
    Command,
    Ended,
    Fault,
    FaultKind,
    Gone,
    Headers,
    Lapsed,
    Next,
    Open,
    Opened,
    Quiet,
    Recall,
    Record,
    Remember,
    Reply,
    Seek,
    Send,
)
from shenyong.gateway.metrics import Metrics
from shenyong.gateway.path import Way
from shenyong.guideline.terms import DataClass, Environment
from shenyong.ledger import Decided, Entry, Intent, Outcome
from shenyong.registry import Model
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.pleas import Approvals
from shenyong.storage.turns import RefusedTurns
from shenyong.storage.unreleased import Lookup
from shenyong.upstream.client import Answer, Stream, Upstream
from shenyong.upstream.faults import (
    UpstreamError,
    UpstreamLapsedError,
    UpstreamRefusedError,
    UpstreamTimeoutError,
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
SendMessage = Callable[[Message], Awaitable[None]]
T = TypeVar("T")


HEAVY_BYTES = 64 * 1024
"""From this size on a text is inspected beside the event loop: there it would take over 20 ms."""
WATCH_AFTER_SECONDS = 0.02
"""How long a model is waited for before the client is watched too."""


class Services(Protocol):
    """What a shell works with; a worker has it."""

    writer: LedgerWriter
    turns: RefusedTurns
    register: Lookup
    approvals: Approvals
    upstream: Upstream
    metrics: Metrics
    aside: ThreadPoolExecutor
    admission: Admission

    def standing(self, model: Model, environment: Environment, level: DataClass | None) -> bool:
        """Whether what was decided for an environment may be sent to it now."""


class InspectionTimeoutError(RuntimeError):
    """A request could not be decided in time; nothing was sent."""


class ModelBusyError(RuntimeError):
    """Too many requests wait for that model already; nothing was recorded or sent."""


class _End(msgspec.Struct, frozen=True):
    """The path has ended, with this reply."""

    reply: Reply | None


def _step(way: Way, came: Any) -> Command | _End:
    """The next command of the path, or its end."""
    try:
        return way.send(came)
    except StopIteration as end:
        return _End(end.value)


def _forget(step: asyncio.Future[Command | _End]) -> None:
    """Take what a step ends with that nobody waits for."""
    if not step.cancelled():
        step.exception()


class _ClientGone(Exception):  # noqa: N818 - an event
    """The client closed the connection while a model was waited for."""


def fault_of(error: UpstreamError) -> Fault:
    """The path's word for a fault of the client of models."""
    if isinstance(error, UpstreamTimeoutError):
        return Fault(FaultKind.TIMEOUT)
    if isinstance(error, UpstreamRefusedError):
        return Fault(FaultKind.REFUSED)
    return Fault(FaultKind.BROKEN)


class Shell:
    """The doing of one request. `begun` says that a stream's head has gone out, `recorded` that
    an entry of it is durable.
    """

    def __init__(self, receive: Receive, send: SendMessage, services: Services) -> None:
        self._receive, self._send = receive, send
        self._writer, self._turns = services.writer, services.turns
        self._register = services.register
        self._approvals = services.approvals
        self._upstream, self._metrics = services.upstream, services.metrics
        self._stream: Stream | None = None
        self._watch: asyncio.Task[None] | None = None
        self._watch_later: asyncio.TimerHandle | None = None
        self._gone = False
        self._held_since: float | None = None
        self._given_up = False
        self._aside = services.aside
        self._standing = services.standing
        self._admission, self._asked = services.admission, ""
        self.begun = self.recorded = False
        self.first: Entry | None = None
        self.outcome: Outcome | None = None
        self.record_us = 0
        self._started = time.perf_counter()
        self.inspect_us = 0
        # When the model was asked, said its first and its last; 0 where it did not.
        self.called_at = self.first_at = self.answered_at = 0.0
        self.streamed = False
        self.finish: tuple[str, ...] = ()

    async def drive(self, way: Way, size: int = 0, seconds: float | None = None) -> Reply | None:
        """Carry the path of a request of `size` bytes to its end.

        What is long is read and inspected beside the event loop, so that the others are served
        meanwhile. A request that is not decided within `seconds` is given up: nothing of it goes.

        Raises:
            LedgerUnavailableError: an entry could not be recorded; nothing more was done.
            InspectionTimeoutError: it took too long to inspect.
            ModelBusyError: too many wait for the model; nothing was recorded.
        """
        came: Any = None
        left: float | None = seconds
        try:
            while True:
                heavy = size > HEAVY_BYTES
                step = await self._beside(way, came, left) if heavy else _step(way, came)
                if isinstance(step, _End):
                    return step.reply
                came = await self._do(step)
                size = len(came.body) if isinstance(came, Answered) else 0
                left = None  # the model has been asked: what it said is inspected to the end
        finally:
            if not self._given_up:
                way.close()
            self.close()

    async def _beside(self, way: Way, came: Any, seconds: float | None) -> Command | _End:
        """One step of the path in a thread."""
        loop = asyncio.get_running_loop()
        step = loop.run_in_executor(self._aside, _step, way, came)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(step)
        except TimeoutError:
            # The thread runs on to the next command, which nobody carries out.
            self._given_up = True
            step.add_done_callback(_forget)
            raise InspectionTimeoutError from None
        except asyncio.CancelledError:
            self._given_up = True
            step.add_done_callback(_forget)
            raise

    def close(self) -> None:
        """Let go of the model's stream and of the watch over the client."""
        if self._watch_later is not None:
            self._watch_later.cancel()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._asked:
            self._admission.answered(self._asked)
            self._asked = ""

    async def _do(self, command: Command) -> Any:
        match command:
            case Record():
                self.finish = command.finish
                return await self._record(command.entry)
            case Call():
                self.called_at = time.perf_counter()
                came = await self._call(command)
                self.answered_at = time.perf_counter()
                return came
            case Open():
                self.streamed = True
                self.called_at = time.perf_counter()
                return await self._open(command)
            case Next():
                return await self._next(command.quiet_after_ms)
            case Send():
                with self._admission.elsewhere:
                    return await self._send(
                        {"type": "http.response.body", "body": command.data, "more_body": True}
                    )
            case Begin():
                self.begun = True
                return await self._send(
                    {
                        "type": "http.response.start",
                        "status": command.status,
                        "headers": encoded(command.headers),
                    }
                )
            case Abort():
                if self._stream is not None:
                    self._stream.close()
            case Seek():
                return await self._register.known(command.agency, command.prints)
            case Approval():
                return await self._approvals.received(
                    command.agency, command.decision, command.owner
                )
            case Recall():
                now = int(time.time())
                return await self._turns.recall(command.digests, now)
            case Remember():
                now = int(time.time())
                await self._turns.remember(command.digests, command.decision_id, now)
        return None

    async def _record(self, entry: Entry) -> int:
        begin = time.perf_counter()
        if not self.inspect_us:
            self.inspect_us = int((begin - self._started) * 1e6)
            self._metrics.inspect.observe(begin - self._started)
        if isinstance(entry, Intent) and not self._asked:
            if not self._admission.ask(entry.model):
                raise ModelBusyError
            self._asked = entry.model
        self.first = self.first or entry
        index = await self._writer.append(entry)
        self.recorded = True
        took = time.perf_counter() - begin
        self.record_us += int(took * 1e6)
        self._metrics.record.observe(took)
        if isinstance(entry, Intent | Decided):
            self._metrics.decided(entry.verdict, entry.points)
            for kind, count in entry.kinds.items():
                self._metrics.found(kind, count)
        elif isinstance(entry, Outcome):
            self.outcome = entry
            self.answered_at = self.answered_at or begin
            self._metrics.ended(entry, self.answered_at - self.called_at)
        return index

    def _still(self, command: Call | Open) -> Callable[[], bool] | None:
        """What is asked when it is the request's turn to go."""
        under = command.under
        if under is None:
            return None
        return lambda: self._standing(command.model, under.environment, under.level)

    async def _call(self, command: Call) -> Answered | Fault | Gone | Lapsed:
        try:
            still = self._still(command)
            answer = await self._unless_gone(
                self._upstream.call(command.model, command.body, command.path, still=still)
            )
        except _ClientGone:
            return Gone()
        except UpstreamLapsedError:
            return Lapsed()
        except UpstreamError as error:
            return fault_of(error)
        return Answered(answer.status, answer.body)

    async def _open(self, command: Open) -> Answered | Opened | Fault | Gone | Lapsed:
        try:
            opened = await self._unless_gone(
                self._upstream.stream(command.model, command.body, still=self._still(command))
            )
        except _ClientGone:
            return Gone()
        except UpstreamLapsedError:
            return Lapsed()
        except UpstreamError as error:
            return fault_of(error)
        if isinstance(opened, Answer):
            return Answered(opened.status, opened.body)
        self._stream = opened
        return Opened()

    async def _next(self, quiet_after_ms: int | None) -> bytes | Quiet | Ended | Fault | Gone:
        assert self._stream is not None
        left = self._left_to_hold(quiet_after_ms)
        if left is not None and left <= 0:
            self._held_since = None
            return Quiet()
        try:
            if left is None:
                data = await self._unless_gone(self._stream.read())
            else:
                async with asyncio.timeout(left):
                    data = await self._unless_gone(self._stream.read())
        except _ClientGone:
            return Gone()
        except UpstreamError as error:
            return fault_of(error)
        except TimeoutError:
            self._held_since = None
            return Quiet()
        if not self.first_at:
            self.first_at = time.perf_counter()
        return data or Ended()

    def _left_to_hold(self, quiet_after_ms: int | None) -> float | None:
        """How long text may still be held back, in seconds; None if none is held."""
        if quiet_after_ms is None:
            self._held_since = None
            return None
        now = time.perf_counter()
        if self._held_since is None:
            self._held_since = now
        return self._held_since + quiet_after_ms / 1000 - now

    async def _unless_gone(self, waiting: Awaitable[T]) -> T:
        """Wait for a model, but not longer than the client does."""
        if self._watch is None and self._watch_later is None:
            task = asyncio.current_task()
            assert task is not None
            # Nobody needs to be told of a client that leaves during these milliseconds, and most
            # answers of a busy moment are there before: a timer costs a tenth of a task.
            loop = asyncio.get_running_loop()
            self._watch_later = loop.call_later(WATCH_AFTER_SECONDS, self._begin_watch, task)
        if self._gone:
            if asyncio.iscoroutine(waiting):
                waiting.close()
            raise _ClientGone
        self._waiting = True
        try:
            with self._admission.elsewhere:
                return await waiting
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._gone and task is not None:
                task.uncancel()
                raise _ClientGone from None
            raise
        finally:
            self._waiting = False

    _waiting = False

    def _begin_watch(self, task: asyncio.Task[Any]) -> None:
        self._watch = asyncio.create_task(self._watching(task))

    async def _watching(self, task: asyncio.Task[Any]) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                break
        self._gone = True
        if self._waiting:
            task.cancel()


def encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI wants them. A line break can't get into one."""
    return [
        (
            name.encode("latin-1"),
            value.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace"),
        )
        for name, value in headers
    ]
