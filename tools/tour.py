"""The pictures of docs/tour.md and docs/tour.zh-TW.md: taken by the browser tests, on the way.

``make tour`` runs them against the real demonstration, keeps the pictures that are named here with
few colours, and writes both pages. Released documents are opened by LibreOffice, if it is there.
"""

# ruff: noqa: E501 - sentences are not broken
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "tour"
WIDTH = {"desk": 1000, "phone": 320}
SCREENS = {"desk": "1366×768", "phone": "390 px"}
COLOURS = 48
# name of the picture, what it shows in zh-TW, and in English
STEPS: tuple[tuple[str, str, str], ...] = (
    ("signin", "登入。示範機關可直接選角色。", "Signing in. The demonstration lets one choose a role."),
    ("home", "承辦人的案件：沒有送出的排在最前面，「下一步」說明要做什麼。", "The official's matters: what was not sent comes first, and each row says what is next."),
    ("lin-mnew", "新案件。「密」以上不使用生成式 AI。", "A new matter. From 密 up there is no generative AI."),
    ("typing", "邊打邊看：發現了什麼、會怎麼處理、送往哪裡。", "While one types: what is found, what would become of it, and where it goes."),
    ("refused", "沒有送出：哪幾個字、依哪一點、怎麼改。一鍵套用全部建議並重新檢查。", "Not sent: which words, by which point, and what helps. One click applies all remedies."),
    ("decision", "每個決定都有固定網址，只有類別與數量，沒有內容。", "Each decision has its permalink: kinds and counts, no content."),
    ("appeal", "認為判斷有誤時，請第二人決定。", "Where a finding is wrong, a second person decides."),
    ("draft", "模型寫的是草稿；待查證的項目逐一列出。", "What the model wrote is a draft; what has to be verified is listed beside it."),
    ("edit", "編輯；若已確認或發出，會先說明即將失效。", "Editing; what is confirmed or released already says that it will be void."),
    ("submitted", "判斷、依據、聲明之後送出覆核。", "Judged, with a basis and the declaration, and submitted."),
    ("queue", "主管的待我審閱。", "What waits for the supervisor."),
    ("countersign", "主管先看承辦人改了什麼，再覆核或退回。", "The supervisor first sees what the official changed, then countersigns or returns it."),
    ("released", "發出：揭露文字、編號、ODT、DOCX、PDF/A 與證明。", "Released: the disclosure, its number, ODT, DOCX, PDF/A and the proof."),
    ("copy", "分段複製到公文系統。", "Copied part by part into the document system."),
    ("verified", "把檔案放進來，就知道是否為真、遭更動或已失效。", "Put the file in: genuine, altered, or voided."),
    ("register", "民眾掃描 QR 看到的頁面：小於 50 kB，不需 JavaScript，不設 Cookie。", "What a citizen sees who scans the QR code: under 50 kB, no JavaScript, no cookies."),
    ("public", "揭露專區：可查詢，可下載 JSON、CSV、ODS。", "The public register, with JSON, CSV and ODS."),
    ("lin-log", "使用紀錄。", "Records of use."),
    ("huang-home", "稽核看全部案件。", "The auditor sees all matters."),
    ("wu-home", "資訊人員看模型、環境確認與系統狀態。", "The operator sees models, confirmations and the state of the system."),
    ("tang-office", "治理：各種紀錄由誰開立、由誰核定。", "Governance: who opens which record, and who approves it."),
    ("tang-rules-record", "機關自訂規則：先證明只會從嚴，再以過去 30 日之決定試行，由第二人核定。", "An agency's own rules: shown to tighten only, tried on the past thirty days, approved by a second person."),
    ("tang-rulescompose", "不寫程式，勾選組成規則。", "Rules composed without code."),
    ("tang-use-record", "用途之風險評估：盤點、識別、評估、應對、綜合判定。", "The assessment of a use, in five steps."),
    ("tang-confirmation-record", "環境安全性確認：證據、兩人、至多一年。", "Confirming an environment: evidence, two people, a year at most."),
    ("ho-contract-record", "委外契約：條款、具名遵守、工具申報、掃描摘要、金鑰。", "A contract: clauses, named acceptance, declared tools, signed scans, keys."),
    ("tang-incident-record", "事故：72 小時通報時限。", "An incident with its 72 hours."),
    ("yeh-subject_request-record", "當事人請求：以遮蔽顯示，調閱另有紀錄。", "A data subject's request: masked, and uncovering it is recorded."),
    ("huang-audit", "稽核：證明紀錄簿完整、追蹤一案、抽樣、找出繞道。", "Audit: prove the ledger, follow a case, draw a sample, find ways round."),
    ("huang-figures", "使用、風險與效率。", "Use, risk and efficiency."),
    ("tang-guideline", "指引版本與各點之作法，可匯出為範本。", "The guideline's edition and what carries out each point, to export as a template."),
    ("tang-agencies", "機關層級、人員與金鑰。", "The tree of agencies, people and keys."),
    ("lin-account", "帳戶：密碼、兩步驟驗證、通行金鑰。", "The account: password, second factor, passkeys."),
)  # fmt: skip
PAGES = {
    "zh": ("tour.zh-TW.md", "# 五分鐘導覽", "以下畫面由 `make tour` 在真實瀏覽器中走完全程時拍下：真的 PostgreSQL、真的本機模型、示範資料。", "發出的文件，以 LibreOffice 開啟"),
    "en": ("tour.md", "# A tour in five minutes", "Taken by `make tour` on the way through in a real browser: a real PostgreSQL, a real local model, invented data.", "The released documents, opened by LibreOffice"),
}  # fmt: skip


