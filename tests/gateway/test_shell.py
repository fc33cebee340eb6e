"""What the path asks is done: a real ledger, a real model's server; only the client is the test's.

The client stands for the ASGI server: it may leave, and it may be slow to take what is sent.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest
from tests.gateway.walking import DONE, PLAIN, QUESTION, asking, registry, world
from tests.house import ModelServer, chunks, completion
from tests.registry.samples import AGENCY, NOW, SECRET, changed
from tests.storage.entries import request_id

from shenyong.gateway.admission import Admission
from shenyong.gateway.commands import (
    Abort,
    Answered,
    Arrival,
    Begin,
    Call,
    Command,
    Ended,
    Fault,
    FaultKind,
    Gone,
    Next,
    Open,
    Opened,
    Quiet,
    Reply,
    Send,
)
from shenyong.gateway.metrics import Metrics
from shenyong.gateway.path import Way, carry
from shenyong.gateway.shell import InspectionTimeoutError, Message, Shell, encoded
from shenyong.gateway.world import World
from shenyong.ledger import Entry, Intent, Outcome, OutcomeKind
from shenyong.ledger.entry import decode
from shenyong.registry import Model, Registry
from shenyong.storage.ledger import LedgerUnavailableError, LedgerWriter
from shenyong.storage.pleas import Approvals
from shenyong.storage.turns import RefusedTurns
from shenyong.storage.unreleased import Lookup
from shenyong.upstream.client import Upstream

pytestmark = [pytest.mark.point("ey-genai-2023:4")]


class Client:
    """What an ASGI server hands over: it knows when the client leaves, and takes what is sent."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.watched = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.messages: list[Message] = []

    async def receive(self) -> Message:
        self.watched.set()
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        await self.takes.wait()

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.messages)


class Services:
    """What a worker has, on a ledger of its own."""

    def __init__(self, dsn: str, server: ModelServer) -> None:
        self.dsn = dsn
        self.writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
        self.turns = RefusedTurns(dsn)
        self.register = Lookup(dsn)
        self.approvals = Approvals(dsn)
        self.standing = lambda *_: True
        self.upstream = Upstream()
        self.metrics = Metrics()
        self.aside = ThreadPoolExecutor(2)
        self.admission = Admission(64)
        known = registry()
        models = [changed(each, url=server.url) for each in known.models.values()]
        self.world: World = changed(
            world(),
            registry=Registry(
                1,
                agencies=known.agencies.values(),
                people=known.people.values(),
                use_cases=known.use_cases.values(),
                keys=known.keys,
                models=models,
            ),
        )

    @property
    def model(self) -> Model:
        return self.world.registry.models["cloud/echo"]

    def way(self, body: dict[str, Any], number: str) -> Way:
        headers = {"authorization": f"Bearer sk-sy-official-{SECRET}"}
        raw = json.dumps(body, ensure_ascii=False).encode()
        return carry(Arrival(number, NOW, headers, raw), self.world)

    def recorded(self, number: str) -> list[Entry]:
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(
                "SELECT leaf FROM ledger_entry WHERE request_id = %s ORDER BY idx", [number]
            ).fetchall()
        return [decode(bytes(row[0])) for row in rows]

    def outcome(self, number: str) -> OutcomeKind:
        """How the one call of a request ended, as the ledger has it."""
        intent, outcome = self.recorded(number)
        assert isinstance(intent, Intent)
        assert isinstance(outcome, Outcome)
        return outcome.outcome


@pytest.fixture
def server() -> Iterator[ModelServer]:
    running = ModelServer()
    yield running
    threading.Thread(target=running.close, daemon=True).start()  # it takes half a second


