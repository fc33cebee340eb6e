"""OTLP over HTTP: spans and histograms as the protocol's own messages, and the way to a collector.

The messages are those of ``opentelemetry-proto``, which the protocol's authors generate; this room
fills and sends them. Why not the SDK: docs/adr/0090.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
import uuid
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

import shenyong

Value = str | bool | int | float | tuple[str, ...]
_SECONDS = 10.0
"""How long one try may take, in the thread that does it."""
_AGAIN = (429, 502, 503, 504)
"""What the protocol says to try again (OTLP/HTTP, Failures); everything else is given up."""
_SERVER, _CLIENT = 2, 3
_ERROR, _CUMULATIVE = 2, 2


class RejectedError(RuntimeError):
    """The collector will not have it, however often it is sent. Holds the status alone."""


class Post:
    """One signal's way to a collector: no proxy, no redirect, one connection kept."""

    def __init__(self, url: str, headers: Mapping[str, str], ca_file: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path = parts.path or "/"
        self._headers = {**headers, "content-type": "application/x-protobuf"}
        self._context = (
            ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        )
        self._line: http.client.HTTPConnection | None = None

    def send(self, body: bytes) -> None:
        """Send it.

        Raises:
            OSError: it could not be sent now.
            RejectedError: it is not wanted.
        """
        kept = self._line is not None
        try:
            status = self._once(body)
        except OSError:
            if not kept:
                raise
            status = self._once(body)  # a connection that was kept may have been closed meanwhile
        if status in _AGAIN:
            raise OSError(status)
        if not 200 <= status < 300:
            raise RejectedError(status)

    def _once(self, body: bytes) -> int:
        try:
            line = self._line or self._opened()
            line.request("POST", self._path, body, self._headers)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(type(error).__name__) from None
        return answer.status

    def close(self) -> None:
        """Let the collector go."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _opened(self) -> http.client.HTTPConnection:
        if self._context is None:
            self._line = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        else:
            self._line = http.client.HTTPSConnection(
                self._host, self._port, timeout=_SECONDS, context=self._context
            )
        return self._line


@lru_cache(4096, typed=True)
def _pair(key: str, value: Value) -> Any:
    """An attribute. Values are few, of closed sets, so that most are made once."""
    return _fresh(key, value)


def _fresh(key: str, value: Value) -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

    match value:
        case bool():
            said = AnyValue(bool_value=value)
        case str():
            said = AnyValue(string_value=value)
        case int():
            said = AnyValue(int_value=value)
        case float():
            said = AnyValue(double_value=value)
        case _:
            items = [AnyValue(string_value=each) for each in value]
            said = AnyValue(array_value=ArrayValue(values=items))
    return KeyValue(key=key, value=said)


def pairs(attributes: Mapping[str, Value]) -> list[Any]:
    """Attributes as messages. What hardly comes twice is not kept: ids and times."""
    return [
        _fresh(key, value)
        if isinstance(value, float) or key.endswith((".id", "_tokens"))
        else _pair(key, value)
        for key, value in attributes.items()
    ]


class Resource:
    """Who tells: this worker. One message for both signals."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self._about = {
            "service.name": "shenyong",
            "service.version": shenyong.__version__,
            "service.instance.id": str(uuid.uuid4()),
        }

    def scope(self, resources: Any, scopes: str) -> Any:
        """The one scope of a new resource of a request, to put spans or figures into."""
        resource = resources.add(schema_url=self.schema)
        resource.resource.attributes.extend(pairs(self._about))
        scope = getattr(resource, scopes).add(schema_url=self.schema)
        scope.scope.name, scope.scope.version = "shenyong", shenyong.__version__
        return scope


class Made(msgspec.Struct, frozen=True):
    """A span: ids as bytes, times in nanoseconds UTC. `client` says whether it asks or is asked."""

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    client: bool
    began: int
    ended: int
    attributes: dict[str, Value]


def spans(resource: Resource, made: Iterable[Made]) -> bytes:
    """A request that exports these spans."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    scope = resource.scope(request.resource_spans, "scope_spans")
    for each in made:
        span = scope.spans.add(
            trace_id=each.trace,
            span_id=each.id,
            parent_span_id=each.parent,
            name=each.name,
            kind=_CLIENT if each.client else _SERVER,
            start_time_unix_nano=each.began,
            end_time_unix_nano=each.ended,
            attributes=pairs(each.attributes),
        )
        if "error.type" in each.attributes:
            span.status.code = _ERROR
    return bytes(request.SerializeToString())


class _Point:
    """One histogram's counts for one set of attributes."""

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0
        self.least, self.most = float("inf"), float("-inf")


class Histogram:
    """A histogram of the conventions, counted since the worker's start."""

    def __init__(self, name: str, unit: str, said: str, bounds: tuple[float, ...]) -> None:
        self.name, self.unit, self.said, self.bounds = name, unit, said, bounds
        self._began = time.time_ns()
        self._points: dict[tuple[tuple[str, Value], ...], _Point] = {}
        self._lock = threading.Lock()

    def record(self, value: float, attributes: Mapping[str, Value]) -> None:
        """Count one value; a bound belongs to the bucket below it."""
        key = tuple(attributes.items())
        with self._lock:
            point = self._points.get(key)
            if point is None:
                point = self._points[key] = _Point(len(self.bounds))
            point.counts[bisect_left(self.bounds, value)] += 1
            point.sum += value
            point.least, point.most = min(point.least, value), max(point.most, value)

    def tell(self, metrics: Any) -> None:
        """Put what was counted into a request."""
        now = time.time_ns()
        metric = metrics.add(name=self.name, unit=self.unit, description=self.said)
        metric.histogram.aggregation_temporality = _CUMULATIVE
        with self._lock:
            for key, point in self._points.items():
                metric.histogram.data_points.add(
                    attributes=pairs(dict(key)),
                    start_time_unix_nano=self._began,
                    time_unix_nano=now,
                    count=sum(point.counts),
                    sum=point.sum,
                    min=point.least,
                    max=point.most,
                    bucket_counts=point.counts,
                    explicit_bounds=self.bounds,
                )


def figures(resource: Resource, histograms: Iterable[Histogram]) -> bytes:
    """A request that exports these histograms."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

    request = ExportMetricsServiceRequest()
    scope = resource.scope(request.resource_metrics, "scope_metrics")
    for each in histograms:
        each.tell(scope.metrics)
    return bytes(request.SerializeToString())
