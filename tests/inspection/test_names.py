"""Names of persons: found by what stands beside them, never by the surname alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspection.driving import fold, found, growth, hits

from shenyong.guideline.terms import DataClass
from shenyong.inspection.persons import Persons

POSITIVE = [
    ("姓名：王小明", ["王小明"]),
    ("聯絡人：張簡志豪", ["張簡志豪"]),
    ("申請人：陳林美玉", ["陳林美玉"]),
    ("當事人：瓦歷斯．諾幹", ["瓦歷斯．諾幹"]),
    ("姓名\t性別\t電話\n王小明\t男\t0912345678\n陳美麗\t女\t0922333444", ["王小明", "陳美麗"]),
    ("編號 姓名 電話\n1 王小明 0912345678\n2 陳美麗 0922333444", ["王小明", "陳美麗"]),
    ("編號,姓名,電話\n1,林大同,0912\n2,歐陽菲菲,0933", ["林大同", "歐陽菲菲"]),
    ('{"name":"王小明","age":30}', ["王小明"]),
    ('{"姓名": "范姜美玲"}', ["范姜美玲"]),
    ("| 姓名 | 電話 |\n|---|---|\n| 李大華 | 0912 |", ["李大華"]),
    ("姓名：王 小 明", ["王 小 明"]),
    ("受文者：吳淑惠君", ["吳淑惠"]),
    ("有關蔡孟軒先生申請中低收入老人生活津貼一案", ["蔡孟軒"]),
    ("請王先生儘速補件", ["王"]),
    ("林姓民眾昨日到場陳情", ["林"]),
    ("陳姓男子遭警方查獲", ["陳"]),
    ("民眾王小明反映路燈不亮", ["王小明"]),
    ("陳情人王小明於115年3月2日來函", ["王小明"]),
    ("我叫王小明，想申請補助", ["王小明"]),
    ("請與王小明聯絡，王小明住在板橋", ["王小明", "王小明"]),
    ("其子王大明尚未成年", ["王大明"]),
    ("該員之配偶林美玉亦同", ["林美玉"]),
    ("王小明（身分證字號如附）", ["王小明"]),
    ("幫我寫信給王小明", ["王小明"]),
    ("王小明的電話是多少", ["王小明"]),
    ("李大華稱，當日並未在場", ["李大華"]),
    ("張美玲申請育兒津貼", ["張美玲"]),
    ("名單：王小明、陳美麗、李大同", ["王小明", "陳美麗", "李大同"]),
    ("伊婉‧諾幹申請原住民保留地增劃編", ["伊婉‧諾幹"]),
    ("Please call Mr. Wang about the permit", ["Wang"]),
    ("The applicant is Wang Xiao-Ming of Taipei", ["Wang Xiao-Ming"]),
    ("護照姓名 WANG, HSIAO-MING", ["WANG, HSIAO-MING"]),
    ("Mei-Ling Chen submitted the form", ["Mei-Ling Chen"]),
    ("秦皓的身心障礙證明下個月到期", ["秦皓"]),
    ("病患：阮氏秋", ["阮氏秋"]),
    ("訴願人許雅雯因不服處分提起訴願", ["許雅雯"]),
]

NEGATIVE = [
    "高雄市政府函請本府補助",
    "方案執行期間如遇不可抗力，得展延",
    "白天施工，晚上休息",
    "何謂重大災害？",
    "余款請於驗收後付清",
    "王功漁港疏浚工程已上網公告",
    "應予補正，逾期不受理",
    "管理委員會應於每年召開會議",
    "程序部分經審查符合規定",
    "金額及成立日期包括於附件",
    "關於華語教學之簡報，請於江河流域說明",
    "黃色文書應妥善保管，全部方式均可利用",
    "申請人：簽名或蓋章",
    "姓名：　性別：",
    "姓名條例第三條",
    "申請人應於三十日內補正",
    "當事人連署之文件應予保存",
    "負責人管理其事業所生之責任",
    "聯絡人：全體同仁",
    "請洽國文老師或英文老師",
    "各位先生女士大家好",
    "陳情人：林○華",
    "王○明先生與李OO小姐",
    "中正紀念堂與林森北路交叉口",
    "張榮發基金會捐助本案",
    "連江縣、金門縣及澎湖縣之交通補助",
    "許多民眾反映公車班次過少",
    "七．五公分以上之管線",
    "高中以下學校應訂定學生請假規定",
    "周邊設施維護費用由廠商負擔",
    "洪水預警系統已完成測試",
    "The Ministry of Digital Affairs released the guideline in May 2025",
    "張貼公告期間如有異議，得以書面提出",
]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(("text", "names"), POSITIVE)
def test_names_are_found_where_they_stand(text: str, names: list[str]) -> None:
    assert sorted(found(Persons, text)) == sorted(names)


@pytest.mark.parametrize("text", NEGATIVE)
def test_ordinary_words_are_no_names(text: str) -> None:
    assert found(Persons, text) == []


@pytest.mark.parametrize(
    "text",
    ["承辦人：高嘉鴻", "部長王小明於會中指示", "葉建宏副局長擔任召集人", "主任秘書駱世昌裁示"],
)
def test_officials_in_their_function_are_public(text: str) -> None:
    assert [hit.data_class for hit in hits(Persons, text)] == [DataClass.PUBLIC]


def test_a_citizens_sign_at_one_place_decides_for_all() -> None:
    text = "承辦人：高嘉鴻。另陳情人高嘉鴻表示不服。"
    assert {hit.data_class for hit in hits(Persons, text)} == {DataClass.PERSONAL}


def test_a_surname_alone_is_half_as_sure() -> None:
    assert [hit.confidence for hit in hits(Persons, "王先生來電")] == [0.5]
    assert hits(Persons, "王小明先生來電")[0].confidence > 0.8


@given(st.text(alphabet="王小明先生姓名：,，、\n\t 林陳應A-z○．的", max_size=60))
@settings(max_examples=150, deadline=None)
def test_findings_lie_inside_and_apart(text: str) -> None:
    last = 0
    for hit in sorted(hits(Persons, text), key=lambda each: each.start):
        assert last <= hit.start < hit.end <= len(text)
        last = hit.end


@pytest.mark.parametrize(("name", "floor"), [("sentences-60", 0.95), ("sentences-36", 0.95)])
def test_recall_and_precision_on_written_sentences(name: str, floor: float) -> None:
    path = Path(__file__).parents[2] / f"../shared/data/ner/{name}.jsonl"
    if not path.exists():
        pytest.skip("the shared sentences are not here")
    true = false = missed = 0
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        gold = {(low, high) for low, high, kind in row["spans"] if kind == "PERSON"}
        unsure = {(low, high) for low, high, kind in row["spans"] if kind == "IGNORE"}
        got = {(hit.start, hit.end) for hit in hits(Persons, row["text"])} - unsure
        true, false, missed = (
            true + len(gold & got),
            false + len(got - gold),
            missed + len(gold - got),
        )
    assert true / (true + missed) >= floor
    assert true / (true + false) >= floor


def test_folding_of_the_test_driver_keeps_offsets() -> None:
    assert fold("姓名：王（Ａ）　") == "姓名:王(A) "


@pytest.mark.parametrize(
    "unit", ["王", "姓名：", "王先生", "林姓", "瓦歷斯．", "姓名,電話\n", "王淑芬、", "Wang Xiao-"]
)
def test_long_text_costs_no_more_than_its_length(unit: str) -> None:
    assert growth(Persons, unit) < 8  # linear: 4; quadratic: 16
