"""The bundled model for real: started, asked, streamed, and gone with its parent."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.registry.samples import MODEL, changed

from shenyong.upstream.client import Answer, Stream, Upstream
from shenyong.upstream.local_process import LocalModel, LocalModelError, healthy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def local(cache: Path):
    with LocalModel.start(cache, free_port()) as running:
        running.wait(60)
        yield running
    assert running.process.returncode is not None
    assert not healthy(running.port)


def asked(words: str, **more: object) -> bytes:
    message = {"role": "user", "content": words}
    return json.dumps({"model": "gemma-3-270m", "messages": [message], **more}).encode()


async def test_it_answers_shortly_and_ends(local):
    async with Upstream() as upstream:
        model = changed(MODEL, url=local.base_url)
        answer = await upstream.call(model, asked("請說明資訊公開的目的。"))
    assert isinstance(answer, Answer)
    assert answer.status == 200
    choice = json.loads(answer.body)["choices"][0]
    words = choice["message"]["content"]
    assert choice["finish_reason"] in ("stop", "length")
    assert 0 < len(words) < 300
    assert "問：" not in words
    assert "答：" not in words


async def test_it_streams(local):
    async with Upstream() as upstream:
        stream = await upstream.stream(
            changed(MODEL, url=local.base_url), asked("請說明為民服務的意義。", stream=True)
        )
        assert isinstance(stream, Stream)
        events = b"".join([data async for data in stream]).decode().strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    words = "".join(each["choices"][0]["delta"].get("content") or "" for each in chunks)
    assert words.strip()
    assert len(chunks) > 3


async def test_parts_and_tool_results_are_understood(local):
    messages = [
        {"role": "system", "content": "你是助理"},
        {"role": "user", "content": [{"type": "text", "text": "今天天氣如何？"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "晴天"},
    ]
    async with Upstream() as upstream:
        answer = await upstream.call(
            changed(MODEL, url=local.base_url), json.dumps({"messages": messages}).encode()
        )
    assert isinstance(answer, Answer)
    assert answer.status == 200


def test_it_ends_with_its_parent(cache: Path):
    port = free_port()
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from shenyong.upstream.local_process import LocalModel\n"
            f"m = LocalModel.start(Path({str(cache)!r}), {port}); m.wait(60)\n"
            "print(m.process.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _alive(child):
        time.sleep(0.05)
    assert not _alive(child)
    assert not healthy(port)


def test_a_port_that_is_taken_is_said(cache: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = LocalModel.start(cache, int(taken.getsockname()[1]))
        with pytest.raises(LocalModelError):
            running.wait(20)
        assert running.process.poll() is not None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
