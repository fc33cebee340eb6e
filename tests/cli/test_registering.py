"""Agencies, models and use cases by commands: what is wrong is refused, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.storage.logs import execute

from shenyong.cli.installation import lay, settings_text
from shenyong.cli.main import run

Command = Callable[..., tuple[int, Any]]
MODEL = ("--url", "http://127.0.0.1:9/v1", "--lineage", "gemma-3", "--country", "TW")


@pytest.fixture
def command(
    tmp_path: Path, dsn: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Command:
    text = settings_text().replace('data_dir = "postgresql"', "")
    monkeypatch.setenv("SHENYONG_CONFIG", str(lay(tmp_path, text)))
    monkeypatch.setenv("SHENYONG__DATABASE__DSN", dsn)
    # One module, one database, one log: every test signs with the same key.
    (tmp_path / "keys/signing.key").write_text("ab" * 32)

    def call(*arguments: str) -> tuple[int, Any]:
        capfd.readouterr()
        code = run([*arguments, "--json"])
        said = capfd.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return call


def entries(dsn: str) -> list[tuple[str, str]]:
    rows = execute(dsn, "SELECT leaf FROM ledger_entry WHERE type = 'admin' ORDER BY agency, idx")
    read = [json.loads(bytes(row[0])) for row in rows]  # type: ignore[arg-type]
    return [(each["action"], each["subject"]) for each in read]


def test_agencies_stand_in_a_tree(command: Command, dsn: str) -> None:
    assert command("agency", "add", "yuan", "--name", "院")[0] == 0
    assert command("agency", "add", "bu", "--name", "部", "--parent", "yuan",
                   "--applicability", "準用")[0] == 0  # fmt: skip
    for wrong in (
        ["Has Blank", "--name", "x"],
        ["x", "--name", "x", "--parent", "nobody"],
        ["yuan", "--name", "院", "--parent", "bu"],  # a circle
        ["x", "--name", "x", "--applicability", "maybe"],
    ):
        assert command("agency", "add", *wrong)[0] == 2, wrong
    _, listed = command("agency", "list")
    assert [(each["id"], each["parent"]) for each in listed["agencies"]] == [
        ("bu", "yuan"),
        ("yuan", ""),
    ]
    assert ("registry.agency.save", "bu") in entries(dsn)


@pytest.mark.point("ey-genai-2023:7")
def test_models_are_recorded_and_a_banned_one_is_told(command: Command, dsn: str) -> None:
    command("agency", "add", "yuan", "--name", "院")
    command("agency", "add", "bu", "--name", "部")
    made = ["local/a", *MODEL, "--environment", "E4", "--agency", "yuan"]
    code, told = command("model", "add", *made)
    assert code == 0
    assert not told["banned"]
    assert told["scope"]["host"] == "http://127.0.0.1:9"
    code, told = command("model", "add", "local/qwen", *MODEL, "--environment", "E4",
                         "--agency", "yuan")  # fmt: skip
    assert told["banned"], "its name gives the family away, whatever lineage was declared"
    for wrong in (
        ["x", *MODEL, "--environment", "E9", "--agency", "yuan"],
        ["x", *MODEL[2:], "--url", "ftp://x", "--environment", "E1", "--agency", "yuan"],
        ["x", *MODEL, "--environment", "E1", "--weights", "/no/such/file", "--agency", "yuan"],
        ["x", *MODEL, "--environment", "E1"],  # two agencies: in whose log?
        ["x", *MODEL, "--environment", "E1", "--agency", "nobody"],
    ):
        assert command("model", "add", *wrong)[0] == 2, wrong
    _, listed = command("model", "list")
    assert {each["id"]: each["effective"] for each in listed["models"]} == {
        "local/a": "E3",
        "local/qwen": "E0",
    }
    assert ("registry.model.save", "local/a") in entries(dsn)


def test_what_officers_decided_of_a_model_stays(command: Command, dsn: str) -> None:
    command("agency", "add", "yuan", "--name", "院")
    made = ["local/b", *MODEL, "--environment", "E4", "--agency", "yuan"]
    command("model", "add", *made)
    execute(dsn, "UPDATE model SET banned = true WHERE id = 'local/b'")
    assert command("model", "add", *made, "--vendor", "廠商")[1]["banned"]


def test_weights_are_hashed(command: Command, tmp_path: Path) -> None:
    command("agency", "add", "yuan", "--name", "院")
    (tmp_path / "w").write_bytes(b"abc")
    _, told = command("model", "add", "local/c", *MODEL, "--environment", "E4",
                      "--agency", "yuan", "--weights", str(tmp_path / "w"))  # fmt: skip
    assert told["scope"]["weights_sha256"].startswith("ba7816bf8f01cfea414140de5dae2223")


def test_use_cases_keep_their_assessment(command: Command, dsn: str) -> None:
    command("agency", "add", "yuan", "--name", "院")
    command("agency", "add", "bu", "--name", "部")
    assert command("use-case", "add", "u", "--title", "甲", "--agency", "yuan")[0] == 0
    execute(dsn, "UPDATE use_case SET risk = 'high' WHERE id = 'u'")
    code, told = command("use-case", "add", "u", "--title", "乙", "--agency", "yuan",
                         "--purpose", "public_service")  # fmt: skip
    assert code == 0
    assert (told["title"], told["risk"]) == ("乙", "high")
    for wrong in (["u", "--title", "x", "--agency", "bu"],
                  ["v", "--title", "x", "--agency", "yuan", "--purpose", "fun"]):  # fmt: skip
        assert command("use-case", "add", *wrong)[0] == 2
