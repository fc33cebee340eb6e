"""Every identifier of the list: valid examples found, near misses not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.inspection.passages import compacted, decoded, inspect, kinds

from shenyong.guideline.terms import DataClass
from shenyong.inspection.inspector import Inspector

LIST = json.loads(
    (Path(__file__).parents[2] / "../shared/spec/identifiers.json").read_text("utf-8")
)["identifiers"]
CONTEXTS = {
    "tw_ubn": "統一編號：{}",
    "tw_passport": "護照號碼：{}",
    "tw_nhi_card": "健保卡號：{}",
    "tw_birth_roc": "出生年月日：{}",
    "bank_account": "匯款帳號：{}",
    "einvoice_number": "發票號碼：{}",
    "plate_legacy": "車牌號碼：{}",
    "imei": "手機 IMEI：{}",
}
SENTENCES = (
    "{}",
    "請協助確認{}是否正確。",
    "　說明：{}，請查照。",
    "第一行\n{}\n第三行",
)
ELSEWHERE = {"tw_address", "name_labelled"}


def examples(which: str) -> list[tuple[str, str, str]]:
    return [
        (entry["id"], CONTEXTS.get(entry["id"], "{}"), example)
        for entry in LIST
        if entry["id"] not in ELSEWHERE
        for example in entry[which]
    ]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(("kind", "context", "value"), examples("valid_examples"))
def test_valid_examples_are_found(kind: str, context: str, value: str, sentence: str) -> None:
    if kind == "einvoice_carrier" and sentence in SENTENCES[1:3]:
        context = "手機條碼載具 {}"
    text = sentence.format(context.format(value))
    found = kinds(text)
    assert kind in found, found
    assert found[kind] in value or value in found[kind]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(("kind", "context", "value"), examples("invalid_near_misses"))
def test_near_misses_are_not(kind: str, context: str, value: str, sentence: str) -> None:
    if kind == "doc_no":  # a bare 字第 takes the words before it as the office's word
        sentence = sentence.replace("確認", "確認：")
    assert kind not in kinds(sentence.format(context.format(value)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kind, value) for kind, context, value in examples("valid_examples") if context != "{}"],
)
def test_what_needs_context_is_not_found_without_it(kind: str, value: str) -> None:
    assert kind not in kinds(value)


@pytest.mark.parametrize(
    ("text", "kind", "data_class"),
    [
        ("偵辦中之115年度偵字第12345號案件", "case_no", DataClass.RESTRICTED),
        ("114年度他字第88號", "case_no", DataClass.RESTRICTED),
        ("臺灣臺北地方法院115年度聲羈字第7號", "case_no", DataClass.RESTRICTED),
        ("最高法院一一〇年度台上字第三二一號民事判決", "case_no", DataClass.PUBLIC),
        ("112年度訴字第123號", "case_no", DataClass.PUBLIC),
        ("依據院授科會前字第1120059686號函", "doc_no", DataClass.PUBLIC),
        ("統一編號：04595252", "tw_ubn", DataClass.PUBLIC),
        ("發票號碼 YZ-00000012", "einvoice_number", DataClass.PUBLIC),
        ("病歷號：01234567", "mrn", DataClass.PERSONAL_SPECIAL),
        ("健保卡號 0000 1234 5678", "tw_nhi_card", DataClass.PERSONAL),
    ],
)
def test_classes(text: str, kind: str, data_class: DataClass) -> None:
    found = {f.kind: f.data_class for f in inspect(text) if f.kind != "special_category"}
    assert found == {kind: data_class}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("身分證字號a197228184號", "tw_national_id", "a197228184"),
        ("手機0912 3456 78", "tw_mobile", "0912 3456 78"),
        ("手機：0912-34-5678。", "tw_mobile", "0912-34-5678"),
        ("請撥(0912)345678", "tw_mobile", "(0912)345678"),
        ("電話：02-27377128轉35", "tw_landline", "02-27377128轉35"),
        ("信箱yclai@nstc.gov.tw，謝謝", "email", "yclai@nstc.gov.tw"),
        ("寄到 a.b+c@example.com.tw。", "email", "a.b+c@example.com.tw"),
        ("卡號 4792-8569-9901-6818 123 末三碼", "credit_card", "4792-8569-9901-6818"),
        ("來源 IP 10.1.2.3 連線異常", "ipv4", "10.1.2.3"),
        ("http://192.0.2.10:8080/x", "ipv4", "192.0.2.10"),
        ("位址2001:db8::8a2e:370:7334。", "ipv6", "2001:db8::8a2e:370:7334"),
        ("持大陸居民身分證350203198503123595入境", "cn_ric", "350203198503123595"),
        ("LINE ID：wang.abc_88", "line_id", "wang.abc_88"),
        ("我的賴：meihua2024", "line_id", "meihua2024"),
        ("郵局 局號帳號 700-0001234-0123456", "bank_account", "700-0001234-0123456"),
        ("請匯入臺灣銀行 004-123456789012", "bank_account", "004-123456789012"),
        ("護照號碼：AB1234567（日本籍）", "tw_passport", "AB1234567"),
        ("學號 B09901234 王同學", "student_no", "B09901234"),
        ("車牌 abc 或 AB-1234 之車輛", "plate_legacy", "AB-1234"),
        ("我的電話05-6334-812，請回", "tw_landline", "05-6334-812"),
        ("電話：(03)9557-304 分機 261", "tw_landline", "(03)9557-304 分機 261"),
        ("車號\t地址\n0482-UJ\t某路", "plate_legacy", "0482-UJ"),
        ("騎 MT3-577 離開", "plate_legacy", "MT3-577"),
        ("一台NKB-8841機車", "plate_car_new", "NKB-8841"),
        ("對方帳號是sunny_hope888，", "line_id", "sunny_hope888"),
        ("病歷號碼A-30581", "mrn", "A-30581"),
    ],
)
def test_forms_in_sentences(text: str, kind: str, value: str) -> None:
    assert kinds(text).get(kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("本會 0800-012-345 免付費專線", "tw_landline"),
        ("請撥 1999 或 165", "tw_landline"),
        ("版本 10.1.2.3 已發布", "ipv4"),
        ("v192.168.1.1", "ipv4"),
        ("1.2.3.4 節", "ipv4"),
        ("遮罩 255.255.255.0", "ipv4"),
        ("時間 12:30:45", "ipv6"),
        ("std::add::bad", "ipv6"),
        ("line: 1024", "line_id"),
        ("參考 RFC-2119 與 CNS-7129", "plate_car_new"),
        ("ISO-9001 認證車輛", "plate_car_new"),
        ("經濟部字第112345678號護照條例", "tw_passport"),
        ("臺灣銀行匯款1234567890元", "bank_account"),
        ("銀行 1234567890", "bank_account"),
        ("發文日期 20261123 統籌", "tw_ubn"),
        ("https://example.gov.tw/API1234", "einvoice_carrier"),
        ("病歷摘要共12頁", "mrn"),
        ("字第0912345678號", "tw_mobile"),
        ("A123456（第3頁）", "hkid"),
        ("服務專線1999，總機(02)27208889，傳真(02)27596645", "tw_landline"),
        ("來源IP位址203.0.113.125，帳號為admin", "bank_account"),
        ("帳號：administrator", "line_id"),
        ("型號NKB-8841之零件", "plate_car_new"),
    ],
)
def test_what_only_looks_like_it(text: str, kind: str) -> None:
    assert kind not in kinds(text)


def test_the_dummy_is_of_low_severity() -> None:
    (dummy,) = inspect("範例 A123456789")
    (real,) = inspect("身分證 A197228184")
    assert dummy.confidence < 0.5 < real.confidence


def test_context_may_be_the_head_of_the_column() -> None:
    text = "姓名,護照號碼,病歷號\n甲,300123456,01234567\n乙,312345678,A1234567"
    found = [(f.kind, text[f.start : f.end]) for f in inspect(text)]
    assert [each for each in found if each[0] in ("tw_passport", "mrn")] == [
        ("tw_passport", "300123456"),
        ("mrn", "01234567"),
        ("tw_passport", "312345678"),
        ("mrn", "A1234567"),
    ]
    assert not inspect("編號,數量\n甲,300123456")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("匯款帳號 0912345678", "tw_mobile"),
        ("匯款帳號 4792856999016818", "credit_card"),
        ("手機序號 IMEI 490154203237518", "imei"),
        ("發票 AA83524484", "tw_ui_number_old"),
        ("護照 A123456(3)", "hkid"),
    ],
)
def test_overlaps_leave_the_stronger(text: str, kept: str) -> None:
    assert list(kinds(text)) == [kept]


def test_compact_and_decoded_views_count_strong_forms_only() -> None:
    text = "證號 A 1-9 7 2-2 8 1 8 4 號"
    (found,) = Inspector().inspect([compacted(text, " -")])
    assert (found.kind, found.evasion) == ("tw_national_id", "compact")
    assert text[found.start : found.end] == "A 1-9 7 2-2 8 1 8 4"
    assert not Inspector().inspect([compacted("ABC- 1 2 3 5", " ")])

    (hidden,) = Inspector().inspect([decoded("看 QTE5NzIyODE4NA== 吧", 2, 18, "A197228184")])
    assert (hidden.start, hidden.end, hidden.evasion) == (2, 18, "base64")


def test_a_big_table_stays_linear() -> None:
    rows = "\n".join(f"甲{n},30012{n:04d},帳號 822-901234{n:06d}" for n in range(3000))
    found = inspect(f"姓名,護照號碼,備註\n{rows}")
    assert sum(f.kind == "tw_passport" for f in found) == 3000
    assert sum(f.kind == "bank_account" for f in found) == 3000


@pytest.mark.parametrize("junk", ["1", "1234 ", "09-12-", "A1", "出生,", "a@", "1.1.", "ab1:"])
def test_junk_takes_linear_time(junk: str) -> None:
    assert not [f for f in inspect(junk * (200_000 // len(junk))) if f.kind in ("mrn", "mrz_td3")]
