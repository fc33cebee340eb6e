"""Install the offline bundle where there is no network, and ask it: one refusal, one answer.

    python -m tools.bundle_check dist/shenyong-….tar [--root FOLDER]

It runs in a network namespace of its own that has only its own loopback. With ``--root`` also in
another root file system (a bare Debian, say), so that nothing of this machine's Python packages can
help. Prints what was done with seconds and sizes; the last line counts.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOWHERE = ("192.0.2.1", 443)
"""An address for documentation (RFC 5737): nobody is there, and here not even a way to it."""

REFUSED, ANSWERED = "請查詢王小明（身分證字號 A123456789）住在哪裡？", "請說明為民服務的意義。"
"""A question about a person's private data (point 4), and one that anybody may ask."""


class FailedError(AssertionError):
    """Something did not come out as it must."""


def need(true: object, what: str) -> None:
    """Raise `FailedError` with `what` unless it is true."""
    if not true:
        raise FailedError(what)


class Place:
    """Where it is tried: an unpacked bundle, a prefix and a folder of data, all thrown away."""

    def __init__(self, folder: Path, archive: Path, python: str) -> None:
        self.folder, self.python = folder, python
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (self.bundle,) = folder.glob("shenyong-*")
        self.prefix, self.data = folder / "opt", folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """A bare environment: no cache, no configuration, no virtual environment of the caller."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}

    def install(self, bundle: Path, *more: str) -> subprocess.CompletedProcess[str]:
        """Run the installer."""
        return subprocess.run(
            [str(bundle / "install.sh"), "--prefix", str(self.prefix), "--data", str(self.data),
             "--python", self.python, *more],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


def no_way_out(_: Place) -> str:
    """There is no network but the loopback."""
    names = sorted(name for _, name in socket.if_nameindex())
    need(names == ["lo"], f"interfaces: {names}")
    try:
        socket.create_connection(NOWHERE, timeout=3).close()
    except OSError as error:
        return f"interfaces {names}; to the outside: {error.strerror}"
    raise FailedError("the outside can be reached")


def refuses_an_altered_file(place: Place) -> str:
    """One changed byte of one wheel: nothing is installed."""
    wheel = next((place.bundle / "wheels").glob("starlette-*.whl"))
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
    try:
        done = place.install(place.bundle)
    finally:
        wheel.write_bytes(whole)
    need(done.returncode == 1, f"exit code {done.returncode}: {done.stderr}")
    need(not place.prefix.exists(), "something was installed")
    return done.stderr.strip().splitlines()[-1]


def installs(place: Place) -> str:
    """The installer goes through: environment, settings, keys, tables, start, answer, stop."""
    done = place.install(place.bundle)
    need(done.returncode == 0, f"exit code {done.returncode}:\n{done.stdout}\n{done.stderr}")
    for name in ("shenyong.toml", "keys/signing.key", "postgresql"):
        need((place.data / name).exists(), f"{name} is missing")
    need(not _running(place), "something still runs")
    return f"installed {_mebibytes(place.prefix)} MiB, data {_mebibytes(place.data)} MiB"


def leaves_an_installation_alone(place: Place) -> str:
    """A second run over data that are there: refused for this version, data untouched."""
    before = (place.data / "keys" / "signing.key").read_bytes()
    done = place.install(place.bundle)
    need(done.returncode == 2, f"exit code {done.returncode}")
    home = next(each for each in place.prefix.iterdir() if not each.is_symlink())
    home.rename(place.folder / "old")  # as before an upgrade to another version
    done = place.install(place.bundle, "--no-check")
    need(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
    need("migrate" in done.stdout, "the next step is not said")
    need((place.data / "keys" / "signing.key").read_bytes() == before, "the key was changed")
    return done.stdout.strip().splitlines()[1]


def answers(place: Place) -> str:
    """The installed demonstration: a request with an identity number refused, another answered."""
    port = _free_port()
    log = (place.folder / "demo.log").open("w")
    demo = subprocess.Popen(
        [str(place.prefix / "current" / "bin" / "shenyong"), "demo", "--json",
         "--folder", str(place.folder / "demo"), "--port", str(port)],
        env=place.environment, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    began = time.monotonic()
    try:
        assert demo.stdout is not None
        line = demo.stdout.readline()
        need(line, f"it did not start: {(place.folder / 'demo.log').read_text()}")
        told = json.loads(line)
        ready = time.monotonic() - began
        status, said = _ask(told, "cloud/gemma-3-270m", REFUSED)
        need(status == 400, f"status {status}: {said}")
        need(said["error"]["code"] == "content_filter", f"refused as {said}")
        began = time.monotonic()
        status, said = _ask(told, "local/gemma-3-270m", ANSWERED)
        need(status == 200, f"status {status}: {said}")
        words = said["choices"][0]["message"]["content"]
        need(words, "an empty answer")
    except (OSError, http.client.HTTPException) as error:
        said = (place.folder / "demo.log").read_text()[-1500:]
        raise FailedError(f"{type(error).__name__}: {error}\n{said}") from None
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)
    need(not _running(place), "something still runs")
    took = time.monotonic() - began
    return f"ready in {ready:.1f} s; 400 content_filter; 200 in {took:.1f} s with {len(words)} 字"


STEPS: tuple[Callable[[Place], str], ...] = (
    no_way_out,
    refuses_an_altered_file,
    installs,
    leaves_an_installation_alone,
    answers,
)


def _ask(told: dict[str, Any], model: str, words: str) -> tuple[int, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": words}]}
    request = urllib.request.Request(
        f"{told['base_url']}/chat/completions",
        data=json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {told['personal_key']}",
            "content-type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def _running(place: Place) -> list[str]:
    """Command lines of processes that were started from the prefix and still run."""
    until = time.monotonic() + 10
    while True:
        found = []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if line.startswith(str(place.prefix)):
                found.append(line)
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def _mebibytes(folder: Path) -> int:
    sizes = (each.lstat().st_blocks * 512 for each in folder.rglob("*") if not each.is_symlink())
    return round(sum(sizes) / 2**20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def inside(archive: Path, python: str) -> int:
    """What is done in the namespace."""
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="syb", dir="/tmp") as folder:
        began = time.monotonic()
        place = Place(Path(folder), archive, python)
        size = archive.stat().st_size / 2**20
        print(f"{time.monotonic() - began:7.1f} s  unpacked: {size:.0f} MiB", flush=True)
        # PostgreSQL steps down from root to a user of its own, who must reach its folder.
        place.folder.chmod(0o755)
        for step in STEPS:
            began = time.monotonic()
            title = (step.__doc__ or "").strip().splitlines()[0]
            try:
                said = step(place)
                passed += 1
            except (FailedError, OSError, subprocess.TimeoutExpired) as error:
                said, failed = f"FAILED: {error}", failed + 1
            print(f"{time.monotonic() - began:7.1f} s  {title} {said}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    """Enter a namespace without a network, and go on there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--root", type=Path, help="another root file system to install in")
    parser.add_argument("--python", default="")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.inside:
        return inside(given.archive, given.python)
    here = Path(sys.executable).resolve()
    alone = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script, archive, python = str(Path(__file__).resolve()), str(given.archive.resolve()), str(here)
    if given.root is None:
        command = [python, script, archive, "--inside", "--python", given.python or python]
        return _alone(alone, command)
    with tempfile.TemporaryDirectory(dir=given.root / "tmp") as shared:
        for each in (script, archive):
            shutil.copy(each, shared)
        at = "/" + str(Path(shared).relative_to(given.root))
        python = given.python or "/usr/bin/python3"
        command = ["chroot", str(given.root), python, f"{at}/{Path(script).name}",
                   f"{at}/{Path(archive).name}", "--inside", "--python", python]  # fmt: skip
        mounted = (
            f"mount -t proc proc {given.root}/proc && mount -t tmpfs shm {given.root}/dev/shm && "
        )
        return _alone([*alone, "--mount", "--pid", "--fork"], command, mounted)


def _alone(alone: list[str], command: list[str], before: str = "") -> int:
    up = f'{before}ip link set lo up && exec "$@"'
    return subprocess.run([*alone, "sh", "-c", up, "sh", *command], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
