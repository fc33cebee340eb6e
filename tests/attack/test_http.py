"""HTTP's edges, by raw sockets: what would go to the model is one request, whole, or none.

The payloads of `REFUSED` and `ONCE` are ours, after the list in reliability.md 2.4; the others are
llhttp's own cases. In each payload a second request hides behind the first, with a word of its own
(`HIDDEN`), where a reader who misjudges the first one's end would find it.
"""

from __future__ import annotations

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from tests.attack.raw import RawModel, send, statuses
from tests.web.office import Office

from shenyong.gateway.framing import sound

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

LLHTTP = Path(__file__).parents[2] / "../shared/data/vectors/llhttp/test/request"
HIDDEN = "HIDDEN"
_KEY = b"@KEY@"


def chat(text: str) -> bytes:
    said = {"model": "raw/model", "messages": [{"role": "user", "content": text}]}
    return json.dumps(said).encode()


def head(*lines: bytes, target: bytes = b"/v1/chat/completions", host: bytes = b"Host: a") -> bytes:
    first = (b"POST " + target + b" HTTP/1.1", host, b"Authorization: Bearer " + _KEY)
    return b"\r\n".join([each for each in first if each] + [b"Content-Type: application/json",
                        *lines, b"", b""])  # fmt: skip


BODY = chat("open")
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
INNER = head(b"Content-Length: %d" % len(chat(HIDDEN))) + chat(HIDDEN)


def coded(coding: bytes, *more: bytes) -> bytes:
    return head(coding, *more) + CHUNKS + INNER


def plain(*lines: bytes) -> bytes:
    return head(*lines) + BODY + INNER


def chunks(chunk: bytes) -> bytes:
    return head(CHUNKED) + chunk + INNER


