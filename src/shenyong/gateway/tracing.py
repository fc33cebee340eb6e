"""Spans and figures for OpenTelemetry, with the conventions for generative AI. Never content.

What is told of a request is what its journal line and the ledger say: operation, models, verdict,
points, kinds, tokens, why it ended. It is put together after the answer has gone, in a thread, and
sent over OTLP/HTTP; a collector that is slow or gone holds up nobody, and what is lost is counted.

The conventions are those of OpenTelemetry `CONVENTIONS` (docs/adr/0090). An inbound ``traceparent``
is a number that the client chose: it is looked at only where the settings say so, nothing of it
decides whether a request is traced, and it never goes to a model; ``tracestate`` and ``baggage``
are never read.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import chain
from typing import Any, Protocol

import msgspec

from shenyong.gateway.line import Line
from shenyong.gateway.otlp import (
    Histogram,
    Made,
    Post,
    RejectedError,
    Resource,
    Value,
    figures,
    spans,
)
from shenyong.gateway.outbox import Outbox
from shenyong.settings import secret
from shenyong.settings.sections import Telemetry as TelemetrySettings

CONVENTIONS = "1.41.1"
"""The last numbered release of OpenTelemetry's semantic conventions that defines ``gen_ai``."""
SCHEMA_URL = f"https://opentelemetry.io/schemas/{CONVENTIONS}"
PROVIDER = "openai_compatible"
"""``gen_ai.provider.name``: what all our models speak, whoever made them."""
OPERATIONS = {
    "/v1/chat/completions": "chat",
    "/v1/messages": "chat",
    "/v1/responses": "chat",
    "/v1/completions": "text_completion",
    "/v1/embeddings": "embeddings",
}
"""Where a request came in, and the operation that it asked for."""
DURATIONS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = tuple(float(4**each) for each in range(14))
_FAILED = {"upstream_error", "timeout", "interrupted", "lapsed", "client_gone"}
"""Outcomes that are an error of the operation; an answer that we stopped is none."""
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)
_WAITING = 4096

Lost = Callable[[str, int], None]


class Called(Protocol):
    """What a shell knows of the call of a model; times are of ``time.perf_counter``."""

    called_at: float
    first_at: float
    answered_at: float
    streamed: bool
    finish: tuple[str, ...]
    first: Any
    outcome: Any


class Told(msgspec.Struct):
    """One request that has ended. Times are nanoseconds UTC, 0 where there is none."""

    line: Line
    route: str
    ended: int
    called: int = 0
    first: int = 0
    answered: int = 0
    streamed: bool = False
    finish: tuple[str, ...] = ()
    requested: str = ""
    outcome: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    parent: tuple[int, int] = (0, 0)
    traced: bool = True
    counted: bool = False

    @property
    def began(self) -> int:
        """When the request came."""
        return self.ended - self.line.total_us * 1000

    @property
    def operation(self) -> str:
        """``gen_ai.operation.name``; "" for what asks no model."""
        return OPERATIONS.get(self.route, "")


class Missing(RuntimeError):  # noqa: N818 - says what to do
    """The settings want telemetry, and the extra that sends it is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "telemetry.endpoint 已設定，但沒有安裝 shenyong[telemetry]。"
            " telemetry.endpoint is set, but shenyong[telemetry] is not installed."
        )


def telemetry_of(settings: TelemetrySettings, lost: Lost) -> Telemetry | None:
    """What tells a collector, if the settings name one. Raises Missing without the extra."""
    if not settings.endpoint:
        return None
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.proto") is None:
        raise Missing
    return Telemetry(settings, lost)


def parent_of(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Trace and span of a request's ``traceparent`` (W3C Trace Context 1), zeros if it has none."""
    given = [value for name, value in headers if name == b"traceparent"]
    if len(given) != 1:
        return 0, 0
    found = _PARENT.fullmatch(given[0].decode("latin-1"))
    if found is None:
        return 0, 0
    trace, span = int(found[1], 16), int(found[2], 16)
    return (trace, span) if trace and span else (0, 0)


class Telemetry:
    """One worker's spans and figures on their way to a collector."""

    def __init__(self, settings: TelemetrySettings, lost: Lost) -> None:
        self._sample = settings.sample if settings.traces else 0.0
        self._accept_parent = settings.accept_parent
        self._lost = lost
        headers = _headers(settings)
        base = settings.endpoint.rstrip("/")
        resource = self._resource = Resource(SCHEMA_URL)
        self._traces = Post(f"{base}/v1/traces", headers, settings.ca_file)
        self._figures: Figures | None = None
        if settings.metrics:
            post = Post(f"{base}/v1/metrics", headers, settings.ca_file)
            self._figures = Figures(post, resource, settings.metrics_seconds, lost)
        self._outbox: Outbox[Told] = Outbox(
            self._deliver, self._let_go, most=_WAITING, name="telemetry"
        )

    def offer(
        self,
        route: str,
        headers: Iterable[tuple[bytes, bytes]],
        line: Line,
        call: Called,
    ) -> None:
        """Take one request that has ended. Never waits."""
        offset = time.time_ns() - int(time.perf_counter() * 1e9)

        def clock(at: float) -> int:
            return int(at * 1e9) + offset if at else 0

        outcome = call.outcome
        self._outbox.offer(
            Told(
                line=line,
                route=route if route in OPERATIONS else "",
                ended=time.time_ns(),
                called=clock(call.called_at),
                first=clock(call.first_at),
                answered=clock(call.answered_at),
                streamed=call.streamed,
                finish=call.finish,
                requested=getattr(call.first, "requested", ""),
                outcome=outcome.outcome.value if outcome else "",
                tokens_in=outcome.tokens_in if outcome else 0,
                tokens_out=outcome.tokens_out if outcome else 0,
                parent=parent_of(headers) if self._accept_parent else (0, 0),
                traced=self._sample >= 1 or random.random() < self._sample,  # noqa: S311
            )
        )

    @property
    def waiting(self) -> int:
        """How many requests wait to be told of."""
        return len(self._outbox)

    def close(self) -> None:
        """Send what waits, for a moment at most."""
        self._outbox.close()
        if self._figures is not None:
            self._figures.close()
        self._traces.close()

    def _let_go(self, reason: str, count: int) -> None:
        self._lost("traces", count)

    def _deliver(self, told: Sequence[Told]) -> None:
        if self._figures is not None:
            for each in told:
                if not each.counted:  # spans that can't be sent come again
                    each.counted = True
                    self._figures.count(each)
        traced = [each for each in told if each.traced]
        if traced:
            try:
                self._traces.send(spans(self._resource, chain.from_iterable(map(made, traced))))
            except RejectedError:
                self._lost("traces", len(traced))


