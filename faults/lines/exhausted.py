"""Descriptors and memory exhausted, documents that kill their reader (F12, F17, F18)."""

from __future__ import annotations

import io
import os
import random
import resource
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from faults.line import NotHereError, line
from faults.lines.killing import PAGES, somewhere
from faults.stand import Stand

_CGROUP = Path("/sys/fs/cgroup/memory")


@line(
    "descriptors",
    "檔案描述符用盡",
    "file descriptors of the workers exhausted",
    stand=PAGES,
)
def descriptors(stand: Stand, rng: random.Random) -> None:
    """For a while no worker may open anything more than it has open."""
    somewhere(rng)
    limits = []
    for each in stand.host.workers():
        with suppress(psutil.Error):
            limits.append((each.pid, resource.prlimit(each.pid, resource.RLIMIT_NOFILE)))
            few = max(16, each.num_fds() - rng.randrange(0, 6))
            resource.prlimit(each.pid, resource.RLIMIT_NOFILE, (few, limits[-1][1][1]))
    extra = []
    try:
        for _ in range(20):  # others knock as well
            with suppress(httpx.HTTPError):
                client = httpx.Client(base_url=stand.bases()[0].removesuffix("/v1"), timeout=0.3)
                extra.append(client)
                client.get("/healthz")
        time.sleep(rng.uniform(0.3, 1.5))
    finally:
        for pid, limit in limits:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
        for client in extra:
            client.close()


@line(
    "memory-limit",
    "記憶體配置失敗",
    "workers that get no more memory (an address-space limit)",
    stand=PAGES,
)
def memory_limit(stand: Stand, rng: random.Random) -> None:
    """Allocations fail for a while; whoever falls over is replaced."""
    somewhere(rng)
    limits = []
    for each in stand.host.workers():
        with suppress(psutil.Error, ProcessLookupError):
            limits.append((each.pid, resource.prlimit(each.pid, resource.RLIMIT_AS)))
            most = each.memory_info().vms + rng.randrange(0, 1 << 20)
            resource.prlimit(each.pid, resource.RLIMIT_AS, (most, limits[-1][1][1]))
    big = b'{"model": "cloud/echo", "messages": [{"role": "user", "content": "' + b"a" * 3_000_000
    try:
        until = time.monotonic() + rng.uniform(0.5, 1.5)
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                httpx.post(
                    f"{stand.bases()[0]}/chat/completions",
                    content=big + b'"}]}',
                    headers={"authorization": f"Bearer {stand.keys['official']}"},
                    timeout=2,
                )
    finally:
        for pid, limit in limits:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_AS, limit)


@contextmanager
def _group(pids: list[int]) -> Iterator[Path]:
    """A control group of these processes and of what they start."""
    group = _CGROUP / f"syf-{os.getpid()}"
    group.mkdir(exist_ok=True)
    try:
        for pid in pids:
            with suppress(OSError):
                (group / "cgroup.procs").write_text(str(pid))
        yield group
    finally:
        for _ in range(100):
            for left in (group / "cgroup.procs").read_text().split():
                with suppress(OSError):
                    (_CGROUP / "cgroup.procs").write_text(left)
            with suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.02)


def can_limit() -> bool:
    """Whether this machine lets us make control groups (version 1, as root)."""
    return os.access(_CGROUP, os.W_OK)


@line(
    "memory-killed",
    "記憶體不足，核心終止工作行程",
    "memory gone: the kernel kills a worker (control group)",
    stand=PAGES,
    back=60,
)
def memory_killed(stand: Stand, rng: random.Random) -> list[str]:
    """The limit falls below what they use; the kernel picks one; then there is memory again."""
    if not can_limit():
        raise NotHereError("control groups")
    somewhere(rng)
    workers = stand.host.workers()
    with _group([each.pid for each in workers]) as group:
        limit = group / "memory.limit_in_bytes"
        until = time.monotonic() + 20
        size = 64 << 20
        stop = threading.Event()

        def big() -> None:  # memory is charged to who touches it first: let them touch some
            body = b'{"model": "x", "messages": [{"role": "user", "content": "' + b"a" * 3_500_000
            while not stop.is_set():
                with suppress(httpx.HTTPError):
                    httpx.post(
                        f"{stand.bases()[0]}/chat/completions",
                        content=body + b'"}]}',
                        headers={"authorization": f"Bearer {stand.keys['official']}"},
                        timeout=5,
                    )

        eater = threading.Thread(target=big, daemon=True)
        eater.start()
        try:
            while all(each.is_running() and each.status() != "zombie" for each in workers):
                if time.monotonic() > until:
                    return ["the kernel killed nobody"]
                with suppress(OSError):
                    limit.write_text(str(size))
                size = max(2 << 20, size // 2)
                time.sleep(0.3)
        except psutil.NoSuchProcess:
            pass
        finally:
            with suppress(OSError):
                limit.write_text("-1")
            stop.set()
            eater.join(10)
    return []


def _letter() -> bytes:
    """A text document that takes its reader a while."""
    packed = io.BytesIO()
    words = "".join(f"<text:p>第{number}點，依規定辦理。</text:p>" for number in range(3000))
    content = (
        '<?xml version="1.0"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
        f"{words}</office:text></office:body></office:document-content>"
    )
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        file.writestr("content.xml", content)
        file.writestr("styles.xml", content.replace(words, ""))
    return packed.getvalue()


@line(
    "kill-reader",
    "讀檔的沙箱子行程被強制終止",
    "the sandboxed reader of documents killed (-9) while it reads",
    stand=PAGES,
)
def reader(stand: Stand, rng: random.Random) -> list[str]:
    """The document is refused as unreadable, nothing else notices, the next one is read."""
    headers = {"authorization": f"Bearer {stand.keys['official']}"}
    url = f"{stand.bases()[0]}/files"
    data = _letter()

    def upload() -> int:
        with suppress(httpx.HTTPError):
            return httpx.post(
                url,
                files={"file": ("letter.odt", data)},
                data={"purpose": "user_data"},
                headers=headers,
                timeout=40,
            ).status_code
        return 0

    first = upload()
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(upload()))
    thread.start()
    time.sleep(rng.uniform(0.0, 0.25))
    for each in stand.host.sandboxes():
        with suppress(psutil.Error):
            each.kill()
    thread.join()
    last = upload()
    wrong = []
    if first != 200 or last != 200:
        wrong.append(f"a sound document was not read: {first} before, {last} after")
    if found[0] not in (200, 400):
        wrong.append(f"the document whose reader died ended with {found[0]}")
    return wrong
