"""Addresses and ports, what is reachable from outside, certificates, and the sign-in provider."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from cryptography import x509

from shenyong.cli.diagnosis.found import SOON, Fault, Look, Place

_SECONDS = 3.0
_PRIVILEGED = 1024
_SKEW = 30
"""Seconds: half of what a token's times may differ."""


def port(at: Place) -> Iterator[Fault]:
    """The gateway's port is free, or it is this gateway that listens there."""
    from shenyong.cli.demo import answers, taken

    server = at.settings.server
    if not _ours(server.host):
        yield Fault("address_foreign", "SHENYONG__SERVER__HOST=127.0.0.1 shenyong serve",
                    server.host)  # fmt: skip
    elif server.port < _PRIVILEGED and not _may_bind(server.port):
        mend = "setcap cap_net_bind_service=+ep $(readlink -f .venv/bin/python)"
        yield Fault("port_privileged", mend, str(server.port))
    elif taken(server.port, server.host) and not answers(server.port, "/healthz"):
        mend = f"SHENYONG__SERVER__PORT={server.port + 1} shenyong serve"
        yield Fault("port_taken", mend, f"{server.host}:{server.port}")


def register_port(at: Place) -> Iterator[Fault]:
    """The public register has a port of its own, free or its own."""
    from shenyong.cli.demo import answers, taken

    public, server = at.settings.public, at.settings.server
    if not public.port:
        return
    if public.port == server.port:
        mend = f"SHENYONG__PUBLIC__PORT={public.port + 1} shenyong serve"
        yield Fault("ports_same", mend, str(public.port))
    elif taken(public.port, public.host) and not answers(public.port, "/"):
        mend = f"SHENYONG__PUBLIC__PORT={public.port + 1} shenyong serve"
        yield Fault("register_port_taken", mend, f"{public.host}:{public.port}")


def _ours(host: str) -> bool:
    try:
        with socket.create_server((host, 0), family=_family(host)):
            return True
    except OSError:
        return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _may_bind(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except PermissionError:
        return False
    except OSError:
        return os.geteuid() == 0


def _inside(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def plain(at: Place) -> Iterator[Fault]:
    """People reach pages and register by https."""
    server, public = at.settings.server, at.settings.public
    for code, url, section in (
        ("url_plain", server.public_url, "server"),
        ("register_plain", public.public_url, "public"),
    ):
        parts = urlsplit(url)
        if parts.scheme == "http" and not _inside(parts.hostname or ""):
            mend = f"sed -i 's#{url}#https://{parts.netloc}#' {at.file}"
            yield Fault(code, mend, url, {"section": section})


def unnamed(at: Place) -> Iterator[Fault]:
    """Who listens beyond this machine says how it is reached: links in refusals need it."""
    server, public = at.settings.server, at.settings.public
    if not _inside(server.host) and not server.public_url:
        mend = f"$EDITOR {at.file}  # server.public_url"
        yield Fault("url_missing", mend, server.host)
    if public.port and not public.public_url:
        mend = f"$EDITOR {at.file}  # public.public_url"
        yield Fault("register_url_missing", mend, f"{public.host}:{public.port}", advice=True)


def demonstration(at: Place) -> Iterator[Fault]:
    """The demonstration, where anybody is anybody, is for this machine alone."""
    server = at.settings.server
    reached = not _inside(server.host) or bool(server.public_url)
    if at.settings.web.demo and reached:
        yield Fault("demo_open", f"sed -i 's/^demo = true/demo = false/' {at.file}",
                    server.public_url or server.host)  # fmt: skip


def certificates(at: Place) -> Iterator[Fault]:
    """The certificates before the pages, the register and the provider hold for a month."""
    urls = {at.settings.server.public_url, at.settings.public.public_url, at.settings.oidc.issuer}
    urls |= {each.split(" ")[0] for each in at.settings.ledger.witnesses}
    for url in sorted(each for each in urls if each.startswith("https://")):
        yield from certificate_faults(url, at.now)


def certificate_faults(url: str, now: int) -> Iterator[Fault]:
    """What is wrong with the certificate that a host shows, if it answers."""
    parts = urlsplit(url)
    host, number = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is only looked at
    try:
        with (
            socket.create_connection((host, number), _SECONDS) as line,
            context.wrap_socket(line, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except (OSError, ValueError) as error:
        yield Fault("tls_silent", f"openssl s_client -connect {host}:{number}",
                    f"{host}:{number} {type(error).__name__}")  # fmt: skip
        return
    end = x509.load_der_x509_certificate(shown or b"").not_valid_after_utc
    left = int((end.timestamp() - now / 1e6) // 86_400)
    if left < 0:
        yield Fault("certificate_ended", f"certbot renew --cert-name {host}",
                    f"{host} {end:%Y-%m-%d}")  # fmt: skip
    elif left < SOON:
        yield Fault("certificate_ending", f"certbot renew --cert-name {host}",
                    f"{host} {end:%Y-%m-%d}", advice=True)  # fmt: skip


def provider(at: Place) -> Iterator[Fault]:
    """The sign-in provider answers, as itself, over https."""
    issuer = at.settings.oidc.issuer
    if not issuer:
        return
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not _inside(parts.hostname or ""):
        yield Fault("oidc_plain", f"sed -i 's#{issuer}#https://{parts.netloc}#' {at.file}", issuer)
    if not at.settings.oidc.client_id:
        yield Fault("oidc_no_client", f"$EDITOR {at.file}  # oidc.client_id", issuer)
    place = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        with urllib.request.urlopen(place, timeout=_SECONDS) as answer:  # noqa: S310 - http(s) only
            told = json.loads(answer.read(1 << 20))
            remote = answer.headers.get("date", "")
    except (OSError, ValueError, urllib.error.URLError) as error:
        yield Fault("oidc_silent", f"curl -sv {place}", type(error).__name__)
        return
    if not isinstance(told, dict) or told.get("issuer", "").rstrip("/") != issuer.rstrip("/"):
        yield Fault("oidc_other", f"curl -s {place}", str(told.get("issuer", "-"))[:100])
    yield from _skew(remote)


def _skew(date: str) -> Iterator[Fault]:
    """Tokens hold for minutes: the provider's clock and ours must agree."""
    from email.utils import parsedate_to_datetime

    try:
        off = abs(parsedate_to_datetime(date).timestamp() - time.time())
    except (ValueError, TypeError):
        return
    if off > _SKEW:
        yield Fault("oidc_clock", "chronyc makestep", f"{off:.0f} s")


LOOKS: tuple[Look, ...] = (
    port, register_port, plain, unnamed, demonstration, certificates, provider,
)  # fmt: skip
