"""``verify``, ``statutes`` and ``user`` as an operator calls them, against a running office."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.running import PROGRAM
from tests.web.office import PASSWORD, Office
from tests.web.test_way import released

pytestmark = [pytest.mark.point("ey-genai-2023:5")]

ARCHIVE = Path(__file__).parents[3] / "shared/data/statutes/ChLaw.zip"


def call(office: Office, *words: str, given: str = "") -> tuple[int, str]:
    done = subprocess.run(
        [*PROGRAM, *words],
        env={**os.environ, "SHENYONG__DATABASE__DSN": office.dsn},
        input=given, capture_output=True, text=True, timeout=120, cwd=office.folder, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.point("ey-genai-2023:6")
def test_verify_says_what_a_file_is(office: Office, tmp_path: Path) -> None:
    lin = office.visitor("lin")
    matter, number = released(office, lin)
    files = {}
    for form in ("odt", "docx", "pdf", "txt", "proof"):
        page = lin.get(f"/m/{matter}/file?format={form}")
        if page.status_code == 200:
            files[form] = tmp_path / f"released.{form}"
            files[form].write_bytes(page.content)
    config = ("--config", str(office.file))
    for form in ("odt", "docx", "pdf"):
        if form not in files:
            continue
        code, said = call(office, "verify", str(files[form]), *config)
        assert (code, "為真" in said, number in said) == (0, True, True), said
    code, said = call(office, "verify", str(files["txt"]), "--proof", str(files["proof"]), *config)
    assert code == 0, said
    code, said = call(office, "verify", str(files["txt"]), *config)
    assert (code, "不明" in said) == (1, True)

    # Offline: only the public key, no settings, no database.
    key = tmp_path / "log.vkey"
    rows = office.rows("SELECT public_key FROM ledger_head WHERE agency = 'house'")
    key.write_text(rows[0][0])
    alone = {k: v for k, v in os.environ.items() if not k.startswith("SHENYONG")}
    done = subprocess.run(
        [*PROGRAM, "verify", str(files["odt"]), "--key", str(key), "--json"],
        env=alone, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (done.returncode, told["result"], told["register_asked"]) == (0, "genuine", False)
    assert told["confirmation"]["number"] == number
    assert "lin" not in done.stdout or told["confirmation"]["declared"]["by"] == "lin"

    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/void", {"reason": "更正"})
    code, said = call(office, "verify", str(files["odt"]), *config)
    assert (code, "已失效" in said) == (1, True)


def test_verify_refuses_what_it_can_not_read(office: Office, tmp_path: Path) -> None:
    broken = tmp_path / "a.odt"
    broken.write_bytes(b"PK\x03\x04nothing")
    code, said = call(office, "verify", str(broken), "--config", str(office.file))
    assert code == 2
    assert "無法讀取" in said
    assert call(office, "verify", str(tmp_path / "no.odt"))[0] == 2
    assert call(office, "verify", str(broken), "--key", "nonsense")[0] == 2


def test_statutes_are_taken_in_and_citations_judged(office: Office) -> None:
    code, said = call(office, "statutes", "about", "--config", str(office.file))
    assert (code, "尚未匯入" in said) == (1, True)
    wrong = office.folder / "wrong.json"
    wrong.write_text("{}")
    code, said = call(office, "statutes", "import", str(wrong), "--config", str(office.file))
    assert (code, "原有資料沒有更動" in said) == (2, True)
    code, said = call(
        office, "statutes", "import", str(ARCHIVE), "--config", str(office.file), "--json"
    )
    assert code == 0, said
    assert json.loads(said)["laws"] > 1000
    assert call(office, "statutes", "about", "--config", str(office.file))[0] == 0
    office.stop()
    office.start()  # a worker looks for newer ones every half minute; a new one at once
    from tests.web.test_way import drafted

    lin = office.visitor("lin")
    drafted(office, lin, "說明：依個人資料保護法第 16 條及第 99 條規定辦理。")
    assert "個人資料保護法第 16 條現行有效" in lin.text
    assert "個人資料保護法沒有第 99 條" in lin.text
    assert "法規資料截至" in lin.text


@pytest.mark.point("ey-genai-2023:2")
def test_people_are_added_and_passwords_given(office: Office) -> None:
    config = ("--config", str(office.file), "--password-file", "-")
    told = ("--agency", "house", "--name", "新示範", "--unit", "一科")
    code, said = call(office, "user", "add", "newone", *told, *config, given="short\n")
    assert (code, "12" in said) == (2, True)
    code, said = call(office, "user", "add", "newone", *told, *config, given=f"{PASSWORD}\n")
    assert code == 0, said
    assert PASSWORD not in said
    time.sleep(1.2)  # the registry is looked at every half second
    visitor = office.visitor("newone")
    assert "我的案件" in visitor.text
    from tests.web.test_routes import begin

    office.model_server.reset()
    matter = begin(visitor, "新人")
    visitor.post(f"/m/{matter}/ask", {"prompt": "請擬函。", "model": "local/echo"})
    assert "請擬函。" in visitor.text
    assert office.model_server.received
    code, said = call(office, "user", "password", "newone", *config, given="another password\n")
    assert code == 0, said
    assert visitor.client.get("/", follow_redirects=False).status_code == 303
    office.visitor("newone", "another password")
    assert call(office, "user", "password", "nobody", *config, given=f"{PASSWORD}\n")[0] == 2
    code, said = call(office, "user", "add", "x", *told[:4], *config, given=f"{PASSWORD}\n")
    assert (code, "單位" in said) == (2, True)
    actions = office.rows("SELECT leaf FROM ledger_entry WHERE agency = 'house'")
    assert any(b"registry.person.save" in bytes(each[0]) for each in actions)
    assert not any("新示範".encode() in bytes(each[0]) for each in actions)
