"""What a model's server does: slow, gone, cut off, nonsense, never ending, expired."""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.house import chunks

from faults.line import line
from faults.lines.killing import somewhere
from faults.stand import Stand

_SOON = (
    ("idle_seconds = 60", "idle_seconds = 1.5"),
    ("total_seconds = 240", "total_seconds = 4"),
)
_LARGEST = ("answer_bytes = 16_777_216", "answer_bytes = 262_144")
IMPATIENT = {"settings": _SOON, "clients": 8}
"""A house that waits for a model no longer than seconds, so that a round is short."""


def _while(stand: Stand, answer: Any, seconds: float, wanted: str) -> list[str]:
    """The model answers so for a while; something must have ended as `wanted` says (a code)."""
    before = stand.load.counts.copy()
    stand.answers = answer
    time.sleep(seconds)
    until = time.monotonic() + 20
    while not any(
        key.endswith(wanted) and count > before[key] for key, count in stand.load.counts.items()
    ):
        if time.monotonic() > until:
            stand.answers = stand.echo
            return [f"no request ended with {wanted}: {dict(stand.load.counts - before)}"]
        time.sleep(0.02)
    stand.answers = stand.echo
    return []


def _streamed(body: dict[str, Any]) -> bool:
    return bool(body.get("stream"))


@line(
    "model-slow",
    "模型極慢：超過時限即結束",
    "a model that takes for ever: ended at the deadline",
    stand=IMPATIENT,
)
def slow(stand: Stand, rng: random.Random) -> list[str]:
    """Nothing comes within the idle deadline."""

    def answer(body: dict[str, Any]) -> Any:
        threading.Event().wait(rng.uniform(1.6, 2.5))
        return stand.echo(body)

    return _while(stand, answer, 0.5, "upstream_timeout")


@line(
    "model-trickle",
    "模型一點一點地回、永不結束",
    "a stream that never ends: cut at the deadline for the whole",
    stand=IMPATIENT,
)
def trickle(stand: Stand, rng: random.Random) -> list[str]:
    """A word each tenth of a second, without an end."""
    pieces: list[Any] = chunks("收悉。", "再議。")

    def endless() -> Iterator[Any]:
        for piece in itertools.chain(pieces[:2], itertools.repeat(pieces[2])):
            yield piece
            yield 0.1

    def answer(body: dict[str, Any]) -> Any:
        if not _streamed(body):
            return stand.echo(body)
        return endless()

    return _while(stand, answer, rng.uniform(0.5, 1.5), "upstream_timeout")


@line(
    "model-endless",
    "模型回個不停、超過上限",
    "a stream without end, as fast as it can",
    stand={**IMPATIENT, "settings": (*_SOON, _LARGEST)},
)
def endless(stand: Stand, rng: random.Random) -> list[str]:
    """Until the limit of an answer is reached."""
    pieces = chunks("收悉，依規定辦理。" * 20)

    def flood() -> Iterator[Any]:
        yield pieces[0]
        yield from itertools.repeat(pieces[1])

    def answer(body: dict[str, Any]) -> Any:
        return flood() if _streamed(body) else stand.echo(body)

    return _while(stand, answer, rng.uniform(0.2, 0.6), "upstream_fault")


@line(
    "model-reset",
    "模型連線被重設",
    "a model that resets connections instead of answering",
    stand=IMPATIENT,
)
def reset(stand: Stand, rng: random.Random) -> list[str]:
    """Nothing, and the connection is gone."""
    return _while(stand, lambda _: b"", rng.uniform(0.2, 0.8), "upstream_fault")


@line(
    "model-cut",
    "模型回到一半斷線",
    "a stream or an answer cut off in its middle",
    stand=IMPATIENT,
)
def cut(stand: Stand, rng: random.Random) -> list[str]:
    """The end is never forged: what was cut is told as an error."""

    def answer(body: dict[str, Any]) -> Any:
        if _streamed(body):
            data = b"".join(
                b"data: " + json.dumps(each).encode() + b"\n\n"
                for each in chunks("收悉，", "依規定", "辦理。")
            )
            part = data[: rng.randrange(1, len(data))]
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            head += b"transfer-encoding: chunked\r\n\r\n"
            return head + b"%x\r\n%s\r\n" % (len(part), part)
        return (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n"
            b'{"id": "half", "choices": ['
        )

    return _while(stand, answer, rng.uniform(0.2, 0.8), "upstream_fault")


_NONSENSE = (
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    *(
        b"HTTP/1.1 200 OK\r\n%s\r\ncontent-length: %d\r\n\r\n%s" % (head, len(body), body)
        for head, body in (
            (b"content-type: text/html", b"<h1>Welcome back!</h1>"),
            (b"content-type: application/json", b"[]"),
            (b"content-type: application/octet-stream", b"\xff\x00\xfe\x80"),
            (b"content-encoding: gzip", b"not gzipped"),
        )
    ),
)


