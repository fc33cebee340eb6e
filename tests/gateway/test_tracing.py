"""Spans and figures as a real receiver of OTLP reads them: the decision is there, no word is."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.schemas import Schemas
from prometheus_client.parser import text_string_to_metric_families
from tests.house import House, chunks, completion, running_house

from shenyong.gateway import tracing
from shenyong.gateway.line import Line
from shenyong.gateway.tracing import (
    SCHEMA_URL,
    Telemetry,
    Told,
    call_attributes,
    figure_attributes,
    parent_of,
    request_attributes,
)
from shenyong.settings.sections import Telemetry as Settings

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

PERSON, NUMBER = "王小明", "A123456789"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


class Receiver:
    """A collector: it takes OTLP over HTTP, as protobuf, and keeps what it was told."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.headers.append({k.lower(): v for k, v in self.headers.items()})
                outer.bodies.append((self.path, body))
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> list[Any]:
        found = []
        for path, body in list(self.bodies):
            if path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    assert resource.schema_url == SCHEMA_URL
                    for scope in resource.scope_spans:
                        assert (scope.scope.name, scope.schema_url) == ("shenyong", SCHEMA_URL)
                        found += scope.spans
        return found

    def of(self, decision: str) -> list[Any]:
        """The spans of one decision, the request's first."""
        found = [each for each in self.spans() if each.trace_id.hex() == decision.replace("-", "")]
        return sorted(found, key=lambda each: each.kind)

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """The newest points of a figure, with their attributes."""
        for path, body in reversed(self.bodies):
            if path == "/v1/metrics":
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for scope in resource.scope_metrics:
                        for metric in scope.metrics:
                            if metric.name == name:
                                points = metric.histogram.data_points
                                return [(attributes(each), each) for each in points]
        return []


def attributes(item: Any) -> dict[str, Any]:
    """Attributes of a span or a point, as values."""
    return {each.key: value(each.value) for each in item.attributes}


def value(said: Any) -> Any:
    kind = said.WhichOneof("value")
    if kind == "array_value":
        return [value(each) for each in said.array_value.values]
    return getattr(said, kind) if kind else None


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


