"""The probe in real network namespaces: a server cut off passes, one with a way out fails."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.cli.running import PROGRAM

from shenyong.registry import Scope
from shenyong.registry.probe import Report, faults

pytestmark = pytest.mark.point("ey-genai-2023:4")
WEIGHTS = b"weights" * 1000
SEGMENT = "10.218.7.0/30"
SERVER = """
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    server_version = "stack/1"
    sys_version = ""
    def do_GET(self):
        body = b'{"version": "1.0"}'
        self.send_response(200); self.send_header("content-length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), H).serve_forever()
"""
RESOLVER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("1.1.1.1", 53))
while True:
    data, who = s.recvfrom(512)
    s.sendto(data[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + data[12:]
             + b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\1\\2\\3\\4", who)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Net:
    """Two hosts: ``inside``, the environment, and ``world``, what would be the Internet."""

    def __init__(self) -> None:
        self.tag = f"sypr{os.getpid()}"
        self.inside, self.world = f"{self.tag}i", f"{self.tag}w"
        self.running: list[subprocess.Popen[bytes]] = []
        ip("netns", "add", self.inside)
        ip("netns", "add", self.world)
        ip("link", "add", "a0", "netns", self.inside, "type", "veth",
           "peer", "name", "b0", "netns", self.world)  # fmt: skip
        for name, device, address in (
            (self.inside, "a0", "10.218.7.2/30"), (self.world, "b0", "10.218.7.1/30"),
        ):  # fmt: skip
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "addr", "add", address, "dev", device)
            ip("-n", name, "link", "set", device, "up")
        # The world owns a public address, and answers there by TCP and as a resolver.
        ip("-n", self.world, "addr", "add", "1.1.1.1/32", "dev", "lo")
        self.start(self.world, SERVER, "1.1.1.1", "443")
        self.start(self.world, RESOLVER)
        self.start(self.inside, SERVER, "10.218.7.2", "8080")
        time.sleep(1)

    def start(self, where: str, code: str, *arguments: str) -> None:
        command = ["ip", "netns", "exec", where, sys.executable, "-c", code, *arguments]
        self.running.append(subprocess.Popen(command))

    def close(self) -> None:
        for each in self.running:
            each.kill()
            each.wait()
        for name in (self.inside, self.world):
            subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    try:
        made = Net()
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("network namespaces are not permitted here")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights.gguf").write_bytes(WEIGHTS)
    subprocess.run([*PROGRAM, "probe", "init", str(tmp_path / "probe.key")], check=True,
                   capture_output=True)  # fmt: skip
    return tmp_path


def look(net: Net, folder: Path) -> Report:
    """One look from inside, by the command."""
    command = ["ip", "netns", "exec", net.inside, *PROGRAM, "probe", "run", "--model", "local/m",
               "--url", "http://10.218.7.2:8080/v1", "--weights", str(folder / "weights.gguf"),
               "--key", str(folder / "probe.key"), "--segment", SEGMENT, "--once"]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr
    return msgspec.json.decode(json.loads(done.stdout)["report"], type=Report)


def found(report: Report) -> set[str]:
    scope = Scope("http://10.218.7.2:8080", "m", hashlib.sha256(WEIGHTS).hexdigest(),
                  "stack/1 1.0", SEGMENT)  # fmt: skip
    now = time.time_ns() // 1000
    return {each.value for each in faults(report, scope, "local/m", now=now, last=0)}


def test_a_server_cut_off_passes(net: Net, folder: Path) -> None:
    report = look(net, folder)
    assert found(report) == set(), report
    assert report.tried >= 10
    assert "10.218.7.2:8080" in report.listening


@contextlib.contextmanager
def route(net: Net, *words: str) -> Iterator[None]:
    ip("-n", net.inside, "route", "add", *words)
    try:
        yield
    finally:
        ip("-n", net.inside, "route", "del", *words)


def test_one_with_a_way_out_fails_in_each_way(net: Net, folder: Path) -> None:
    with route(net, "default", "via", "10.218.7.1"):
        report = look(net, folder)
    assert found(report) == {"route", "connection", "name"}
    assert "1.1.1.1:443" in report.connected
    # A single host route is a way out too, without a default route.
    with route(net, "1.1.1.1/32", "via", "10.218.7.1"):
        assert {"route", "connection"} <= found(look(net, folder))


def test_another_device_to_another_network_fails(net: Net, folder: Path) -> None:
    ip("-n", net.inside, "link", "add", "dummy0", "type", "veth", "peer", "name", "dummy1")
    try:
        ip("-n", net.inside, "addr", "add", "192.0.2.9/24", "dev", "dummy0")
        ip("-n", net.inside, "link", "set", "dummy0", "up")
        ip("-n", net.inside, "link", "set", "dummy1", "up")
        assert found(look(net, folder)) == {"route"}
    finally:
        ip("-n", net.inside, "link", "del", "dummy0")


def test_one_changed_byte_of_the_weights_fails(net: Net, folder: Path) -> None:
    changed = bytearray(WEIGHTS)
    changed[4000] ^= 1
    (folder / "weights.gguf").write_bytes(bytes(changed))
    assert found(look(net, folder)) == {"weights"}
