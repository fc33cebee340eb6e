"""Asks models over HTTP, as the registry says and only so.

Nothing of the client's headers reaches the model; no redirect is followed, no proxy is taken from
the environment, no cookie is kept; the base URL is the registry's. Every wait has a deadline, and
every failure is one of the faults of `shenyong.upstream.faults`.

Nothing is sent a second time: a model that may have got the request is not asked again.

Source: design.md (Parts: aiohttp by measurement, docs/adr/0052), reliability.md.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import aiohttp
import msgspec
from yarl import URL

from shenyong.registry.model import Model
from shenyong.upstream.faults import (
    UpstreamBrokenError,
    UpstreamError,
    UpstreamLapsedError,
    UpstreamRefusedError,
    UpstreamTimeoutError,
)

_KEEPALIVE_SECONDS = 3.0
"""Shorter than the five seconds after which common servers close an idle connection, so that a
request seldom meets one that is just being closed."""

KeyOf = Callable[[Model], str]
Still = Callable[[], bool]
"""Whether what was decided upon still holds."""
CHAT = "/chat/completions"
"""Where a model is asked for a chat completion, below its base URL."""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer. Header names are in lower case; `body` is decoded (not compressed)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Turn:
    """A request's turn: waited for, checked when it comes, given back once."""

    def __init__(
        self, turns: asyncio.Semaphore, seconds: float, model: str, still: Still | None
    ) -> None:
        self._turns, self._seconds, self._model, self._still = turns, seconds, model, still
        self._held = False

    async def __aenter__(self) -> None:
        if self._turns.locked():
            try:
                async with asyncio.timeout(self._seconds):
                    await self._turns.acquire()
            except TimeoutError:
                raise UpstreamTimeoutError(self._model, "it waited too long") from None
        else:
            await self._turns.acquire()
        self._held = True
        if self._still is not None and not self._still():
            self.release()
            raise UpstreamLapsedError(self._model, "the environment no longer holds")

    async def __aexit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give the turn back; more than once does no harm."""
        if self._held:
            self._held = False
            self._turns.release()


class Stream:
    """An answer that arrives bit by bit. Close it, or read it to its end.

    Closing it before the end closes the connection, by which the model's server learns that it may
    stop.
    """

    def __init__(
        self,
        model: Model,
        response: aiohttp.ClientResponse,
        limit: int,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._done = done
        self.status = response.status
        self.headers = _headers(response)
        self._model, self._response, self._left = model.id, response, limit

    async def read(self) -> bytes:
        """The next bytes as they came, ``b""`` at the end.

        Raises:
            UpstreamTimeoutError: nothing came for too long, or the whole took too long.
            UpstreamBrokenError: it broke off, or is larger than the limit.
        """
        with _faults(self._model):
            data = await self._response.content.readany()
        if not data:
            self._response.release()
            self._done()
            return b""
        self._left -= len(data)
        if self._left < 0:
            self.close()
            raise UpstreamBrokenError(self._model, "the answer is larger than the limit")
        return data

    def close(self) -> None:
        """Stop it at the model. May be called twice."""
        self._response.close()
        self._done()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """All bytes as they come; closes the stream when the iteration is left."""
        try:
            while data := await self.read():
                yield data
        finally:
            self.close()


class Upstream:
    """Models' servers, with a pool of connections. One for each event loop; close it at the end."""

    def __init__(
        self,
        *,
        connect_seconds: float = 5.0,
        idle_seconds: float = 60.0,
        total_seconds: float = 240.0,
        connections: int = 256,
        answer_bytes: int = 16 * 1024 * 1024,
        key_of: KeyOf | None = None,
    ) -> None:
        """Deadlines in seconds: to connect, between two reads, and for the whole.

        `connections` bounds those to one server, `answer_bytes` an answer, plain or streamed.
        `key_of` gives a model's API key, empty for none; by default it is the environment's
        variable that the registry names.
        """
        self._connect, self._idle, self._total = connect_seconds, idle_seconds, total_seconds
        self._connections, self._limit = connections, answer_bytes
        self._key_of = key_of or environment_key
        self._session: aiohttp.ClientSession | None = None
        self._targets: dict[tuple[Model, str], tuple[URL, dict[str, str]]] = {}
        # Each server has as many turns as connections: nothing waits unseen in the pool, and one
        # that hangs takes none from the others.
        self._turns: dict[str, asyncio.Semaphore] = {}

    def _turn(self, model: Model, still: Still | None) -> _Turn:
        turns = self._turns.get(model.url)
        if turns is None:
            turns = self._turns[model.url] = asyncio.Semaphore(self._connections)
        return _Turn(turns, self._total, model.id, still)

    async def call(
        self, model: Model, body: bytes, path: str = CHAT, *, still: Still | None = None
    ) -> Answer:
        """The model's whole answer to `body`, asked at `path` below its base URL.

        `still` is asked when it is this request's turn, however long it waited for a connection.

        Raises:
            UpstreamTimeoutError, UpstreamRefusedError, UpstreamBrokenError: see there.
            UpstreamLapsedError: `still` said no; nothing was sent.
        """
        async with self._turn(model, still):
            response = await self._post(model, body, path)
            return await self._whole(model, response)

    async def stream(
        self, model: Model, body: bytes, *, still: Still | None = None
    ) -> Stream | Answer:
        """The model's answer as a stream; as a whole if its status isn't 200.

        Raises:
            UpstreamTimeoutError, UpstreamRefusedError, UpstreamBrokenError: see there.
            UpstreamLapsedError: `still` said no; nothing was sent.
        """
        turn = self._turn(model, still)
        await turn.__aenter__()
        try:
            response = await self._post(model, body)
            if response.status != 200:
                answer = await self._whole(model, response)
                turn.release()
                return answer
        except BaseException:
            turn.release()
            raise
        # The stream keeps its turn until it is closed or at its end.
        return Stream(model, response, self._limit, turn.release)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Upstream:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _post(self, model: Model, body: bytes, path: str = CHAT) -> aiohttp.ClientResponse:
        url, headers = self._target(model, path)
        with _faults(model.id):
            response = await self._opened().post(
                url, data=body, headers=headers, allow_redirects=False
            )
        if 300 <= response.status < 400:
            response.close()
            raise UpstreamBrokenError(model.id, "it redirects, which is not followed")
        return response

    async def _whole(self, model: Model, response: aiohttp.ClientResponse) -> Answer:
        parts, size = [], 0
        try:
            with _faults(model.id):
                while data := await response.content.readany():
                    size += len(data)
                    if size > self._limit:
                        raise UpstreamBrokenError(model.id, "the answer is larger than the limit")
                    parts.append(data)
        except BaseException:
            response.close()  # also when the caller gave up: the model may stop
            raise
        response.release()
        return Answer(response.status, _headers(response), b"".join(parts))

    def _target(self, model: Model, path: str) -> tuple[URL, dict[str, str]]:
        """Where a model is asked and with which headers, made once for each record."""
        found = self._targets.get((model, path))
        if found is None:
            headers = {
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
                "Accept-Encoding": "identity",
                "User-Agent": "shenyong",
            }
            key = self._key_of(model)
            if key:
                headers["Authorization"] = f"Bearer {key}"
            url = URL(model.url.rstrip("/") + path, encoded=True)
            found = self._targets[model, path] = (url, headers)
        return found

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # how many there are at once is the turns' affair
                    keepalive_timeout=_KEEPALIVE_SECONDS,
                    ssl=ssl.create_default_context(),
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=self._total,
                    sock_connect=self._connect,
                    sock_read=self._idle,
                ),
                trust_env=False,
            )
        return self._session


def environment_key(model: Model) -> str:
    """A model's API key: the variable that the registry names, or the file in ``<name>_FILE``.

    Raises:
        UpstreamRefusedError: the registry names a variable, and neither is there.
    """
    if not model.secret_env:
        return ""
    key = os.environ.get(model.secret_env, "")
    file = os.environ.get(f"{model.secret_env}_FILE", "")
    if not key and file:
        try:
            key = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            key = ""
    if not key:
        raise UpstreamRefusedError(model.id, f"its key {model.secret_env} is not set")
    return key


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


@contextmanager
def _faults(model: str) -> Iterator[None]:
    """Everything that can go wrong on the way, as one of the three faults."""
    try:
        yield
    except UpstreamError:
        raise
    except (TimeoutError, asyncio.TimeoutError) as error:  # noqa: UP041 - aiohttp has its own
        raise UpstreamTimeoutError(model, "it took too long") from error
    except aiohttp.ClientConnectorError as error:
        raise UpstreamRefusedError(model, "no connection") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UpstreamBrokenError(model, type(error).__name__) from error
