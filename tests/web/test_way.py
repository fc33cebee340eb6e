"""The whole way without JavaScript: refused, mended, drafted, judged, countersigned, released.

Over real HTTP, with a model's server that says what a test lets it say.
"""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile

import pytest
from tests.house import chunks
from tests.web.office import UNRELEASED, Office, Visitor, seconds_to_read
from tests.web.test_routes import begin

pytestmark = [pytest.mark.point("ey-genai-2023:5")]

PROMPT = (
    "請回復陳情人王小明（身分證字號 A123456789，手機 0912-345-678）的來信，說明系統已於"
    "115年11月3日修復，請重新上傳附件。" + UNRELEASED
)
ANSWER = "主旨：有關台端反映系統無法上傳附件一案，復如說明，請查照。\n說明：系統已於115年11月3日修復，請重新上傳附件。"  # noqa: E501


def says(office: Office, text: str) -> None:
    office.model_server.script = lambda _: chunks(
        *(text[i : i + 5] for i in range(0, len(text), 5))
    )


def drafted(office: Office, lin: Visitor, text: str = ANSWER, **more: str) -> str:
    """A matter of lin's whose model has answered with these words."""
    matter = begin(lin, "上傳附件", **more)
    says(office, text)
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/ask", {"prompt": "請擬函。", "model": "local/echo"})
    assert lin.page is not None
    assert lin.page.status_code == 200
    return matter


def judged(lin: Visitor, matter: str) -> None:
    """Every open item is verified with a source."""
    for _ in range(60):
        lin.get(f"/m/{matter}")
        found = re.search(r'name="check" value="(\w+)"><label', lin.text)
        if found is None:
            return
        lin.post(f"/m/{matter}/judge", {"check": found[1], "what": "verify", "words": "來文"})


def submitted(lin: Visitor, matter: str, **more: str) -> None:
    lin.get(f"/m/{matter}")
    told = {"digest": lin.hidden("digest"), "basis_kind": "document", "basis": "來文", **more}
    lin.post(f"/m/{matter}/submit", {"declared": "yes", "hasty": "yes", **told})


def countersigned(chief: Visitor, matter: str) -> None:
    chief.get(f"/m/{matter}")
    told = {"digest": chief.hidden("digest"), "opened": chief.hidden("opened"), "hasty": "yes"}
    chief.post(f"/m/{matter}/countersign", {"what": "approve", **told})


def released(office: Office, lin: Visitor, text: str = ANSWER) -> tuple[str, str]:
    """A released matter: its id and its public number."""
    matter = drafted(office, lin, text)
    judged(lin, matter)
    submitted(lin, matter)
    countersigned(office.visitor("chen"), matter)
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/release", {})
    found = re.search(r"SY-1\d\d-[0-9A-Z]+", lin.text)
    assert found is not None, lin.text[-4000:]
    return matter, found[0]