def main() -> int:
    """Run the tests, keep the pictures, write the pages."""
    with tempfile.TemporaryDirectory() as place:
        taken = Path(place)
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "tests/web/test_browser.py"]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "SHENYONG_TOUR": place}, check=False
        )
        if done.returncode:
            return done.returncode
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        released = _documents(taken)
        for lang in PAGES:
            _write(lang, taken, released)
    return 0


def _write(lang: str, taken: Path, released: list[str]) -> None:
    name, title, opening, documents = PAGES[lang]
    lines = [title, "", opening, ""]
    for picture, zh, en in STEPS:
        words = zh if lang == "zh" else en
        lines += [f"## {words}", ""]
        for screen, width in WIDTH.items():
            source = taken / f"{lang}-{screen}-{picture}.png"
            if not source.exists():
                continue
            _keep(source, FOLDER / source.name, width)
            lines += [f"![{words} ({SCREENS[screen]})](tour/{source.name})", ""]
    if released:
        lines += [f"## {documents}", ""]
        lines += [f"![{each}](tour/{each})" for each in released]
        lines.append("")
    (ROOT / "docs" / name).write_text("\n".join(lines), "utf-8")


def _keep(source: Path, target: Path, width: int) -> None:
    """The picture at this width and in few colours: a page has no more."""
    if target.exists():
        return
    with Image.open(source) as image:
        height = round(image.height * width / image.width)
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        small.quantize(COLOURS).save(target, optimize=True)


def _documents(taken: Path) -> list[str]:
    """The first page of each released document as LibreOffice shows it."""
    if not (shutil.which("soffice") and shutil.which("pdftoppm")):
        return []
    made = []
    for form in ("odt", "docx", "pdf"):
        file = taken / f"released.{form}"
        if not file.exists():
            continue
        folder = taken / form
        folder.mkdir()
        shown = file
        if form != "pdf":
            command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
            subprocess.run([*command, str(file)], check=True, capture_output=True)
            shown = folder / "released.pdf"
        picture = folder / "page"
        command = ["pdftoppm", "-r", "60", "-png", "-singlefile", str(shown), str(picture)]
        subprocess.run(command, check=True, capture_output=True)
        _keep(folder / "page.png", FOLDER / f"released-{form}.png", 500)
        made.append(f"released-{form}.png")
    return made


if __name__ == "__main__":
    sys.exit(main())
