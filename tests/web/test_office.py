"""Governance in the pages: officers write rules, confirm environments, keep contracts (7 to 10)."""

from __future__ import annotations

import datetime
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import odfdo
import pytest
from tests.house import AGENCY
from tests.web.office import Office, Visitor, running_office

from shenyong.web.keys import key_secret

TODAY = datetime.date.today()
LATER = (TODAY + datetime.timedelta(days=200)).isoformat()
FORBID = """@id("{pack}.cloud") @reason_zh("本機關不使用公有雲。") @reason_en("No public cloud here.")
forbid (principal, action in [Action::"send", Action::"sendRedacted", Action::"sendApproved"], resource)
when {{ context.environment == "E1" }};"""  # noqa: E501


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with running_office() as running:
        yield running


def opened(visitor: Visitor, kind: str, values: dict[str, object]) -> str:
    """The path of a new record."""
    visitor.get(f"/office/{kind}/new")
    visitor.post(f"/office/{kind}/new", values)
    assert visitor.page is not None
    assert visitor.page.status_code == 200, visitor.text
    return visitor.page.url.path


def do(visitor: Visitor, path: str, action: str, **values: object) -> int:
    visitor.get(path)
    visitor.post(f"{path}/do", {"action": action, **values})
    assert visitor.page is not None
    return visitor.page.status_code


@pytest.mark.point("ey-genai-2023:7")
class TestRules:
    def test_from_draft_to_force_and_back(self, office: Office) -> None:
        tang, yeh, lin = (office.visitor(each) for each in ("tang", "yeh", "lin"))
        path = opened(
            tang, "rules",
            {"pack": "no-cloud", "reason": "機關資安會議決議",
             "cedar": FORBID.format(pack="no-cloud"),
             "examples": "env=E1 expect=deny\nenv=E3 expect=allow"},
        )  # fmt: skip
        assert do(tang, path, "try") == 200
        assert "過去 30 日共" in tang.text
        assert do(tang, path, "propose") == 200
        assert do(tang, path, "approve", **{"from": TODAY.isoformat(), "note": "可"}) == 409
        assert "四眼" in tang.text
        assert do(lin, path, "approve", **{"from": TODAY.isoformat(), "note": "可"}) == 409
        assert do(yeh, path, "approve", **{"from": TODAY.isoformat(), "note": "可"}) == 200
        assert "第 1 版" in yeh.text
        until = time.monotonic() + 30
        verdict = ""
        while time.monotonic() < until and verdict != "deny":
            verdict = office.verdict("今天天氣很好", env="E1")
            time.sleep(0.3)
        assert verdict == "deny"
        assert do(yeh, path, "end", until=TODAY.isoformat(), note="回復") == 200
        until = time.monotonic() + 30
        while time.monotonic() < until and verdict != "allow":
            verdict = office.verdict("今天天氣很好", env="E1")
            time.sleep(0.3)
        assert verdict == "allow"

    def test_what_fails_its_examples_is_not_proposed(self, office: Office) -> None:
        tang = office.visitor("tang")
        path = opened(
            tang, "rules",
            {"pack": "wrong", "reason": "x", "cedar": FORBID.format(pack="wrong"),
             "examples": "env=E3 expect=deny"},
        )  # fmt: skip
        assert do(tang, path, "propose") == 409
        assert do(tang, path, "try") == 200
        assert "1: deny ≠ allow" in tang.text

    def test_a_permit_is_refused_with_its_line(self, office: Office) -> None:
        tang = office.visitor("tang")
        text = '// \n\n@id("x.y") @reason_zh("放寬")\npermit (principal, action, resource);'
        path = opened(tang, "rules", {"pack": "loose", "reason": "x", "cedar": text})
        do(tang, path, "try")
        assert re.search(r"line 3", tang.text)
        assert do(tang, path, "propose") == 409