def _headers(settings: TelemetrySettings) -> dict[str, str]:
    if not (settings.headers or settings.headers_file):
        return {}
    text = secret(settings.headers, settings.headers_file, "telemetry.headers").decode()
    found = (each.partition("=") for each in text.replace("\n", ",").split(",") if each.strip())
    return {name.strip(): value.strip() for name, _, value in found}


def made(told: Told) -> Iterator[Made]:
    """The span of a request, and that of its call of a model, if there was one."""
    line = told.line
    # The decision's id is the trace's: from the ledger one finds the trace, and back.
    trace, parent = told.parent
    number = trace.to_bytes(16, "big") if trace else uuid.UUID(line.request_id).bytes
    request = os.urandom(8)
    yield Made(
        number,
        request,
        parent.to_bytes(8, "big") if parent else b"",
        f"POST {told.route}" if told.route else "POST",
        client=False,
        began=told.began,
        ended=told.ended,
        attributes=request_attributes(told),
    )
    if told.called and told.operation:
        attributes = call_attributes(told)
        yield Made(
            number,
            os.urandom(8),
            request,
            f"{told.operation} {attributes['gen_ai.request.model']}",
            client=True,
            began=told.called,
            ended=told.answered or told.ended,
            attributes=attributes,
        )


def request_attributes(told: Told) -> dict[str, Value]:
    """Of the span of a request: HTTP's own attributes, and the decision."""
    line = told.line
    found: dict[str, Value] = {
        "http.request.method": "POST",
        "http.response.status_code": line.status,
        "shenyong.decision.id": line.request_id,
        "shenyong.decision.verdict": line.verdict,
        "shenyong.decision.points": line.points,
        "shenyong.decision.environment": line.environment,
        "shenyong.finding.kinds": line.kinds,
        "shenyong.agency": line.agency,
        "shenyong.inspect.duration": line.inspect_us / 1e6,
        "shenyong.record.duration": line.record_us / 1e6,
    }
    if told.route:
        found["http.route"] = told.route
    if line.status >= 500:
        found["error.type"] = line.code or str(line.status)
    return found


def call_attributes(told: Told) -> dict[str, Value]:
    """Of the span of a call of a model."""
    found = figure_attributes(told)
    if told.streamed:
        found["gen_ai.request.stream"] = True
        if told.first:
            found["gen_ai.response.time_to_first_chunk"] = (told.first - told.called) / 1e9
    if told.finish:
        found["gen_ai.response.finish_reasons"] = told.finish
    if told.tokens_in:
        found["gen_ai.usage.input_tokens"] = told.tokens_in
    if told.tokens_out:
        found["gen_ai.usage.output_tokens"] = told.tokens_out
    return found


def figure_attributes(told: Told) -> dict[str, Value]:
    """Of a figure of a call of a model; its values come from closed sets and the registry."""
    found: dict[str, Value] = {
        "gen_ai.operation.name": told.operation,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": told.requested or told.line.model,
        "gen_ai.response.model": told.line.model,
    }
    if told.outcome in _FAILED:
        found["error.type"] = told.outcome
    return found


class Figures:
    """The client's figures of the conventions, sent every so often by a thread of their own."""

    def __init__(self, post: Post, resource: Resource, every_seconds: float, lost: Lost) -> None:
        self._post, self._resource, self._every = post, resource, every_seconds
        self._lost = lost
        self._duration = Histogram(
            "gen_ai.client.operation.duration", "s", "GenAI operation duration.", DURATIONS
        )
        self._tokens = Histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            TOKENS,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry-figures", daemon=True)
        self._started = False

    def count(self, told: Told) -> None:
        """Count one call of a model, if there was one."""
        if not (told.called and told.operation):
            return
        attributes = figure_attributes(told)
        self._duration.record(((told.answered or told.ended) - told.called) / 1e9, attributes)
        attributes.pop("error.type", None)
        for kind, number in (("input", told.tokens_in), ("output", told.tokens_out)):
            if number:
                self._tokens.record(number, {**attributes, "gen_ai.token.type": kind})
        if not self._started:
            self._started = True
            self._thread.start()

    def close(self) -> None:
        """Send once more, and let the collector go."""
        self._stopping.set()
        if self._started:
            self._thread.join(2)

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._send()
        self._send()
        self._post.close()

    def _send(self) -> None:
        try:
            self._post.send(figures(self._resource, (self._duration, self._tokens)))
        except (OSError, RejectedError):  # they are counted on: the next time tells all
            self._lost("metrics", 1)
