"""The protocol's messages, read again by its own library, and the way to a collector."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shenyong.gateway.otlp import Histogram, Made, Post, RejectedError, Resource, figures, spans

SCHEMA = "https://opentelemetry.io/schemas/1.41.1"


class Collector:
    """Answers what it is told to, and keeps what it got. Closes after each answer if asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[bytes] = []
        self.status = 200
        self.closes = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                outer.got.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(outer.status)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()
                self.close_connection = outer.closes  # without a word, as an idle limit does

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        scheme = "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


class TestPost:
    def test_one_connection_is_kept_and_a_closed_one_is_no_failure(self, collector: Collector):
        post = Post(collector.url, {"x": "y"})
        for each in (b"1", b"2"):
            post.send(each)
        collector.closes = True
        for each in (b"3", b"4", b"5"):
            post.send(each)
        assert collector.got == [b"1", b"2", b"3", b"4", b"5"]
        post.close()

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_what_may_be_tried_again_says_so(self, collector: Collector, status: int):
        collector.status = status
        with pytest.raises(OSError, match=str(status)):
            Post(collector.url, {}).send(b"x")

    @pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 413, 500])
    def test_what_may_not_is_given_up_and_no_redirect_is_followed(
        self, collector: Collector, status: int
    ):
        collector.status = status
        with pytest.raises(RejectedError, match=str(status)):
            Post(collector.url, {}).send(b"x")
        assert len(collector.got) == 1

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        with pytest.raises(OSError, match="ConnectionRefusedError"):
            Post(f"http://127.0.0.1:{port}/v1/traces", {}).send(b"x")

    def test_over_tls_only_to_one_that_is_vouched_for(self, tmp_path: Path):
        ca, context = certificate(tmp_path)
        collector = Collector(context)
        try:
            Post(collector.url, {}, str(ca)).send(b"x")
            with pytest.raises(OSError, match="SSLCertVerificationError"):
                Post(collector.url, {}).send(b"y")
        finally:
            collector.close()
        assert collector.got == [b"x"]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "collector")])
    now = datetime.datetime.now(datetime.UTC)
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([place]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    ca, private = folder / "ca.pem", folder / "key.pem"
    ca.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, private)
    return ca, context


def test_a_span_is_read_again_as_it_was_made():
    attributes = {"a": "text", "b": True, "c": 7, "d": 0.5, "e": ("x", "y"), "gen_ai.x_tokens": 1}
    one = Made(b"t" * 16, b"s" * 8, b"p" * 8, "name", True, 3, 9, attributes)
    bad = Made(b"t" * 16, b"u" * 8, b"", "other", False, 3, 9, {"error.type": "timeout"})
    request = ExportTraceServiceRequest.FromString(spans(Resource(SCHEMA), [one, bad]))
    (resource,) = request.resource_spans
    about = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert about["service.name"] == "shenyong"
    assert resource.schema_url == SCHEMA
    first, second = resource.scope_spans[0].spans
    assert (first.trace_id, first.span_id, first.parent_span_id) == (b"t" * 16, b"s" * 8, b"p" * 8)
    assert (first.name, first.kind, first.status.code) == ("name", 3, 0)
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (3, 9)
    values = {each.key: each.value for each in first.attributes}
    assert values["a"].string_value == "text"
    assert values["b"].WhichOneof("value") == "bool_value"
    assert values["c"].int_value == 7
    assert values["d"].double_value == 0.5
    assert [each.string_value for each in values["e"].array_value.values] == ["x", "y"]
    assert (second.kind, second.status.code, second.status.message) == (2, 2, "")


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_a_histogram_counts_each_value_once_in_the_bucket_that_holds_it(values: list[float]):
    bounds = (1.0, 10.0, 100.0)
    histogram = Histogram("h", "s", "said", bounds)
    for each in values:
        histogram.record(each, {"k": "v"})
    request = ExportMetricsServiceRequest.FromString(figures(Resource(SCHEMA), [histogram]))
    metric = request.resource_metrics[0].scope_metrics[0].metrics[0]
    (point,) = metric.histogram.data_points
    assert (metric.name, metric.unit, metric.histogram.aggregation_temporality) == ("h", "s", 2)
    assert (point.count, point.min, point.max) == (len(values), min(values), max(values))
    assert point.sum == pytest.approx(sum(values))
    edges = [-1.0, *bounds, float("inf")]
    expected = [sum(low < each <= high for each in values) for low, high in pairwise(edges)]
    assert list(point.bucket_counts) == expected
    assert list(point.explicit_bounds) == list(bounds)


def test_sets_of_attributes_are_counted_apart():
    histogram = Histogram("h", "s", "said", (1.0,))
    for model in ("a", "b", "a"):
        histogram.record(0.5, {"m": model})
    request = ExportMetricsServiceRequest.FromString(figures(Resource(SCHEMA), [histogram]))
    points = request.resource_metrics[0].scope_metrics[0].metrics[0].histogram.data_points
    assert {each.attributes[0].value.string_value: each.count for each in points} == {
        "a": 2,
        "b": 1,
    }
