"""The public register's process ends with its caller, whatever it was doing."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import msgspec
import pytest
from tests.house import _free_port

from shenyong.settings import Settings
from shenyong.settings.sections import Database, Public
from shenyong.web.listener import public_register


def of_session(session: int) -> list[int]:
    """The processes of a session that are not already dead."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            fields = (each / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(each.name))
    return found


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return {int(each) for each in listed}


def forked(session: int) -> None:
    """Wait until the register's worker is there; it has hardly begun to build."""
    until = time.monotonic() + 60
    while len(of_session(session)) < 2:
        assert time.monotonic() < until, "the register has no worker"
        time.sleep(0.005)


def gone(session: int) -> bool:
    """Whether nothing of the session is left; what was killed takes a moment to go."""
    until = time.monotonic() + 5
    while of_session(session) and time.monotonic() < until:
        time.sleep(0.01)
    return not of_session(session)


@pytest.fixture
def settings() -> Settings:
    return msgspec.structs.replace(
        Settings(), database=Database(dsn="postgresql://nobody@127.0.0.1:1/none"),
        public=Public(port=_free_port()),
    )  # fmt: skip


def test_a_worker_that_is_still_building_ends_at_once(settings: Settings) -> None:
    before = children()
    with public_register(settings):
        (main,) = children() - before
        forked(main)
        began = time.monotonic()
    assert time.monotonic() - began < 8  # below the ten seconds after which it is killed
    assert gone(main)


def test_a_process_that_does_not_end_is_killed_with_its_worker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shenyong.web.listener._STOP_SECONDS", 0.2)
    before = children()
    with public_register(settings):
        (main,) = children() - before
        forked(main)
        for each in of_session(main):
            os.kill(each, signal.SIGSTOP)  # it can't hear that it should end
    assert gone(main)
