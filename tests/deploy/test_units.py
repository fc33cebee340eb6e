"""The units of systemd: well formed, as closed as they say, and true to the program's commands."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shenyong.cli.main import COMMANDS
from shenyong.settings import load

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(each.name for each in UNITS.glob("*.service"))
MOST = {
    "shenyong.service": 1.6,
    "shenyong-witness.service": 1.1,
    "shenyong-backup.service": 1.1,
    "shenyong-restore-verify.service": 0.9,
    "shenyong-probe@.service": 1.5,
    "shenyong-alarm@.service": 0.5,
}
"""The exposure that `systemd-analyze security` may find at most: 0 is closed, 10 is open."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not on this machine; Debian's package systemd has it",
)


def text(name: str) -> str:
    return (UNITS / name).read_text("utf-8")


def values(name: str, key: str) -> list[str]:
    return [
        line.partition("=")[2] for line in text(name).splitlines() if line.startswith(f"{key}=")
    ]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with the program where it is on this machine, as `install.sh --units` lays them."""
    folder = tmp_path_factory.mktemp("units")
    current = folder / "opt" / "current"
    (current / "bin").mkdir(parents=True)
    program = current / "bin" / "shenyong"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for each in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        moved = each.read_text("utf-8").replace("/opt/shenyong", str(folder / "opt"))
        (folder / each.name).write_text(moved, "utf-8")
    return folder


@needs_systemd
def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    units = [str(each) for each in sorted(installed.iterdir()) if each.is_file()]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.stderr.strip(), said.returncode) == ("", 0)


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_as_closed_as_the_page_says(name: str) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / name)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= MOST[name], said
    for page in ("install.md", "install.zh-TW.md"):
        row = re.search(
            rf"\| `{re.escape(name)}` \| ([\d.]+) \|", (ROOT / "docs" / page).read_text("utf-8")
        )
        assert row is not None, f"{name} is not in {page}"
        assert float(row[1]) == float(found[1]), page


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_root_and_nothing_gains_anything(name: str) -> None:
    assert values(name, "User") not in ([], ["root"]) or values(name, "DynamicUser") == ["yes"]
    assert values(name, "CapabilityBoundingSet") == [""]
    assert values(name, "AmbientCapabilities") == [""]
    for key in ("NoNewPrivileges", "MemoryDenyWriteExecute", "PrivateUsers", "ProtectHome"):
        assert values(name, key) == ["yes"], key
    assert values(name, "ProtectSystem") == ["strict"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_command_is_one_that_there_is(name: str) -> None:
    for line in (*values(name, "ExecStart"), *values(name, "ExecStartPre")):
        if not line.startswith("/opt/shenyong/"):
            continue
        words = line.split()
        assert " ".join(words[1:3]) in COMMANDS or words[1] in COMMANDS, line


@pytest.mark.parametrize("name", SERVICES)
def test_the_environment_names_settings_that_there_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {}
    for line in values(name, "Environment"):
        for pair in line.split():
            key, _, value = pair.partition("=")
            if key.startswith("SHENYONG__"):
                environ[key] = value.replace("%d", str(tmp_path))
    credentials = {each.partition(":")[0] for each in values(name, "LoadCredential")}
    named = {each.rpartition("/")[2] for each in environ.values() if str(tmp_path) in each}
    assert named <= credentials
    monkeypatch.chdir(tmp_path)
    load(environ=environ)  # raises if a key is unknown


def test_no_unit_holds_a_secret_or_an_address() -> None:
    for each in UNITS.iterdir():
        body = each.read_text("utf-8")
        assert not re.search(r"(?i)password\s*=\s*\S|postgresql://", body), each.name
        for address in re.findall(r"\d+\.\d+\.\d+\.\d+", body):
            # Loopback, or a network for documentation (RFC 5737).
            assert address.startswith(("127.", "198.51.100.", "192.0.2.", "203.0.113.")), each.name


def test_what_runs_at_times_has_its_timer_and_its_alarm() -> None:
    for each in UNITS.glob("*.timer"):
        service = each.with_suffix(".service").name
        assert values(service, "Type") == ["oneshot"]
        assert values(service, "OnFailure") == ["shenyong-alarm@%n.service"]
        parsed = configparser.ConfigParser(interpolation=None, strict=False)
        parsed.read_string(each.read_text("utf-8"))
        assert parsed["Timer"]["Persistent"] == "yes"  # a machine that was off makes up for it


@needs_systemd
@pytest.mark.parametrize("timer", sorted(each.name for each in UNITS.glob("*.timer")))
def test_a_timer_s_calendar_is_one(timer: str) -> None:
    (when,) = values(timer, "OnCalendar")
    subprocess.run(["systemd-analyze", "calendar", when], check=True, capture_output=True)


def test_a_document_s_reader_can_still_close_itself_off() -> None:
    """The sandbox of documents needs its own namespaces; without them it would read with a net."""
    assert values("shenyong.service", "RestrictNamespaces") == ["user net"]
    assert "@resources" not in " ".join(values("shenyong.service", "SystemCallFilter")[1:])