@pytest.mark.point("ey-genai-2023:4")
def test_from_a_refusal_to_the_register(office: Office) -> None:
    lin, chen = office.visitor("lin"), office.visitor("chen")
    matter = begin(lin, "陳情人反映無法上傳")
    lin.post(f"/m/{matter}/ask", {"prompt": PROMPT, "model": "cloud/echo"})
    assert "這次沒有送出任何資料" in lin.text
    assert "第四點" in lin.text
    assert "A12*****89" in lin.text
    assert not office.model_server.received

    says(office, ANSWER)
    lin.post(f"/m/{matter}/ask", {"prompt": PROMPT, "model": "cloud/echo", "fix": "all"})
    assert "請重新上傳附件" in lin.text
    sent = office.model_server.received[-1].decode()
    for secret in ("王小明", "A123456789", "0912-345-678", "補助上限"):
        assert secret not in json.dumps(json.loads(sent), ensure_ascii=False)
    assert "未經確認" in lin.text

    lin.post(f"/m/{matter}/source", {"title": "維修紀錄", "text": "系統於115年11月3日修復。"})
    assert "與「維修紀錄」相符" in lin.text
    judged(lin, matter)
    lin.get(f"/m/{matter}")
    told = {"digest": lin.hidden("digest"), "basis_kind": "document", "basis": "維修紀錄"}
    lin.post(f"/m/{matter}/submit", told)
    assert "請勾選最終判斷的聲明" in lin.text
    lin.post(f"/m/{matter}/submit", {**told, "declared": "yes"})
    assert "讀完約需" in lin.text  # quicker than it can be read: said first
    time.sleep(seconds_to_read(ANSWER))
    lin.post(f"/m/{matter}/submit", {**told, "declared": "yes"})
    assert "已送出覆核" in lin.text

    assert "陳情人反映無法上傳" in chen.get("/queue").text
    countersigned(chen, matter)
    assert "已確認" in chen.text
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/release", {})
    number = re.search(r"SY-1\d\d-[0-9A-Z]+", lin.text)
    assert number is not None

    data = lin.get(f"/m/{matter}/file?format=odt").content
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    lin.get("/verify")
    lin.post("/verify", files={"file": ("回復.odt", data)})
    assert "<h2>為真</h2>" in lin.text
    assert number[0] in lin.text

    stranger = Visitor(office.public_url)
    page = stranger.get(f"/r/{number[0]}")
    assert page.status_code == 200
    assert "測試機關" in page.text
    for secret in (matter, "陳情人反映", "林示範", "lin"):
        assert secret not in re.sub(r"<(head|header|footer).*?</\1>", "", page.text, flags=re.S)
    assert len(page.content) < 50_000
    assert "<script" not in page.text
    assert number[0] in stranger.get("/data/disclosures.csv").text


@pytest.mark.point("ey-genai-2023:2")
def test_an_edit_voids_what_was_confirmed_and_released(office: Office) -> None:
    lin = office.visitor("lin")
    matter, number = released(office, lin)
    data = lin.get(f"/m/{matter}/file?format=docx").content
    lin.get(f"/m/{matter}/edit")
    assert "已發出的版本即失效" in lin.text
    lin.post(f"/m/{matter}/edit", {"text": ANSWER + "\n又及。", "digest": lin.hidden("digest")})
    assert f"發出版本 {number} 已於" in lin.text
    lin.get("/verify")
    lin.post("/verify", files={"file": ("a.docx", data)})
    assert "已失效" in lin.text
    assert "失效" in Visitor(office.public_url).get(f"/r/{number}").text


@pytest.mark.point("ey-genai-2023:2")
def test_a_changed_file_is_found_out(office: Office) -> None:
    lin = office.visitor("lin")
    matter, _ = released(office, lin)
    data = lin.get(f"/m/{matter}/file?format=odt").content
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "content.xml":
                assert "重新上傳".encode() in content
                content = content.replace("重新上傳".encode(), "不得上傳".encode())
            new.writestr(item, content)
    lin.get("/verify")
    lin.post("/verify", files={"file": ("a.odt", changed.getvalue())})
    assert "<h2>遭更動</h2>" in lin.text
    lin.get("/verify")
    lin.post("/verify", files={"file": ("b.txt", "與本系統無關的文字".encode())})
    assert "<h2>不明</h2>" in lin.text
    lin.get("/verify")
    lin.post("/verify", files={"file": ("c.odt", b"PK\x03\x04 broken")})
    assert "無法讀取" in lin.text


def test_a_draft_says_on_every_page_that_nobody_confirmed_it(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin)
    data = lin.get(f"/m/{matter}/file?format=odt")
    assert "%E6%9C%AA%E7%B6%93%E7%A2%BA%E8%AA%8D" in data.headers["content-disposition"]
    lin.get("/verify")
    lin.post("/verify", files={"file": ("d.odt", data.content)})
    assert "<h2>未經確認的草稿</h2>" in lin.text
    for form in ("docx", "pdf", "txt"):
        assert lin.get(f"/m/{matter}/file?format={form}").status_code in (200, 501)
    assert lin.get(f"/m/{matter}/file?format=proof").status_code == 404


