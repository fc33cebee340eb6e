"""Markings: the place marks, not the word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inspection.driving import growth, hits

from shenyong.guideline.terms import DataClass
from shenyong.inspection.markings import Markings

POSITIVE = [
    ("密等及解密條件或保密期限：機密", "D5"),
    ("密等：密", "D4"),
    ("密 等：密", "D4"),
    ("密　　等：密", "D4"),
    ("機 密 等 級 ： 密", "D4"),
    ("機　密　等　級：機密", "D5"),
    ("密 等 及 解 密 條 件 或 保 密 期 限：密", "D4"),
    ("密　等　及　解密條件：密（本件於公布時解密）", "D4"),
    ("密等及解密條件或保密期限：密（本件於公布時解密）", "D4"),
    ("密等及解密條件或保密期限：極機密（本件至115年12月31日解密）", "D6"),
    ("速別：普通件　密等：機密　附件：如文", "D5"),
    ("密等及解密條件：絕對機密(其他（其他特別條件或另行檢討後辦理解密）)", "D7"),
    ("密等及解密條件或保密期限：\n機密\n主旨：有關……", "D5"),
    ('<密等 代碼="機密"/>', "D5"),
    ("<密等>密</密等>", "D4"),
    ('{"密等": "極機密", "主旨": "某案"}', "D6"),
    ("密等：□密　■機密　□極機密", "D5"),
    ("| 密等 | 機密 |", "D5"),
    ("機密\n\n主旨：有關某計畫一案", "D5"),
    ("機　　密\n主旨：某案", "D5"),
    ("絕　對　機　密\n說明：一、", "D7"),
    ("【極機密】\n主旨：某案", "D6"),
    ("－ 機密 －\n第一章", "D5"),
    ("密\n\n受文者：某機關", "D4"),
    ("機密　第 1 頁，共 3 頁\n內容", "D5"),
    ("第1頁 機密\n內容", "D5"),
    ("機密（至116年6月30日解密）", "D5"),
    ("極機密（保密期限至民國120年12月31日）\n主旨", "D6"),
    ("【密】本部擬於下月辦理演習。\n【無】請各單位配合。", "D4"),
    ("一、【機】兵力調動如附件。\n二、【密】補給照舊。", "D5"),
    ("【絕】作戰構想\n【無】一般行政", "D7"),
    ("【機密】關於某採購案之簽", "D5"),
    ("某海域巡防計畫（極機密）", "D6"),
    ("附件：密-人事案.docx", "D4"),
    ("檔名：【機密】採購案.pdf", "D5"),
    ("report_極機密.docx", "D6"),
    ("本案核定為機密，不得外流。", "D5"),
    ("TOP SECRET//SI//NOFORN\n1. (TS) Body", "D7"),
    ("SECRET//REL TO USA, TWN\nBody", "D6"),
    ("NATO RESTRICTED\nBody", "D4"),
    ("TLP:AMBER\nIndicators follow.", "D4"),
    ("[TLP:RED] Incident notice", "D4"),
    ("CONFIDENTIAL\nMinistry of Foreign Affairs\nSubject: talks", "D5"),
    ("營業秘密\n配方如下", "D4"),
]
WEAK = [
    "密件\n受文者：某機關",
    "主旨：密不錄由",
    "附件抽存後解密",
    "（附件抽存後解密）",
    "親啟",
    "CONFIDENTIAL\nThis e-mail is for the addressee.",
    "TLP:GREEN\nShare within the community.",
]

NEGATIVE = [
    "密等及解密條件或保密期限：普通",
    "密等及解密條件或保密期限：",
    "密等：普通件\n主旨：機密文書之管理",
    "請說明密等及解密條件如何填寫",
    "密等：密／機密／極機密／絕對機密",
    "密等：密、機密、極機密（擇一填寫）",
    "密等：□密 □機密 □極機密 □絕對機密",
    "密等：",
    "國家機密等級區分如下：絕對機密、極機密、機密。",
    "絕對機密\n極機密\n機密\n密\n以上四級由高至低",
    "機密文書由誰核定？",
    "公務員應絕對保守政府機關機密之義務",
    "汽（機）車停車場",
    "汽(機)車駕駛人",
    "本要點所稱密件，指下列文書",
    "商業機密之保護",
    "營業秘密法第二條規定如下",
    "密碼：請勿外洩",
    "密集輔導班課程表",
    "機密性、完整性及可用性",
    "第二章 國家機密之核定與變更",
    "TLP:RED 與 TLP:AMBER 有何不同？",
    "The word SECRET appears in this sentence.",
    "What does TOP SECRET mean?",
    "每段應標示【無】【密】【機】【極】【絕】",
    "【無】本件無涉機密。",
    "緊密合作",
    "| 等級 | 期限 |\n| 機密 | 10年 |\n| 極機密 | 20年 |",
    "國家機密之解密條件，由原核定機關定之。",
    "密等及解密條件應同時核定",
    "該文件經核定為機密者，應依規定保管。",
    "(S) small (M) medium",
    "(C) 2026 All rights reserved",
    "底價如何訂定？",
    "請問機密（國家機密保護法所稱者）如何解密？",
]


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.parametrize(("text", "level"), POSITIVE)
def test_the_highest_marking_of_a_text(text: str, level: str) -> None:
    levels = [hit.data_class.value for hit in hits(Markings, text) if hit.data_class]
    assert max(levels, default=None) == level


@pytest.mark.parametrize("text", WEAK)
def test_weak_signs_say_no_level(text: str) -> None:
    assert [hit.data_class for hit in hits(Markings, text)] == [DataClass.UNRELEASED]


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("text", NEGATIVE)
def test_the_word_alone_marks_nothing(text: str) -> None:
    assert hits(Markings, text) == []


@pytest.mark.parametrize("gap", ["", " ", "　", "  "])
@pytest.mark.parametrize(
    ("level", "data_class"), [("機密", "D5"), ("極機密", "D6"), ("絕對機密", "D7")]
)
def test_letters_set_apart_and_carriage_returns(level: str, data_class: str, gap: str) -> None:
    text = f"某機關　函\r\n{gap.join(level)}\r\n主旨：某案"
    assert [hit.data_class and hit.data_class.value for hit in hits(Markings, text)] == [data_class]


@given(st.text(alphabet="密機極絕對等級：（）【】無解本件於時\n 、□■普通", max_size=50))
@settings(max_examples=200, deadline=None)
def test_findings_lie_inside(text: str) -> None:
    for hit in hits(Markings, text):
        assert 0 <= hit.start < hit.end <= len(text)


@pytest.mark.parametrize("unit", ["密等：", "機密\n", "【(", "機\u3000", "密-a"])
def test_long_text_costs_no_more_than_its_length(unit: str) -> None:
    assert growth(Markings, unit) < 8  # linear: 4; quadratic: 16