REFUSED = {
    "length and coding": coded(CHUNKED, b"Content-Length: 5"),
    "coding and length": head(b"Content-Length: %d" % len(CHUNKS), CHUNKED) + CHUNKS + INNER,
    "two lengths": plain(LENGTH, b"Content-Length: 5"),
    "a list of lengths": plain(LENGTH + b", %d" % len(BODY)),
    "a signed length": plain(b"Content-Length: +%d" % len(BODY)),
    "a negative length": plain(b"Content-Length: -1"),
    "a hexadecimal length": plain(b"Content-Length: 0x%x" % len(BODY)),
    "a length with a space in it": plain(b"Content-Length: 1 %d" % len(BODY)),
    "a length beyond all numbers": plain(b"Content-Length: 99999999999999999999"),
    "a length with a fraction": plain(b"Content-Length: %d.0" % len(BODY)),
    "an empty length": plain(b"Content-Length:"),
    "an unknown coding": plain(b"Transfer-Encoding: xchunked", LENGTH),
    "gzip, chunked": coded(b"Transfer-Encoding: gzip, chunked"),
    "chunked, identity": coded(b"Transfer-Encoding: chunked, identity"),
    "chunked twice": coded(b"Transfer-Encoding: chunked, chunked"),
    "an empty coding first": coded(b"Transfer-Encoding: , chunked"),
    "identity": plain(b"Transfer-Encoding: identity", LENGTH),
    "two codings": coded(CHUNKED, b"Transfer-Encoding: identity"),
    "two equal codings": coded(CHUNKED, CHUNKED),
    "a coding in quotes": plain(b'Transfer-Encoding: "chunked"', LENGTH),
    "a coding with a parameter": coded(b"Transfer-Encoding: chunked;q=1"),
    "a coding after a vertical tab": plain(b"Transfer-Encoding: \x0bchunked", LENGTH),
    "a space before the colon": plain(b"Transfer-Encoding : chunked", LENGTH),
    "a form feed before the name": plain(b"\x0cTransfer-Encoding: chunked", LENGTH),
    "a high byte in the name": plain(b"Transfer-Encoding\xff: chunked", LENGTH),
    "a folded line": plain(b"X: a", b" Transfer-Encoding: chunked", LENGTH),
    "a bare line feed in a value": plain(b"X: a\nTransfer-Encoding: chunked", LENGTH),
    "a bare carriage return": plain(b"X: a\rTransfer-Encoding: chunked", LENGTH),
    "a NUL in a value": plain(b"X: a\0b", LENGTH),
    "a name of nothing": plain(b": x", LENGTH),
    "a space in a name": plain(b"Content Length: 5", LENGTH),
    "a line without a colon": plain(b"Nothing", LENGTH),
    "two hosts": head(b"Host: b", LENGTH) + BODY + INNER,
    "two equal hosts": head(b"Host: a", LENGTH) + BODY + INNER,
    "no host": head(LENGTH, host=b"") + BODY + INNER,
    "an extension with a line feed": chunks(b"%x;a\nb\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "chunks by line feeds": chunks(b"%x\n%s\n0\n\n" % (len(BODY), BODY)),
    "a negative chunk": chunks(b"-%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "a chunk with 0x": chunks(b"0x%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    "a chunk beyond all numbers": chunks(b"FFFFFFFFFFFFFFFFF\r\n" + BODY),
    "a chunk that wraps round": chunks(b"10000000000000001\r\n{\r\n0\r\n\r\n"),
    "a chunk without its end": chunks(b"%x\r\n%s0\r\n\r\n" % (len(BODY), BODY)),
    "a chunk with another end": chunks(b"%x\r\n%sXX0\r\n\r\n" % (len(BODY), BODY)),
    "a chunk size of nothing": chunks(b"\r\n%s\r\n0\r\n\r\n" % BODY),
    "chunks in HTTP/1.0": coded(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "HTTP/1.2": plain(LENGTH).replace(b"HTTP/1.1", b"HTTP/1.2", 1),
    "HTTP/9": plain(LENGTH).replace(b"HTTP/1.1", b"HTTP/9", 1),
    "no version": b"GET /v1/models\r\n\r\n" + INNER,
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INNER,
    "CONNECT": b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: a\r\n\r\n" + INNER,
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n" + INNER,
    "a method of two words": plain(LENGTH).replace(b"POST", b"PO ST", 1),
    "a space in the target": head(LENGTH, target=b"/v1/chat/completions x") + BODY + INNER,
    "a NUL in the target": head(LENGTH, target=b"/v1/\0chat") + BODY + INNER,
    "five hundred headers": plain(*[b"X-%d: a" % each for each in range(500)], LENGTH),
    "a header of 1 MB": head(b"X: " + b"a" * 1_000_000, LENGTH) + BODY + INNER,
}  # fmt: skip
"""Nothing of these reaches a model, and the connection ends before what hides in them."""
ONCE = {
    "a tab before the length": head(b"Content-Length:\t%d" % len(BODY)) + BODY,
    "a space behind the length": head(LENGTH + b" ") + BODY,
    "CHUNKED": head(b"TRANSFER-ENCODING: CHUNKED") + CHUNKS,
    "an extension of a chunk": head(CHUNKED) + b"%x;a=b\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "a trailer": head(CHUNKED) + b"%x\r\n%s\r\n0\r\nAuthorization: x\r\n\r\n" % (len(BODY), BODY),
    "zeros before a chunk's size": head(CHUNKED) + b"000%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "empty lines before": b"\r\n\r\n" + head(LENGTH) + BODY,
    "a whole address as target": head(LENGTH, target=b"http://evil.example/v1/chat/completions")
    + BODY,
    "an upgrade to h2c": head(LENGTH, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                              b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA") + BODY,
    "a header that is to be dropped": head(LENGTH, b"Connection: authorization") + BODY,
    "an underscore for a hyphen": head(LENGTH, b"Content_Length: 5") + BODY,
    "100-continue": head(LENGTH, b"Expect: 100-continue") + BODY,
    "another expectation": head(LENGTH, b"Expect: 200-ok") + BODY,
    "doubled slashes": head(LENGTH, target=b"//v1//chat/completions/") + BODY,
    "where else to go": head(LENGTH, b"X-Forwarded-Host: evil.example", b"X-Original-URL: /healthz",
                             b"X-HTTP-Method-Override: DELETE", b"Forwarded: host=evil") + BODY,
}  # fmt: skip
"""These are one request, said oddly: the model gets it once, byte for byte as if said plainly."""


@pytest.fixture(scope="module")
def sent(office: Office, _raw: RawModel) -> bytes:
    """What the model receives of the plain request, once it is known to the gateway."""
    until = time.monotonic() + 20
    while True:
        _raw.reset()
        came = send(office.port, known(office, head(LENGTH, b"Connection: close") + BODY))
        if statuses(came) == [200]:
            assert len(_raw.received) == 1
            return _raw.received[0]
        assert time.monotonic() < until, came
        time.sleep(0.1)


def known(office: Office, payload: bytes) -> bytes:
    return payload.replace(_KEY, office.keys["official"].encode())


@pytest.mark.parametrize("name", REFUSED)
def test_no_request_hides_behind_another(
    office: Office, raw: RawModel, sent: bytes, name: str
) -> None:
    came = send(office.port, known(office, REFUSED[name]), quiet=20)
    assert not [each for each in raw.received if HIDDEN.encode() in each]
    assert [each for each in raw.received if each != sent] == []  # CL beside chunked: hyper closes
    answered = statuses(came)
    assert len(answered) <= 1
    assert all(each < 500 for each in answered)
    if raw.received:
        assert name in ("length and coding", "coding and length")


@pytest.mark.parametrize("name", ONCE)
def test_what_is_said_oddly_arrives_as_if_said_plainly(
    office: Office, raw: RawModel, sent: bytes, name: str
) -> None:
    payload = known(office, ONCE[name]).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    if name == "empty lines before":
        payload = known(office, ONCE[name])
    came = send(office.port, payload, quiet=3)
    assert statuses(came)[-1] == 200, came
    assert raw.received == [sent]


def test_nothing_of_the_client_s_headers_and_only_the_key_of_the_model_arrives(sent: bytes) -> None:
    top, _, body = sent.partition(b"\r\n\r\n")
    names = [each.partition(b":")[0].lower() for each in top.split(b"\r\n")[1:]]
    assert sorted(names) == sorted(set(names))
    assert set(names) <= {b"host", b"content-type", b"accept", b"accept-encoding", b"user-agent",
                          b"authorization", b"content-length"}  # fmt: skip
    assert b"sk-sy-" not in sent
    assert body == BODY.replace(b"raw/model", b"raw").replace(b": ", b":").replace(b", ", b",")


def test_pipelined_requests_are_answered_in_their_order(
    office: Office, raw: RawModel, sent: bytes
) -> None:
    wanted = [chat(f"turn {number}") for number in range(20)]
    payload = b"".join(head(b"Content-Length: %d" % len(each)) + each for each in wanted)
    came = send(office.port, known(office, payload), quiet=3)
    assert statuses(came) == [200] * 20
    said = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in raw.received]
    assert [each["messages"][0]["content"] for each in said] == [f"turn {n}" for n in range(20)]


def unmarked(text: str) -> bytes:
    """llhttp's way of writing bytes: lines end with CRLF but where a backslash says otherwise."""
    text = re.sub(r"\\\n", "", text.removesuffix("\n")).replace("\n", "\r\n")
    for mark, char in (("\\r", "\r"), ("\\n", "\n"), ("\\t", "\t"), ("\\f", "\f")):
        text = text.replace(mark, char)
    told = text.encode()
    return re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), told)


def cases() -> list[bytes]:
    found = []
    for file in sorted(LLHTTP.glob("*.md")):
        found += re.findall(r"```http\n(.*?)```", file.read_text("utf-8"), re.DOTALL)
    return [unmarked(each) for each in found]


@pytest.mark.skipif(not LLHTTP.exists(), reason="the outside cases are not here")
def test_llhttp_s_cases_end_or_are_answered(office: Office, raw: RawModel, sent: bytes) -> None:
    """Each as it is, and again as a request for a model with a key: none of them is one."""
    tried = cases()
    assert len(tried) > 100
    ours = b"/v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer " + _KEY
    payloads = {
        each
        for case in tried
        for each in (
            case,
            known(office, re.sub(rb"^([A-Z]+) \S+ HTTP/1\.1", rb"\1 " + ours, case, count=1)),
        )
    }
    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(lambda each: send(office.port, each, quiet=1), payloads))
    assert [each for each in came if any(status >= 500 for status in statuses(each))] == []
    assert [each for each in raw.received if each != sent] == []
    assert office.ready()


