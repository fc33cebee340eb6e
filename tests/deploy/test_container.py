"""The container file and the compose file: linted, valid, closed, and without anybody's address."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from shenyong.settings import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "container"
OURS = ("migrate", "gateway", "witness")


def interpolated(text: str) -> str:
    """What compose makes of ``${NAME:-default}`` where NAME is not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load(interpolated((FOLDER / "compose.yaml").read_text("utf-8")))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def text(compose: dict[str, Any]) -> str:
    """The file with its anchors and merges resolved, as compose resolves them before it checks."""
    return str(yaml.safe_dump(compose, sort_keys=False))


def test_the_compose_file_is_one(text: str) -> None:
    spec = compose_spec.PyCompose.from_yaml(text).to_spec()
    assert spec.services is not None
    assert sorted(spec.services) == ["database", "gateway", "migrate", "witness"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition: service_healthy", "condition: service_well"),
        ("read_only: true", "read_onyl: true"),
        ("stop_grace_period: 45s", "stop_grace_period: 45 sheep"),
    ],
)
def test_the_check_finds_what_is_wrong(text: str, right: str, wrong: str) -> None:
    assert right in text
    compose_spec.PyCompose.from_yaml(text).to_spec()
    with pytest.raises(ValueError):
        compose_spec.PyCompose.from_yaml(text.replace(right, wrong)).to_spec()


def test_what_a_service_names_is_there(compose: dict[str, Any]) -> None:
    for kind in ("networks", "secrets", "configs"):
        for name, service in compose["services"].items():
            for each in service.get(kind, []):
                key = each if isinstance(each, str) else each["source"]
                assert key in compose[kind], f"{name}: {kind} {key}"
    for name, service in compose["services"].items():
        for each in service.get("depends_on", {}):
            assert each in compose["services"], name
        for each in service.get("volumes", []):
            assert each.partition(":")[0] in compose["volumes"], name


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_closed(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


def test_the_database_has_no_way_out_and_nothing_is_open_to_others(compose: dict[str, Any]) -> None:
    database = compose["services"]["database"]
    assert database["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True
    assert "ports" not in database
    for name in compose["services"]:
        for port in compose["services"][name].get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def test_the_environment_names_settings_that_there_are(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in OURS:
        environment = compose["services"][name].get("environment", {})
        load(environ={key: str(value) for key, value in environment.items()})
        assert not any("PASSWORD" in key for key in environment)


def test_no_secret_stands_in_the_file(text: str) -> None:
    assert not re.search(r"postgresql://|(?i:password):\s*['\"]?[A-Za-z0-9]{6,}", text)


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [str(hadolint), "--failure-threshold", "info", str(FOLDER / "Containerfile")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_image_is_made_of_the_bundle_only_and_is_nobody() -> None:
    lines = (FOLDER / "Containerfile").read_text("utf-8")
    stages = [each for each in lines.splitlines() if each.startswith("FROM ")]
    assert stages == ["FROM ${BASE} AS program", "FROM ${BASE}"]
    assert not re.search(r"(?i)pip install|apt-get|curl |wget |https?://(?!127\.0\.0\.1)", lines)
    assert lines.rindex("USER 10001:10001") > lines.rindex("COPY --from=program")
    (default,) = re.findall(r"^ARG BASE=(\S+)$", lines, re.MULTILINE)
    assert "/" not in default, "an image's short name holds no registry"


def test_no_address_is_in_any_file_of_the_deployment() -> None:
    loopback = r"https?://(127\.0\.0\.1|localhost|schemas|json-schema\.org|\*)"
    for each in (ROOT / "deploy").rglob("*"):
        if not each.is_file():
            continue
        for found in re.findall(r"https?://[^\s'\"`)]+", each.read_text("utf-8")):
            assert re.match(loopback, found), f"{each}: {found}"
