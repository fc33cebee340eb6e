"""Clauses as ODT: what calls for which, what is in force, and that LibreOffice opens it."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import odfdo
import pytest

from shenyong.disclosure.clauses import (
    Contract,
    InForce,
    all_clauses,
    articles,
    clauses_odt,
    numbered,
)
from shenyong.wording import Lang

pytestmark = pytest.mark.point("ey-genai-2023:8")

CONTRACT = Contract(
    "115-CON-0001", "網站維護", "示範機關", "示範資訊公司 <b>", "115 年 1 月 1 日",
    "116 年 12 月 31 日", "2", "12", "D0 公開", frozenset({"software"}),
    (("示範助手", "2", "TW", "程式碼建議", "D0", "是"),),
)  # fmt: skip
RULES = InForce(
    "ey-genai-2023", "1.1.0", "參考指引", "f" * 64, "115 年 11 月 28 日",
    (("3", "製作機密文書應親自撰寫"), ("8", "委外廠商亦應遵守")),
    (("no-cloud.e1", "本機關不使用公有雲。"),),
)  # fmt: skip


def _words(body: bytes) -> str:
    return str(odfdo.Document(io.BytesIO(body)).get_formatted_text())


def test_every_clause_has_both_languages_and_a_source() -> None:
    assert len(all_clauses()) >= 15
    assert len({each.key for each in all_clauses()}) == len(all_clauses())
    assert all(each.zh and each.en and each.source for each in all_clauses())
    assert {each.when for each in all_clauses()} == {
        "", "software", "core_system", "personal", "secrets", "creative"
    }  # fmt: skip


def test_what_calls_for_which_clause() -> None:
    plain = Contract("1", "t", "a", "c", "b", "e", "1", "6", "D0")
    bare = [words for words, _ in articles(plain, RULES)]
    software = [words for words, _ in articles(CONTRACT, RULES)]
    assert len(software) == len(bare) + 1
    assert any("SBOM" in each for each in software)
    assert not any("適任性查核" in each for each in software)
    assert any("2 小時內" in each for each in software)
    assert any("至少 12 個月" in each for each in software)
    assert not any("{" in each or "}" in each for each in software)


@pytest.mark.parametrize("lang", ["zh_TW", "en"])
def test_the_document_holds_what_is_in_force(lang: Lang) -> None:
    body = clauses_odt(CONTRACT, RULES, lang)
    words = _words(body)
    for each in ("115-CON-0001", "示範資訊公司 <b>", "f" * 16, "no-cloud.e1",
                 "本機關不使用公有雲。", "委外廠商亦應遵守", "示範助手", "程式碼建議"):  # fmt: skip
        assert each in words, each
    assert numbered(1, lang) in words
    meta = odfdo.Document(io.BytesIO(body)).meta
    assert meta.get_user_defined_metadata()["shenyong-rules"] == "f" * 64
    if lang == "en":
        assert "the Chinese text prevails" in words


def test_articles_are_numbered_as_people_write_them() -> None:
    assert [numbered(each, "zh_TW") for each in (1, 9, 10, 11, 19, 20, 21)] == [
        "第一條", "第九條", "第十條", "第十一條", "第十九條", "第二十條", "第二十一條"
    ]  # fmt: skip
    assert numbered(3, "en") == "Article 3"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(tmp_path: Path) -> None:
    (tmp_path / "clauses.odt").write_bytes(clauses_odt(CONTRACT, RULES))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "txt:Text", "--outdir", str(tmp_path), str(tmp_path / "clauses.odt")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    told = (tmp_path / "clauses.txt").read_text("utf-8-sig")
    assert "第一條" in told
    assert "附件四" in told
    assert "本機關不使用公有雲。" in told
