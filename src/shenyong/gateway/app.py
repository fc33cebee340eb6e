"""The ASGI door: routes, limits, and what every answer carries.

Raw ASGI: the way of a request is one function here, and nothing stands between the socket and it.
Without audit are only the paths in `UNAUDITED` and the reading of a decision (``/d/<id>``), which
call no model; anything else under /v1 is a clear 404.
"""

from __future__ import annotations

import asyncio
import datetime
import random
import time

import msgspec

import shenyong
from shenyong.gateway import decision_page, probes, uploads
from shenyong.gateway.attachments import opened
from shenyong.gateway.commands import Arrival, Reply
from shenyong.gateway.framing import refuse, sound
from shenyong.gateway.ids import new_request_id, now_us
from shenyong.gateway.journal import Line, place_of, timestamp
from shenyong.gateway.looking import LOOKS
from shenyong.gateway.path import Unserved, carry, identify
from shenyong.gateway.shell import (
    InspectionTimeoutError,
    Message,
    ModelBusyError,
    Receive,
    SendMessage,
    Shell,
    encoded,
)
from shenyong.gateway.worker import Worker
from shenyong.ledger import Decided, Intent
from shenyong.protocols import failure, models
from shenyong.protocols.anthropic_messages import MESSAGES
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.completions import COMPLETIONS
from shenyong.protocols.door import CHAT, Door
from shenyong.protocols.embeddings import VECTORS
from shenyong.protocols.failure import Failure
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.responses import RESPONSES
from shenyong.reading.documents import Document
from shenyong.registry import ApiKey, Caller, Model
from shenyong.sandbox import readers
from shenyong.settings import Settings
from shenyong.storage.ledger import LedgerUnavailableError

UNAUDITED = frozenset({"/healthz", "/readyz", "/metrics", "/version"})
_JSON = ("content-type", "application/json")
_DOORS: dict[str, Door] = {
    each.path: each for each in (CHAT, MESSAGES, RESPONSES, COMPLETIONS, VECTORS)
}
_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


