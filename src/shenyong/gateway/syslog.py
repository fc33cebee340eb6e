"""Lines to a collector by syslog: a local socket, UDP, TCP or TLS. Nothing waits for it.

RFC 5424 is what a message says; UDP carries one a datagram (RFC 5426), streams carry each with its
length before it (RFC 6587 3.4.1, RFC 5425). A stream that the collector has closed is noticed
before the next message; what lay in the network when it died is lost unseen, which is the
protocol's own limit: the messages are numbered, so the collector sees the gap.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from shenyong.gateway.line import Line
from shenyong.gateway.log_formats import Syslog, framed
from shenyong.gateway.outbox import Outbox
from shenyong.settings.sections import Logging

_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
_SECONDS = 5.0
"""How long one try to connect or to send may take, in the thread that does it."""
_TCP_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", 18)


def collector(settings: Logging, lost: Callable[[str, int], None]) -> Outbox[Line] | None:
    """What takes lines for the collector that the settings name; None if they name none."""
    if not settings.syslog:
        return None
    syslog = Syslog(
        facility=settings.facility,
        form=settings.format,
        host=socket.gethostname(),
        process=os.getpid(),
    )
    wire = Wire(settings.syslog, settings.ca_file)

    def deliver(lines: Sequence[Line]) -> None:
        before = syslog.sent
        try:
            wire.send([syslog.message(each) for each in lines])
        except BaseException:
            syslog.sent = before  # sent again, they have the same numbers again
            raise

    def let_go(reason: str, count: int) -> None:
        syslog.skipped += count
        lost(reason, count)

    return Outbox(deliver, let_go, most=settings.queue_lines, name="syslog")


class Wire:
    """The way to one collector, opened when there is something to say.

    `address` is as the settings write it; `ca_file` whom to trust over TLS.
    """

    def __init__(self, address: str, ca_file: str = "") -> None:
        self._kind, _, rest = address.partition(":")
        self._ca_file = ca_file
        self._path = rest if self._kind == "unix" else ""
        if not self._path:
            parts = urlsplit(address)
            self._host = parts.hostname or ""
            self._port = parts.port or _PORTS[self._kind]
        self._socket: socket.socket | None = None

    def send(self, messages: Sequence[bytes]) -> None:
        """Send them all. Raises OSError if one of them could not be sent."""
        try:
            line = self._opened()
            if self._kind in ("unix", "udp"):
                for each in messages:
                    line.send(each)
            else:
                line.sendall(b"".join(map(framed, messages)))
        except OSError:
            self.close()
            raise
        except ValueError as error:  # a name that is none
            self.close()
            raise OSError(type(error).__name__) from None

    def close(self) -> None:
        """Let the collector go."""
        line, self._socket = self._socket, None
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()

    def _opened(self) -> socket.socket:
        if self._socket is not None and self._kind in ("tcp", "tls") and _ended(self._socket):
            self.close()
        if self._socket is None:
            self._socket = self._open()
        return self._socket

    def _open(self) -> socket.socket:
        if self._kind == "unix":
            return _connected(socket.AF_UNIX, socket.SOCK_DGRAM, self._path)
        if self._kind == "udp":
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
            return _connected(found[0], socket.SOCK_DGRAM, found[4])
        line = socket.create_connection((self._host, self._port), _SECONDS)
        try:
            line.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, int(_SECONDS * 2000))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._kind == "tls":
                context = ssl.create_default_context(cafile=self._ca_file or None)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                return context.wrap_socket(line, server_hostname=self._host)
        except BaseException:
            line.close()
            raise
        return line


def _connected(family: int, kind: int, address: object) -> socket.socket:
    line = socket.socket(family, kind)
    try:
        line.settimeout(_SECONDS)
        line.connect(address)  # type: ignore[arg-type]
    except BaseException:
        line.close()
        raise
    return line


def _ended(line: socket.socket) -> bool:
    """Whether the other side has closed the stream: a collector never says anything."""
    line.settimeout(0)
    try:
        return line.recv(1) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        line.settimeout(_SECONDS)
