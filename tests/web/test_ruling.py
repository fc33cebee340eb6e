"""Rules without code, editions of the guideline, and their pages."""

from __future__ import annotations

import datetime
import io
import json
import time
import zipfile
from collections.abc import Iterator

import pytest
from tests.house import AGENCY
from tests.web.office import Office, running_office
from tests.web.test_office import do

from shenyong.guideline import load_pack
from shenyong.storage.rules import FILES

TODAY = datetime.date.today().isoformat()


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with running_office() as running:
        yield running


@pytest.mark.point("ey-genai-2023:7")
def test_common_rules_are_composed_without_code(office: Office) -> None:
    tang, yeh = office.visitor("tang"), office.visitor("yeh")
    tang.get("/rules/compose")
    tang.post(
        "/rules/compose",
        {"pack": "house-rules", "reason": "內控", "countries": "US、JP", "topics": ["secret"],
         "unit": ["一科", "二科"], "highest": ["", "D1"]},
    )  # fmt: skip
    assert tang.page is not None
    path = tang.page.url.path
    assert path.startswith("/office/rules/")
    assert "house-rules.country" in tang.text
    assert do(tang, path, "propose") == 200
    assert do(yeh, path, "approve", **{"from": TODAY, "note": "可"}) == 200
    tang.get("/rules/compose")
    tang.post("/rules/compose", {"pack": "Wrong Name", "reason": "x", "training": "yes"})
    assert "無法組成規則" in tang.text
    tang.post("/rules/compose", {"pack": "empty", "reason": "x"})
    assert "尚未選擇" in tang.text


@pytest.mark.point("ey-genai-2023:10")
def test_a_ready_pack_is_adopted_as_a_draft_whose_examples_hold(office: Office) -> None:
    tang, lin = office.visitor("tang"), office.visitor("lin")
    assert lin.get("/rules/ready").status_code == 200
    assert "NIST AI 600-1" in lin.text
    assert "採用為草案" not in lin.text
    lin.post("/rules/ready/us-m-25-21")
    assert lin.page is not None
    assert lin.page.status_code == 404
    tang.get("/rules/ready")
    assert "採用為草案" in tang.text
    tang.post("/rules/ready/us-m-25-21")
    assert tang.page is not None
    path = tang.page.url.path
    assert path.startswith("/office/rules/")
    assert "us-m-25-21.no-unattended" in tang.text
    assert do(tang, path, "try") == 200
    assert "過去 30 日" in tang.text
    assert do(tang, path, "propose") == 200
    tang.get("/rules/ready")
    tang.post("/rules/ready/iso-42001")
    assert tang.page.status_code == 404  # evidence only: nothing to adopt


def edition(version: str, **changes: tuple[str, str]) -> bytes:
    pack = load_pack()
    sources = dict(zip(FILES, pack.sources, strict=True))
    sources["pack.toml"] = sources["pack.toml"].replace('"1.1.0"', f'"{version}"')
    for name, (old, new) in changes.items():
        file = name.replace("_", ".")
        assert old in sources[file]
        sources[file] = sources[file].replace(old, new)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in sources.items():
            archive.writestr(f"pack/{name}", text)
    return out.getvalue()


