"""A contract's rules, acceptances and summaries, from the agency's pages to the contractor's."""

from __future__ import annotations

import base64
import datetime
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import odfdo
import pytest
from tests.web.office import Office, Visitor, running_office
from tests.web.test_office import FORBID, do, opened

pytestmark = [pytest.mark.point("ey-genai-2023:8")]
TODAY = datetime.date.today().isoformat()
CONTRACT = {
    "title": "網站維護", "contractor": "示範資訊公司", "begins": "115-01-01", "ends": "116-12-31",
    "nature": "software", "secrets": "no", "core_system": "no", "classes": ["D0"],
    "incident_hours": "1", "retention_months": "6",
}  # fmt: skip


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with running_office() as running:
        yield running


def shenyong(*words: object) -> subprocess.CompletedProcess[str]:
    """A command on the contractor's machine: no database, no settings."""
    program = Path(sys.executable).parent / "shenyong"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
        env=environment,
    )  # fmt: skip


def hand_in(visitor: Visitor, path: str, raw: bytes) -> int:
    visitor.get(path)
    visitor.page = visitor.client.post(
        f"{path}/do", data={"csrf": visitor.csrf, "action": "scan"},
        files={"summary": ("summary.json", raw)},
    )  # fmt: skip
    return visitor.page.status_code


def new_rules(office: Office, pack: str) -> None:
    """A rule of the agency's own comes into force."""
    tang, yeh = office.visitor("tang"), office.visitor("yeh")
    path = opened(tang, "rules", {"pack": pack, "reason": "x", "cedar": FORBID.format(pack=pack)})
    assert do(tang, path, "propose") == 200
    assert do(yeh, path, "approve", **{"from": TODAY, "note": "可"}) == 200


def until(visitor: Visitor, path: str, words: str) -> bool:
    """Wait until a page says something."""
    end = time.monotonic() + 60
    while words not in visitor.get(path).text and time.monotonic() < end:
        time.sleep(0.2)
    return words in visitor.text


def test_from_clauses_to_a_verified_summary(office: Office, tmp_path: Path) -> None:
    ho, lin, far = office.visitor("ho"), office.visitor("lin"), office.visitor("farciso")
    path = opened(ho, "contract", dict(CONTRACT))
    assert ho.get(f"{path}/terms").status_code == 404  # not running yet
    assert do(ho, path, "start") == 200
    # Nothing is delivered before somebody accepted the rules in force.
    delivery = {"deliverable": "首頁", "ai_used": "yes", "ai_parts": "樣式表", "checked_by": "林"}
    assert "尚無人簽署現行規定" in ho.get(path).text
    assert do(ho, path, "deliver", **delivery) == 409
    forged = {"rules": "0" * 64, "rules_version": "forged"}
    assert do(ho, path, "accept", person="王示範", accepted_on=TODAY, **forged) == 200
    assert "forged" not in ho.text
    assert do(ho, path, "deliver", **delivery) == 200

    clauses = ho.get(f"{path}/clauses")
    words = odfdo.Document(io.BytesIO(clauses.content)).get_formatted_text()
    assert "示範資訊公司" in words
    assert "SBOM" in words
    assert ho.get(f"{path}/clauses?lang=en").status_code == 200
    for stranger in (lin, far):
        assert stranger.get(f"{path}/clauses").status_code == 404
        assert stranger.get(f"{path}/terms").status_code == 404

    # At the contractor's.
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "王小明.txt").write_text("身分證字號 A123456789", "utf-8")
    terms, key, out = tmp_path / "terms.json", tmp_path / "key", tmp_path / "summary.json"
    terms.write_bytes(ho.get(f"{path}/terms").content)
    public = shenyong("contract", "key", key).stdout.strip()
    scanning = ("scan", tmp_path / "files", "--workers", 1, "--attest", out, "--terms", terms)
    assert shenyong(*scanning, "--key", key).returncode == 1
    summary = out.read_bytes()

    # Handed in: unknown until its key is registered, then verified, altered where it was.
    assert hand_in(ho, path, summary) == 200
    assert "不是本契約登載之廠商公鑰" in ho.text
    assert do(ho, path, "register_key", public_key="not a key") == 400
    assert do(ho, path, "register_key", public_key=public) == 200
    assert "簽章與版本均相符" in ho.text  # the one handed in before is looked at anew
    assert hand_in(ho, path, summary) == 200
    assert "有發現之檔案 1" in ho.text
    assert "王小明" not in ho.text
    envelope = json.loads(summary)
    said = base64.b64decode(envelope["payload"]).replace(b'"found":1', b'"found":0')
    envelope["payload"] = base64.b64encode(said).decode()
    assert hand_in(ho, path, json.dumps(envelope).encode()) == 200
    assert "可能遭更改" in ho.text
    assert hand_in(ho, path, b"\xff\x00 what") == 200 or "gov.problem" not in ho.text

    # Another contract's summary is not this one's.
    other = opened(ho, "contract", dict(CONTRACT))
    assert do(ho, other, "start") == 200
    assert do(ho, other, "register_key", public_key=public) == 200
    assert hand_in(ho, other, summary) == 200
    assert "為其他契約之摘要" in ho.text

    # The rules change: acceptance is asked for again, the summary is of older rules.
    new_rules(office, "contract-cloud")
    assert until(ho, path, "須重新簽署")
    assert "所依規定非現行版本" in ho.text
    assert do(ho, path, "deliver", **delivery) == 409
    assert do(ho, path, "accept", person="王示範", accepted_on=TODAY) == 200
    assert do(ho, path, "deliver", **delivery) == 200
    terms.write_bytes(ho.get(f"{path}/terms").content)
    assert shenyong(*scanning, "--key", key).returncode == 1
    assert hand_in(ho, path, out.read_bytes()) == 200
    assert "簽章與版本均相符" in ho.text


