"""The demonstration for real: started, asked as it prints, verified, ended without a trace."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.cli.running import PROGRAM, run

from shenyong.cli.demo import curl, free_port, keys_in, prepared, taken
from shenyong.cli.output import Misused


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, "demo", "--folder", str(folder), "--port", str(port), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def sent(command: str) -> tuple[int, dict]:
    """What a printed curl would do."""
    words = shlex.split(command)
    headers = dict(words[i + 1].split(": ", 1) for i, each in enumerate(words) if each == "-H")
    body = words[words.index("-d") + 1].encode()
    request = urllib.request.Request(words[2], body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def left(folder: Path) -> list[str]:
    """Processes that have anything to do with the folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in command and int(each.parent.name) != os.getpid():
            found.append(command)
    return found


def descendants(pid: int) -> set[int]:
    """All processes below `pid`: the gateway's workers don't have the folder in their names."""
    parents = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(each.parent.name)] = int(each.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    while new := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= new
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo"


@pytest.mark.point("ey-genai-2023:4")
def test_it_starts_answers_refuses_proves_and_leaves_nothing(folder: Path):
    keys = []
    for end in (signal.SIGINT, signal.SIGTERM):
        running = start(folder, free_port())
        try:
            assert running.stdout is not None
            ready = json.loads(running.stdout.readline())
            keys.append(ready["api_key"])
            status, refused = sent(ready["refused"])
            assert (status, refused["error"]["code"]) == (400, "content_filter")
            status, answered = sent(ready["answered"])
            assert status == 200
            assert answered["choices"][0]["message"]["content"].strip()
            below = descendants(running.pid)
            assert len(below) >= 2  # the model and a worker
            time.sleep(2.5)  # a checkpoint is signed every second
        finally:
            running.send_signal(end)
            code = running.wait(30)
            running.stdout.close()
        assert code == 0
        assert left(folder) == []
        assert not {each for each in below if Path(f"/proc/{each}").exists()}
    assert keys[0] == keys[1]
    settings = str(folder / "shenyong.toml")
    done = run("ledger", "verify", settings, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (log,) = json.loads(done.stdout)["logs"]
    assert log["intents"] == log["outcomes"] >= 2
    assert log["signed_size"] >= log["entries"] - 3
    done = run("ledger", "export", str(folder / "export"), "--config", settings)
    assert done.returncode == 0, done.stderr
    exported = folder / "export" / log["agency"]
    assert run("ledger", "verify", str(exported)).returncode == 0
    kept = str(exported / "checkpoint")
    assert run("ledger", "verify", settings, "--kept", kept).returncode == 0
    assert run("ledger", "verify", settings, "--kept", str(folder / "none")).returncode == 2
    entries = (exported / "entries.jsonl").read_bytes()
    (exported / "entries.jsonl").write_bytes(entries.replace(b'"moda-demo"', b'"moda-dem0"', 1))
    done = run("ledger", "verify", str(exported))
    assert done.returncode == 1
    assert "#0" in done.stdout
    done = run("doctor", settings, "--json")
    found = json.loads(done.stdout)
    wrong = [each for each in found if not each["fine"]]
    assert "confirmation_ended" in {each["code"] for each in wrong}  # the lapsed one
    well = {"database", "schema", "tables", "ledger", "keys"}
    assert not well & {each["check"] for each in wrong}
    assert all(each["mend"] for each in wrong)
    assert run("ledger", "verify", settings, "--agency", "none").returncode == 2
    assert left(folder) == []


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path):
    (tmp_path / "work.txt").write_text("important")
    with pytest.raises(Misused):
        prepared(tmp_path, 8601, fresh=True)
    assert (tmp_path / "work.txt").read_text() == "important"


def test_fresh_makes_new_keys_and_otherwise_they_stay(folder: Path):
    prepared(folder, 8601, fresh=False)
    first = keys_in(folder)
    prepared(folder, 8602, fresh=False)
    assert keys_in(folder) == first
    assert "port = 8602" in (folder / "shenyong.toml").read_text()
    prepared(folder, 8601, fresh=True)
    assert keys_in(folder) != first


def test_a_port_that_is_taken_is_said(folder: Path):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert taken(port)
        done = run("demo", "--folder", str(folder), "--port", str(port))
    assert done.returncode == 3
    assert str(port) in done.stderr
    assert not folder.exists()


def test_the_printed_request_survives_a_shell():
    words = shlex.split(curl("http://h/x", "sk", ("m", '問題 "引號"')))
    assert json.loads(words[-1])["messages"][0]["content"] == '問題 "引號"'