@pytest.mark.point("ey-genai-2023:2")
def test_nobody_countersigns_twice_nor_what_was_changed(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin)
    judged(lin, matter)
    submitted(lin, matter)
    chiefs = [office.visitor("chen"), office.visitor("tsai")]
    for chief in chiefs:
        chief.get(f"/m/{matter}")
    forms = [
        {"digest": each.hidden("digest"), "opened": each.hidden("opened"), "hasty": "yes"}
        for each in chiefs
    ]
    start, said = threading.Barrier(2), []

    def sign(at: int) -> None:
        start.wait()
        chiefs[at].post(f"/m/{matter}/countersign", {**forms[at], "what": "approve"})
        said.append(chiefs[at].page.status_code)  # type: ignore[union-attr]

    threads = [threading.Thread(target=sign, args=(at,)) for at in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(said) == [200, 409]
    steps = office.rows(
        "SELECT count(*) FROM matter_step WHERE matter = %s AND action = 'draft.countersign'",
        matter,
    )
    assert steps == [(1,)]


@pytest.mark.point("ey-genai-2023:2")
def test_a_double_click_releases_once(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin)
    judged(lin, matter)
    submitted(lin, matter)
    countersigned(office.visitor("chen"), matter)
    lin.get(f"/m/{matter}")
    csrf, url = lin.csrf, f"{office.url}/m/{matter}/release"
    cookies = dict(lin.client.cookies)
    import httpx

    threads = [
        threading.Thread(
            target=lambda: httpx.post(url, data={"csrf": csrf}, cookies=cookies, timeout=60)
        )
        for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert office.rows("SELECT count(*) FROM release WHERE matter = %s", matter) == [(1,)]


@pytest.mark.point("ey-genai-2023:3")
def test_a_classified_matter_asks_no_model(office: Office) -> None:
    lin = office.visitor("lin")
    matter = begin(lin, "保管", level="密")
    assert "不使用生成式 AI" in lin.text
    lin.post(f"/m/{matter}/ask", {"prompt": "請擬稿", "model": "local/echo"})
    assert lin.page is not None
    assert lin.page.status_code == 409
    assert "第三點" in lin.text
    assert not office.model_server.received


@pytest.mark.point("ey-genai-2023:2")
def test_an_administrative_act_needs_a_second_person_and_its_parts(office: Office) -> None:
    lin = office.visitor("lin")
    text = "主旨：駁回台端之申請。\n說明：查台端資格不符，不予核准。"
    matter = drafted(office, lin, text, countersign="no")
    assert "行政處分" in lin.text
    assert "救濟教示" in lin.text
    judged(lin, matter)
    submitted(lin, matter)
    assert "待覆核" in lin.text
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/release", {})
    assert "內文尚未確認" in lin.text


def test_two_tabs_lose_nothing(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin)
    lin.get(f"/m/{matter}/edit")
    seen = lin.hidden("digest")
    lin.post(f"/m/{matter}/edit", {"text": "主旨：第一個分頁。", "digest": seen})
    lin.get(f"/m/{matter}/edit")
    lin.post(f"/m/{matter}/edit", {"text": "主旨：第二個分頁。", "digest": seen})
    assert lin.page is not None
    assert lin.page.status_code == 409
    assert "第一個分頁" in lin.text
    assert "第二個分頁" in lin.text


def test_a_session_that_ended_gives_the_text_back(office: Office) -> None:
    lin = office.visitor("lin")
    matter = drafted(office, lin)
    lin.get(f"/m/{matter}/edit")
    seen = lin.hidden("digest")
    office.execute("UPDATE web_session SET seen = 0, created = 0 WHERE person = 'lin'")
    lin.post(
        f"/m/{matter}/edit", {"text": "主旨：打了很久的文字，一個字也不能不見。", "digest": seen}
    )
    assert lin.page is not None
    assert lin.page.status_code == 401
    assert "原樣帶回" in lin.text
    resume = re.search(r'<textarea name="resume" hidden>([^<]*)</textarea>', lin.page.text)
    assert resume is not None
    import html

    from tests.web.office import PASSWORD

    told = {"person": "lin", "password": PASSWORD, "resume": html.unescape(resume[1])}
    lin.get("/signin")
    lin.post("/signin", told)
    assert "打了很久的文字" in lin.text
    text, digest = "主旨：打了很久的文字，一個字也不能不見。", lin.hidden("digest")
    lin.post(f"/m/{matter}/edit", {"text": text, "digest": digest})
    assert "一個字也不能不見" in lin.get(f"/m/{matter}").text


@pytest.mark.point("ey-genai-2023:4")
def test_an_appeal_is_decided_by_another_person(office: Office) -> None:
    lin, chen = office.visitor("lin"), office.visitor("chen")
    matter = begin(lin, "申訴")
    lin.post(f"/m/{matter}/ask", {"prompt": PROMPT, "model": "cloud/echo"})
    link = re.search(r'href="(/appeal/[0-9a-f-]+)"', lin.text)
    assert link is not None
    lin.get(link[1])
    lin.post(link[1], {"reason": ""})
    assert "請寫明理由" in lin.text
    lin.post(link[1], {"reason": "這是公開的示範姓名"})
    assert "待決定" in lin.text
    lin.get(link[1])
    lin.post(link[1], {"reason": "再一次"})
    assert "已經提出過" in lin.text
    chen.get("/queue")
    plea = re.search(r'action="(/plea/[0-9a-f-]+)"', chen.text)
    assert plea is not None
    lin.get("/account")
    lin.post(plea[1], {"what": "grant", "answer": "自己同意"})
    assert lin.page is not None
    assert lin.page.status_code == 404
    su = office.visitor("su")
    su.get("/account")
    su.post(plea[1], {"what": "grant", "answer": "別科"})
    assert su.page is not None
    assert su.page.status_code == 404
    chen.post(plea[1], {"what": "grant", "answer": "確為示範資料"})
    assert "確為示範資料" in lin.get("/log").text


def test_the_model_s_failure_keeps_the_prompt(office: Office) -> None:
    lin = office.visitor("lin")
    matter = begin(lin, "失敗")
    office.model_server.script = lambda _: 500
    lin.post(f"/m/{matter}/ask", {"prompt": "請擬一份函，謝謝。", "model": "local/echo"})
    assert "模型沒有回應" in lin.text
    assert "請擬一份函，謝謝。" in lin.text


@pytest.mark.point("ey-genai-2023:4")
def test_what_is_held_goes_once_a_second_person_approved_it(office: Office) -> None:
    lin, chen = office.visitor("lin"), office.visitor("chen")
    matter = begin(lin, "核准")
    asked = {"prompt": "請摘要：林先生罹患糖尿病，並曾犯竊盜罪。", "model": "local/echo"}
    lin.post(f"/m/{matter}/ask", asked)
    assert "這次先保留" in lin.text
    link = re.search(r'href="(/appeal/([0-9a-f-]+))"', lin.text)
    assert link is not None
    assert "依核准送出" not in lin.text
    lin.post(f"/m/{matter}/ask", {**asked, "approval": link[2]})
    assert "這次先保留" in lin.text  # nobody approved it yet
    link = re.search(r'href="(/appeal/([0-9a-f-]+))"', lin.text)
    assert link is not None
    lin.get(link[1])
    assert "請求核准送出" in lin.text
    lin.post(link[1], {"reason": "長照案件必要"})
    chen.get("/queue")
    plea = re.search(r'action="(/plea/[0-9a-f-]+)"', chen.text)
    assert plea is not None
    chen.post(plea[1], {"what": "grant", "answer": "封閉環境，同意"})
    lin.get(f"/m/{matter}?again=1")
    assert "依核准送出" in lin.text
    says(office, "摘要：本案已處理。")
    lin.post(f"/m/{matter}/ask", {**asked, "prompt": asked["prompt"] + "謝謝", "approval": link[2]})
    assert not office.model_server.received  # other words were not approved
    lin.post(f"/m/{matter}/ask", {**asked, "approval": link[2]})
    assert "本案已處理" in lin.text
    leaves = [bytes(each[0]) for each in office.rows("SELECT leaf FROM ledger_entry")]
    assert any(link[2].encode() in leaf and b'"approved"' in leaf for leaf in leaves)


@pytest.mark.point("ey-genai-2023:7")
def test_a_draft_that_copies_a_protected_work_is_told_so(office: Office) -> None:
    from tests.inspection.test_overlaps import WORK
    from tests.web.test_commands import call

    file = office.folder / "午後的雨.txt"
    file.write_text(WORK, "utf-8")
    told = ("--agency", "house", "--owner", "lin", "--protected", "--config", str(office.file))
    code, said = call(office, "unreleased", "add", str(file), *told)
    assert code == 0, said
    time.sleep(1.5)  # workers take a change within registry.refresh_seconds
    lin = office.visitor("lin")
    matter = drafted(office, lin, f"標題：島上的冬天\n內文：{WORK}")
    assert "近乎逐字相同" in lin.text
    assert "午後的雨" in lin.text
    submitted(lin, matter)
    assert "尚有" in lin.text


def test_a_person_can_not_say_to_have_read_longer(office: Office) -> None:
    lin, chen = office.visitor("lin"), office.visitor("chen")
    matter = drafted(office, lin)
    judged(lin, matter)
    submitted(lin, matter)
    chen.get(f"/m/{matter}")
    told = {"digest": chen.hidden("digest"), "opened": "1000000", "what": "approve"}
    chen.post(f"/m/{matter}/countersign", told)
    assert "讀完約需" in chen.text
    chen.get(f"/m/{matter}")
    mine = chen.hidden("opened")
    older = f"{int(mine.partition('.')[0]) - 10**12}.{mine.partition('.')[2]}"
    chen.post(f"/m/{matter}/countersign", {**told, "opened": older})
    assert "讀完約需" in chen.text
    time.sleep(seconds_to_read(ANSWER))
    chen.post(f"/m/{matter}/countersign", {**told, "opened": mine})
    assert "已確認" in chen.text


def test_what_is_too_long_is_said_and_kept_on_the_page(office: Office) -> None:
    lin = office.visitor("lin")
    matter = begin(lin, "太長")
    lin.post(f"/m/{matter}/ask", {"prompt": "長" * 200_001, "model": "local/echo"})
    assert lin.page is not None
    assert lin.page.status_code == 409
    assert "超過上限" in lin.text
    assert "長" * 1000 in lin.text
    assert not office.model_server.received


def test_stopping_keeps_what_was_written(office: Office) -> None:
    lin = office.visitor("lin")
    matter = begin(lin, "停止")
    office.model_server.script = lambda _: [*chunks("主旨：", "先寫到這裡。")[:3], 20]
    lin.get(f"/m/{matter}")
    data = {"csrf": lin.csrf, "prompt": "請擬函。", "model": "local/echo"}
    headers = {"accept": "text/event-stream"}
    with lin.client.stream("POST", f"/m/{matter}/ask", data=data, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if "event: text" in line:
                break
    until = time.monotonic() + 60
    while "模型沒有寫完" not in lin.get(f"/m/{matter}").text:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert "主旨：" in lin.text
    assert "未經確認" in lin.text
