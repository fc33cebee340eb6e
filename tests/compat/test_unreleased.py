"""A registered draft does not leave, in whole or in part; on its day it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import openai
import psycopg
import pytest
from openai import OpenAI
from tests.house import AGENCY, House
from tests.inspection.test_fingerprints import DRAFT

pytestmark = pytest.mark.point("ey-genai-2023:4")


def command(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "shenyong", "unreleased", *arguments,
         "--agency", AGENCY, "--config", str(house.file)],
        env={**os.environ, "SHENYONG__DATABASE__DSN": house.dsn},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def says(house: House, text: str) -> str:
    client = OpenAI(base_url=house.base_url, api_key=house.keys["official"], max_retries=0)
    message = {"role": "user", "content": text}
    try:
        client.chat.completions.create(model="cloud/echo", messages=[message])  # type: ignore[list-item]
    except openai.BadRequestError as error:
        return str(error.value if hasattr(error, "value") else error.body)
    return ""


def until(house: House, text: str, *, refused: bool) -> str:
    """What becomes of the text, once the worker has seen the change."""
    end = time.monotonic() + 240
    while True:
        said = says(house, text)
        if bool(said) is refused or time.monotonic() > end:
            return said
        time.sleep(0.2)


def test_from_draft_to_its_day(house: House, tmp_path: Path) -> None:
    part = "請幫我潤飾這一段：" + DRAFT[60:130]
    assert says(house, part) == ""
    (tmp_path / "草案.txt").write_text(DRAFT)
    (tmp_path / "太短.txt").write_text("短")
    done = command(house, "add", str(tmp_path), "--owner", "lin", "--reason", "審議中", "--json")
    assert done.returncode == 1, "one was too short"
    (added,) = json.loads(done.stdout)
    refused = until(house, part, refused=True)
    assert "unreleased" in refused
    assert "messages[0].content" in refused
    house.model_server.reset()
    assert says(house, DRAFT)
    assert house.model_server.received == []
    assert says(house, "本所夜間開放時間及緊急求救設備之說明，請參考公園管理辦法。") == ""
    assert command(house, "release", added["id"], "--on", "2099-01-01").returncode == 0
    assert until(house, part, refused=True), "not before its day"
    assert command(house, "release", added["id"]).returncode == 0
    assert until(house, part, refused=False) == ""
    listed = json.loads(command(house, "list", "--json").stdout)
    assert [each["state"] for each in listed] == ["released"]
    assert command(house, "remove", added["id"]).returncode == 0
    assert command(house, "remove", added["id"]).returncode == 2
    with psycopg.connect(house.dsn) as connection:
        rows = connection.execute(
            "SELECT leaf FROM ledger_entry WHERE type = 'admin' AND agency = %s ORDER BY idx",
            [AGENCY],
        ).fetchall()
    actions = [json.loads(row[0])["action"] for row in rows]
    assert [each for each in actions if each.startswith("unreleased.")] == [
        "unreleased.add",
        "unreleased.released",
        "unreleased.released",
        "unreleased.remove",
    ]
    assert all(DRAFT[:10] not in bytes(row[0]).decode() for row in rows)


def test_wrong_use_is_explained(house: House, tmp_path: Path) -> None:
    for arguments in (
        ("approve", "nonsense"),
        ("add", str(tmp_path / "none.txt"), "--owner", "lin"),
        ("add", str(tmp_path), "--owner", "lin", "--level", "D9"),
        ("release", "00000000-0000-0000-0000-000000000000", "--on", "soon"),
    ):
        done = command(house, *arguments)
        assert done.returncode == 2, done.stderr
        assert done.stderr
