"""The agency's public contact data."""

from __future__ import annotations

import pytest
from tests.inspection.passages import plain

from shenyong.inspection.directory import Directory
from shenyong.inspection.inspector import Inspector

DIRECTORY = Directory(
    mail_domains=frozenset({"nstc.gov.tw"}),
    mails=frozenset({"press@example.org.tw"}),
    phones=frozenset({"(02)2737-7128"}),
    names=frozenset({"吳誠文"}),
    addresses=frozenset({"106臺北市大安區和平東路二段106號"}),
)


@pytest.mark.parametrize(
    ("kind", "value", "public"),
    [
        ("email", "YCLai@nstc.gov.tw", True),
        ("email", "a@evil-nstc.gov.tw", False),
        ("email", "a@nstc.gov.tw.example.com", False),
        ("email", "Press@example.org.tw", True),
        ("tw_landline", "02-27377128#35101", True),
        ("tw_landline", "+886-2-2737-7128", True),
        ("tw_landline", "02-2737-7129", False),
        ("person_name", "吳 誠 文", True),
        ("person_name", "吳誠", False),
        ("address", "台北市大安區和平東路二段106號", True),
        ("address", "臺北市大安區和平東路二段107號", False),
        ("tw_national_id", "(02)2737-7128", False),
    ],
)
def test_what_it_holds(kind: str, value: str, public: bool) -> None:
    assert DIRECTORY.holds(kind, value) is public


@pytest.mark.point("ey-genai-2023:4")
def test_public_contact_data_are_no_findings() -> None:
    passage = plain("洽詢電話(02)2737-7128，信箱 yclai@nstc.gov.tw")
    assert [f.kind for f in Inspector().inspect([passage])] == ["tw_landline", "email"]
    assert Inspector(DIRECTORY).inspect([passage]) == ()