@line(
    "model-nonsense",
    "模型回傳錯誤的型別或不是 HTTP 的內容",
    "wrong content types, what is no JSON, what is no HTTP",
    stand=IMPATIENT,
)
def nonsense(stand: Stand, rng: random.Random) -> list[str]:
    """Told as an error of the model's, whatever it was."""
    return _while(stand, lambda _: rng.choice(_NONSENSE), rng.uniform(0.2, 0.8), "upstream_fault")


@line(
    "model-gone",
    "模型伺服器不在",
    "a model's server that is not there",
    stand=IMPATIENT,
)
def gone(stand: Stand, rng: random.Random) -> list[str]:
    """Statuses of a server in trouble."""
    return _while(
        stand, lambda _: rng.choice((500, 502, 503)), rng.uniform(0.2, 0.8), "upstream_fault"
    )


def authority(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """An authority of our own; its certificate stands in ``ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "faults")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=900))
        .not_valid_after(now + datetime.timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key, made


def certificate(
    folder: Path, ca: tuple[ec.EllipticCurvePrivateKey, x509.Certificate], name: str, ends: int
) -> Path:
    """A certificate for ``localhost`` that ends in so many days, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(ca[1].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(ca[0], hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


_CA_FILE = Path("/tmp") / f"syf-ca-{os.getpid()}.pem"


@line(
    "certificate-expired",
    "模型伺服器的憑證過期：拒絕連線，不送出",
    "a model's certificate expired: refused, and nothing is sent",
    stand={**IMPATIENT, "environment": {"SSL_CERT_FILE": str(_CA_FILE)}},
)
def expired(stand: Stand, rng: random.Random) -> list[str]:
    """The same server with a good certificate, with an expired one, and with a good one again."""
    certificates = _over_tls(stand)
    somewhere(rng, 0.3)
    certificates.use("expired")
    certificates.cut()
    failures = stand.load.counts.copy()
    told = "status 502 upstream_fault"

    def refused(more: int) -> bool:
        until = time.monotonic() + 20
        while stand.load.counts[told] < failures[told] + more:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    wrong: list[str] = []
    if not refused(12):  # more than there are clients: what was under way before is over
        wrong.append(f"not refused clearly: {dict(stand.load.counts - failures)}")
    before = len(stand.model.received)
    time.sleep(rng.uniform(0.2, 0.6))
    if not refused(17):
        wrong.append("refused no more")
    if got := len(stand.model.received) - before:
        wrong.append(f"{got} bodies went to a server with an expired certificate")
    certificates.use("good")
    return wrong


class _Certificates:
    """The model's server behind TLS, with a certificate that may be changed."""

    def __init__(self, stand: Stand) -> None:
        folder = stand.folder
        ca = authority(folder)
        _CA_FILE.write_bytes((folder / "ca.pem").read_bytes())
        self._files = {
            "good": certificate(folder, ca, "good", 90),
            "expired": certificate(folder, ca, "expired", -1),
        }
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.use("good")
        server = stand.model._server
        self._open: set[Any] = set()
        plain = server.get_request

        def get_request() -> tuple[Any, Any]:
            sock, address = plain()
            sock.settimeout(10)
            wrapped = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
            self._open.add(wrapped)
            return wrapped, address

        server.get_request = get_request

    def use(self, name: str) -> None:
        """Show this certificate from the next connection on."""
        self.context.load_cert_chain(self._files[name])

    def cut(self) -> None:
        """Cut what is open, so that everybody must look at the certificate anew."""
        while self._open:
            sock = self._open.pop()
            try:
                sock.shutdown(2)
            except (OSError, ValueError):
                continue


_MADE: dict[int, _Certificates] = {}


def _over_tls(stand: Stand) -> _Certificates:
    """From the first round on the stand's model is reached by TLS."""
    if id(stand) not in _MADE:
        stand.load.rest()
        _MADE.clear()
        _MADE[id(stand)] = _Certificates(stand)
        url = stand.model.url.replace("http://127.0.0.1", "https://localhost")
        with psycopg.connect(stand.host.dsn) as connection:
            connection.execute("UPDATE model SET url = %s", [url])
            connection.execute("UPDATE registry_version SET version = version + 1")
        # The authority is read when a process starts.
        stand.host.kill()
        stand.host.start()
        stand.load.go()
        if not stand.load.wait_served(10, 60):
            raise RuntimeError(f"not served over TLS: {dict(stand.load.counts)}")
    return _MADE[id(stand)]
