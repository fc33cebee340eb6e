"""The auditor's pages: proof, one case, a sample, signs, the evidence pack; and figures."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.web.office import Office, running_office

from shenyong.storage.evidence import verifier

pytestmark = [pytest.mark.point("ey-genai-2023:0")]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with running_office() as running:
        for text, env in (("今天天氣很好", "E1"), ("王小明的身分證字號是 A123456789", "E1")):
            running.verdict(text, env)
        yield running


def asked(office: Office, text: str, user: str = "") -> httpx.Response:
    return httpx.post(
        f"{office.url}/v1/chat/completions",
        json={"model": "local/echo", "messages": [{"role": "user", "content": text}],
              **({"user": user} if user else {})},
        headers={"authorization": f"Bearer {office.keys['official']}"}, timeout=30,
    )  # fmt: skip


def test_the_ledger_is_proved_from_the_page(office: Office) -> None:
    huang = office.visitor("huang")
    assert huang.get("/audit").status_code == 200
    huang.post("/audit/verify")
    assert "已證明" in huang.text
    assert office.visitor("lin").get("/audit").status_code == 404


def test_one_case_is_followed_from_its_request(office: Office) -> None:
    answer = asked(office, "請寫一句問候")
    decision = answer.headers["x-request-id"]
    huang = office.visitor("huang")
    page = huang.get(f"/audit/case?id={decision}")
    assert page.status_code == 200
    assert "送出" in huang.text
    assert "結果" in huang.text
    assert "問候" not in huang.text
    assert huang.get("/audit/case?id=1150000000").status_code == 404


def test_a_sample_can_be_drawn_again(office: Office) -> None:
    first, second = office.visitor("huang"), office.visitor("huang")
    import re

    rows = re.findall(r'/audit/case\?id=([0-9a-f-]+)"', first.get("/audit?seed=115").text)
    assert rows
    assert rows == re.findall(r'/audit/case\?id=([0-9a-f-]+)"', second.get("/audit?seed=115").text)


def test_a_shared_key_shows(office: Office) -> None:
    for number in range(6):
        assert asked(office, "您好", f"user-{number}").status_code == 200
    huang = office.visitor("huang")
    huang.get("/audit?days=7")
    assert "一把個人金鑰有多個使用者" in huang.text


def test_what_went_round_the_gateway_shows(office: Office) -> None:
    huang = office.visitor("huang")
    huang.get("/audit?model=local/echo&counted=1000000&days=7")
    assert "未經閘道" in huang.text
    huang.get("/audit?model=local/echo&counted=0&days=7")
    assert "未多於紀錄簿" in huang.text


def test_the_evidence_pack_verifies_by_python_alone(office: Office, tmp_path: Path) -> None:
    asked(office, "您好")
    time.sleep(1.5)  # until the next checkpoint
    huang = office.visitor("huang")
    huang.get("/audit")
    answer = huang.post("/audit/evidence", {"reason": "法院函調"})
    assert answer.headers["content-type"] == "application/zip"
    (tmp_path / "pack.zip").write_bytes(answer.content)
    (tmp_path / "verify.py").write_bytes(verifier())
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(tmp_path / "pack.zip")],
        capture_output=True, text=True, check=False, env={},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.point("ey-genai-2023:1")
def test_figures_and_their_tables(office: Office) -> None:
    chen = office.visitor("chen")
    chen.get("/figures")
    for words in ("依單位", "依點次", "中位時間"):
        assert words in chen.text
    rows = chen.get("/figures?as=json").json()["rows"]
    assert rows
    assert chen.get("/figures?as=ods").content[:2] == b"PK"
    assert office.visitor("lin").get("/figures").status_code == 404