class App:
    """One worker's ASGI application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: Worker | None = None
        self._draining = False

    @property
    def worker(self) -> Worker | None:
        """What the requests share, once the application has started."""
        return self._worker

    async def __call__(self, scope: Message, receive: Receive, send: SendMessage) -> None:
        """Serve one connection event, or the worker's life."""
        if scope["type"] == "http":
            if sound(scope):
                await self._serve(scope, receive, send)
            else:
                await refuse(send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: SendMessage) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                worker = Worker(self._settings)
                try:
                    await worker.start()
                except Exception as error:
                    worker.journal.write(Line(timestamp(), "start_failed", error=place_of(error)))
                    await asyncio.to_thread(worker.let_go)
                    await send({"type": "lifespan.startup.failed", "message": place_of(error)})
                    return
                self._worker = worker
                await send({"type": "lifespan.startup.complete"})
            else:
                self._draining = True
                if self._worker is not None:
                    await self._worker.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Message, receive: Receive, send: SendMessage) -> None:
        worker = self._worker
        request_id = new_request_id()
        began = time.perf_counter()
        line = Line(timestamp(), "request", request_id=request_id)
        shell: Shell | None = None
        if worker is None or self._draining:
            reply: Reply | None = _whole(failure.render(Failure.SHUTTING_DOWN, request_id))
        elif worker.open >= worker.settings.limits.concurrent and not _for_operators(scope):
            reply = _whole(failure.render(Failure.OVERLOADED, request_id, retry_after_s=_again()))
        else:
            worker.open += 1
            worker.metrics.open.inc()
            shell = Shell(receive, send, worker)
            try:
                reply = await self._settled(worker, shell, scope, receive, line)
            finally:
                worker.open -= 1
                worker.metrics.open.dec()
        if reply is not None:
            door = _DOORS.get(_tidy(scope["path"]), CHAT)
            await self._send(reply, shell, send, door)
            line.status = reply.status
            line.code = _count(worker, reply)
        elif shell is not None and shell.begun:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            line.status = 200
        if worker is not None:
            _note(line, shell, began)
            if line.status != 200 or not _for_operators(scope):  # a probe each second says nothing
                worker.journal.write(line)
            if shell is not None and shell.first is not None:
                worker.metrics.request.observe(line.total_us / 1e6)
                if worker.telemetry is not None:
                    worker.telemetry.offer(_tidy(scope["path"]), scope["headers"], line, shell)

    async def _settled(
        self, worker: Worker, shell: Shell, scope: Message, receive: Receive, line: Line
    ) -> Reply | None:
        """The answer, or what became of it: each error of ours in the client's own words."""
        request_id = line.request_id
        try:
            return await self._answer(worker, shell, scope, receive, request_id)
        except LedgerUnavailableError:
            # Once the intent is durable the model may have been asked: never say "not sent".
            asked = isinstance(shell.first, Intent) and shell.recorded
            code = Failure.OUTCOME_UNRECORDED if asked else Failure.AUDIT_UNAVAILABLE
            return _whole(failure.render(code, request_id))
        except ModelBusyError:
            rendered = failure.render(Failure.OVERLOADED, request_id, retry_after_s=_again())
            return _whole(rendered)
        except InspectionTimeoutError:
            limit = f"{worker.settings.limits.request_seconds:g}"
            return _whole(failure.render(Failure.INSPECTION_TIMEOUT, request_id, limit=limit))
        except Unserved as unserved:
            return _whole(unserved.rendered)
        except Exception as error:
            line.error = place_of(error)
            return _whole(failure.render(Failure.INTERNAL, request_id))

    async def _send(self, reply: Reply, shell: Shell | None, send: SendMessage, door: Door) -> None:
        rendered = Rendered(reply.status, reply.headers, reply.body)
        if shell is not None and shell.begun:
            # The head has gone: say it inside the stream, and never forge its end.
            event = door.event(rendered)
            await send({"type": "http.response.body", "body": event, "more_body": False})
            return
        if reply.status >= 400:
            rendered = door.error(rendered)
        headers = rendered.headers
        if shell is not None and shell.inspect_us:
            headers = (*headers, ("x-shenyong-inspect-ms", f"{shell.inspect_us / 1000:.2f}"))
        pairs = encoded(headers)
        pairs.append((b"content-length", str(len(rendered.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": rendered.body})

    async def _answer(
        self, worker: Worker, shell: Shell, scope: Message, receive: Receive, request_id: str
    ) -> Reply | None:
        path, method = _tidy(scope["path"]), scope["method"]
        door, look = _DOORS.get(path), LOOKS.get(path)
        if (door is not None or look is not None) and method == "POST":
            headers = _headers(scope)
            # First who asks: strangers' bodies are not waited for.
            caller = await _identified(worker, Arrival(request_id, now_us(), headers, b""))
            _let_in(worker, caller.key, request_id)
            try:
                return await self._asked(
                    worker, shell, (path, headers, receive), caller, request_id
                )
            finally:
                worker.admission.leave(caller.key.agency, caller.key.id)
        if path == uploads.PATH or path.startswith(f"{uploads.PATH}/"):
            return await _files(worker, scope, receive, path, request_id)
        if path == probes.PATH and method == "POST":
            body = await _body(worker, _headers(scope), receive, request_id)
            if len(body) > probes.MOST_BYTES:
                raise _too_large(probes.MOST_BYTES, request_id)
            return await probes.take(worker, body, request_id)
        if path in UNAUDITED:
            if method not in ("GET", "HEAD"):
                return _not_allowed(request_id, "GET, HEAD")
            return await _operations(worker, path, request_id)
        if path == "/v1/models" or path.startswith("/v1/models/"):
            if method != "GET":
                return _not_allowed(request_id, "GET")
            arrival = Arrival(request_id, now_us(), _headers(scope), b"")
            return _models(worker, arrival, path)
        if path.startswith("/d/"):
            if method not in ("GET", "HEAD"):
                return _not_allowed(request_id, "GET, HEAD")
            return await _decision(worker, path.removeprefix("/d/"))
        if door is not None or look is not None:
            return _not_allowed(request_id, "POST")
        return _whole(_unknown(worker, path, request_id))

    async def _asked(
        self,
        worker: Worker,
        shell: Shell,
        asked: tuple[str, dict[str, str], Receive],
        caller: Caller,
        request_id: str,
    ) -> Reply | None:
        """The way of a request that was let in."""
        path, headers, receive = asked
        door, look = _DOORS.get(path), LOOKS.get(path)
        seconds = worker.settings.limits.request_seconds
        body = await _body(worker, headers, receive, request_id)
        arrival = Arrival(request_id, now_us(), headers, body)
        if door is not None:
            text = await _opened(worker, caller.key.id, body, request_id)
            arrival = Arrival(request_id, arrival.at, headers, body, text)
        way = look(arrival, worker.world) if look else carry(arrival, worker.world, door or CHAT)
        try:
            return await shell.drive(way, len(body), seconds)
        finally:
            ended = shell.outcome
            tokens = ended.tokens_in + ended.tokens_out if ended else 0
            worker.budgets.count(caller.key.id, arrival.at, tokens)


def _let_in(worker: Worker, key: ApiKey, request_id: str) -> None:
    """Whether a request is served now: its key's budget and rate, its log, and who else is here.

    Raises:
        Unserved: it is not; nothing of it was read.
    """
    at = now_us()
    if worker.budgets.spent(key, at):
        raise Unserved(failure.render(Failure.QUOTA_EXHAUSTED, request_id))
    if worker.budgets.hasty(key, at):
        left = 60 - at // 1_000_000 % 60
        raise Unserved(failure.render(Failure.RATE_LIMITED, request_id, retry_after_s=left))
    if key.agency in worker.damaged:
        raise Unserved(failure.render(Failure.AUDIT_UNAVAILABLE, request_id))
    if not worker.admission.enter(key.agency, key.id):
        raise Unserved(failure.render(Failure.OVERLOADED, request_id, retry_after_s=_again()))


def _again() -> float:
    """When to come again, in seconds: not all at once."""
    return random.uniform(0.5, 2.5)  # noqa: S311 - spreads load


async def _identified(worker: Worker, arrival: Arrival) -> Caller:
    """Who asks. A key that opens nothing may be newer than our registry: that is looked at first.

    Raises:
        Unserved: it opens nothing.
    """
    try:
        return identify(arrival, worker.world)
    except Unserved:
        if not await worker.catch_up():
            raise
    return identify(arrival, worker.world)


def _whole(rendered: Rendered) -> Reply:
    return Reply(rendered.status, rendered.headers, rendered.body)


def _tidy(path: str) -> str:
    """The path without double or trailing slashes, which base URLs often bring along."""
    if "//" in path or path.endswith("/"):
        return "/" + "/".join(part for part in path.split("/") if part)
    return path


def _for_operators(scope: Message) -> bool:
    """Whether it asks how we are: answered in the busiest moment too, for silence means death."""
    return _tidy(scope["path"]) in UNAUDITED


def _headers(scope: Message) -> dict[str, str]:
    """Header names and values; a repeated one is a list (RFC 9110, 5.3): two keys are no key."""
    headers: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    if key := headers.get("x-api-key"):  # Anthropic's clients; two keys are no key here too
        bearer, given = f"Bearer {key}", headers.get("authorization", "")
        headers["authorization"] = f"{given}, {bearer}" if given not in ("", bearer) else bearer
    return headers


async def _body(
    worker: Worker,
    headers: dict[str, str],
    receive: Receive,
    request_id: str,
    expected: str = "application/json",
) -> bytes:
    """The whole body, within the limits. Raises Unserved for what is too large, slow or encoded."""
    limit = worker.settings.limits.body_bytes
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Unserved(failure.render(Failure.UNSUPPORTED_MEDIA_TYPE, request_id))
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != expected:
        raise Unserved(failure.render(Failure.UNSUPPORTED_MEDIA_TYPE, request_id))
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit, request_id)
    with worker.admission.elsewhere:
        message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise _too_large(limit, request_id)
        return body
    parts = [body]
    size = len(body)
    try:
        async with asyncio.timeout(worker.settings.limits.request_seconds):
            while message.get("more_body"):
                with worker.admission.elsewhere:
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise Unserved(failure.render(Failure.REQUEST_TIMEOUT, request_id))
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise _too_large(limit, request_id)
                parts.append(part)
    except TimeoutError:
        raise Unserved(failure.render(Failure.REQUEST_TIMEOUT, request_id)) from None
    return b"".join(parts)


async def _opened(worker: Worker, key: str, body: bytes, request_id: str) -> bytes | None:
    """The body with the text of its files; None where it has none. Raises Unserved."""

    async def find(file: str) -> Document | None:
        kept = await worker.files.get(key, file, int(time.time()))
        return kept.document if kept else None

    try:
        with worker.admission.elsewhere:
            text = await opened(body, worker.world.limits, readers().read_soon, find)
    except BadInputError as error:
        raise Unserved(failure.render_bad_input(error, request_id)) from None
    return None if text is body else text


async def _files(
    worker: Worker, scope: Message, receive: Receive, path: str, request_id: str
) -> Reply:
    method, headers = scope["method"], _headers(scope)
    caller = identify(Arrival(request_id, now_us(), headers, b""), worker.world)
    if method == "POST" and path == uploads.PATH:
        body = await _body(worker, headers, receive, request_id, uploads.FORM)
        kind = headers.get("content-type", "")
        read = readers().read_soon
        try:
            return await uploads.upload(worker.files, read, caller, (kind, body), request_id)
        except BadInputError as error:
            return _whole(failure.render_bad_input(error, request_id))
    if method == "GET" or (method == "DELETE" and path != uploads.PATH):
        return await uploads.looked_up(worker.files, caller, method, path, request_id)
    return _not_allowed(request_id, "GET, POST" if path == uploads.PATH else "GET, DELETE")


def _too_large(limit: int, request_id: str) -> Unserved:
    return Unserved(failure.render(Failure.BODY_TOO_LARGE, request_id, limit=limit // 1024))


async def _operations(worker: Worker, path: str, request_id: str) -> Reply:
    if path == "/metrics":
        kind = ("content-type", "text/plain; version=0.0.4; charset=utf-8")
        return Reply(200, (kind, ("x-request-id", request_id)), worker.metrics.page())
    status = 200
    said: dict[str, object] = {"ok": True}
    if path == "/readyz":
        parts = await worker.ready()
        said = dict(parts)
        status = 200 if all(parts.values()) else 503
    elif path == "/version":
        said = {"version": shenyong.__version__, "pack": worker.settings.policy.pack}
    return Reply(status, (_JSON, ("x-request-id", request_id)), msgspec.json.encode(said))


async def _decision(worker: Worker, decision_id: str) -> Reply:
    """The page of one decision. A database that is down is a 503, as everywhere."""
    recorded = await worker.decision(decision_id)
    if recorded is None:
        return Reply(404, decision_page.headers(), decision_page.unknown())
    judge = await worker.judge(recorded.entry.agency, recorded.entry.pack)
    page = decision_page.page(decision_page.shown(recorded, judge))
    return Reply(200, decision_page.headers(), page)


def _models(worker: Worker, arrival: Arrival, path: str) -> Reply:
    """The models that this key may use, or one of them."""
    world = worker.world
    key = identify(arrival, world).key
    known = {model.id: model for model in world.registry.models_for(key)}
    headers = (_JSON, ("x-request-id", arrival.request_id))
    if path == "/v1/models":
        cards = [_card(worker, model, arrival.at) for model in known.values()]
        return Reply(200, headers, models.listed(cards))
    name = path.removeprefix("/v1/models/")
    if name not in known:
        rendered = failure.render(
            Failure.MODEL_NOT_FOUND, arrival.request_id, param="model", model=name
        )
        return _whole(rendered)
    return Reply(200, headers, models.one(_card(worker, known[name], arrival.at)))


def _card(worker: Worker, model: Model, at: int) -> models.ModelCard:
    registry = worker.world.registry
    environment, level = registry.effective(model, at)
    until = registry.confirmed_until(model, at)
    day = (
        datetime.datetime.fromtimestamp(until / 1e6, _TAIPEI).date().isoformat() if until else None
    )
    return models.ModelCard(model.id, at // 1_000_000, environment, level, day)


def _not_allowed(request_id: str, allowed: str) -> Reply:
    return _whole(
        failure.render(
            Failure.METHOD_NOT_ALLOWED, request_id, headers=(("allow", allowed),), allowed=allowed
        )
    )


def _unknown(worker: Worker, path: str, request_id: str) -> Rendered:
    """A path that isn't served: the right base URL, if that is what is wrong with it."""
    url = worker.settings.server.url
    if path in ("/chat/completions", "/models") or path.startswith(("/models/", "/v1/v1/")):
        return failure.render(Failure.WRONG_BASE_URL, request_id, url=f"{url}/v1")
    return failure.render(Failure.NOT_PROXIED, request_id, path=path)


class _Said(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    error: _Said = msgspec.field(default_factory=_Said)


def _count(worker: Worker | None, reply: Reply) -> str:
    """Count a request that was not served; the code of its error, which is a word of ours."""
    if worker is None or reply.status < 400:
        return ""
    try:
        code = msgspec.json.decode(reply.body, type=_Error).error.code
    except msgspec.MsgspecError:  # a page
        code = ""
    if "x-shenyong-decision" not in dict(reply.headers):
        worker.metrics.failures.labels(str(reply.status), code).inc()
    return code


def _note(line: Line, shell: Shell | None, began: float) -> None:
    """What the journal learns of a request: ids, the decision, and how long it took."""
    line.total_us = int((time.perf_counter() - began) * 1e6)
    if shell is None:
        return
    line.inspect_us, line.record_us = shell.inspect_us, shell.record_us
    entry = shell.first
    if isinstance(entry, Intent | Decided):
        line.agency, line.key, line.model = entry.agency, entry.key, entry.model
        line.environment, line.verdict, line.points = entry.environment, entry.verdict, entry.points
        line.kinds = tuple(entry.kinds)
    if shell.outcome is not None:
        line.outcome = shell.outcome.outcome.value


def build() -> App:
    """The application of one worker, from the settings that `serve` left for it."""
    from shenyong.gateway.serve import handed_over

    return App(handed_over())
