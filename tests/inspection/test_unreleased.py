"""Soft markings: a draft's title marks it, a draft spoken of does not."""

from __future__ import annotations

import pytest
from tests.inspection.driving import growth, hits

from shenyong.guideline.terms import DataClass
from shenyong.inspection.unreleased import Unreleased

POSITIVE = [
    "限閱\n會議資料",
    "【內部使用】各單位人力配置",
    "僅供內部使用",
    "本文件僅供內部參考\n一、現況",
    "某某計畫（草案）\n壹、緣起",
    "市政白皮書（初稿）",
    "草案\n第一章",
    "DRAFT\nExecutive summary",
    "Draft v0.3\nExecutive summary",
    "擬　稿\n說明：一、",
    "○○市政府　函（稿）\n受文者：",
    "主旨：年度預算編列方針（未定稿）",
    "【草案】數位轉型策略",
    "數位轉型推動計畫草案\n一、前言",
    "文件狀態：初稿",
    "Embargoed until 10 May 2026, 10:00",
    "發布前不得公開",
    "INTERNAL USE ONLY",
    "內部文件，請勿外流",
    "（限閱）人事異動名單",
    "未公開\n以下為規劃內容",
    "會後收回",
    "Not for distribution",
    "機敏資料\n系統架構如下",
    "年度施政計畫初稿 第3版",
    "未經核准，不得對外公開",
    "人力評估報告（討論稿）.docx",
]
NEGATIVE = [
    "請擬一份施政計畫草案",
    "個資法修正草案",
    "個人資料保護法部分條文修正草案",
    "本部預告修正○○辦法草案，請各界提供意見。",
    "草案經行政院會議通過後，送立法院審議。",
    "請幫我把這份初稿潤飾得更正式",
    "行政機關應將法規草案公告周知",
    "請說明草案與定稿的差異",
    "內部控制制度",
    "內部稽核每年辦理一次",
    "機關內部使用之表單應定期檢討",
    "限閱資料之調閱應經核准。",
    "I need a draft letter to the citizens.",
    "Please draft a reply.",
    "修正草案總說明及條文對照表業已公告。",
    "公務員不得對外發表與職務有關之談話",
    "擬稿人應於文末簽章",
    "底稿應保存五年。",
    "會議紀錄初稿完成後，送請主席核定。",
    "未公開發行公司",
    "未公開資訊之交易",
    "稿費支給標準",
    "投稿須知",
    "This is a draft horse.",
    "如何撰寫草案？",
    "敏感資料應加密儲存。",
    "請勿轉傳未經查證之訊息。",
    "何謂草案（draft）？",
]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("text", POSITIVE)
def test_the_place_marks(text: str) -> None:
    assert [hit.data_class for hit in hits(Unreleased, text)] == [DataClass.UNRELEASED]


@pytest.mark.parametrize("text", NEGATIVE)
def test_the_word_alone_does_not(text: str) -> None:
    assert hits(Unreleased, text) == []


@pytest.mark.parametrize("unit", ["草案", "（草案）", "限\u3000閱\n"])
def test_long_text_costs_no_more_than_its_length(unit: str) -> None:
    assert growth(Unreleased, unit) < 8  # linear: 4; quadratic: 16
