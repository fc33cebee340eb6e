"""The doctor on addresses, ports, certificates, and the sign-in provider."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.cli.diagnosis.patient import Patient, Plant, planted


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(folder: Path, days: int) -> Path:
    """A certificate for this machine that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "tls.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return file


def serving(stack: ExitStack, answer: object, tls: Path | None = None, date: str = "") -> str:
    """A server that answers every GET with this JSON; its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            body = json.dumps(answer).encode()
            self.send_response_only(200)
            self.send_header("content-length", str(len(body)))
            if date:
                self.send_header("date", date)
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"


def taken(patient: Patient, stack: ExitStack, section: str) -> None:
    line = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    patient.setting(section, "port", line.getsockname()[1])


def tls(patient: Patient, stack: ExitStack, days: int) -> None:
    url = serving(stack, {}, certificate(patient.folder, days))
    patient.setting("server", "public_url", url)


def provider(patient: Patient, stack: ExitStack, name: str = "", date: str = "") -> None:
    told: dict[str, str] = {}
    url = serving(stack, told, date=date)
    told["issuer"] = name or url
    patient.setting("oidc", "issuer", url)
    patient.setting("oidc", "client_id", "shenyong")


def demo(patient: Patient) -> None:
    patient.file.write_text(patient.file.read_text().replace("demo = false", "demo = true"))
    patient.setting("server", "host", "0.0.0.0")


def plain(patient: Patient) -> None:
    text = patient.file.read_text()
    patient.file.write_text(
        text.replace("[server]", '[server]\npublic_url = "http://ai.invalid"', 1)
    )


def unprivileged(patient: Patient) -> None:
    """Port 443 as somebody who may not: the system itself says no."""
    real = socket.create_server

    def refusing(address, **more):  # type: ignore[no-untyped-def]
        if 0 < address[1] < 1024:
            raise PermissionError
        return real(address, **more)

    patient.monkeypatch.setattr(socket, "create_server", refusing)
    patient.setting("server", "port", 443)


PLANTS: dict[str, tuple[Plant, bool]] = {
    "address_foreign": (lambda it: it.setting("server", "host", "203.0.113.7"), False),
    "port_privileged": (unprivileged, False),
    "ports_same": (lambda it: it.setting("public", "port", 18601), False),
    "url_plain": (plain, True),
    "register_plain": (lambda it: it.setting("public", "public_url", "http://x.invalid"), False),
    "url_missing": (lambda it: it.setting("server", "host", "0.0.0.0"), False),
    "register_url_missing": (lambda it: it.setting("public", "port", free_port()), False),
    "demo_open": (demo, True),
    "tls_silent": (lambda it: it.setting("server", "public_url", "https://127.0.0.1:9"), False),
    "oidc_silent": (lambda it: it.setting("oidc", "issuer", "http://127.0.0.1:9"), False),
    "oidc_no_client": (lambda it: it.setting("oidc", "issuer", "http://127.0.0.1:9"), False),
    "oidc_plain": (lambda it: it.setting("oidc", "issuer", "http://sso.invalid"), False),
}
STACKED = {
    "port_taken": lambda it, stack: taken(it, stack, "server"),
    "register_port_taken": lambda it, stack: taken(it, stack, "public"),
    "certificate_ended": lambda it, stack: tls(it, stack, -3),
    "certificate_ending": lambda it, stack: tls(it, stack, 9),
    "oidc_other": lambda it, stack: provider(it, stack, "https://other.invalid"),
    "oidc_clock": lambda it, stack: provider(it, stack, date="Mon, 01 Jan 2024 00:00:00 GMT"),
}


@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    plant, mend = PLANTS[code]
    planted(shell, code, plant, "network", mend=mend)


@pytest.mark.parametrize("code", STACKED)
def test_planted_with_another_server(shell: Patient, stack: ExitStack, code: str) -> None:
    planted(shell, code, lambda it: STACKED[code](it, stack), "network", mend=False)


def test_a_good_certificate_and_provider_are_fine(shell: Patient, stack: ExitStack) -> None:
    tls(shell, stack, 300)
    provider(shell, stack)
    assert not shell.codes("network")
