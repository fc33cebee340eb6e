"""The door over real sockets: what it takes, what it turns away, and that it repeats nothing.

Everything that is sent here names the same invented person; no answer, no log and no figure may.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.house import House, chunks, completion, running_house

import shenyong

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

CHAT = "/v1/chat/completions"
WORDS = "王小明A123456789住臺北市，電話0912345678"
TOLD = ("王小明", "A123456789", "0912345678", "臺北市")
JSON = "application/json"


class Heard(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def error(self) -> dict[str, Any]:
        said = json.loads(self.body)
        assert list(said) == ["error"]
        error: dict[str, Any] = said["error"]
        return error


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


@pytest.fixture(scope="module")
def small() -> Iterator[House]:
    """A house of its own that serves two requests at once; the last tests end it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENYONG__LIMITS__CONCURRENT", "2")
        with running_house() as running:
            yield running


@pytest.fixture(autouse=True)
def fresh(house: House) -> None:
    """The model's server has received nothing and echoes."""
    house.model_server.reset()


def chat(content: str = WORDS, model: str = "cloud/echo", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def ask(
    house: House,
    path: str = CHAT,
    body: object = b"",
    *,
    method: str = "POST",
    key: str | None = "official",
    **headers: str | bytes | None,
) -> Heard:
    """Ask the door. A dict is sent as JSON, an iterable of bytes in chunks without a length."""
    if isinstance(body, dict):
        body = json.dumps(body, ensure_ascii=False).encode()
    given: dict[str, Any] = {"content-type": JSON}
    if key is not None:
        given["authorization"] = f"Bearer {house.keys.get(key, key)}"
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    try:
        sent = {name: value for name, value in given.items() if value is not None}
        connection.request(method, path, body=body, headers=sent)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return Heard(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def raw(house: House, head: str, parts: Iterable[bytes] = ()) -> Heard:
    """Send bytes as they are, until the door has heard enough, and read what it says."""
    with socket.create_connection(("127.0.0.1", house.port), timeout=20) as line:
        line.sendall(head.replace("\n", "\r\n").encode())
        try:
            for part in parts:
                line.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered and hears no more
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return Heard(answer.status, dict(answer.getheaders()), answer.read())


def is_clear(heard: Heard, status: int, code: str, param: str | None = None) -> None:
    """An error in OpenAI's shape, in two languages, with a number, that repeats nothing."""
    assert heard.status == status
    error = heard.error
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param)
    assert error["type"] in {"invalid_request_error", "permission_error"}
    assert re.fullmatch(r".*[\u4e00-\u9fff][^()]*。 \([\x00-\x7f]*[a-z].*\)", error["message"])
    assert uuid.UUID(heard.headers["x-request-id"]).version == 7
    assert heard.headers["x-should-retry"] == "false"
    assert heard.headers["content-type"].startswith(JSON)
    repeats_nothing(heard)


def repeats_nothing(heard: Heard) -> None:
    said = heard.text + json.dumps(heard.headers, ensure_ascii=False)
    assert [each for each in TOLD if each in said] == []


def until(true: Callable[[], object]) -> None:
    """Wait until it is so, but not for ever."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def figures(house: House) -> dict[tuple[str, str], float]:
    """What /metrics says: value by name and labels."""
    status, page = house.get("/metrics")
    assert status == 200
    return {
        (sample.name, ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


GOOD = json.dumps(chat(), ensure_ascii=False).encode()
MESSAGES = f'"messages": [{{"role": "user", "content": "{WORDS}"}}]'
UNREADABLE: dict[str, tuple[bytes, str, str | None]] = {
    "broken off": (GOOD[:-10], "invalid_json", None),
    "something after it": (GOOD + f" {WORDS}".encode(), "invalid_json", None),
    "two documents": (GOOD + GOOD, "invalid_json", None),
    "single quotes": (f"{{'model': '{WORDS}'}}".encode(), "invalid_json", None),
    "nothing": (b"", "empty_body", None),
    "blanks": (b" \r\n\t", "empty_body", None),
    "an array": (b"[" + GOOD + b"]", "not_object", None),
    "a string": (f'"{WORDS}"'.encode(), "not_object", None),
    "null": (b"null", "not_object", None),
    "a key twice": (
        f'{{"model": "cloud/echo", {MESSAGES}, "model": "{WORDS}"}}'.encode(),
        "duplicate_key",
        None,
    ),
    "a key twice, once escaped": (
        f'{{"model": "cloud/echo", "mode\\u006c": "local/echo", {MESSAGES}}}'.encode(),
        "duplicate_key",
        None,
    ),
    "a key twice inside": (
        f'{{"model": "cloud/echo", "messages": '
        f'[{{"role": "user", "content": "好", "content": "{WORDS}"}}]}}'.encode(),
        "duplicate_key",
        "messages[0]",
    ),
    "not UTF-8": (GOOD.replace("王".encode(), b"\xff\xfe"), "not_utf8", None),
    "Big5": (json.dumps(chat(), ensure_ascii=False).encode("big5"), "not_utf8", None),
    "UTF-16": (GOOD.decode().encode("utf-16"), "not_utf8", None),
    "a surrogate in UTF-8": (GOOD.replace("王".encode(), b"\xed\xa0\x80"), "not_utf8", None),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "byte_order_mark", None),
    "a lone high surrogate": (
        GOOD.replace("王".encode(), b"\\ud83d"),
        "lone_surrogate",
        "messages[0].content",
    ),
    "a lone low surrogate": (
        GOOD.replace("王".encode(), b"\\uDE00"),
        "lone_surrogate",
        "messages[0].content",
    ),
    **{
        f"the number {number}": (
            f'{{"model": "cloud/echo", "temperature": {number}, {MESSAGES}}}'.encode(),
            "number_not_finite",
            "temperature",
        )
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")
    },
    "an integer beyond doubles": (
        f'{{"model": "cloud/echo", "seed": 9007199254740993, {MESSAGES}}}'.encode(),
        "integer_too_large",
        "seed",
    ),
    "an integer of 5,000 digits": (
        f'{{"model": "cloud/echo", "seed": {"9" * 5000}, {MESSAGES}}}'.encode(),
        "integer_too_large",
        "seed",
    ),
    "10,000 arrays in each other": (
        f'{{"model": "{WORDS}", "x": '.encode() + b"[" * 10_000 + b"]" * 10_000 + b"}",
        "too_deep",
        None,
    ),
    "10,000 objects in each other": (
        b'{"x": ' * 10_000 + f'"{WORDS}"'.encode() + b"}" * 10_000,
        "too_deep",
        None,
    ),
    "100 arrays in each other": (
        f'{{"model": "{WORDS}", "x": '.encode() + b"[" * 100 + b"]" * 100 + b"}",
        "too_deep",
        None,
    ),
    "no messages": (b'{"model": "cloud/echo"}', "missing", "messages"),
    "a picture by its address": (
        json.dumps(
            {
                "model": "cloud/echo",
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": f"http://{WORDS}"}}],
                    }
                ],
            }
        ).encode(),
        "part_not_inspectable",
        "messages[0].content[0]",
    ),
}


class TestBody:
    @pytest.mark.parametrize("name", UNREADABLE)
    def test_what_can_not_be_read_is_turned_away(self, house: House, name: str) -> None:
        body, code, param = UNREADABLE[name]
        is_clear(ask(house, body=body), 400, code, param)
        assert house.model_server.received == []

    def test_it_makes_no_difference_whether_its_length_is_told(self, house: House) -> None:
        pieces = (GOOD[at : at + 7] for at in range(0, len(GOOD) - 10, 7))
        is_clear(ask(house, body=pieces), 400, "invalid_json")
        pieces = (GOOD[at : at + 7] for at in range(0, len(GOOD), 7))
        assert ask(house, body=pieces).status == 200

    def test_50_mb_are_turned_away_by_their_length(self, house: House) -> None:
        size = 50 * 1024 * 1024
        head = (
            f"POST {CHAT} HTTP/1.1\nhost: x\ncontent-type: {JSON}\n"
            f"authorization: Bearer {house.keys['official']}\ncontent-length: {size}\n\n"
        )
        is_clear(raw(house, head), 413, "body_too_large")
        pieces = (WORDS.encode() * 1000 for _ in range(size // len(WORDS.encode() * 1000)))
        is_clear(raw(house, head, pieces), 413, "body_too_large")
        assert house.model_server.received == []

    def test_50_mb_without_a_length_are_turned_away_when_there_is_too_much(
        self, house: House
    ) -> None:
        head = (
            f"POST {CHAT} HTTP/1.1\nhost: x\ncontent-type: {JSON}\n"
            f"authorization: Bearer {house.keys['official']}\ntransfer-encoding: chunked\n\n"
        )
        piece = WORDS.encode() * 1000
        framed = b"%x\r\n%s\r\n" % (len(piece), piece)
        is_clear(
            raw(house, head, (framed for _ in range(50 * 1024 * 1024 // len(piece)))),
            413,
            "body_too_large",
        )
        assert house.model_server.received == []

    def test_after_all_that_a_good_request_is_answered(self, house: House) -> None:
        heard = ask(house, body=chat("請說明公文的三段式格式。"))
        assert heard.status == 200
        assert len(house.model_server.received) == 1

    @pytest.mark.parametrize(
        "headers",
        [
            {"content_encoding": "gzip"},
            {"content_encoding": "br"},
            {"content_type": "text/plain"},
            {"content_type": "application/x-www-form-urlencoded"},
            {"content_type": "multipart/form-data; boundary=x"},
            {"content_type": "application/jsonp"},
        ],
    )
    def test_only_plain_json_is_taken(self, house: House, headers: dict[str, str]) -> None:
        body = gzip.compress(GOOD) if headers.get("content_encoding") == "gzip" else GOOD
        is_clear(ask(house, body=body, **headers), 415, "unsupported_media_type")
        assert house.model_server.received == []

    @pytest.mark.parametrize("kind", [f"{JSON}; charset=utf-8", "Application/JSON", None])
    def test_however_it_is_named(self, house: House, kind: str | None) -> None:
        assert ask(house, body=GOOD, content_type=kind).status == 200

    def test_one_that_comes_slowly_keeps_nobody_waiting(self, house: House) -> None:
        body = json.dumps(chat("請說明公文格式。")).encode()
        head = (
            f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\n"
            f"authorization: Bearer {house.keys['official']}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", house.port), timeout=20) as slow:
            slow.sendall(head)
            for at in range(len(body) - 1):
                slow.sendall(body[at : at + 1])
                if at % 40 == 0:
                    assert ask(house, body=chat("好的。")).status == 200
            others = len(house.model_server.received)
            assert others > 1
            slow.sendall(body[-1:])
            answer = http.client.HTTPResponse(slow)
            answer.begin()
            assert answer.status == 200
            answer.read()
        assert len(house.model_server.received) == others + 1

    def test_one_that_is_broken_off_goes_nowhere(self, house: House) -> None:
        before = house.log.read_text().count('"status":408')
        head = (
            f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: {JSON}\r\n"
            f"authorization: Bearer {house.keys['official']}\r\ncontent-length: 999\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", house.port), timeout=20) as line:
            line.sendall(head + GOOD)
        until(lambda: house.log.read_text().count('"status":408') > before)
        assert house.model_server.received == []


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "missing_api_key"),
            ("expired", "expired_api_key"),
            ("revoked", "revoked_api_key"),
            ("sk-sy-nobody-secret", "invalid_api_key"),
            ("sk-proj-of-somebody-else", "invalid_api_key"),
            ("", "invalid_api_key"),
        ],
    )
    def test_one_that_opens_nothing(self, house: House, key: str | None, code: str) -> None:
        for heard in (
            ask(house, body=GOOD, key=key),
            ask(house, "/v1/models", method="GET", key=key),
        ):
            is_clear(heard, 401, code)
        assert house.model_server.received == []

    def test_a_wrong_secret_is_told_as_a_key_that_does_not_exist(self, house: House) -> None:
        wrong = ask(house, body=GOOD, key=house.keys["official"][:-1] + "~")
        nobody = ask(house, body=GOOD, key="sk-sy-nobody-secret")
        assert wrong.body == nobody.body
        is_clear(wrong, 401, "invalid_api_key")

    def test_a_wrong_scheme(self, house: House) -> None:
        for scheme in ("Basic", "Token", "bearer2"):
            header = f"{scheme} {house.keys['official']}"
            is_clear(ask(house, body=GOOD, key=None, authorization=header), 401, "invalid_api_key")
        assert house.model_server.received == []

    def test_the_scheme_may_be_written_in_any_case(self, house: House) -> None:
        header = f"bEaReR {house.keys['official']}"
        assert ask(house, body=GOOD, key=None, authorization=header).status == 200

    @pytest.mark.parametrize("keys", [("official", "nobody"), ("nobody", "official")])
    def test_two_of_them_are_none(self, house: House, keys: tuple[str, str]) -> None:
        lines = "".join(f"authorization: Bearer {house.keys.get(k, k)}\n" for k in keys)
        head = (
            f"POST {CHAT} HTTP/1.1\nhost: x\ncontent-type: {JSON}\n{lines}"
            f"content-length: {len(GOOD)}\n\n"
        )
        is_clear(raw(house, head, [GOOD]), 401, "invalid_api_key")
        assert house.model_server.received == []

    def test_no_answer_repeats_it(self, house: House) -> None:
        for name in ("expired", "revoked", "official"):
            heard = ask(house, body=b"{", key=name)
            secret = house.keys[name].rpartition("-")[2]
            assert secret not in heard.text + json.dumps(heard.headers)


class TestModels:
    def test_an_unknown_one(self, house: House) -> None:
        heard = ask(house, body=chat(model="gpt-none"))
        is_clear(heard, 404, "model_not_found", "model")
        assert "GET /v1/models" in heard.error["message"]
        assert house.model_server.received == []

    def test_one_that_the_key_may_not_name(self, house: House) -> None:
        heard = ask(house, body=chat(model="local/echo"), key="narrow")
        is_clear(heard, 403, "model_not_allowed", "model")
        assert house.model_server.received == []

    def test_the_list_is_that_of_the_key(self, house: House) -> None:
        wide = ask(house, "/v1/models", method="GET")
        narrow = ask(house, "/v1/models", method="GET", key="narrow")
        assert wide.status == narrow.status == 200
        listed = [
            {each["id"] for each in json.loads(heard.body)["data"]} for heard in (wide, narrow)
        ]
        assert listed == [
            {"cloud/echo", "local/echo", "onprem/echo", "banned/echo"},
            {"cloud/echo"},
        ]
        assert "x-request-id" in wide.headers

    def test_one_alone_is_told_to_whom_it_is_listed(self, house: House) -> None:
        heard = ask(house, "/v1/models/local/echo", method="GET")
        said = json.loads(heard.body)
        assert (said["id"], said["object"]) == ("local/echo", "model")
        assert said["shenyong"]["max_level"] == "D4"
        hidden = ask(house, "/v1/models/local/echo", method="GET", key="narrow")
        is_clear(hidden, 404, "model_not_found", "model")

    def test_where_a_model_is_called_is_told_to_nobody(self, house: House) -> None:
        heard = ask(house, "/v1/models", method="GET")
        assert "scripted" not in heard.text
        assert house.model_server.url not in heard.text


class TestDeclared:
    @pytest.mark.parametrize("said", ["很密", "D9", "secret", "密, 普通", "普通\t密"])
    def test_what_is_not_known_is_turned_away(self, house: House, said: str) -> None:
        heard = ask(house, body=GOOD, x_shenyong_classification=said.encode())
        is_clear(heard, 400, "unknown_classification", "x-shenyong-classification")
        assert house.model_server.received == []

    @pytest.mark.point("ey-genai-2023:3")
    def test_what_is_known_binds(self, house: House) -> None:
        plain = chat("請潤飾這份公告。")
        assert ask(house, body=plain, x_shenyong_classification="普通".encode()).status == 200
        house.model_server.reset()
        heard = ask(house, body=plain, x_shenyong_classification="密".encode())
        assert (heard.status, heard.error["code"]) == (400, "content_filter")
        assert house.model_server.received == []

    @pytest.mark.point("ey-genai-2023:3")
    @pytest.mark.parametrize("said", [("普通", "密"), ("密", "普通")])
    def test_two_of_them_are_not_one_of_them(self, house: House, said: tuple[str, str]) -> None:
        lines = "".join(f"x-shenyong-classification: {each}\n" for each in said)
        body = json.dumps(chat("請潤飾這份公告。")).encode()
        head = (
            f"POST {CHAT} HTTP/1.1\nhost: x\ncontent-type: {JSON}\n{lines}"
            f"authorization: Bearer {house.keys['official']}\ncontent-length: {len(body)}\n\n"
        )
        is_clear(
            raw(house, head, [body]), 400, "unknown_classification", "x-shenyong-classification"
        )
        assert house.model_server.received == []


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1/images/generations",
            "/v1/assistants",
            "/v1/audio/transcriptions",
            "/v1/chat",
            "/v1/chat/completions/1",
            "/v1/CHAT/completions",
            "/v1/..%2fchat",
            "/v1/%ff%00",
            "/v1",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_what_is_not_served_is_said_so(self, house: House, path: str, method: str) -> None:
        heard = ask(house, path, GOOD if method == "POST" else b"", method=method)
        is_clear(heard, 404, "not_proxied")
        assert CHAT in heard.error["message"], "and what is"
        assert house.model_server.received == []

    @pytest.mark.parametrize(
        "path", ["/v1/v1/chat/completions", "/chat/completions", "/v1/v1/models", "/models"]
    )
    def test_a_wrong_base_url_is_told_the_right_one(self, house: House, path: str) -> None:
        heard = ask(house, path, GOOD)
        is_clear(heard, 404, "wrong_base_url")
        assert house.base_url in heard.error["message"]
        assert house.model_server.received == []

    @pytest.mark.parametrize(
        "path", [f"/{CHAT}", f"{CHAT}/", "//v1//chat///completions//", f"{CHAT}?api-version=1"]
    )
    def test_slashes_too_many_do_no_harm(self, house: House, path: str) -> None:
        assert ask(house, path, chat("好的。")).status == 200
        assert len(house.model_server.received) == 1

    @pytest.mark.parametrize(
        ("path", "method", "allowed"),
        [
            *((CHAT, method, "POST") for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS")),
            *(("/v1/models", method, "GET") for method in ("POST", "DELETE")),
            ("/v1/models/cloud/echo", "DELETE", "GET"),
            *((f"/{each}", "POST", "GET, HEAD") for each in ("healthz", "readyz", "metrics")),
        ],
    )
    def test_a_wrong_method_is_told_the_right_one(
        self, house: House, path: str, method: str, allowed: str
    ) -> None:
        heard = ask(house, path, method=method)
        is_clear(heard, 405, "method_not_allowed")
        assert heard.headers["allow"] == allowed

    @pytest.mark.point("ey-genai-2023:4")
    def test_a_stopped_answer_and_what_came_of_it(self, house: House) -> None:
        leak = "設定值如下：AKIAIOSFODNN7EXAMPLX 與 wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY 完。"
        house.model_server.script = lambda _: completion(leak)
        heard = ask(house, CHAT, chat("請擬公告。"))
        number = heard.headers["x-request-id"]
        shown = ask(house, f"/d/{number}", method="GET")
        assert shown.status == 200
        assert "這則提示已送出，但模型的回答未全部放行" in shown.text
        assert "AKIA" not in shown.text + heard.text

    def test_a_decision_that_is_not_there(self, house: House) -> None:
        for number in (str(uuid.uuid4()), "1", WORDS, "%00", "../v1"):
            quoted = "".join(f"%{byte:02x}" for byte in number.encode())
            heard = ask(house, f"/d/{quoted}", method="GET")
            assert heard.status == 404
            repeats_nothing(heard)


class TestOperators:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/metrics"])
    def test_a_head_is_a_get_without_its_body(self, house: House, path: str) -> None:
        got, head = ask(house, path, method="GET"), ask(house, path, method="HEAD")
        assert got.status == head.status == 200
        assert got.body
        assert head.body == b""
        assert head.headers["content-type"] == got.headers["content-type"]
        assert int(head.headers["content-length"]) > 0

    def test_they_need_no_key(self, house: House) -> None:
        for path in ("/healthz", "/readyz", "/version", "/metrics"):
            assert ask(house, path, method="GET", key=None).status == 200

    def test_health_is_that_the_process_lives(self, house: House) -> None:
        assert house.get("/healthz") == (200, b'{"ok":true}')

    def test_the_version_names_the_pack(self, house: House) -> None:
        _, body = house.get("/version")
        assert json.loads(body) == {"version": shenyong.__version__, "pack": "ey-genai-2023"}

    def test_readiness_names_each_of_its_parts(self, house: House) -> None:
        status, body = house.get("/readyz")
        assert status == 200
        assert json.loads(body) == {
            "database": True,
            "ledger": True,
            "policies": True,
            "models": True,
        }

    def test_without_models_it_is_not_ready(self, house: House) -> None:
        with without(house, "confirmation", "api_key", "model"):
            until(lambda: not house.ready())
            status, body = house.get("/readyz")
            parts = json.loads(body)
            assert (status, parts.pop("models")) == (503, False)
            assert set(parts.values()) == {True}
            assert house.get("/healthz")[0] == 200, "and lives all the same"
        until(house.ready)

    def test_without_an_agency_there_are_no_policies(self, house: House) -> None:
        tables = ("confirmation", "api_key", "use_case", "person", "agency_pack", "agency")
        with without(house, *tables):
            until(lambda: not house.ready())
            status, body = house.get("/readyz")
            assert status == 503
            assert json.loads(body)["policies"] is False
        until(house.ready)


@contextmanager
def without(house: House, *tables: str) -> Iterator[None]:
    """The registry without what these tables hold; it is put back afterwards."""
    newer = "UPDATE registry_version SET version = version + 1"
    with psycopg.connect(house.dsn) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE kept_{table} AS TABLE {table}".encode())
            connection.execute(f"DELETE FROM {table}".encode())
        connection.execute(newer)
    try:
        yield
    finally:
        with psycopg.connect(house.dsn) as connection:
            for table in reversed(tables):
                connection.execute(f"INSERT INTO {table} TABLE kept_{table}".encode())
                connection.execute(f"DROP TABLE kept_{table}".encode())
            connection.execute(newer)


LABELS = {
    "decision", "point", "kind", "outcome", "code", "reason", "le",
    "direction", "model", "witness", "signal", "version", "pack",
}  # fmt: skip


class TestFigures:
    def test_they_rise_with_what_happens(self, house: House) -> None:
        before = figures(house)
        assert ask(house, body=chat("請說明公文格式。")).status == 200
        assert ask(house, body=chat("請潤飾：陳情人王小明反映路燈不亮。")).status == 200
        question = chat("請問王小明（A123456789）有沒有前科？")
        assert ask(house, body=question).error["code"] == "content_filter"
        assert ask(house, body=b"{").status == 400
        assert ask(house, body=GOOD, key=None).status == 401
        after = figures(house)

        def rise(name: str, labels: str = "") -> float:
            return after.get((name, labels), 0) - before.get((name, labels), 0)

        assert rise("shenyong_decisions_total", "decision=allow,point=5") == 1
        assert rise("shenyong_decisions_total", "decision=redact,point=4") == 1
        assert rise("shenyong_decisions_total", "decision=deny,point=4") == 1
        assert rise("shenyong_findings_total", "kind=person_name") == 2
        assert rise("shenyong_findings_total", "kind=tw_national_id") == 1
        assert rise("shenyong_outcomes_total", "outcome=answered") == 2
        assert rise("shenyong_failures_total", "code=400,reason=invalid_json") == 1
        refused = [key for key in after if "content_filter" in key[1]]
        assert refused == [], "a refusal is no failure"
        assert rise("shenyong_failures_total", "code=401,reason=missing_api_key") == 1
        assert rise("shenyong_inspect_seconds_count") == 3
        assert rise("shenyong_record_seconds_count") == 5

    def test_they_name_nobody_and_nothing_that_client_or_model_invents(self, house: House) -> None:
        invented = "zzz-invented"
        ask(house, body=chat(model=invented), x_request_id=invented, user_agent=invented)
        ask(house, f"/v1/{invented}", GOOD)
        ask(house, body=chat(user=invented, metadata={invented: invented}, **{invented: 1}))
        ask(house, method="INVENTED", body=GOOD)
        answer = completion(invented)
        answer["model"] = answer["id"] = answer["choices"][0]["finish_reason"] = invented
        house.model_server.script = lambda body: answer
        assert invented in ask(house, body=chat("好的。")).text, "the model was heard"
        _, page = house.get("/metrics")
        text = page.decode()
        assert "invented" not in text.lower()
        assert [each for each in (*TOLD, *house.keys.values()) if each in text] == []
        pairs = {
            pair
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            for pair in sample.labels.items()
        }
        assert {name for name, _ in pairs} <= LABELS
        assert {value for _, value in pairs} & {"lin", "wu", "chen", "house", *house.keys} == set()
        named = {value for name, value in pairs if name == "model"}
        assert named <= {"cloud/echo", "local/echo", "onprem/echo"}, "the registry's alone"

    def test_open_requests_are_counted_while_they_are_open(self, house: House) -> None:
        gate = threading.Event()

        def script(body: dict[str, Any]) -> Iterator[Any]:
            first, *rest = chunks("好。")
            yield first
            gate.wait(15)
            yield from rest

        house.model_server.script = script
        with closing(streaming(house)) as stream:
            stream.readline()
            assert figures(house)["shenyong_open_requests", ""] == 2, "this one and the stream"
            gate.set()
            stream.read()
        until(lambda: figures(house)["shenyong_open_requests", ""] == 1)


def streaming(house: House) -> http.client.HTTPResponse:
    """A stream that has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    headers = {"content-type": JSON, "authorization": f"Bearer {house.keys['official']}"}
    connection.request(
        "POST", CHAT, json.dumps(chat("請說明公文格式。", stream=True)).encode(), headers
    )
    answer = connection.getresponse()
    assert answer.status == 200
    return answer


def lines(house: House) -> list[dict[str, Any]]:
    """The log, each line of it as JSON."""
    return [json.loads(line) for line in house.log.read_text().splitlines()]


class TestLog:
    FIELDS = frozenset(
        {
            "time", "event", "request_id", "agency", "key", "model", "environment", "verdict",
            "points", "kinds", "status", "code", "outcome", "inspect_us", "record_us", "total_us",
            "error",
        }
    )  # fmt: skip

    def test_it_has_a_line_for_each_request_and_none_of_its_words(self, house: House) -> None:
        heard = [ask(house, body=body) for body, _, _ in UNREADABLE.values()]
        for key in ("official", "message", "rerouting", "expired", "revoked", "nobody", None):
            heard.append(ask(house, body=GOOD, key=key))
        heard.append(ask(house, body=chat(model=WORDS)))
        heard.append(ask(house, body=chat(stream=True)))
        heard.append(ask(house, body=chat(user=WORDS, metadata={"name": WORDS})))
        heard.append(ask(house, body=GOOD, x_shenyong_classification=WORDS.encode()))
        heard.append(ask(house, body=GOOD, x_shenyong_confirm=WORDS.encode()))
        heard.append(ask(house, "/v1/" + "".join(f"%{b:02x}" for b in WORDS.encode()), GOOD))
        numbers = {each.headers["x-request-id"] for each in heard}
        assert len(numbers) == len(heard), "each has its own number"
        until(lambda: numbers <= {each.get("request_id") for each in lines(house)})
        logged = lines(house)
        assert {name for each in logged for name in each} <= self.FIELDS
        text = house.log.read_text()
        secrets = [key.removeprefix("sk-sy-") for key in house.keys.values()]
        secrets += [key.rpartition("-")[2] for key in house.keys.values()]
        assert [each for each in (*TOLD, *secrets, "sk-sy-") if each in text] == []
        for each in numbers:
            assert sum(line.get("request_id") == each for line in logged) == 1

    def test_it_says_what_was_decided(self, house: House) -> None:
        heard = ask(house, body=chat("請潤飾：陳情人王小明反映路燈不亮。"))
        number = heard.headers["x-request-id"]
        until(lambda: any(each.get("request_id") == number for each in lines(house)))
        (line,) = [each for each in lines(house) if each.get("request_id") == number]
        assert (line["event"], line["status"], line["outcome"]) == ("request", 200, "answered")
        assert (line["agency"], line["key"], line["model"]) == ("house", "official", "cloud/echo")
        assert (line["verdict"], line["kinds"]) == ("redact", ["person_name"])

    def test_a_client_that_leaves_a_stream_is_a_line_like_any(self, house: House) -> None:
        def endless(body: dict[str, Any]) -> Iterator[Any]:
            part = chunks("資料整理中。")[1]
            while not house.model_server.aborted.is_set():
                yield part
                yield 0.01

        house.model_server.script = endless
        with closing(streaming(house)) as stream:
            number = stream.headers["x-request-id"]
            stream.readline()
        until(lambda: any(each.get("request_id") == number for each in lines(house)))
        (line,) = [each for each in lines(house) if each.get("request_id") == number]
        assert line["outcome"] == "client_gone"
        assert house.model_server.aborted.wait(5), "the model was told to stop"

    def test_what_nobody_expected_is_told_by_its_type_and_place_only(self, house: House) -> None:
        number = ask(house, body=chat("請說明公文格式。")).headers["x-request-id"]
        broken = json.dumps({"type": WORDS, "agency": WORDS}, ensure_ascii=False).encode()
        swap = "UPDATE ledger_entry SET leaf = %s WHERE request_id = %s AND type = 'intent'"
        with psycopg.connect(house.dsn) as connection:
            row = connection.execute(
                "SELECT leaf FROM ledger_entry WHERE request_id = %s AND type = 'intent'", [number]
            ).fetchone()
            assert row is not None
            connection.execute(swap, [broken, number])
        try:
            heard = ask(house, f"/d/{number}", method="GET")
        finally:
            with psycopg.connect(house.dsn) as connection:
                connection.execute(swap, [row[0], number])
        assert (heard.status, heard.error["code"]) == (500, "internal_error")
        assert "EntryError" not in heard.text
        repeats_nothing(heard)
        asked = heard.headers["x-request-id"]
        until(lambda: any(each.get("request_id") == asked for each in lines(house)))
        (line,) = [each for each in lines(house) if each.get("request_id") == asked]
        assert re.fullmatch(r"EntryError at entry\.py:\d+", line["error"])
        assert line["status"] == 500
        assert [each for each in TOLD if each in house.log.read_text()] == []
        assert ask(house, f"/d/{number}", method="GET").status == 200, "and it goes on"


class TestManyAndLast:
    """A house that serves two at once, and how it ends."""

    @contextmanager
    def two_open(self, small: House) -> Iterator[tuple[threading.Event, list[Any]]]:
        gate = threading.Event()

        def script(body: dict[str, Any]) -> Iterator[Any]:
            first, second, *rest = chunks("本局公告如下。", "週六停電。")
            yield first
            yield second
            gate.wait(15)
            yield from rest

        small.model_server.reset()
        small.model_server.script = script
        streams = [streaming(small), streaming(small)]
        try:
            yield gate, streams
        finally:
            gate.set()
            for stream in streams:
                stream.close()

    def test_more_than_it_serves_are_told_to_come_again(self, small: House) -> None:
        with self.two_open(small) as (gate, streams):
            heard = ask(small, body=GOOD)
            assert (heard.status, heard.error["code"]) == (503, "overloaded")
            assert int(heard.headers["retry-after"]) >= 1
            assert heard.headers["x-should-retry"] == "true"
            assert uuid.UUID(heard.headers["x-request-id"]).version == 7
            repeats_nothing(heard)
            assert ask(small, "/v1/models", method="GET").status == 503
            assert len(small.model_server.received) == 2, "the third reached no model"
            gate.set()
            for stream in streams:
                assert stream.read().endswith(b"data: [DONE]\n\n")
        small.model_server.reset()
        until(lambda: ask(small, body=chat("好的。")).status == 200)

    def test_but_who_asks_how_it_is_gets_an_answer(self, small: House) -> None:
        with self.two_open(small):
            assert ask(small, body=GOOD).status == 503
            for path in ("/healthz", "/readyz", "/metrics", "/version", "/healthz/"):
                assert small.get(path)[0] == 200
            assert figures(small)["shenyong_open_requests", ""] == 3

    def test_asked_to_end_it_finishes_what_is_open_and_takes_nothing_new(
        self, small: House
    ) -> None:
        until(lambda: figures(small)["shenyong_open_requests", ""] == 1)
        assert small.process is not None
        with self.two_open(small) as (gate, streams):
            numbers = {stream.headers["x-request-id"] for stream in streams}
            small.process.send_signal(signal.SIGTERM)
            until(lambda: small.get("/healthz")[0] == 0)
            with pytest.raises(OSError, match="refused"):
                ask(small, body=GOOD)
            assert small.process.poll() is None, "it waits for what is open"
            gate.set()
            for stream in streams:
                whole = stream.read().decode()
                assert "本局公告如下。" in whole
                assert "週六停電。" in whole
                assert whole.endswith("data: [DONE]\n\n")
        assert small.process.wait(20) == 0
        ended = {each["request_id"]: each for each in lines(small) if "outcome" in each}
        assert numbers <= ended.keys()
        assert {ended[each]["outcome"] for each in numbers} == {"answered"}
        with psycopg.connect(small.dsn) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM worker), "
                "(SELECT count(*) FROM ledger_entry WHERE type = 'intent'), "
                "(SELECT count(*) FROM ledger_entry WHERE type = 'outcome')"
            ).fetchone()
        assert row is not None
        assert row[0] == 0, "no worker is left registered"
        assert row[1] == row[2] > 0, "no intent is left without its outcome"