@pytest.mark.point("ey-genai-2023:rolling")
def test_an_edition_is_compared_tried_and_adopted_without_a_restart(office: Office) -> None:
    tang, chen = office.visitor("tang"), office.visitor("chen")
    before = tang.client.post(
        "/v1/shenyong/check", json={"text": "您好", "env": "E1"},
        headers={"authorization": f"Bearer {office.keys['official']}"},
    )  # fmt: skip
    assert before.json()["verdict"] == "allow"
    decision = before.headers["x-request-id"]
    raw = edition(
        "2.0.0",
        points_toml=("承辦人作最終之客觀專業判斷", "承辦人作最終之客觀專業判斷（修正）"),
        policies_cedar=(
            'when { context.environment == "E0" };',
            'when { ["E0", "E1"].contains(context.environment) };',
        ),
    )
    tang.get("/guideline")
    tang.page = tang.client.post(
        "/guideline/import", data={"csrf": tang.csrf}, files={"pack": ("pack.zip", raw)}
    )
    assert tang.page.url.path == "/office/revision/new"
    digest = tang.page.url.params["edition"]
    tang.post("/office/revision/new", {"edition": digest, "reason": "院頒修正"})
    path = tang.page.url.path
    assert "有修正" in tang.text
    assert do(tang, path, "propose") == 200
    assert "過去 30 日" in tang.text
    assert do(tang, path, "adopt", **{"from": TODAY, "note": "x"}) == 409
    assert do(chen, path, "adopt", **{"from": TODAY, "note": "依函示"}) == 200
    until, verdict = time.monotonic() + 30, ""
    while verdict != "deny" and time.monotonic() < until:
        verdict = office.verdict("您好", env="E1")
        time.sleep(0.3)
    assert verdict == "deny"
    # What was decided before is still explained by the edition of its day.
    assert "未登錄或屬禁用產品" not in tang.client.get(f"/d/{decision}").text
    assert do(chen, path, "withdraw", note="撤回") == 200
    while verdict != "allow" and time.monotonic() < until + 30:
        verdict = office.verdict("您好", env="E1")
        time.sleep(0.3)
    assert verdict == "allow"


def test_what_is_no_edition_is_refused(office: Office) -> None:
    tang = office.visitor("tang")
    for raw in (b"", b"no zip", edition("3", policies_cedar=("forbid", "forbidd"))):
        tang.get("/guideline")
        answer = tang.client.post(
            "/guideline/import", data={"csrf": tang.csrf}, files={"pack": ("pack.zip", raw)}
        )
        assert answer.status_code == 400, raw[:20]


@pytest.mark.point("ey-genai-2023:9")
@pytest.mark.point("ey-genai-2023:10")
def test_reservations_are_of_who_applies_it_otherwise_and_go_with_the_template(
    office: Office,
) -> None:
    tang, chen, lin = (office.visitor(each) for each in ("tang", "chen", "lin"))
    reserved = {
        "applies": "準用",
        "point": "6",
        "text": "教材之揭露由教師決定",
        "instead": "課程大綱載明",
    }
    tang.get("/office/reservation/new")
    tang.post("/office/reservation/new", reserved)
    assert tang.page is not None
    assert tang.page.status_code == 400  # this agency is bound: it has nothing to reserve
    assert "僅限準用或參照" in tang.text
    office.execute("UPDATE agency SET applicability = '準用' WHERE id = %s", AGENCY)
    office.execute("UPDATE registry_version SET version = version + 1")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        tang.get("/office/reservation/new")
        tang.post("/office/reservation/new", reserved)
        if tang.page.status_code == 200:
            break
        time.sleep(0.3)
    path = tang.page.url.path
    assert do(tang, path, "record", note="x") == 409  # four eyes
    assert do(chen, path, "record", note="校務會議") == 200
    assert "教材之揭露由教師決定" in lin.get("/guideline").text
    assert "準用" in lin.get("/agencies").text

    answer = lin.get("/guideline/template")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert {*FILES, "README.txt", "applicability.json"} <= names
        told = json.loads(archive.read("applicability.json"))
    assert told["applicability"] == "準用"
    assert [(each["point"], each["instead"]) for each in told["reservations"]] == [
        ("6", "課程大綱載明")
    ]
    # It loosens nothing: what the floor refuses is refused as before.
    assert office.verdict("身分證字號 A123456789", env="E0") == "deny"
    # The template is imported as it is by another installation.
    tang.get("/guideline")
    taken = tang.client.post(
        "/guideline/import", data={"csrf": tang.csrf},
        files={"pack": ("pack.zip", answer.content)},
    )  # fmt: skip
    assert taken.url.path == "/office/revision/new"


@pytest.mark.point("ey-genai-2023:9")
def test_the_agencies_as_a_tree(office: Office) -> None:
    lin = office.visitor("lin")
    assert lin.get("/agencies").status_code == 200
    assert "唐示範" in lin.text
    assert "遠示範" not in lin.text