@pytest.fixture(scope="module")
def house(receiver: Receiver) -> Iterator[House]:
    """A gateway that tells the receiver, and takes a client's traceparent for the parent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENYONG__TELEMETRY__ENDPOINT", receiver.url)
        patch.setenv("SHENYONG__TELEMETRY__HEADERS", "x-tenant=moda,authorization=Bearer t=1")
        patch.setenv("SHENYONG__TELEMETRY__METRICS_SECONDS", "0.5")
        patch.setenv("SHENYONG__TELEMETRY__ACCEPT_PARENT", "true")
        with running_house() as running:
            yield running


def ask(
    house: House, content: str, *, path: str = "/v1/chat/completions", **more: Any
) -> tuple[int, dict[str, str], bytes]:
    headers = {
        "authorization": f"Bearer {house.keys['official']}",
        "content-type": "application/json",
        **more.pop("headers", {}),
    }
    body = {"model": "cloud/echo", **more}
    body |= {"input": content} if "embed" in path else {
        "messages": [{"role": "user", "content": content}]
    }  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def told(house: House, receiver: Receiver, content: str, **more: Any) -> tuple[int, list[Any]]:
    """Ask, and wait for the spans of what was decided; what a busy machine puts off, again."""
    for _ in range(3):
        status, headers, _ = ask(house, content, **more)
        if status != 503:
            break
    receiver_has = headers["x-request-id"]
    until(lambda: receiver.of(receiver_has))
    return status, receiver.of(receiver_has)


class TestGateway:
    def test_an_answer_is_a_span_of_the_request_and_one_of_the_call(
        self, house: House, receiver: Receiver
    ) -> None:
        house.model_server.script = lambda body: completion("好的。")
        before = time.time_ns()
        status, (request, call) = told(house, receiver, f"請潤飾：陳情人{PERSON}反映路燈不亮。")
        assert status == 200
        assert (request.name, request.kind, request.parent_span_id) == (
            "POST /v1/chat/completions", 2, b"",
        )  # fmt: skip
        said = attributes(request)
        assert said.pop("shenyong.inspect.duration") > 0
        assert said.pop("shenyong.record.duration") > 0
        assert uuid.UUID(said.pop("shenyong.decision.id")).bytes == request.trace_id
        assert said == {
            "http.request.method": "POST",
            "http.route": "/v1/chat/completions",
            "http.response.status_code": 200,
            "shenyong.decision.verdict": "redact",
            "shenyong.decision.points": ["4"],
            "shenyong.decision.environment": "E1",
            "shenyong.finding.kinds": ["person_name"],
            "shenyong.agency": "house",
        }
        assert (call.name, call.kind) == ("chat cloud/echo", 3)
        assert call.parent_span_id == request.span_id
        assert attributes(call) == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai_compatible",
            "gen_ai.request.model": "cloud/echo",
            "gen_ai.response.model": "cloud/echo",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 5,
        }
        assert request.status.code == call.status.code == 0
        times = [before, request.start_time_unix_nano, call.start_time_unix_nano]
        times += [call.end_time_unix_nano, request.end_time_unix_nano, time.time_ns()]
        assert times == sorted(times)

    def test_a_stream_tells_when_it_began(self, house: House, receiver: Receiver) -> None:
        house.model_server.script = lambda body: [0.05, *chunks("好", "的。", finish="length")]
        status, (_, call) = told(house, receiver, "請說明公文格式。", stream=True)
        said = attributes(call)
        assert status == 200
        assert said["gen_ai.request.stream"] is True
        assert 0.04 < said["gen_ai.response.time_to_first_chunk"] < 20
        assert said["gen_ai.response.finish_reasons"] == ["length"]
        assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (7, 2)

    @pytest.mark.parametrize("stream", [False, True])
    def test_what_was_stopped_says_so_and_is_no_error(
        self, house: House, receiver: Receiver, stream: bool
    ) -> None:
        marked = "密等：機密\n主旨：示範案\n"
        house.model_server.script = lambda body: chunks(marked) if stream else completion(marked)
        _, (_, call) = told(house, receiver, "請說明公文格式。", stream=stream)
        assert attributes(call)["gen_ai.response.finish_reasons"] == ["content_filter"]
        assert "error.type" not in attributes(call)

    def test_embeddings_are_an_operation_of_their_own(
        self, house: House, receiver: Receiver
    ) -> None:
        house.model_server.reset()
        _, (request, call) = told(house, receiver, "公文格式", path="/v1/embeddings")
        assert request.name == "POST /v1/embeddings"
        assert call.name == "embeddings cloud/echo"
        assert attributes(call)["gen_ai.usage.input_tokens"] == 4
        assert "gen_ai.response.finish_reasons" not in attributes(call)

    def test_a_refusal_is_a_span_without_a_call(self, house: House, receiver: Receiver) -> None:
        status, spans = told(house, receiver, f"請問{PERSON}（{NUMBER}）有沒有前科？")
        assert (status, len(spans)) == (400, 1)
        said = attributes(spans[0])
        assert said["shenyong.decision.verdict"] == "deny"
        assert "error.type" not in said, "a refusal is what we are for, and no error"
        assert spans[0].status.code == 0

    def test_a_model_that_fails_is_an_error_of_both(self, house: House, receiver: Receiver) -> None:
        house.model_server.script = lambda body: 500
        status, (request, call) = told(house, receiver, "請說明公文格式。")
        assert status == 502
        assert attributes(request)["error.type"] == "upstream_fault"
        assert attributes(call)["error.type"] == "upstream_error"
        assert (request.status.code, call.status.code) == (2, 2)
        assert request.status.message == call.status.message == ""

    def test_no_word_of_client_or_model_leaves(self, house: House, receiver: Receiver) -> None:
        invented = "zzzinvented"
        answer = completion(f"{invented} {PERSON}")
        answer["model"] = answer["id"] = answer["choices"][0]["finish_reason"] = invented
        answer["system_fingerprint"] = invented
        house.model_server.script = lambda body: answer
        headers = {
            "traceparent": PARENT, "tracestate": f"vendor={invented}", "user-agent": invented,
            "baggage": f"person={invented}", "x-request-id": invented,
        }  # fmt: skip
        seen = len(receiver.spans())
        status, _, _ = ask(
            house, f"請潤飾：{PERSON}反映{invented}。", user=invented, headers=headers
        )
        assert status == 200
        ask(house, "好", model=invented)
        until(lambda: len(receiver.spans()) > seen)
        until(lambda: receiver.points("gen_ai.client.operation.duration"))
        for _, body in list(receiver.bodies):
            for word in (invented, PERSON, NUMBER, *house.keys.values()):
                assert word.encode() not in body
        sent = house.model_server.received[-1]
        assert TRACE.encode() not in sent

    def test_a_client_s_traceparent_is_the_parent_and_goes_no_further(
        self, house: House, receiver: Receiver
    ) -> None:
        house.model_server.reset()
        heard: list[dict[str, str]] = []
        handler = house.model_server._server.RequestHandlerClass
        old = handler.do_POST  # type: ignore[attr-defined]

        def listening(this: Any) -> None:
            heard.append({name.lower(): text for name, text in this.headers.items()})
            old(this)

        handler.do_POST = listening  # type: ignore[attr-defined]
        try:
            ask(house, "請說明公文格式。", headers={"traceparent": PARENT})
        finally:
            handler.do_POST = old  # type: ignore[attr-defined]
        until(lambda: len([each for each in receiver.spans() if each.trace_id.hex() == TRACE]) >= 2)
        mine = [each for each in receiver.spans() if each.trace_id.hex() == TRACE]
        request = next(each for each in mine if each.kind == 2)
        assert request.parent_span_id.hex() == SPAN
        assert len(heard) == 1
        assert not {"traceparent", "tracestate", "baggage"} & heard[0].keys()
        assert not any(TRACE in text for text in heard[0].values())

    def test_figures_are_those_of_the_conventions(self, house: House, receiver: Receiver) -> None:
        house.model_server.script = lambda body: completion("好的。")
        ask(house, "請說明公文格式。")
        good = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai_compatible",
            "gen_ai.request.model": "cloud/echo",
            "gen_ai.response.model": "cloud/echo",
        }

        def durations() -> list[Any]:
            found = receiver.points("gen_ai.client.operation.duration")
            return [point for said, point in found if said == good]

        until(durations)
        point = durations()[0]
        assert list(point.explicit_bounds) == list(tracing.DURATIONS)
        assert point.count >= 1
        assert 0 < point.sum / point.count < 20
        tokens = receiver.points("gen_ai.client.token.usage")
        kinds = {said["gen_ai.token.type"] for said, _ in tokens}
        assert {"input", "output"} <= kinds
        assert all(list(each.explicit_bounds) == list(tracing.TOKENS) for _, each in tokens)
        assert list(tracing.TOKENS)[-1] == 67108864

    def test_the_collector_s_headers_go_to_it_and_no_line_of_ours_holds_them(
        self, house: House, receiver: Receiver
    ) -> None:
        assert receiver.headers[-1]["x-tenant"] == "moda"
        assert receiver.headers[-1]["authorization"] == "Bearer t=1"
        assert receiver.headers[-1]["content-type"] == "application/x-protobuf"
        assert b"Bearer t=1" not in house.log.read_bytes()

    def test_a_collector_that_fails_is_counted_and_slows_nobody(
        self, house: House, receiver: Receiver
    ) -> None:
        house.model_server.script = lambda body: completion("好的。")
        receiver.status = 400
        try:
            for _ in range(5):
                assert ask(house, "請說明公文格式。")[0] == 200

            def lost(signal: str) -> float:
                page = house.get("/metrics")[1].decode()
                return sum(
                    sample.value
                    for family in text_string_to_metric_families(page)
                    for sample in family.samples
                    if sample.name == "shenyong_telemetry_lost_total"
                    and sample.labels["signal"] == signal
                )

            until(lambda: lost("traces") >= 5 and lost("metrics") >= 1)
        finally:
            receiver.status = 200
        said = house.log.read_text()
        assert "opentelemetry" not in said.lower(), "its own messages are no lines of ours"


class TestParent:
    @pytest.mark.parametrize(
        "header",
        [
            "", "00", PARENT.upper(), PARENT + "\n", " " + PARENT, PARENT + "-x", "01" + PARENT[2:],
            PARENT.replace(TRACE, "0" * 32), PARENT.replace(SPAN, "0" * 16), "ff" + PARENT[2:],
            "00-" + "g" * 32 + f"-{SPAN}-01", "王" * 20,
        ],
    )  # fmt: skip
    def test_what_is_none_is_none(self, header: str) -> None:
        assert parent_of([(b"traceparent", header.encode())]) == (0, 0)

    def test_one_is_one_and_two_are_none(self) -> None:
        one = (b"traceparent", PARENT.encode())
        assert parent_of([(b"x", b"y"), one]) == (int(TRACE, 16), int(SPAN, 16))
        assert parent_of([one, one]) == (0, 0)
        assert parent_of([]) == (0, 0)


LINE = Line("t", "request", request_id=str(uuid.uuid4()), model="cloud/echo", status=200)


class Call:
    """A call of a model, as the shell has it."""

    called_at = first_at = answered_at = 1.0
    streamed = False
    finish = ("stop",)
    first = outcome = None


def run_through(receiver: Receiver, count: int, **more: Any) -> Counter[str]:
    """Tell of so many requests, and end."""
    lost: Counter[str] = Counter()

    def let_go(signal: str, number: int) -> None:
        lost[signal] += number

    telemetry = Telemetry(Settings(endpoint=receiver.url, **more), let_go)
    headers = [(b"traceparent", PARENT.encode())]
    for _ in range(count):
        telemetry.offer("/v1/chat/completions", headers, LINE, Call())
    telemetry.close()
    return lost


class TestTelling:
    @pytest.fixture
    def own(self) -> Iterator[Receiver]:
        running = Receiver()
        yield running
        running.close()

    def test_a_share_is_traced_and_all_is_counted(self, own: Receiver) -> None:
        assert not run_through(own, 400, sample=0.25)
        requests = [each for each in own.spans() if each.kind == 2]
        assert 50 < len(requests) < 150
        assert own.points("gen_ai.client.operation.duration")[0][1].count == 400

    def test_each_signal_can_be_left_out(self, own: Receiver) -> None:
        run_through(own, 3, traces=False)
        assert {path for path, _ in own.bodies} == {"/v1/metrics"}
        own.bodies.clear()
        run_through(own, 3, metrics=False)
        assert {path for path, _ in own.bodies} == {"/v1/traces"}

    def test_a_client_s_traceparent_is_not_looked_at_by_default(self, own: Receiver) -> None:
        run_through(own, 1)
        assert {each.trace_id.hex() for each in own.spans()} == {LINE.request_id.replace("-", "")}
        own.bodies.clear()
        run_through(own, 1, accept_parent=True)
        assert {each.trace_id.hex() for each in own.spans()} == {TRACE}

    def test_the_proxy_of_the_environment_is_not_taken(
        self, own: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert not run_through(own, 1)
        assert own.spans()

    def test_one_that_is_gone_costs_a_moment_at_the_end_and_no_more(self) -> None:
        gone = Receiver()
        gone.close()
        lost: Counter[str] = Counter()
        telemetry = Telemetry(
            Settings(endpoint=gone.url, metrics=False), lambda signal, n: lost.update({signal: n})
        )
        longest = 0.0
        for _ in range(6000):
            before = time.thread_time()
            telemetry.offer("/v1/chat/completions", [], LINE, Call())
            longest = max(longest, time.thread_time() - before)
        assert longest < 0.05
        begin = time.monotonic()
        telemetry.close()
        assert time.monotonic() - begin < 15
        assert lost["traces"] >= 1000


def test_the_names_are_those_of_the_pinned_conventions() -> None:
    assert SCHEMA_URL in {each.value for each in Schemas}
    every = {getattr(names, each) for each in dir(names) if each.isupper()}
    made = Told(
        LINE, "/v1/chat/completions", 9, called=1, first=2, answered=3, streamed=True,
        finish=("stop",), outcome="timeout", tokens_in=1, tokens_out=1,
    )  # fmt: skip
    said = set(call_attributes(made)) | set(figure_attributes(made)) | {"gen_ai.token.type"}
    assert said - every == {ERROR_TYPE}
    assert gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION == "gen_ai.client.operation.duration"
    assert gen_ai_metrics.GEN_AI_CLIENT_TOKEN_USAGE == "gen_ai.client.token.usage"
    operations = {each.value for each in names.GenAiOperationNameValues}
    assert set(tracing.OPERATIONS.values()) <= operations
    content = {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"}
    assert not content & said


def test_an_unserved_request_is_an_error_by_its_code() -> None:
    line = Line("t", "request", request_id="r", status=503, code="audit_unavailable")
    assert request_attributes(Told(line, "", 1))["error.type"] == "audit_unavailable"
    assert "http.route" not in request_attributes(Told(line, "", 1))
