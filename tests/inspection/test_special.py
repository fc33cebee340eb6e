"""Special categories: a fact and a person, never a fact alone."""

from __future__ import annotations

import pytest
from tests.inspection.driving import found, growth, hits

from shenyong.guideline.terms import DataClass, Likelihood
from shenyong.inspection.special import Special

POSITIVE = [
    ("患者王小明確診肺結核", "肺結核"),
    ("陳美玲女士罹患乳癌第二期", "乳癌"),
    ("林姓民眾有竊盜前科", "前科"),
    ("姓名：王小明\n診斷：思覺失調症", "思覺失調症"),
    ("案主遭其父性侵害，已轉介社會局", "性侵害"),
    ("該生經診斷為憂鬱症", "憂鬱症"),
    ("A123456789 健檢報告異常", "健檢報告"),
    ("個案潘育誠因吸毒經觀察勒戒", "觀察勒戒"),
    ("李大華先生曾受緩起訴處分", "緩起訴"),
    ("被害人張雅婷聲請家暴保護令", "保護令"),
    ("依童玉芬所附病歷，其病況已趨穩定。", "病歷"),
    ("王先生服用抗憂鬱藥物", "服用"),
    ("陳建宏感染HIV", "HIV"),
    ("病患：林志豪\n用藥：胰島素", "胰島素"),
    ("黃淑芬的基因檢測結果為陽性", "基因檢測"),
    ("檢舉人吳俊傑要求身分保密", "檢舉人"),
    ("我女兒有自閉症", "自閉症"),
    ("學生曾子晴遭同學霸凌", "霸凌"),
    ("蔡孟軒目前假釋中", "假釋"),
    ("姓名,診斷\n王小明,糖尿病", "糖尿病"),
    ("兒保個案許雅雯已安置", "安置"),
    ("0912345678 這位民眾有酒癮", "酒癮"),
    ("某甲因酒駕判處有期徒刑六月", "酒駕"),
    ("渠患有癲癇，無法駕駛", "癲癇"),
    ("員工董建志請假化療", "化療"),
    ("劉怡君坦承外遇", "外遇"),
    ("王○明先生洗腎中", "洗腎"),
]
NEGATIVE = [
    "肺結核防治宣導",
    "請擬一份糖尿病衛教海報",
    "高血壓盛行率統計",
    "家庭暴力防治法第10條",
    "性侵害犯罪防治法之保密規定",
    "病歷保存年限為七年",
    "前科紀錄之查詢程序",
    "緩起訴處分之要件",
    "健康檢查補助要點",
    "癌症篩檢活動將於下月舉行",
    "憂鬱症之照護資源有哪些",
    "身心障礙者權益保障法",
    "病患得請求病歷複製本",
    "罹患傳染病者應予隔離",
    "觀察勒戒處分執行條例",
    "檢舉人獎勵辦法",
    "兒少保護通報專線113",
    "基因改造食品標示",
    "假釋之條件由監獄審查",
    "精神科門診時間表",
    "自殺防治守門人訓練",
    "新冠肺炎疫苗接種計畫",
    "酒駕零容忍",
    "性騷擾防治措施應於公司公開揭示",
    "手術房設備採購案",
    "收養登記應備文件",
    "霸凌防制準則",
    "高雄市罹患登革熱人數統計",
]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(("text", "word"), POSITIVE)
def test_a_fact_with_a_person(text: str, word: str) -> None:
    assert word in found(Special, text)
    assert {hit.data_class for hit in hits(Special, text)} == {DataClass.PERSONAL_SPECIAL}


@pytest.mark.parametrize("text", NEGATIVE)
def test_a_fact_alone(text: str) -> None:
    assert found(Special, text) == []


def test_a_person_in_another_sentence_is_not_near() -> None:
    assert found(Special, "承辦人：高嘉鴻。肺結核之防治由疾病管制署主管。") == []


@pytest.mark.parametrize("unit", ["王小明確診肺結核，", "診斷：肺結核\n"])
def test_long_text_costs_no_more_than_its_length(unit: str) -> None:
    assert growth(Special, unit) < 8  # linear: 4; quadratic: 16


@pytest.mark.parametrize(
    "text", ["某位住戶確診思覺失調症，該怎麼關心？", "有一名員工罹患肺結核，請擬內部處理方式。"]
)
def test_of_somebody_who_is_not_named_it_is_possible(text: str) -> None:
    seen = hits(Special, text)
    assert {(each.likelihood, each.data_class) for each in seen} == {(Likelihood.POSSIBLE, None)}


def test_of_somebody_who_is_named_it_is_likely() -> None:
    seen = hits(Special, "王小明罹患肺結核，請擬通知。")
    assert {(each.likelihood, each.data_class) for each in seen} == {
        (Likelihood.LIKELY, DataClass.PERSONAL_SPECIAL)
    }
