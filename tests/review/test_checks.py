from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.review import Kind, Material, Source, Span, Standing, canonical, prepare, sentence_at
from shenyong.statutes import Corpus, corpus_from

pytestmark = [pytest.mark.point("ey-genai-2023:5"), pytest.mark.point("ey-genai-2023:2")]
ARCHIVE = Path(__file__).parents[3] / "shared/data/statutes/ChLaw.zip"
APPLICATION = Source(
    "s1",
    "申請書",
    "申請人於115年11月12日申請補助30萬元，請於文到十五日內補正。府建字第1150012345號",
)
LETTER = (
    "主旨：復臺端115年11月12日申請書。\n說明：\n一、依行政程序法第36條辦理。\n"
    "二、補助新臺幣300,000元，請於15日內補正。\n三、逾期未補正者，駁回申請。\n四、另補助5萬元。"
)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return corpus_from(archive.read("ChLaw.json"))


def found(text: str, material: Material) -> dict[str, tuple[Kind, Standing, str]]:
    return {each.quote: (each.kind, each.standing, each.said) for each in prepare(text, material)}


def test_a_letter_is_checked_item_by_item(corpus: Corpus) -> None:
    got = found(LETTER, Material((APPLICATION,), corpus))
    assert got["115年11月12日"] == (Kind.DATE, Standing.MATCHED, "matched")
    assert got["行政程序法第36條"[5:]] == (Kind.CITATION, Standing.MATCHED, "stands")
    assert got["新臺幣300,000元"] == (Kind.FIGURE, Standing.MATCHED, "matched")
    assert got["15日內"] == (Kind.DEADLINE, Standing.MATCHED, "matched")
    assert got["5萬元"] == (Kind.FIGURE, Standing.DOUBTFUL, "not_found")
    assert got["駁回申請"][:2] == (Kind.ACT, Standing.OPEN)


def test_an_adverse_sentence_wants_a_basis(corpus: Corpus) -> None:
    material = Material((), corpus)
    assert found("逾期不得再行申請。", material)["不得再行申請"][1:] == (
        Standing.DOUBTFUL,
        "no_basis",
    )
    based = found("依政府採購法第101條第1項，列入不良廠商。", material)
    assert based["列入不良"][1:] == (Standing.OPEN, "based")
    false = found("依政府採購法第999條，列入不良廠商。", material)
    assert false["列入不良"][1:] == (Standing.DOUBTFUL, "no_basis")
    told = Material((Source("s", "契約", "逾期者，解除契約。"),), corpus)
    assert found("逾期者解除契約。", told)["解除契約"][1:] == (Standing.MATCHED, "matched")


def test_what_was_not_checked_is_not_called_fine() -> None:
    """No statutes imported, no sources given: open, never matched."""
    got = found("依個資法第15條，補助3萬元。", Material())
    assert all(standing is not Standing.MATCHED for _, standing, _ in got.values())
    assert "no_source" in {said for _, _, said in got.values()}


def test_without_statutes_a_citation_is_open() -> None:
    (check,) = prepare("依個人資料保護法第15條辦理。", Material())
    assert (check.kind, check.standing, check.said) == (Kind.CITATION, Standing.OPEN, "not_checked")


def test_an_act_and_its_missing_parts(corpus: Corpus) -> None:
    checks = prepare("主旨：處新臺幣6,000元罰鍰。", Material((), corpus))
    assert {each.params["part"] for each in checks if each.kind is Kind.ACT_PART} == {
        "addressee", "facts", "reasons", "basis", "relief",
    }  # fmt: skip
    whole = (
        "受處分人：某商號\n主旨：處新臺幣6,000元罰鍰。\n事實：經查違規。\n理由：依廢棄物清理法第50條。\n"
        "如不服本處分，得於送達之次日起30日內提起訴願。"
    )
    assert not [each for each in prepare(whole, Material((), corpus)) if each.kind is Kind.ACT_PART]


def test_names_works_and_likeness() -> None:
    material = Material(
        names=(Span(0, 3),),
        protected=(Span(4, 9, "某教材"),),
        likeness=(Span(0, 5, "用某某某的口吻"),),
    )
    kinds = [each.kind for each in prepare("王小明，一二三四五六七。", material)]
    assert kinds == [Kind.LIKENESS, Kind.NAME, Kind.PROTECTED]


def test_a_consent_is_told_and_still_to_be_judged() -> None:
    spans = (Span(0, 5, "用某某某的口吻"), Span(0, 5, "用王小明的口吻", consent="115-LIK-0001"))
    found = prepare("一段話。", Material(likeness=spans))
    assert [(each.said, each.standing) for each in found] == [
        ("asked", Standing.DOUBTFUL), ("consented", Standing.OPEN)
    ]  # fmt: skip
    assert found[1].params["number"] == "115-LIK-0001"


def test_a_check_keeps_its_id_while_its_sentence_stays() -> None:
    before = {each.quote: each.id for each in prepare("補助5萬元。", Material())}
    after = {each.quote: each.id for each in prepare("新的一句。\n補助5萬元。", Material())}
    assert after["5萬元"] == before["5萬元"]
    other = {each.quote: each.id for each in prepare("追繳5萬元。", Material())}
    assert other["5萬元"] != before["5萬元"]


@given(st.text(st.sampled_from("依個資法第15條。，\n年月日內元萬30２三處罰鍰駁回字第號-/. 王")))
def test_any_text_has_checks_that_are_in_it(text: str) -> None:
    clean = canonical(text)
    checks = prepare(clean, Material((APPLICATION,)))
    for each in checks:
        assert clean[each.start : each.end] == each.quote
        begin, end = sentence_at(clean, each.start, each.end)
        assert begin <= each.start
        assert each.end <= end or not each.end
    assert len({each.id for each in checks}) == len(checks)
