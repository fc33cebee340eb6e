"""Documents are read beside us, within bounds, and what dies is replaced."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shenyong.reading.documents import DocumentError, Fault, Limits
from shenyong.sandbox import Bounds, Readers
from shenyong.sandbox.child import answered
from shenyong.sandbox.frames import Answer, Ask

pytestmark = pytest.mark.point("ey-genai-2023:4")

TEXT = "受文者：某某君\n主旨：測試".encode()


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(1, Bounds(seconds=20), recognise=False)
    yield made
    made.close()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def fault(readers: Readers, name: str, data: bytes, limits: Limits | None = None) -> Fault:
    with pytest.raises(DocumentError) as error:
        readers.read(name, data, *([limits] if limits else []))
    return error.value.fault


def test_a_text_comes_back(readers: Readers) -> None:
    document = readers.read("a.txt", TEXT)
    assert [(part.path, part.text) for part in document.parts] == [
        ("name", "a.txt"),
        ("text", TEXT.decode()),
    ]


def test_why_not_comes_back(readers: Readers) -> None:
    assert fault(readers, "a.bin", b"\x00\x01\x02\xff") is Fault.NOT_TEXT
    assert fault(readers, "a.png", b"\x89PNG\r\n\x1a\n") is Fault.NEEDS_OCR
    assert fault(readers, "a.txt", b"x" * 100, Limits(file=99)) is Fault.TOO_LARGE


def test_a_large_document_goes_both_ways(readers: Readers) -> None:
    data = ("測試文字。" * 100 + "\n").encode() * 5_000
    assert readers.read("a.txt", data).parts[-1].text == data.decode()


def test_a_bomb_is_refused_and_the_next_document_is_read(readers: Readers) -> None:
    bomb = zipped(a=b"\0" * (120 << 20))
    assert len(bomb) < 200_000
    begun = time.monotonic()
    assert fault(readers, "bomb.zip", bomb) is Fault.TOO_LARGE
    assert time.monotonic() - begun < 5
    assert readers.read("a.txt", TEXT)


def test_memory_is_bounded() -> None:
    readers = Readers(1, Bounds(memory=220 << 20, seconds=20))
    try:
        large = zipped(**{"a.txt": os.urandom(1) * (90 << 20)})
        limits = Limits(ratio=10**9, characters=10**9)
        assert fault(readers, "a.zip", large, limits) in (Fault.TOO_LARGE, Fault.DAMAGED)
        assert readers.read("a.txt", TEXT)
    finally:
        readers.close()


def test_a_child_that_is_killed_in_the_middle_harms_nobody(readers: Readers) -> None:
    readers.read("a.txt", TEXT)
    (pid,) = readers.pids()
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
    assert fault(readers, "a.txt", TEXT) is Fault.DAMAGED
    assert readers.read("a.txt", TEXT)
    assert readers.pids() != [pid]


def test_one_that_died_while_it_waited_costs_no_document(readers: Readers) -> None:
    readers.read("a.txt", "您好".encode())
    (pid,) = readers.pids()
    os.kill(pid, signal.SIGKILL)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        pass
    readers.read("a.txt", "您好".encode())
    assert readers.pids() != [pid]


def test_who_is_late_is_killed() -> None:
    readers = Readers(1, Bounds(seconds=1.5))
    try:
        readers.read("a.txt", TEXT)
        (pid,) = readers.pids()
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        assert fault(readers, "a.txt", TEXT) is Fault.TIMEOUT
        assert time.monotonic() - begun < 3
        assert not psutil.pid_exists(pid)
        assert readers.read("a.txt", TEXT)
    finally:
        readers.close()


def test_the_child_can_not_write_nor_connect(readers: Readers) -> None:
    readers.read("a.txt", TEXT)
    (pid,) = readers.pids()
    child = psutil.Process(pid)
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_NOFILE)[1] <= 16
    assert child.rlimit(psutil.RLIMIT_AS) == (1 << 30, 1 << 30)
    assert set(child.environ()) <= {"LANG", "LC_CTYPE"}
    net = Path(f"/proc/{pid}/net/dev")
    names = [line.split(":")[0].strip() for line in net.read_text().splitlines()[2:]]
    alone = Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert not alone or names == ["lo"]


def test_children_end_with_us(readers: Readers) -> None:
    mine = Readers()
    mine.read("a.txt", TEXT)
    (pid,) = mine.pids()
    mine.close()
    assert not psutil.pid_exists(pid)


def test_many_at_once_wait_their_turn() -> None:
    readers = Readers(2)
    try:

        async def all_of_them() -> list[str]:
            documents = await asyncio.gather(
                *(readers.read_soon(f"{n}.txt", f"第{n}份".encode()) for n in range(12))
            )
            return [document.parts[-1].text for document in documents]

        assert asyncio.run(all_of_them()) == [f"第{n}份" for n in range(12)]
        assert len(readers.pids()) <= 2
    finally:
        readers.close()


def test_the_loop_stays_responsive_meanwhile(readers: Readers) -> None:
    async def watched() -> float:
        worst, going = 0.0, True

        async def watch() -> None:
            nonlocal worst
            while going:
                begun = time.monotonic()
                await asyncio.sleep(0.005)
                worst = max(worst, time.monotonic() - begun - 0.005)

        watching = asyncio.create_task(watch())
        with pytest.raises(DocumentError):
            await readers.read_soon("bomb.zip", zipped(a=b"\0" * (100 << 20)))
        going = False
        await watching
        return worst

    assert asyncio.run(watched()) < 0.5


def test_a_parsers_own_error_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("shenyong.sandbox.child.read_document", failing)
    assert answered(Ask("a", b"", Limits(), 1000)) == Answer(fault=Fault.DAMAGED)
