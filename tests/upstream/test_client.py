"""The client against a real HTTP server on a loopback port that behaves badly on request."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tests.registry.samples import MODEL, changed

from shenyong.registry import Model
from shenyong.upstream.client import Answer, Stream, Upstream
from shenyong.upstream.faults import (
    UpstreamBrokenError,
    UpstreamRefusedError,
    UpstreamTimeoutError,
)


class Server:
    """What it saw, and when a request was given up by the client."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.asked, self.gone = asyncio.Event(), asyncio.Event()
        self.url = ""

    def model(self, way: str, **fields: object) -> Model:
        return changed(MODEL, url=f"{self.url}/{way}/v1", **fields)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((dict(request.headers), await request.read()))
        self.asked.set()
        way = request.match_info["way"]
        if way == "plain":
            return web.json_response({"ok": 1}, headers={"X-Note": "1"})
        if way == "bad":
            return web.json_response({"error": {}}, status=400)
        if way == "redirect":
            raise web.HTTPFound(f"{self.url}/plain/v1/chat/completions")
        if way == "large":
            return web.Response(body=b"x" * 200_000)
        if way == "bomb":
            packed = gzip.compress(b"0" * 5_000_000)
            return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
        response = web.StreamResponse()
        if way == "cut":
            response.content_length = 100
        await response.prepare(request)
        try:
            if way == "cut":
                await response.write(b"half")
                assert request.transport is not None
                request.transport.abort()
                return response
            for number in range(3):
                await response.write(b"data: %d\n\n" % number)
                await asyncio.sleep(0.01)
            if way == "endless":
                await asyncio.sleep(30)
        except (asyncio.CancelledError, ConnectionError):
            self.gone.set()
            raise
        return response


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    held = Server()
    app = web.Application()
    app.router.add_post("/{way}/v1/chat/completions", held.answer)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    held.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield held
    await runner.cleanup()


async def test_an_answer_comes_whole_and_nothing_but_our_headers_goes(server, monkeypatch):
    monkeypatch.setenv("KEY_OF_MODEL", "upstream-key")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with Upstream() as upstream:
        answer = await upstream.call(server.model("plain", secret_env="KEY_OF_MODEL"), b"{}")
    assert (answer.status, answer.body, answer.headers["x-note"]) == (200, b'{"ok": 1}', "1")
    headers, body = server.seen[0]
    assert body == b"{}"
    assert headers["Authorization"] == "Bearer upstream-key"
    assert set(headers) == {
        "Host",
        "Content-Type",
        "Content-Length",
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Authorization",
    }


async def test_no_key_means_no_request(server, monkeypatch, tmp_path):
    monkeypatch.delenv("KEY_OF_MODEL", raising=False)
    model = server.model("plain", secret_env="KEY_OF_MODEL")
    async with Upstream() as upstream:
        with pytest.raises(UpstreamRefusedError):
            await upstream.call(model, b"{}")
        assert server.seen == []
        (tmp_path / "key").write_text("from-file\n")
        monkeypatch.setenv("KEY_OF_MODEL_FILE", str(tmp_path / "key"))
        await upstream.call(model, b"{}")
    assert server.seen[0][0]["Authorization"] == "Bearer from-file"


async def test_a_stream_comes_bit_by_bit(server):
    async with Upstream() as upstream:
        stream = await upstream.stream(server.model("slow"), b"{}")
        assert isinstance(stream, Stream)
        assert b"".join([data async for data in stream]) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


async def test_a_refusal_of_the_model_comes_whole_where_a_stream_was_asked_for(server):
    async with Upstream() as upstream:
        answer = await upstream.stream(server.model("bad"), b"{}")
    assert isinstance(answer, Answer)
    assert answer.status == 400


async def test_closing_a_stream_stops_it_at_the_model(server):
    async with Upstream() as upstream:
        stream = await upstream.stream(server.model("endless"), b"{}")
        assert isinstance(stream, Stream)
        assert await stream.read()
        stream.close()
        await asyncio.wait_for(server.gone.wait(), 2)
        stream.close()


async def test_leaving_the_iteration_stops_it_too(server):
    async with Upstream() as upstream:
        stream = await upstream.stream(server.model("endless"), b"{}")
        assert isinstance(stream, Stream)

        async def first() -> None:
            async for _ in stream:
                await asyncio.sleep(60)

        task = asyncio.create_task(first())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.gone.wait(), 2)


async def test_cancelling_a_call_stops_it_at_the_model(server):
    async with Upstream() as upstream:
        task = asyncio.create_task(upstream.call(server.model("endless"), b"{}"))
        await asyncio.wait_for(server.asked.wait(), 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.gone.wait(), 2)


@pytest.mark.parametrize("way", ["redirect", "large", "bomb", "cut"])
async def test_what_can_not_be_trusted_is_broken(server, way):
    async with Upstream(answer_bytes=100_000) as upstream:
        with pytest.raises(UpstreamBrokenError):
            await upstream.call(server.model(way), b"{}")
        assert len(server.seen) == 1  # never asked a second time, nor elsewhere
        if way != "redirect":
            stream = await upstream.stream(server.model(way), b"{}")
            assert isinstance(stream, Stream)
            with pytest.raises(UpstreamBrokenError):
                async for _ in stream:
                    pass


async def test_deadlines(server):
    async with Upstream(idle_seconds=0.2) as upstream:
        with pytest.raises(UpstreamTimeoutError):
            await upstream.call(server.model("endless"), b"{}")
    async with Upstream(total_seconds=0.2) as upstream:
        stream = await upstream.stream(server.model("endless"), b"{}")
        assert isinstance(stream, Stream)
        with pytest.raises(UpstreamTimeoutError):
            async for _ in stream:
                pass


async def test_nobody_there():
    model = changed(MODEL, url="http://127.0.0.1:9/v1")
    async with Upstream() as upstream:
        with pytest.raises(UpstreamRefusedError):
            await upstream.call(model, b"{}")


async def test_one_connection_serves_calls_one_after_another(server):
    async with Upstream(connections=1) as upstream:
        for _ in range(5):
            await upstream.call(server.model("plain"), b"{}")
            stream = await upstream.stream(server.model("slow"), b"{}")
            assert isinstance(stream, Stream)
            while await stream.read():
                pass
    assert len(server.seen) == 10
