"""Probes: what a program inside a closed environment sees, signed; and whether that is closed.

A confirmation says that an environment was closed on a day. A probe runs inside it and looks again
and again: routes, names, connections to the outside, the weights, the serving stack, who listens.
Source: guideline.md reading 9; domain.md 8.3 (a confirmation holds only while probes pass).
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import base64
import ipaddress
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shenyong.registry.model import Scope

_MICRO = 1_000_000
LONGEST_SECONDS = 60
"""However seldom a probe runs, one that was not heard of for a minute counts as failed."""
FUTURE_SECONDS = 10
"""How far the clock of the environment may run ahead of ours."""
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_LINK_LOCAL = (ipaddress.ip_network("fe80::/10"), ipaddress.ip_network("169.254.0.0/16"))
_MULTICAST = (ipaddress.ip_network("ff00::/8"), ipaddress.ip_network("224.0.0.0/4"))


class Route(msgspec.Struct, frozen=True):
    """A route of the environment: its destination as a network, and through what it goes."""

    network: str
    device: str
    gateway: str = ""


class Report(msgspec.Struct, frozen=True):
    """What one look found. `at` is UTC in microseconds, `number` counts the looks of this probe.

    `segments` are the networks that the environment may reach (it was told them, and they are
    compared with the confirmation). `resolved` are outside names that resolved, `connected` outside
    addresses that answered by TCP or TLS, `listening` addresses with their ports.
    """

    model: str
    at: int
    number: int
    routes: tuple[Route, ...]
    resolved: tuple[str, ...]
    connected: tuple[str, ...]
    listening: tuple[str, ...]
    weights_sha256: str
    stack: str
    segments: tuple[str, ...]
    tried: int = 0  # how many outside names and addresses were tried
    prober: str = ""


class ProbeFault(StrEnum):
    """Why a look did not pass; its words are ``probe.<value>``."""

    MODEL = "model"
    OLD = "old"
    FUTURE = "future"
    REPLAYED = "replayed"
    ROUTE = "route"
    NAME = "name"
    CONNECTION = "connection"
    WEIGHTS = "weights"
    STACK = "stack"
    SEGMENT = "segment"
    LISTENING = "listening"
    UNTRIED = "untried"


class Probed(msgspec.Struct, frozen=True):
    """What is known of a model's probe. Times are UTC in microseconds, of receipt; 0 for never."""

    every_seconds: int
    passed_at: int = 0
    failed_at: int = 0
    faults: tuple[str, ...] = ()

    def holds(self, at: int) -> bool:
        """Whether the newest look passed, and is not too long ago."""
        limit = min(LONGEST_SECONDS, max(3 * self.every_seconds, 3)) * _MICRO
        return self.passed_at > self.failed_at and at - self.passed_at <= limit


def faults(
    report: Report, scope: Scope, model: str, *, now: int, last: int
) -> tuple[ProbeFault, ...]:
    """What keeps the look from passing. `last` is the number of the newest look before it."""
    found: list[ProbeFault] = []
    if report.model != model:
        found.append(ProbeFault.MODEL)
    if report.at < now - LONGEST_SECONDS * _MICRO:
        found.append(ProbeFault.OLD)
    if report.at > now + FUTURE_SECONDS * _MICRO:
        found.append(ProbeFault.FUTURE)
    if report.number <= last:
        found.append(ProbeFault.REPLAYED)
    if report.tried < 1:
        found.append(ProbeFault.UNTRIED)
    if set(report.segments) != set(scope.segment.replace(",", " ").split()):
        found.append(ProbeFault.SEGMENT)
    inside = _networks(report.segments)
    if any(not _within(each.network, inside) for each in report.routes):
        found.append(ProbeFault.ROUTE)
    if report.resolved:
        found.append(ProbeFault.NAME)
    if report.connected:
        found.append(ProbeFault.CONNECTION)
    if report.weights_sha256 != scope.weights_sha256:
        found.append(ProbeFault.WEIGHTS)
    if report.stack != scope.stack:
        found.append(ProbeFault.STACK)
    if any(not _heard_inside(each, inside) for each in report.listening):
        found.append(ProbeFault.LISTENING)
    return tuple(found)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks that can be read; what can't be read lets nothing in."""
    found: list[Network] = []
    for each in texts:
        try:
            found.append(ipaddress.ip_network(each, strict=False))
        except ValueError:
            continue
    return tuple(found)


def _within(text: str, inside: tuple[Network, ...]) -> bool:
    """Whether a network lies inside, or never leaves the host or the link."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    allowed = (*inside, *_LOOPBACK, *_LINK_LOCAL, *_MULTICAST)
    return any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in allowed
    )


def _heard_inside(place: str, inside: tuple[Network, ...]) -> bool:
    """Whether a listening address is one of the environment's own. ``0.0.0.0`` and ``::`` listen
    on whatever there is, which the routes already bound.
    """
    host = place.rpartition(":")[0].strip("[]")
    return host in ("0.0.0.0", "::") or _within(host, inside)  # noqa: S104 - compared, not bound


class ProbeSigner:
    """A probe's private key, from 32 bytes of seed."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public key in base64, as the registry keeps it."""
        raw = self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return base64.b64encode(raw).decode()

    def signed(self, report: Report) -> bytes:
        """The report as it is sent: canonical JSON with its signature."""
        body = msgspec.json.encode(report, order="sorted")
        signature = base64.b64encode(self._private.sign(_message(body))).decode()
        return msgspec.json.encode({"report": body.decode(), "signature": signature})


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    report: str
    signature: str


class ProbeError(ValueError):
    """A report that can't be read, or is not signed by the probe's key. Holds nothing of it."""


def model_of(sent: bytes) -> str:
    """The model that an unverified report names. Raises ProbeError."""
    return _read(sent)[0].model


def opened(sent: bytes, public: str) -> Report:
    """The report, if the probe's key signed it. Raises ProbeError."""
    report, body, signature = _read(sent)
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(signature, _message(body))
    except (InvalidSignature, ValueError):
        raise ProbeError("the report is not signed by the model's probe") from None
    return report


def _read(sent: bytes) -> tuple[Report, bytes, bytes]:
    try:
        told = msgspec.json.decode(sent, type=_Sent)
        body = told.report.encode()
        report = msgspec.json.decode(body, type=Report)
        signature = base64.b64decode(told.signature, validate=True)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # too deep is not well formed
        raise ProbeError("the report is not well formed") from None
    return report, body, signature


def _message(body: bytes) -> bytes:
    return b"shenyong/probe/1\0" + body