def test_terms_that_the_agency_did_not_give_out(office: Office, tmp_path: Path) -> None:
    """A contractor who makes its own terms, with its own key for the agency's, is found out."""
    from tests.cli.test_contract import terms_with

    ho = office.visitor("ho")
    path = opened(ho, "contract", dict(CONTRACT))
    assert do(ho, path, "start") == 200
    terms, key, out = tmp_path / "terms.json", tmp_path / "key", tmp_path / "summary.json"
    terms.write_bytes(terms_with(contract=path.rpartition("/")[2]))
    public = shenyong("contract", "key", key).stdout.strip()
    (tmp_path / "a.txt").write_text("x", "utf-8")
    scan = ("scan", tmp_path / "a.txt", "--workers", 1, "--attest", out, "--terms", terms)
    assert shenyong(*scan, "--key", key).returncode == 0
    assert do(ho, path, "register_key", public_key=public) == 200
    assert hand_in(ho, path, out.read_bytes()) == 200
    assert "非依本機關提供之條款檔所作" in ho.text


def test_what_the_law_bars_is_not_agreed_to(office: Office) -> None:
    ho = office.visitor("ho")
    path = opened(ho, "contract", dict(CONTRACT))
    assert do(ho, path, "start") == 200
    tool = {"tool": "DeepSeek", "version": "R1", "country": "TW", "tool_purpose": "翻譯",
            "tool_classes": "D0"}  # fmt: skip
    assert do(ho, path, "declare_tool", **tool, approved="yes") == 409
    assert "危害國家資通安全" in ho.text
    assert do(ho, path, "declare_tool", **tool, approved="no") == 200
    safe = {**tool, "tool": "示範助手", "version": "1"}
    assert do(ho, path, "declare_tool", **{**safe, "country": "CN"}, approved="yes") == 409
    assert do(ho, path, "declare_tool", **safe, approved="yes") == 200
    sub = {"subcontractor": "示範分包公司", "scope": "測試"}
    assert do(ho, path, "subcontract", **sub, bound="no") == 409
    assert do(ho, path, "subcontract", **sub, bound="yes") == 200


def test_a_contractor_s_key_ends_with_its_contract(office: Office) -> None:
    ho, chen = office.visitor("ho"), office.visitor("chen")
    path = opened(ho, "contract", dict(CONTRACT))
    number = ho.text.split('<span class="num">')[1].split("<")[0]

    def add(name: str, **changed: str) -> subprocess.CompletedProcess[str]:
        words = {"owner": "lin", "use-case": "work", "expires": "2027-06-30", "actor": "contractor",
                 "contract": number, **changed}  # fmt: skip
        return subprocess.run(
            [Path(sys.executable).parent / "shenyong", "key", "add", name, "--config", office.file,
             *(part for each, word in words.items() for part in (f"--{each}", word))],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "SHENYONG__DATABASE__DSN": office.dsn, "LC_ALL": "en_US.UTF-8"},
        )  # fmt: skip

    assert add("early").returncode == 2  # the contract has not begun
    assert do(ho, path, "start") == 200
    assert "outlive" in add("late", expires="2028-01-01").stderr
    assert add("wrong", actor="application").returncode == 2
    assert add("nowhere", contract="115-CON-9999").returncode == 2
    made = add("helper")
    assert made.returncode == 0, made.stderr
    assert until(ho, path, "helper")
    headers = {"authorization": f"Bearer {made.stdout.split()[0]}"}
    asked = {"text": "您好", "env": "E1"}
    assert chen.client.post("/v1/shenyong/check", json=asked, headers=headers).status_code == 200
    assert do(ho, path, "close", note="驗收") == 200
    end, status = time.monotonic() + 60, 200
    while status == 200 and time.monotonic() < end:
        answer = chen.client.post("/v1/shenyong/check", json=asked, headers=headers)
        status = answer.status_code
        time.sleep(0.2)
    assert status == 401