@pytest.mark.point("ey-genai-2023:0")
def test_a_use_is_assessed_exported_and_its_warning_is_met(office: Office) -> None:
    lin, chen, far = (office.visitor(each) for each in ("lin", "chen", "farciso"))
    values = {
        "title": "陳情分案建議", "purpose": "administrative_act_support", "owner": "lin",
        "users": "unit", "classes": ["D0", "D2"], "ground": "none", "harms": "誤分案致延誤",
        "before_design": "limited", "before_operation": "low", "before_society": "low",
        "basis": "principal", "responses": "承辦人逐件覆核", "after_design": "low",
        "after_operation": "low", "after_society": "low", "review_by": LATER,
    }  # fmt: skip
    lin.get("/office/use/new")
    lin.post("/office/use/new", values)
    assert "個資法之依據" in lin.text
    assert "誤分案致延誤" in lin.text  # nothing typed is lost
    path = opened(lin, "use", {**values, "ground": "pdpa15_1"})
    assert "陳情分案建議" not in lin.get("/m/new").text  # not approved yet
    assert do(lin, path, "submit") == 200
    assert do(chen, path, "approve", note="同意") == 200
    assert "期限" in chen.text  # the day by which it is assessed again
    made = [each for each in office.registry().use_cases.values() if each.title == "陳情分案建議"]
    assert [(each.risk, each.warning, each.ground) for each in made] == [("high", True, "pdpa15_1")]

    sheet = odfdo.Document(io.BytesIO(lin.get(f"{path}/checklist?as=ods").content))
    cells = [[str(cell.value) for cell in row.cells] for row in sheet.body.tables[0].rows]
    steps = list(dict.fromkeys(row[0] for row in cells[1:]))
    assert steps == ["一、盤點", "二、識別", "三、評估", "四、應對", "五、綜合判定"]
    assert any("主要依據" in row[2] for row in cells)
    paper = odfdo.Document(io.BytesIO(lin.get(f"{path}/checklist?as=odt").content))
    told = str(paper.get_formatted_text())
    assert "綜合判定之風險" in told
    assert "林示範" in told
    assert far.get(f"{path}/checklist").status_code == 404

    # A matter hangs on it: with a key of its own, its label above, its header on the answer.
    end = time.monotonic() + 60
    while "陳情分案建議" not in lin.get("/m/new").text and time.monotonic() < end:
        time.sleep(0.3)
    matter = {"number": "1150099100", "title": "分案", "template": "letter", "level": "普通",
              "use": made[0].id}  # fmt: skip
    lin.post("/m/new", {**matter, "use": "u-nothing"})
    assert lin.page is not None
    assert lin.page.status_code == 400
    lin.post("/m/new", matter)
    assert lin.page.status_code == 200
    assert "高風險用途" in lin.text
    page = lin.page.url.path
    keys = [each for each in office.registry().keys if each.use_case == made[0].id]
    assert [(each.owner, each.actor.value) for each in keys] == [("lin", "official_need_to_know")]
    pepper = bytes.fromhex((office.folder / "keys" / "pepper.key").read_text().strip())
    answer = httpx.post(
        f"{office.url}/v1/chat/completions",
        json={"model": "local/echo", "messages": [{"role": "user", "content": "您好"}]},
        headers={"authorization": f"Bearer sk-sy-{keys[0].id}-{key_secret(pepper, keys[0].id)}"},
        timeout=60,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-shenyong-risk"] == "high"
    office.model_server.reset()
    lin.get(page)
    lin.post(f"{page}/ask", {"prompt": "請擬一份說明。", "model": "local/echo"})
    assert "請擬一份說明" in office.model_server.received[-1].decode()


@pytest.mark.point("ey-genai-2023:4")
def test_an_environment_is_confirmed_by_two(office: Office) -> None:
    tang, chen, wu = (office.visitor(each) for each in ("tang", "chen", "wu"))
    model = next(iter(office.registry().models))
    values = {
        "model": model, "stack": "llama.cpp b1", "segment": "10.1.0.0/24",
        "weights_sha256": "ab" * 32, "max_class": "D2",
        "evidence": "弱掃 115-001\n出口測試 115-002", "air_gapped": "no",
        "from": TODAY.isoformat(), "until": LATER,
    }  # fmt: skip
    wu.get("/office/confirmation/new")
    wu.post("/office/confirmation/new", {**values, "until": "2030-01-01"})
    assert "一年為限" in wu.text
    path = opened(wu, "confirmation", values)
    assert do(wu, path, "confirm", note="x") == 409
    assert do(tang, path, "confirm", note="證據完整") == 200
    assert do(tang, path, "approve", note="x") == 409
    assert do(chen, path, "approve", note="同意") == 200
    found = [each for each in office.registry().confirmations(model) if each.confirmed_by == "tang"]
    assert [(each.max_class.value, each.approved_by) for each in found] == [("D2", "chen")]
    assert do(chen, path, "revoke", note="環境異動") == 200
    found = [each for each in office.registry().confirmations(model) if each.confirmed_by == "tang"]
    assert all(each.revoked for each in found)


@pytest.mark.point("ey-genai-2023:2")
def test_a_deputy_countersigns_while_it_lasts(office: Office) -> None:
    chen, su, kao = (office.visitor(each) for each in ("chen", "su", "kao"))
    path = opened(
        chen, "delegation",
        {"person": "chen", "deputy": "kao", "from": TODAY.isoformat(), "until": LATER},
    )  # fmt: skip
    assert kao.get("/queue").status_code == 404
    assert do(chen, path, "grant") == 409
    assert do(su, path, "grant") == 200
    until = time.monotonic() + 60
    while kao.get("/queue").status_code == 404 and time.monotonic() < until:
        time.sleep(0.3)
    assert kao.get("/queue").status_code == 200
    assert do(chen, path, "end") == 200
    until = time.monotonic() + 60
    while kao.get("/queue").status_code == 200 and time.monotonic() < until:
        time.sleep(0.3)
    assert kao.get("/queue").status_code == 404


@pytest.mark.point("ey-genai-2023:8")
def test_a_contract_from_award_to_proof_of_deletion(office: Office) -> None:
    ho, yeh, lin = (office.visitor(each) for each in ("ho", "yeh", "lin"))
    path = opened(
        ho, "contract",
        {"title": "網站維護", "contractor": "示範資訊公司", "begins": "115-01-01",
         "ends": "116-12-31", "nature": "software", "secrets": "no", "core_system": "no",
         "incident_hours": "1", "retention_months": "6"},
    )  # fmt: skip
    assert lin.get(path).status_code == 404
    assert do(ho, path, "start") == 200
    assert do(ho, path, "accept", person="王示範", rules_version="1.1.0",
              accepted_on="115-01-05") == 200  # fmt: skip
    assert "王示範" not in ho.text
    ho.post(f"{path}/unmask", {"reason": "履約查核"})
    assert "王示範" in ho.text
    assert do(ho, path, "declare_tool", tool="示範助手", version="2", country="TW",
              tool_purpose="程式碼建議", tool_classes="D0", approved="yes") == 200  # fmt: skip
    assert do(ho, path, "deliver", deliverable="首頁", ai_used="yes", ai_parts="樣式表",
              checked_by="林示範") == 200  # fmt: skip
    assert do(ho, path, "incident", what="測試機遺失") == 200
    assert "期限" in ho.text
    assert do(ho, path, "incident_closed", what="已尋回") == 200
    assert do(ho, path, "close", note="驗收") == 200
    assert do(ho, path, "deleted", proof="x", deleted_on="116-12-31") == 409
    assert do(yeh, path, "deleted", proof="抹除紀錄 001", deleted_on="116-12-31") == 200


@pytest.mark.point("ey-genai-2023:7")
def test_a_data_subject_is_found_answered_and_erased(office: Office) -> None:
    lin, yeh = office.visitor("lin"), office.visitor("yeh")
    lin.get("/m/new")
    lin.post("/m/new", {"number": "1150099001", "title": "示範陳情人甲之回復", "template": "letter",
                        "level": "普通", "countersign": "yes"})  # fmt: skip
    opened(lin, "comment", {"point": "6", "text": "示範陳情人甲希望更正", "proposal": ""})
    path = opened(
        yeh, "subject_request",
        {"right": "delete", "subject": "示範陳情人甲", "identified_by": "document",
         "terms": "示範陳情人甲"},
    )  # fmt: skip
    assert "示範陳情人甲" not in yeh.text
    assert do(yeh, path, "search") == 200
    assert "1150099001" in yeh.text
    found = re.search(r"\d{3}-COM-\d{4}", yeh.text)
    assert found is not None
    before = office.rows("SELECT count(*) FROM ledger_entry WHERE agency = %s", AGENCY)[0][0]
    assert do(yeh, path, "erase", number="1150099001", note="依請求刪除") == 200
    assert do(yeh, path, "erase", number="1150099001", note="再一次") == 409
    assert do(yeh, path, "erase", number=found[0], note="意見") == 200
    assert do(yeh, path, "answer", note="已刪除") == 200
    assert "1150099001" not in lin.get("/mine").text
    # The key and the sealed bytes are gone; what was recorded is all there, and proves itself.
    assert office.rows("SELECT key, sealed FROM matter WHERE number = '1150099001'") == [
        (None, b"")
    ]
    assert office.rows("SELECT key, sealed FROM record WHERE number = %s", found[0]) == [
        (None, b"")
    ]
    after = office.rows("SELECT count(*) FROM ledger_entry WHERE agency = %s", AGENCY)[0][0]
    assert after > before
    huang = office.visitor("huang")
    huang.post("/audit/verify")
    assert "已證明" in huang.text


@pytest.mark.point("ey-genai-2023:7")
def test_an_incident_has_its_72_hours(office: Office) -> None:
    lin, tang, yeh = (office.visitor(each) for each in ("lin", "tang", "yeh"))
    values = {"title": "誤寄", "sort": "leak", "what": "誤寄名冊", "categories": ["contact"],
              "count": "12", "n_contact": "12"}  # fmt: skip
    lin.get("/office/incident/new")
    lin.post("/office/incident/new", {**values, "n_medical": "1"})
    assert "須一併勾選" in lin.text
    lin.post("/office/incident/new", {**values, "n_contact": "13"})
    assert "不得少於" in lin.text
    path = opened(lin, "incident", values)
    assert "期限" in lin.text
    assert "逾 100 筆" not in lin.text
    assert do(tang, path, "recount", categories=["contact", "identity"], count="150",
              n_contact="150", n_identity="15") == 200  # fmt: skip
    assert "逾 100 筆" in tang.text
    assert do(tang, path, "report", authority="示範主管機關", letter="115-1", subjects_told="yes",
              note="已通報") == 200  # fmt: skip
    assert "已逾 72 小時" not in tang.text
    assert do(tang, path, "close", lessons="x") == 409
    assert do(yeh, path, "close", lessons="加強雙人覆核") == 200
    # One that was known four days ago is overdue from the start, and stays told as late.
    known = (TODAY - datetime.timedelta(days=4)).isoformat()
    late = opened(lin, "incident", {**values, "known_on": known})
    tang.get("/office/incident")
    assert re.search(r'tag deny">[^<]*期限', tang.text)
    assert re.search(r"聯絡方式</dt><dd class=\"num\">162<", tang.text)
    assert do(tang, late, "report", authority="示範主管機關", letter="115-2", subjects_told="yes",
              note="已通報") == 200  # fmt: skip
    assert "已逾 72 小時始通報" in tang.text


def test_logs_are_kept_for_half_a_year_at_least(office: Office) -> None:
    yeh = office.visitor("yeh")
    yeh.get("/office/retention/new")
    yeh.post("/office/retention/new", {"what": "log", "days": "90", "ground": "x"})
    assert "6 個月" in yeh.text
    opened(yeh, "retention", {"what": "log", "days": "183", "ground": "資安法"})


@pytest.mark.point("ey-genai-2023:7")
def test_what_is_older_than_its_rule_is_swept_by_a_command(office: Office) -> None:
    lin, yeh, su = (office.visitor(each) for each in ("lin", "yeh", "su"))
    for number in ("1150099201", "1150099202"):
        lin.get("/m/new")
        lin.post(
            "/m/new", {"number": number, "title": "舊案", "template": "letter", "level": "普通"}
        )
    old = (time.time_ns() // 1000) - 400 * 86_400_000_000
    office.execute("UPDATE matter SET updated = %s WHERE number = '1150099201'", old)

    def run(*more: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).parent / "shenyong", "retention", "run", "--config", office.file,
             "--json", *more],
            env={**os.environ, "SHENYONG__DATABASE__DSN": office.dsn}, capture_output=True,
            text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout

    path = opened(yeh, "retention", {"what": "matters", "days": "365", "ground": "檔案保存年限"})
    assert '"count"' not in run("--dry-run")  # a draft sweeps nothing
    assert do(yeh, path, "approve", note="x") == 409
    assert do(su, path, "approve", note="可") == 200
    # The gateway sweeps once a day too, the first time soon after its start: once in all it is.
    assert '"count"' in run("--dry-run")
    run()
    assert '"count":0' in run()
    shown = lin.get("/mine").text
    assert "1150099201" not in shown
    assert "1150099202" in shown
    told = office.rows("SELECT count(*) FROM ledger_entry WHERE leaf LIKE %s", b"%retention.sweep%")
    assert told == [(1,)]


@pytest.mark.point("ey-genai-2023:7")
def test_human_contribution_and_a_consent_are_told(office: Office) -> None:
    lin, kao, chen, yeh = (office.visitor(each) for each in ("lin", "kao", "chen", "yeh"))
    consent = {"what": "style", "person": "示範作家", "use": "文宣", "consent": "同意書 115-1",
               "until": LATER}  # fmt: skip
    path = opened(lin, "likeness", consent)
    assert "示範作家" not in lin.text
    assert do(chen, path, "grant", note="可") == 200
    lin.get("/m/new")
    lin.post(
        "/m/new", {"number": "1150099301", "title": "文宣", "template": "news", "level": "普通"}
    )
    assert lin.page is not None
    page = lin.page.url.path
    office.model_server.reset()
    asked = "請以示範作家的風格寫一段文宣。"
    lin.post(f"{page}/ask", {"prompt": asked, "model": "local/echo"})
    assert "已有其同意" in lin.get(page).text
    lin.get(f"{page}/edit")
    lin.post(f"{page}/edit", {"text": "標題：人寫的標題\n內文：人寫的一段話。"})
    told = lin.get(f"{page}/contribution?as=json").json()["rows"]
    values = {row["項目"]: row["內容"] for row in told}
    assert values["人員貢獻比例"].endswith("%")
    assert int(values["人員增寫之字數"]) > 10
    assert len(values["文字之雜湊（sha256）"]) == 64
    assert any(row["項目"] == "人員增寫" for row in told)
    for form in ("ods", "csv"):
        assert lin.get(f"{page}/contribution?as={form}").status_code == 200
    for stranger in (kao, yeh):
        assert stranger.get(f"{page}/contribution?as=json").status_code == 404
    assert lin.get(f"{page}/contribution?as=exe").status_code == 404


def test_lists_can_be_taken_away_without_formulas(office: Office) -> None:
    lin = office.visitor("lin")
    opened(lin, "comment", {"point": "4", "text": "=HYPERLINK(1)", "proposal": "+加註"})
    table = lin.get("/office/comment?as=csv")
    assert table.text.startswith("\ufeff")
    assert "'=HYPERLINK(1)" in table.text
    assert lin.get("/office/comment?as=json").json()["rows"]
    assert lin.get("/office/comment?as=ods").content[:2] == b"PK"
