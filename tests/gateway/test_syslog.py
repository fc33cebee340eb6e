"""Lines to real collectors: a local socket, UDP, TCP and TLS; alive, dead, late, hanging, lying."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shenyong.gateway.journal import Journal
from shenyong.gateway.line import Line
from shenyong.gateway.outbox import Outbox
from shenyong.gateway.syslog import collector
from shenyong.settings.sections import Logging

MESSAGE = re.compile(
    rb'<(\d+)>1 (\S+) (\S+) shenyong (\d+) (\S+) \[meta sequenceId="(\d+)"\] ([ -~]*)'
)


def until(true: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)


class Receiver:
    """A collector of the test: it reads datagrams, or streams by octet counting."""

    def __init__(self, kind: str, place: str | int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[bytes] = []
        self.lines: list[socket.socket] = []
        self.faults: list[str] = []
        self._tls = tls
        if kind == "unix":
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.bind(str(place))
            self.address = f"unix:{place}"
        elif kind == "udp":
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("127.0.0.1", int(place)))
            self.address = f"udp://127.0.0.1:{self._socket.getsockname()[1]}"
        else:
            self._socket = socket.create_server(("127.0.0.1", int(place)))
            self.address = f"{kind}://127.0.0.1:{self._socket.getsockname()[1]}"
        work = self._datagrams if kind in ("unix", "udp") else self._streams
        threading.Thread(target=work, daemon=True).start()

    def _datagrams(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(65536):
                self.got.append(data)

    def _streams(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                self.lines.append(line)
                threading.Thread(target=self._read, args=[line], daemon=True).start()

    def _read(self, line: socket.socket) -> None:
        try:
            if self._tls is not None:
                line = self._tls.wrap_socket(line, server_side=True)
            with line.makefile("rb") as file:
                while length := self._length(file.read):
                    self.got.append(file.read(length))
        except (OSError, ValueError) as error:
            self.faults.append(type(error).__name__)

    @staticmethod
    def _length(read: Callable[[int], bytes]) -> int:
        digits = b""
        while (each := read(1)) not in (b" ", b""):
            digits += each
        return int(digits) if digits else 0

    def hang_up(self) -> None:
        """End the streams that are open, and go on listening."""
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self.lines.clear()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.hang_up()


@contextlib.contextmanager
def sending(
    address: str, lost: Counter[str] | None = None, **more: object
) -> Iterator[Outbox[Line]]:
    lost = Counter() if lost is None else lost

    def let_go(reason: str, count: int) -> None:
        lost[reason] += count

    box = collector(Logging(syslog=address, **more), let_go)  # type: ignore[arg-type]
    assert box is not None
    try:
        yield box
    finally:
        box.close()


def line(number: int, **more: str) -> Line:
    return Line("2026-11-28T08:00:00.123+08:00", "request", request_id=f"r{number}", **more)


def ids(receiver: Receiver) -> list[str]:
    """Whose lines came, each of them read as RFC 5424 says."""
    found = []
    for each in list(receiver.got):
        parts = MESSAGE.fullmatch(each)
        assert parts is not None, each
        found.append(json.loads(parts[7])["request_id"])
    return found


def numbers(receiver: Receiver) -> list[int]:
    return [int(MESSAGE.fullmatch(each)[6]) for each in receiver.got]  # type: ignore[index]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "collector")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    ca, private = tmp_path / "ca.pem", tmp_path / "key.pem"
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


@pytest.mark.parametrize("kind", ["unix", "udp", "tcp"])
def test_lines_arrive_one_a_message_in_their_order(kind: str, tmp_path: Path) -> None:
    receiver = Receiver(kind, str(tmp_path / "log") if kind == "unix" else 0)
    with sending(receiver.address) as box:
        for each in range(50):
            box.offer(line(each))
            until(lambda each=each: len(receiver.got) == each + 1)  # datagrams may be lost in bulk
    assert ids(receiver) == [f"r{each}" for each in range(50)]
    assert numbers(receiver) == list(range(1, 51))
    receiver.close()


def test_a_stream_carries_many_at_once(tmp_path: Path) -> None:
    receiver = Receiver("tcp")
    with sending(receiver.address) as box:
        for each in range(3000):
            box.offer(line(each))
        until(lambda: len(receiver.got) == 3000)
    assert ids(receiver) == [f"r{each}" for each in range(3000)]
    assert len(receiver.lines) == 1
    receiver.close()


@pytest.mark.parametrize("kind", ["unix", "udp", "tcp"])
def test_nothing_that_a_field_holds_makes_a_second_message(kind: str, tmp_path: Path) -> None:
    receiver = Receiver(kind, str(tmp_path / "log") if kind == "unix" else 0)
    nasty = 'x\n99 <134>1 - h forged 1 - - {}\n<134>1 - h forged 1 - - {}\x00\u202e"}'
    with sending(receiver.address) as box:
        box.offer(line(0, model=nasty, agency=nasty))
        box.offer(line(1))
        until(lambda: len(receiver.got) == 2)
    assert ids(receiver) == ["r0", "r1"]
    receiver.close()


def test_cef_goes_the_same_way() -> None:
    receiver = Receiver("udp")
    with sending(receiver.address, format="cef", facility="local7") as box:
        box.offer(line(0))
        until(lambda: receiver.got)
    parts = MESSAGE.fullmatch(receiver.got[0])
    assert parts is not None
    assert parts[7].startswith(b"CEF:0|Shenyong|Gateway|")
    assert int(parts[1]) == 23 * 8 + 6
    receiver.close()


def test_over_tls_to_a_collector_whose_certificate_is_good(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    ca, context = certificate
    receiver = Receiver("tls", 0, context)
    with sending(receiver.address, ca_file=str(ca)) as box:
        for each in range(20):
            box.offer(line(each))
        until(lambda: len(receiver.got) == 20)
    assert ids(receiver) == [f"r{each}" for each in range(20)]
    receiver.close()


def test_over_tls_nothing_goes_to_one_that_nobody_vouches_for(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    receiver = Receiver("tls", 0, certificate[1])
    lost: Counter[str] = Counter()
    with sending(receiver.address, lost) as box:
        box.offer(line(0))
        until(lambda: receiver.faults)
    assert receiver.got == []
    assert lost == {"unsent": 1}
    receiver.close()


def test_a_collector_that_comes_late_gets_what_waited() -> None:
    early = Receiver("tcp")
    address, port = early.address, int(early.address.rpartition(":")[2])
    early.close()
    with sending(address) as box:
        for each in range(10):
            box.offer(line(each))
        late = Receiver("tcp", port)
        until(lambda: len(late.got) == 10)
    assert ids(late) == [f"r{each}" for each in range(10)]
    assert numbers(late) == list(range(1, 11)), "a try that failed spends no number"
    late.close()


def test_a_collector_that_restarts_is_noticed_before_the_next_line() -> None:
    receiver = Receiver("tcp")
    with sending(receiver.address) as box:
        box.offer(line(0))
        until(lambda: len(receiver.got) == 1)
        receiver.hang_up()
        box.offer(line(1))
        until(lambda: len(receiver.got) == 2)
    assert ids(receiver) == ["r0", "r1"]
    receiver.close()


@pytest.mark.parametrize("kind", ["unix", "tcp", "blackhole"])
def test_a_dead_collector_slows_nobody_and_what_is_lost_is_counted(
    kind: str, tmp_path: Path
) -> None:
    if kind == "unix":
        address = f"unix:{tmp_path}/nobody"
    elif kind == "tcp":
        gone = Receiver("tcp")
        address = gone.address
        gone.close()
    else:  # it accepts and never reads
        server = socket.create_server(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    lost: Counter[str] = Counter()
    written = tmp_path / "stderr"
    with written.open("w") as stream, sending(address, lost, queue_lines=500) as box:
        journal = Journal(stream, collector=box)
        longest = 0.0
        for each in range(20_000):
            before = time.thread_time()
            journal.write(line(each, model="m" * 100))
            longest = max(longest, time.thread_time() - before)
    assert longest < 0.05, "CPU of one line, with nobody on the other side"
    assert len(written.read_text().splitlines()) == 20_000, "the stream has them all"
    if kind == "blackhole":
        assert lost["full"] > 0
        server.close()
    else:
        assert lost == {"full": 19_500, "unsent": 500}


def test_a_gap_in_the_numbers_shows_what_was_lost() -> None:
    closed = Receiver("tcp")
    address, port = closed.address, int(closed.address.rpartition(":")[2])
    closed.close()
    with sending(address, queue_lines=5) as box:
        for each in range(9):
            box.offer(line(each))
        receiver = Receiver("tcp", port)
        until(lambda: len(receiver.got) == 5)
    assert ids(receiver) == [f"r{each}" for each in range(5)]
    assert max(numbers(receiver)) == 9, "four of nine are missing"
    receiver.close()


def test_without_an_address_there_is_none() -> None:
    assert collector(Logging(), lambda reason, count: None) is None