@pytest.mark.parametrize(
    ("method", "headers", "good"),
    [
        ("GET", [(b"host", b"a")], True),
        ("POST", [(b"host", b"a"), (b"content-length", b"5")], True),
        ("POST", [(b"Host", b"a"), (b"Transfer-Encoding", b"Chunked")], True),
        ("POST", [(b"host", b"a"), (b"content-length", b"5"), (b"content-length", b"5")], False),
        ("POST", [(b"host", b"a"), (b"content-length", b"\xb2")], False),
        ("POST", [(b"host", b"a"), (b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
         False),
        ("CONNECT", [(b"host", b"a")], False),
        ("get", [(b"host", b"a")], False),
        ("GET", [], False),
        ("GET", [(b"host", b"")], False),
    ],
)  # fmt: skip
def test_what_is_sound(method: str, headers: list[tuple[bytes, bytes]], good: bool) -> None:
    assert sound({"method": method, "headers": headers, "http_version": "1.1"}) is good


def test_the_pages_refuse_the_same(office: Office) -> None:
    page = b"GET /signin HTTP/1.1\r\n%s\r\n"
    assert statuses(send(office.port, page % b"Host: a\r\nHost: b\r\n")) == [400]
    assert statuses(send(office.port, page % b"Host: a\r\nConnection: close\r\n")) == [200]


# --- slow and endless -------------------------------------------------------------------------


def test_a_thousand_slow_strangers_cost_no_one_else_anything(office: Office) -> None:
    """Heads that never end: others are answered meanwhile, and the descriptors come back."""
    slow = []
    for _ in range(300):
        client = socket.create_connection(("127.0.0.1", office.port))
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX: ")
        slow.append(client)
    assert httpx.get(f"{office.url}/healthz", timeout=20).status_code == 200
    for client in slow:
        client.close()


def test_a_stranger_s_body_is_not_waited_for(office: Office) -> None:
    payload = head(b"Content-Length: 1000000").replace(_KEY, b"sk-sy-nobody-x")
    began = time.monotonic()
    assert statuses(send(office.port, payload + b"{", quiet=20)) == [401]
    assert time.monotonic() - began < 15  # less than the limit for bodies, which is 30 seconds


def test_a_body_without_an_end_is_cut_off_at_the_limit(office: Office, raw: RawModel) -> None:
    """Without a length, chunk after chunk: at 4 MiB it is told to stop, and memory stays."""
    gateway = psutil.Process(office.process.pid)  # type: ignore[union-attr]

    def memory() -> int:
        return sum(each.memory_info().rss for each in gateway.children(recursive=True))

    before, came, sending = memory(), b"", 0
    with socket.create_connection(("127.0.0.1", office.port), timeout=20) as client:
        client.sendall(known(office, head(CHUNKED)))
        try:
            while sending < 200:
                client.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                sending += 1
        except OSError:
            pass
        try:
            came = client.recv(4096)
        except OSError:
            came = b""
    assert sending < 200 or statuses(came) == [413]
    assert memory() - before < 64 << 20
    assert raw.received == []


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip"]
)
def test_no_body_is_unpacked(office: Office, raw: RawModel, coding: str) -> None:
    """A bomb needs somebody who opens it."""
    answer = httpx.post(
        f"{office.base_url}/chat/completions",
        content=b"\x1f\x8b\x08" + b"\0" * 1000,
        headers={"authorization": f"Bearer {office.keys['official']}", "content-encoding": coding,
                 "content-type": "application/json"},
        timeout=30,
    )  # fmt: skip
    assert answer.status_code == 415
    assert raw.received == []
