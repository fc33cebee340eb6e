"""The look itself: what a program inside the environment can see of the world outside.

Everything is tried for real: routes are read from the kernel, names are asked of the resolvers that
are configured and of public ones, addresses are connected to. A look takes a few seconds at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import os
import re
import socket
import ssl
import struct
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import msgspec

from shenyong.registry.probe import Report, Route

OUTSIDE = (
    "1.1.1.1:443", "8.8.8.8:443", "9.9.9.9:443", "168.95.1.1:53", "8.8.8.8:53",
    "[2606:4700:4700::1111]:443", "[2001:4860:4860::8888]:53",
)  # fmt: skip
"""Addresses that answer to anybody who has a way out."""
NAMES = ("www.gov.tw", "example.com", "one.one.one.one")
RESOLVERS = ("1.1.1.1", "8.8.8.8", "168.95.1.1")
_TIMEOUT = 2.0
_LISTEN = "0A"
_REHASH_SECONDS = 86_400


class Looker(msgspec.Struct):
    """What to look at: the model's id and server, its weights, what counts as outside.

    `stack` is what is said to serve the model, or "" to ask its server; `segments` are the networks
    of the environment.
    """

    model: str
    url: str
    weights: tuple[Path, ...]
    segments: tuple[str, ...]
    outside: tuple[str, ...] = OUTSIDE
    names: tuple[str, ...] = NAMES
    stack: str = ""
    prober: str = ""
    proc: Path = Path("/proc")
    known: dict[Path, tuple[tuple[int, int, int], float, str]] = {}

    async def look(self, number: int) -> Report:
        """One look."""
        resolvers = (*configured_resolvers(Path("/etc/resolv.conf")), *RESOLVERS)
        names, places = await asyncio.gather(
            asyncio.gather(*(self._resolved(name, resolvers) for name in self.names)),
            asyncio.gather(*(_connected(each) for each in self.outside)),
        )
        stack = self.stack or await asyncio.to_thread(stack_of, self.url)
        return Report(
            model=self.model,
            at=time.time_ns() // 1000,
            number=number,
            routes=tuple(routes(self.proc)),
            resolved=tuple(name for name, found in zip(self.names, names, strict=True) if found),
            connected=tuple(
                place for place, found in zip(self.outside, places, strict=True) if found
            ),
            listening=tuple(sorted(listening(self.proc))),
            weights_sha256=await asyncio.to_thread(self._weights),
            stack=stack,
            segments=self.segments,
            tried=len(self.names) + len(self.outside),
            prober=self.prober,
        )

    def _weights(self) -> str:
        """One file's sha256; of several, the sha256 of their digests in order."""
        digests = [self._hashed(each) for each in self.weights]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def _hashed(self, file: Path) -> str:
        """A file's sha256: read again when it changed in any way, and once a day in any case."""
        about = file.stat()
        mark = (about.st_size, about.st_mtime_ns, about.st_ino)
        kept = self.known.get(file)
        if kept and kept[0] == mark and time.monotonic() - kept[1] < _REHASH_SECONDS:
            return kept[2]
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        self.known[file] = (mark, time.monotonic(), found)
        return found

    async def _resolved(self, name: str, resolvers: Iterable[str]) -> bool:
        loop = asyncio.get_running_loop()

        async def by_system() -> bool:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_TIMEOUT):
                    return bool(await loop.getaddrinfo(name, 443))
            return False

        asked = [_asked(name, each) for each in dict.fromkeys(resolvers)]
        return any(await asyncio.gather(by_system(), *asked))


def routes(proc: Path) -> Iterable[Route]:
    """The kernel's routes, IPv4 and IPv6, those of the loopback left out."""
    for line in _lines(proc / "net/route")[1:]:
        device, destination, gateway, flags, *_, mask = line.split()[:8]
        if device == "lo" or not int(flags, 16) & 1:
            continue
        address = socket.inet_ntoa(struct.pack("<L", int(destination, 16)))
        bits = int(mask, 16).bit_count()
        through = socket.inet_ntoa(struct.pack("<L", int(gateway, 16)))
        yield Route(f"{address}/{bits}", device, "" if through == "0.0.0.0" else through)  # noqa: S104
    for line in _lines(proc / "net/ipv6_route"):
        destination, length, _, _, gateway, _, _, _, flags, device = line.split()
        reject = int(flags, 16) & 0x0200
        if device == "lo" or reject:
            continue
        network = ipaddress.IPv6Address(bytes.fromhex(destination))
        through = str(ipaddress.IPv6Address(bytes.fromhex(gateway)))
        yield Route(f"{network}/{int(length, 16)}", device, "" if through == "::" else through)


def listening(proc: Path) -> set[str]:
    """Addresses and ports that are listened on by TCP."""
    found = set()
    for name, version in (("tcp", 4), ("tcp6", 6)):
        for line in _lines(proc / "net" / name)[1:]:
            local, _, state = line.split()[1:4]
            if state != _LISTEN:
                continue
            host, _, port = local.partition(":")
            raw = bytes.fromhex(host)
            # The kernel writes each 32-bit word in its own byte order.
            words = b"".join(raw[each : each + 4][::-1] for each in range(0, len(raw), 4))
            address = ipaddress.ip_address(words)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            told = str(mapped or address)
            found.add(f"[{told}]:{int(port, 16)}" if ":" in told else f"{told}:{int(port, 16)}")
            assert address.version == version
    return found


def configured_resolvers(file: Path) -> tuple[str, ...]:
    """The name servers that the system would ask."""
    return tuple(re.findall(r"^\s*nameserver\s+(\S+)", "\n".join(_lines(file)), re.MULTILINE))


def stack_of(url: str) -> str:
    """What the model's server says it is: its version, else its ``Server`` header, else ""."""
    base = url.rstrip("/").removesuffix("/v1")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path, field in (("/version", "version"), ("/v1/models", "")):
        with contextlib.suppress(OSError, ValueError):
            with opener.open(base + path, timeout=_TIMEOUT) as answer:
                server = str(answer.headers.get("server", ""))
                told = msgspec.json.decode(answer.read(65536))
            version = told.get(field, "") if isinstance(told, dict) else ""
            if version or server:
                return " ".join(f"{server} {version}".split())
    return ""


async def _connected(place: str) -> bool:
    """Whether an address answers, by TCP and (at 443) by TLS. Answering at all is a way out."""
    host, _, port = place.rpartition(":")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for secured in (None, trusting) if port == "443" else (None,):
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(_TIMEOUT):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=secured)
            writer.close()
            return True
    return False


async def _asked(name: str, resolver: str) -> bool:
    """Whether a resolver answers a question for a name (RFC 1035, 4.1). Any answer is a way out."""
    number = os.urandom(2)
    labels = b"".join(bytes([len(each)]) + each.encode() for each in name.split("."))
    question = number + b"\x01\x00\x00\x01" + b"\0" * 6 + labels + b"\0\0\x01\0\x01"
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            if not answered.done() and data[:2] == number:
                answered.set_result(data)

    with contextlib.suppress(OSError, TimeoutError):
        transport, _ = await loop.create_datagram_endpoint(Listener, remote_addr=(resolver, 53))
        try:
            transport.sendto(question)
            async with asyncio.timeout(_TIMEOUT):
                await answered
            return True
        finally:
            transport.close()
    return False


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("ascii", "replace").splitlines()
    except OSError:
        return []
