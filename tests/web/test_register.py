"""The public register: made from the ledger, searchable, open data, and it tells of nobody."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import odfdo
import pytest
from tests.web.office import Office, Visitor
from tests.web.test_way import released

from shenyong.disclosure import new_number
from shenyong.disclosure.numbers import tidy
from shenyong.ledger import Step
from shenyong.ledger.entry import decode
from shenyong.settings import load
from shenyong.web.listener import apart

pytestmark = [pytest.mark.point("ey-genai-2023:6")]


@pytest.fixture(scope="module")
def number(office: Office) -> str:
    return released(office, office.visitor("lin"))[1]


@pytest.fixture
def public(office: Office) -> Visitor:
    return Visitor(office.public_url)


def test_a_record_is_the_ledger_s_entry(office: Office, public: Visitor, number: str) -> None:
    rows = public.get("/data/disclosures.json").json()
    mine = next(each for each in rows if each["number"] == number)
    leaves = [
        decode(bytes(leaf))
        for (leaf,) in office.rows("SELECT leaf FROM ledger_entry WHERE agency = 'house'")
    ]
    (entry,) = [
        each
        for each in leaves
        if isinstance(each, Step) and each.action == "release" and each.subject == number
    ]
    told = (mine["template"], mine["level"], mine["model"])
    assert told == (entry.template, entry.level, entry.model)
    assert set(mine) == {
        "number", "agency", "agency_name", "agency_name_en", "template", "level", "model",
        "month", "voided",
    }  # fmt: skip


def test_it_is_searched_by_number_agency_and_month(public: Visitor, number: str) -> None:
    assert number in public.get("/").text
    assert number in public.get("/", params={"q": number.lower()}).text
    assert number in public.get("/", params={"q": "測試機關"}).text
    assert number in public.get("/", params={"q": "House", "lang": "en"}).text
    month = public.get("/data/disclosures.json").json()[0]["month"]
    assert number in public.get("/", params={"month": month}).text
    assert number not in public.get("/", params={"month": "2001-01"}).text
    assert number not in public.get("/", params={"q": "%"}).text
    assert public.get("/", params={"q": "' OR 1=1 --", "month": "x'"}).status_code == 200


def test_open_data_in_three_formats(public: Visitor, number: str, tmp_path: Path) -> None:
    plain = public.get("/data/disclosures.csv")
    assert plain.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8-sig"))))
    assert number in {each["number"] for each in rows}
    file = tmp_path / "register.ods"
    file.write_bytes(public.get("/data/disclosures.ods").content)
    table = odfdo.Document(file).body.get_table(0)
    assert table is not None
    assert number in table.get_column_values(0)
    assert public.get("/data/disclosures.exe").status_code == 404


def test_an_unknown_number_looks_like_one_that_is_not_public_yet(public: Visitor) -> None:
    pages = [public.get(f"/r/{each}") for each in (new_number(115), new_number(115), "x", "SY-1-%")]
    assert {each.status_code for each in pages} == {404}
    assert len({each.text for each in pages}) == 1
    assert "尚未公開" in pages[0].text


def test_numbers_tell_neither_order_nor_case() -> None:
    numbers = [new_number(115) for _ in range(500)]
    assert len(set(numbers)) == 500
    assert all(re.fullmatch(r"SY-115-[0-9A-HJKMNP-TV-Z]{6}", each) for each in numbers)
    assert sorted(numbers) != numbers
    assert tidy(numbers[0].lower().replace("-", " ")) == numbers[0]


def test_nobody_who_asks_is_remembered(office: Office, public: Visitor, number: str) -> None:
    before = office.log.read_text()
    page = public.get(f"/r/{number}")
    assert "set-cookie" not in page.headers
    assert number not in office.log.read_text().removeprefix(before)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("level", ["L1", "L2", "L3"])
def test_services_get_the_words_and_the_headers(public: Visitor, level: str) -> None:
    answer = public.get(f"/api/disclosure/{level}", params={"unit": "客服中心", "official": "示範"})
    told = answer.json()
    assert answer.headers["x-shenyong-disclosure"] == level
    assert f'level="{level}"' in answer.headers["x-ai-disclosure"]
    assert told["zh-TW"]
    assert told["en"]
    assert told["digital_source_type"].startswith("http://cv.iptc.org/newscodes/digitalsourcetype/")
    assert public.get("/api/disclosure/L9").status_code == 404


def test_its_process_has_no_key(office: Office) -> None:
    settings = apart(load(office.file).settings)
    assert settings.ledger.signing_key_file == settings.ledger.digest_key_file == ""
    assert settings.registry.pepper_file == ""


def test_the_workbench_s_pages_are_not_there(public: Visitor) -> None:
    for path in ("/signin", "/m/new", "/v1/models", "/metrics", "/d/x"):
        assert public.get(path).status_code == 404
