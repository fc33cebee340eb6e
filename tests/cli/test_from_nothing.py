"""A new operator, by commands alone: from an empty folder to a gateway that answers."""

from __future__ import annotations

import http.client
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import PROGRAM, run
from tests.house import ModelServer

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sy", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fine(*arguments: str, **more: Any) -> Any:
    done = run(*arguments, "--json", **more)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def asked(port: int, key: str, words: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = {"model": "local/echo", "messages": [{"role": "user", "content": words}]}
    head = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body).encode(), head)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def ready(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


@pytest.mark.point("ey-genai-2023:0")
def test_by_commands_alone_to_a_gateway_that_answers(folder: Path) -> None:
    port, models = free_port(), ModelServer()
    made = fine(
        "init", str(folder), "--agency", "demo-bureau", "--agency-name", "示範局",
        "--listen", f"127.0.0.1:{port}", "--admin", "hsu", "--admin-name", "許示範",
        "--password-file", "-", stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert made["agency"] == "demo-bureau"
    fine("model", "add", "local/echo", "--url", models.url, "--environment", "E4",
         "--lineage", "gemma-3", "--country", "tw", "--upstream-model", "scripted",
         "--stack", "vllm 0.11", "--segment", "vlan 20", cwd=folder)  # fmt: skip
    fine("use-case", "add", "drafting", "--title", "公文初稿", cwd=folder)
    key = fine("key", "add", "drafts", "--owner", "hsu", "--use-case", "drafting",
               "--expires", "2099-12-31", cwd=folder)["key"]  # fmt: skip
    (model,) = fine("model", "list", cwd=folder)["models"]
    assert model["environment"] == "E4"
    assert model["effective"] == "E3", "registering a model confirms nothing"
    assert [each["id"] for each in fine("agency", "list", cwd=folder)["agencies"]] == [
        "demo-bureau"
    ]
    process = subprocess.Popen(
        [*PROGRAM, "serve"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 90
        while not ready(port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        status, answer = asked(port, key, "請說明資訊公開的目的。")
        assert status == 200, answer
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        models.close()
    log = fine("ledger", "verify", cwd=folder)["logs"][0]
    assert log["ok"]
    assert log["intents"] == log["outcomes"] == 1
    assert log["decisions"] >= 5, "every command of an operator is in the log"


def test_the_five_questions_at_a_terminal(folder: Path) -> None:
    answers = ["示範局", "Demo Bureau", "demo-bureau", "mysql://x", "", "8601", "127.0.0.1:8799",
               "hsu", "hsu 許示範", PASSWORD, PASSWORD]  # fmt: skip
    said = typed(["init", str(folder / "new")], answers)
    assert "五個問題" in said
    assert said.count("2. 機關代號") == 2, "an id with capitals and a blank is asked for again"
    assert said.count("3. 資料庫") == 2
    assert said.count("4. 服務位址") == 2
    assert said.count("5. 第一位") == 2
    assert PASSWORD not in said
    assert "shenyong serve" in said
    text = (folder / "new/shenyong.toml").read_text()
    assert "port = 8799" in text
    shown = fine("agency", "list", "--config", str(folder / "new/shenyong.toml"))
    assert shown["agencies"][0]["name_zh"] == "示範局"


def typed(arguments: list[str], answers: list[str]) -> str:
    """What a person sees who types these answers, one whenever a question stands there."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the child
        os.environ.update(LC_ALL="zh_TW.UTF-8", PYTHONUTF8="1")
        os.execv(sys.executable, [*PROGRAM, *arguments])
    said, left, until = b"", list(answers), time.monotonic() + 120
    answered = 0
    while time.monotonic() < until:
        try:
            block = os.read(terminal, 4096)
        except OSError:
            break  # it has ended
        if not block:
            break
        said += block
        if left and said[answered:].rstrip(b" ").endswith(("：".encode(), b":")):
            answered = len(said)
            os.write(terminal, left.pop(0).encode() + b"\n")
    os.waitpid(pid, 0)
    os.close(terminal)
    assert not left, said.decode(errors="replace")
    return said.decode(errors="replace")


def test_what_can_not_be_done_is_said_with_the_commands_that_go_on(folder: Path) -> None:
    (folder / "dsn").write_text("postgresql://u:hunter2@127.0.0.1:9/x\n")
    done = run(
        "init", str(folder / "new"), "--agency", "a", "--agency-name", "甲", "--database",
        str(folder / "dsn"),
    )  # fmt: skip
    assert done.returncode == 3
    assert "shenyong migrate" in done.stderr
    assert "shenyong agency add a --name 甲" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert (folder / "new/keys/dsn").stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in (folder / "new/shenyong.toml").read_text()


@pytest.mark.parametrize(
    "flags",
    [
        ["--agency", "Has Blank", "--agency-name", "甲"],
        ["--agency", "a"],
        ["--admin", "hsu", "--admin-name", "許"],
        ["--agency", "a", "--agency-name", "甲", "--listen", "8601"],
        ["--agency", "a", "--agency-name", "甲", "--listen", "h:99999"],
        ["--database", "mysql://x"],
        ["--agency", "a", "--agency-name", "甲", "--admin", "X Y", "--admin-name", "許"],
    ],
)
def test_a_wrong_flag_writes_nothing(folder: Path, flags: list[str]) -> None:
    assert run("init", str(folder / "new"), *flags).returncode == 2
    assert not (folder / "new").exists()