@pytest.fixture
async def services(dsn: str, server: ModelServer) -> AsyncIterator[Services]:
    made = Services(dsn, server)
    await made.writer.start({AGENCY.id: "shenyong/test+00000000+AQ=="})
    yield made
    await made.upstream.close()
    await made.turns.close()
    await made.writer.stop()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a model waits for before it goes on; opened at the end, so that nothing hangs."""
    event = threading.Event()
    yield event
    event.set()


async def until(true: Callable[[], object]) -> None:
    """Wait until it is so, but not for ever."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the world outside has no event for it
            await asyncio.sleep(0.005)


def locked(dsn: str) -> psycopg.Connection[Any]:
    """Hold the log's head, so that nothing can be recorded until it is let go."""
    connection = psycopg.connect(dsn)
    connection.execute("SELECT 1 FROM ledger_head WHERE agency = %s FOR UPDATE", [AGENCY.id])
    return connection


def waits_for_a_lock(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
    return row is not None and row[0] > 0


async def results(shell: Shell, *commands: Command) -> list[Any]:
    """What came of these commands, one after the other."""
    came: list[Any] = []

    def way() -> Way:
        for command in commands:
            came.append((yield command))
        return Reply(200, (), b"")

    assert await shell.drive(way()) == Reply(200, (), b"")
    return came


class TestDone:
    async def test_a_whole_answer_is_recorded_before_and_after(self, services: Services):
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        reply = await shell.drive(services.way(asking(PLAIN, model="cloud/echo"), number))
        assert reply is not None
        assert reply.status == 200
        assert PLAIN in reply.body.decode()
        assert client.messages == [], "a whole answer is not the shell's to send"
        assert services.outcome(number) is OutcomeKind.ANSWERED
        assert isinstance(shell.first, Intent)
        assert shell.outcome == services.recorded(number)[1]
        assert shell.record_us > 0

    async def test_a_stream_is_begun_and_sent(self, services: Services):
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        body = asking(PLAIN, model="cloud/echo", stream=True)
        assert await shell.drive(services.way(body, number)) is None
        assert shell.begun
        head = client.messages[0]
        assert (head["type"], head["status"]) == ("http.response.start", 200)
        assert dict(head["headers"])[b"x-request-id"] == number.encode()
        assert all(each["more_body"] for each in client.messages[1:]), "the end is the door's"
        assert client.body.endswith(DONE)
        assert services.outcome(number) is OutcomeKind.ANSWERED

    async def test_a_refusal_is_remembered_and_known_again(
        self, services: Services, server: ModelServer
    ):
        client = Client()
        first = Shell(client.receive, client.send, services)
        refused = await first.drive(
            services.way(asking(QUESTION, model="cloud/echo"), request_id())
        )
        assert refused is not None
        assert refused.status == 400
        assert server.received == []
        again = Shell(client.receive, client.send, services)
        body = asking(QUESTION, PLAIN, model="cloud/echo")
        answered = await again.drive(services.way(body, request_id()))
        assert answered is not None
        assert dict(answered.headers)["x-shenyong-history"] == "stripped=1"

    async def test_decisions_findings_and_outcomes_are_counted(self, services: Services):
        client = Client()
        for text in (PLAIN, QUESTION):
            shell = Shell(client.receive, client.send, services)
            await shell.drive(services.way(asking(text, model="cloud/echo"), request_id()))
        page = services.metrics.page().decode()
        assert 'shenyong_decisions_total{decision="allow",point="5"} 1.0' in page
        assert 'shenyong_decisions_total{decision="deny",point="4"} 1.0' in page
        assert 'shenyong_findings_total{kind="question_personal"} 1.0' in page
        assert 'shenyong_outcomes_total{outcome="answered"} 1.0' in page
        assert "shenyong_inspect_seconds_count 2.0" in page
        assert "shenyong_record_seconds_count 3.0" in page

    async def test_where_nothing_can_be_recorded_nothing_is_done(
        self, services: Services, server: ModelServer
    ):
        await services.writer.stop()
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        way = services.way(asking(PLAIN, model="cloud/echo", stream=True), number)
        with pytest.raises(LedgerUnavailableError):
            await shell.drive(way)
        assert server.received == []
        assert client.messages == []
        assert services.recorded(number) == []
        with pytest.raises(StopIteration):
            way.send(None)


class TestLong:
    """A long text is inspected beside the event loop, and not for ever."""

    LONG = asking("本案經查無不符，請依規定辦理。王小明、" * 8_000, model="cloud/echo")

    async def test_the_others_are_served_meanwhile(self, services: Services):
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        driving = asyncio.create_task(shell.drive(services.way(self.LONG, number), 400_000, 30))
        turns = 0
        while not driving.done():
            await asyncio.sleep(0)
            turns += 1
        reply = driving.result()
        assert reply is not None
        assert reply.status == 200
        assert turns > 100, "the event loop went round and round"
        assert services.outcome(number) is OutcomeKind.ANSWERED

    async def test_what_takes_too_long_goes_nowhere(self, services: Services, server: ModelServer):
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        with pytest.raises(InspectionTimeoutError):
            await shell.drive(services.way(self.LONG, number), 400_000, 0.001)
        services.aside.shutdown(wait=True)
        await asyncio.sleep(0.05)
        assert server.received == []
        assert services.recorded(number) == []

    async def test_a_fault_in_the_thread_is_a_fault_here(self, services: Services):
        def broken() -> Way:
            raise KeyError("x")
            yield

        shell = Shell(Client().receive, Client().send, services)
        with pytest.raises(KeyError):
            await shell.drive(broken(), 400_000, 30)


class TestModels:
    async def test_an_answer_is_told_with_its_status(self, services: Services, server: ModelServer):
        client = Client()
        server.script = lambda body: 418
        shell = Shell(client.receive, client.send, services)
        called, opened = await results(
            shell, Call(services.model, b"{}"), Open(services.model, b"{}")
        )
        assert isinstance(called, Answered)
        assert called == opened == Answered(418, b'{"error":{"message":"no"}}')

    async def test_no_server_and_a_broken_one_are_told_apart(
        self, services: Services, server: ModelServer
    ):
        client = Client()
        server.script = lambda body: b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"
        nobody = changed(services.model, url="http://127.0.0.1:1/v1")
        shell = Shell(client.receive, client.send, services)
        assert await results(
            shell, Call(nobody, b"{}"), Open(nobody, b"{}"), Call(services.model, b"{}")
        ) == [Fault(FaultKind.REFUSED), Fault(FaultKind.REFUSED), Fault(FaultKind.BROKEN)]

    async def test_one_that_takes_too_long_is_a_timeout(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def late(body: dict[str, Any]) -> Any:
            gate.wait(10)
            return completion("好。")

        server.script = late
        services.upstream = Upstream(idle_seconds=0.2)
        client = Client()
        shell = Shell(client.receive, client.send, services)
        assert await results(shell, Call(services.model, b"{}")) == [Fault(FaultKind.TIMEOUT)]

    async def test_a_stream_is_read_until_it_ends(self, services: Services, server: ModelServer):
        server.script = lambda body: chunks("好。")
        client = Client()
        shell = Shell(client.receive, client.send, services)
        body = json.dumps(asking(PLAIN, stream=True)).encode()
        came: list[Any] = []

        def way() -> Way:
            came.append((yield Open(services.model, body)))
            while isinstance(piece := (yield Next(None)), bytes):
                came.append(piece)
            came.append(piece)
            return None

        assert await shell.drive(way()) is None
        assert came[0] == Opened()
        assert came[-1] == Ended()
        assert b"".join(came[1:-1]).endswith(DONE)

    async def test_silence_is_told_while_text_is_held_and_the_rest_still_comes(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def script(body: dict[str, Any]) -> Iterator[Any]:
            first, *rest = chunks("好。")
            yield first
            gate.wait(10)
            yield from rest

        server.script = script
        client = Client()
        shell = Shell(client.receive, client.send, services)
        came: list[Any] = []

        def way() -> Way:
            came.append((yield Open(services.model, b'{"stream": true}')))
            came.append((yield Next(None)))
            came.append((yield Next(5)))
            came.append((yield Next(5)))
            gate.set()
            while isinstance(piece := (yield Next(None)), bytes):
                came.append(piece)
            return None

        await shell.drive(way())
        assert came[0] == Opened()
        assert came[2:4] == [Quiet(), Quiet()]
        assert b"".join([came[1], *came[4:]]).endswith(DONE), "nothing was lost by asking"

    async def test_text_is_held_no_longer_because_more_of_it_keeps_coming(
        self, services: Services, server: ModelServer
    ):
        def trickle(body: dict[str, Any]) -> Iterator[Any]:
            part = chunks("好")[1]
            while not server.aborted.is_set():
                yield part
                yield 0.005

        server.script = trickle
        client = Client()
        shell = Shell(client.receive, client.send, services)
        kinds: list[str] = []

        def way() -> Way:
            yield Open(services.model, b'{"stream": true}')
            while "Quiet" not in kinds:
                kinds.append(type((yield Next(40))).__name__)
            yield Abort()
            return None

        async with asyncio.timeout(10):
            await shell.drive(way())
        assert kinds[-1] == "Quiet"
        assert "bytes" in kinds
        assert await asyncio.to_thread(server.aborted.wait, 5), "the model was told to stop"


class TestGone:
    """A client that leaves: the model may stop, the ledger knows, and no record is lost."""

    @pytest.mark.parametrize("stream", [False, True])
    async def test_while_an_answer_is_waited_for(
        self, services: Services, server: ModelServer, gate: threading.Event, stream: bool
    ):
        def late(body: dict[str, Any]) -> Any:
            gate.wait(10)
            return completion("好。")

        server.script = late
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        body = asking(PLAIN, model="cloud/echo", stream=stream)
        task = asyncio.create_task(shell.drive(services.way(body, number)))
        await until(lambda: server.received)
        client.leaves.set()
        assert await task is None
        assert client.messages == []
        assert services.outcome(number) is OutcomeKind.CLIENT_GONE

    async def test_in_the_middle_of_a_stream(self, services: Services, server: ModelServer):
        def endless(body: dict[str, Any]) -> Iterator[Any]:
            part = chunks("資料整理中。")[1]
            while not server.aborted.is_set():
                yield part
                yield 0.005

        server.script = endless
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        body = asking(PLAIN, model="cloud/echo", stream=True)
        task = asyncio.create_task(shell.drive(services.way(body, number)))
        await until(lambda: client.body)
        client.leaves.set()
        assert await task is None
        assert DONE not in client.body
        assert services.outcome(number) is OutcomeKind.CLIENT_GONE
        outcome = services.recorded(number)[1]
        assert isinstance(outcome, Outcome)
        assert outcome.delivered == len(client.body)
        assert await asyncio.to_thread(server.aborted.wait, 5), "the model was told to stop"

    async def test_during_the_record_before_the_call(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def late(body: dict[str, Any]) -> Any:
            gate.wait(10)
            return completion("好。")

        server.script = late
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        with closing(locked(services.dsn)):
            way = services.way(asking(PLAIN, model="cloud/echo"), number)
            task = asyncio.create_task(shell.drive(way))
            await until(lambda: waits_for_a_lock(services.dsn))
            client.leaves.set()
            assert not task.done(), "the record is not broken off"
            assert server.received == [], "no record, no call"
        assert await task is None
        assert services.outcome(number) is OutcomeKind.CLIENT_GONE

    async def test_during_the_record_after_the_answer(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def script(body: dict[str, Any]) -> Iterator[Any]:
            first, *rest = chunks("本局公告如下。")
            yield first
            gate.wait(10)
            yield from rest

        server.script = script
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        body = asking(PLAIN, model="cloud/echo", stream=True)
        task = asyncio.create_task(shell.drive(services.way(body, number)))
        await client.watched.wait()
        with closing(locked(services.dsn)):
            gate.set()
            await until(lambda: waits_for_a_lock(services.dsn))
            client.leaves.set()
            for _ in range(10):
                await asyncio.sleep(0)
            assert not task.done(), "the record is not broken off"
            assert DONE not in client.body, "the end waits for its record"
        assert await task is None
        assert services.outcome(number) is OutcomeKind.ANSWERED

    async def test_while_it_is_slow_to_take_what_is_sent(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        more = threading.Event()

        def script(body: dict[str, Any]) -> Iterator[Any]:
            first, second, *rest = chunks("本局公告如下。")
            yield first
            more.wait(10)
            yield second
            gate.wait(10)
            yield from rest

        server.script = script
        client, number = Client(), request_id()
        shell = Shell(client.receive, client.send, services)
        body = asking(PLAIN, model="cloud/echo", stream=True)
        task = asyncio.create_task(shell.drive(services.way(body, number)))
        await client.watched.wait()
        client.takes.clear()
        before = len(client.messages)
        more.set()
        await until(lambda: len(client.messages) > before)
        client.leaves.set()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not task.done(), "what is being sent is not broken off"
        client.takes.set()
        assert await task is None
        assert services.outcome(number) is OutcomeKind.CLIENT_GONE

    async def test_who_has_left_is_not_waited_for_again(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def late(body: dict[str, Any]) -> Any:
            gate.wait(10)
            return completion("好。")

        server.script = late
        client = Client()
        client.leaves.set()
        shell = Shell(client.receive, client.send, services)
        assert await results(shell, Call(services.model, b"{}"), Call(services.model, b"{}")) == [
            Gone(),
            Gone(),
        ]
        assert len(server.received) <= 1, "the second call was never made"
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0, "the server did not end the request"

    async def test_while_text_is_held_back(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def script(body: dict[str, Any]) -> Iterator[Any]:
            yield chunks("好。")[0]
            gate.wait(10)

        server.script = script
        client = Client()
        shell = Shell(client.receive, client.send, services)
        came: list[Any] = []

        def way() -> Way:
            yield Open(services.model, b'{"stream": true}')
            yield Next(None)
            client.leaves.set()
            came.append((yield Next(60_000)))
            return None

        await shell.drive(way())
        assert came == [Gone()]


class TestEnded:
    async def test_a_server_that_ends_the_request_is_obeyed(
        self, services: Services, server: ModelServer, gate: threading.Event
    ):
        def late(body: dict[str, Any]) -> Any:
            gate.wait(10)
            return completion("好。")

        server.script = late
        client, left = Client(), []
        shell = Shell(client.receive, client.send, services)

        def way() -> Way:
            try:
                yield Call(services.model, b"{}")
            finally:
                left.append("path")
            return None

        task = asyncio.create_task(shell.drive(way()))
        await until(lambda: server.received)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left == ["path"]

    async def test_a_fault_of_the_path_closes_the_models_stream(
        self, services: Services, server: ModelServer
    ):
        def endless(body: dict[str, Any]) -> Iterator[Any]:
            part = chunks("好。")[1]
            while not server.aborted.is_set():
                yield part
                yield 0.005

        server.script = endless
        client = Client()
        shell = Shell(client.receive, client.send, services)

        def way() -> Way:
            yield Open(services.model, b'{"stream": true}')
            yield Begin(200, ())
            yield Send(b"data: {}\n\n")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await shell.drive(way())
        assert shell.begun
        assert await asyncio.to_thread(server.aborted.wait, 5), "the model was told to stop"


class TestHeaders:
    def test_a_line_break_can_not_add_a_header(self):
        assert encoded((("x-model", "a\r\nset-cookie: b"),)) == [
            (b"x-model", b"a  set-cookie: b"),
        ]

    def test_what_latin_1_does_not_have_is_replaced(self):
        assert encoded((("x-model", "模型é"),)) == [(b"x-model", "??é".encode("latin-1"))]
