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

import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from shenyong.gateway.line import Line
from shenyong.gateway.outbox import Outbox
from shenyong.settings import secret
from shenyong.settings.sections import Telemetry as TelemetrySettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

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
_SECONDS = 10.0
"""How long one export may take, in the thread that does it."""

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


class Told(msgspec.Struct, frozen=True):
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
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk  # noqa: F401
    except ImportError:
        raise Missing from None
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
        self._spans = _Spans(settings, lost) if settings.traces else None
        self._figures = _Figures(settings, lost) if settings.metrics else None
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

    def close(self) -> None:
        """Send what waits, for a moment at most."""
        self._outbox.close()
        if self._figures is not None:
            self._figures.close()
        if self._spans is not None:
            self._spans.close()

    def _let_go(self, reason: str, count: int) -> None:
        self._lost("traces", count)

    def _deliver(self, told: Sequence[Told]) -> None:
        if self._figures is not None:
            for each in told:
                self._figures.count(each)
        traced = [each for each in told if each.traced]
        if self._spans is not None and traced:
            self._spans.send(traced)


def _session() -> Any:
    """A client that takes no proxy and no password from the environment."""
    import requests

    session = requests.Session()
    session.trust_env = False
    return session


def _headers(settings: TelemetrySettings) -> dict[str, str]:
    if not (settings.headers or settings.headers_file):
        return {}
    text = secret(settings.headers, settings.headers_file, "telemetry.headers").decode()
    pairs = (each.partition("=") for each in text.replace("\n", ",").split(",") if each.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _resource() -> Any:
    from opentelemetry.sdk.resources import Resource

    import shenyong

    return Resource(
        {
            "service.name": "shenyong",
            "service.version": shenyong.__version__,
            "service.instance.id": str(uuid.uuid4()),
        },
        SCHEMA_URL,
    )


def _exporter(kind: type[Any], settings: TelemetrySettings, signal: str) -> Any:
    return kind(
        endpoint=f"{settings.endpoint.rstrip('/')}/v1/{signal}",
        certificate_file=settings.ca_file or None,
        headers=_headers(settings),
        timeout=_SECONDS,
        session=_session(),
    )


def _quiet() -> None:
    """The SDK's own messages hold addresses and are no lines of ours; what is lost is counted."""
    import logging

    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())


class _Spans:
    """Builds the spans of requests that have ended, and sends them."""

    def __init__(self, settings: TelemetrySettings, lost: Lost) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        _quiet()
        outer = self
        self._made: list[ReadableSpan] = []
        self._trace = 0
        self._lost = lost

        class Gather(SpanProcessor):
            def on_end(self, span: ReadableSpan) -> None:
                outer._made.append(span)

        class Numbers(RandomIdGenerator):
            def generate_trace_id(self) -> int:
                return outer._trace

        provider = TracerProvider(
            ALWAYS_ON, _resource(), shutdown_on_exit=False, id_generator=Numbers()
        )
        provider.add_span_processor(Gather())
        self._tracer = provider.get_tracer("shenyong", schema_url=SCHEMA_URL)
        self._exporter = _exporter(OTLPSpanExporter, settings, "traces")

    def send(self, told: Sequence[Told]) -> None:
        """Send the spans of these requests; what can't be sent is counted."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        self._made = []
        for each in told:
            self._build(each)
        if self._exporter.export(self._made) is not SpanExportResult.SUCCESS:
            self._lost("traces", len(told))

    def close(self) -> None:
        """Let the collector go."""
        self._exporter.shutdown()

    def _build(self, told: Told) -> None:
        from opentelemetry import trace

        line = told.line
        # The decision's id is the trace's: from the ledger one finds the trace, and back.
        self._trace = uuid.UUID(line.request_id).int
        above = trace.set_span_in_context(trace.INVALID_SPAN)
        if told.parent[0]:
            context = trace.SpanContext(
                *told.parent, is_remote=True, trace_flags=trace.TraceFlags(1)
            )
            above = trace.set_span_in_context(trace.NonRecordingSpan(context))
        attributes = request_attributes(told)
        span = self._tracer.start_span(
            f"POST {told.route}" if told.route else "POST",
            above,
            trace.SpanKind.SERVER,
            attributes,
            start_time=told.began,
        )
        if "error.type" in attributes:
            span.set_status(trace.StatusCode.ERROR)
        if told.called and told.operation:
            self._build_call(told, trace.set_span_in_context(span))
        span.end(told.ended)

    def _build_call(self, told: Told, above: Any) -> None:
        from opentelemetry import trace

        attributes = call_attributes(told)
        span = self._tracer.start_span(
            f"{told.operation} {attributes['gen_ai.request.model']}",
            above,
            trace.SpanKind.CLIENT,
            attributes,
            start_time=told.called,
        )
        if "error.type" in attributes:
            span.set_status(trace.StatusCode.ERROR)
        span.end(told.answered or told.ended)


def request_attributes(told: Told) -> dict[str, Any]:
    """Of the span of a request: HTTP's own attributes, and the decision."""
    line = told.line
    found: dict[str, Any] = {
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


def call_attributes(told: Told) -> dict[str, Any]:
    """Of the span of a call of a model."""
    found: dict[str, Any] = dict(figure_attributes(told))
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


def figure_attributes(told: Told) -> dict[str, str]:
    """Of a figure of a call of a model; its values come from closed sets and the registry."""
    found = {
        "gen_ai.operation.name": told.operation,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": told.requested or told.line.model,
        "gen_ai.response.model": told.line.model,
    }
    if told.outcome in _FAILED:
        found["error.type"] = told.outcome
    return found


class _Figures:
    """The client's figures of the conventions, sent every so often by the SDK's own thread."""

    def __init__(self, settings: TelemetrySettings, lost: Lost) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
        from opentelemetry.sdk.metrics.export import (
            MetricExportResult,
            PeriodicExportingMetricReader,
        )

        _quiet()

        class Counting(OTLPMetricExporter):
            def export(self, *args: Any, **more: Any) -> MetricExportResult:
                result = super().export(*args, **more)
                if result is not MetricExportResult.SUCCESS:
                    lost("metrics", 1)
                return result

        reader = PeriodicExportingMetricReader(
            _exporter(Counting, settings, "metrics"),
            export_interval_millis=settings.metrics_seconds * 1000,
            export_timeout_millis=_SECONDS * 1000,
        )
        self._provider = MeterProvider(
            [reader], _resource(), AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        meter = self._provider.get_meter("shenyong", schema_url=SCHEMA_URL)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=TOKENS,
        )

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

    def close(self) -> None:
        """Send once more, and let the collector go."""
        self._provider.shutdown(timeout_millis=2000)
