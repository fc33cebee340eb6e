"""The demonstration's invented work: matters as they stand after sixty days. Content only.

Every agency, person, number and event is made up. What `model` wrote and what the official made of
it differ, so that the share of human work, the marks and the trail have something to show.
"""

# ruff: noqa: E501 - sentences are not broken
from __future__ import annotations

import msgspec

from shenyong.review import BasisKind, Template


class Story(msgspec.Struct, frozen=True):
    """One matter: who has it, what was asked, what was written, and how far it went.

    `days` is how many days ago it began. `until` is the last thing done on it: begun, judging,
    returned, submitted, confirmed, released or voided. `sources` are (title, text).
    """

    number: str
    title: str
    template: Template
    person: str
    days: int
    until: str
    prompt: str = ""
    model: str = ""
    text: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    basis: tuple[BasisKind, str] = (BasisKind.DOCUMENT, "")
    level: str = "普通"
    comment: str = ""


UNRELEASED = (
    "數位學習補助作業要點修正草案（簽核中）",
    "依簽核中之數位學習補助作業要點修正草案，補助上限將由新臺幣一萬元調整為一萬五千元，"
    "收件期限延長至年底，並新增偏遠地區加成，俟奉核後再行公告。",
)
"""A document that is not released: its words may not leave."""

REFUSED_PROMPT = (
    "請幫我回復一封民眾陳情。陳情人王小明（身分證字號 A123456789，手機 0912-345-678）"
    "反映補助申請系統無法上傳附件，想知道能不能補件。"
    + UNRELEASED[1]
    + "請說明系統已經修復，請陳情人重新上傳，並附上客服電話。"
)
"""What the first matter's official wrote, and what does not leave."""

_MINUTES = "資訊服務協調會議紀錄（示範）：時間 115年10月6日上午10時。決議：線上申請系統自115年10月20日起改版，改版期間停機 4 小時。客服專線延長至晚間8時。"
_LETTER_IN = "示範市政府 115年10月28日示市資字第1150001234號函：請提供資料介接規格，並於115年11月30日前回復。"

STORIES: tuple[Story, ...] = (
    Story(
        "1150000871",
        "陳情人反映補助系統無法上傳附件",
        Template.PETITION,
        "lin",
        0,
        "begun",
        prompt=REFUSED_PROMPT,
    ),
    Story(
        "1150000862",
        "函復資料介接規格",
        Template.LETTER,
        "lin",
        1,
        "judging",
        prompt="請擬函回復示範市政府：同意提供資料介接規格，請對方依個人資料保護法辦理，並於115年11月30日前完成測試。",
        model="主旨：貴府函請提供資料介接規格一案，復如說明，請查照。\n說明：\n一、復貴府115年10月28日示市資字第1150001234號函。\n二、本署同意提供資料介接規格，請依個人資料保護法第16條及第66條規定辦理。\n三、請於115年12月30日前完成介接測試，測試期間每日上限 5,000 筆。",
        text="主旨：貴府函請提供資料介接規格一案，復如說明，請查照。\n說明：\n一、復貴府115年10月28日示市資字第1150001234號函。\n二、本署同意提供資料介接規格，請依個人資料保護法第16條及第66條規定辦理。\n三、請於115年12月30日前完成介接測試，測試期間每日上限 5,000 筆。",
        sources=(("示範市政府來函", _LETTER_IN),),
    ),
    Story(
        "1150000855",
        "線上申請系統改版新聞稿",
        Template.NEWS,
        "lin",
        2,
        "submitted",
        prompt="請擬新聞稿：線上申請系統自115年10月20日起改版，改版期間停機4小時，客服專線延長至晚間8時。",
        model="標題：線上申請系統全新改版\n內文：數位示範署宣布，線上申請系統自115年10月20日起全新改版，改版期間將停機 4 小時。全新系統革命性地提升了使用體驗，堪稱業界第一。",
        text="標題：線上申請系統10月20日改版\n內文：數位示範署表示，線上申請系統自115年10月20日起改版，改版期間停機 4 小時，請民眾提前完成申請。客服專線延長至晚間8時，歡迎來電洽詢。",
        sources=(("協調會議紀錄", _MINUTES),),
        basis=(BasisKind.DOCUMENT, "115年10月6日資訊服務協調會議紀錄"),
    ),
    Story(
        "1150000849",
        "補件期限展延回復",
        Template.PETITION,
        "lin",
        4,
        "returned",
        prompt="請擬函回復民眾：補件期限展延七日，請於期限內補正。",
        model="主旨：有關台端申請補件期限展延一案，復如說明。\n說明：\n一、同意展延補件期限 7 日。\n二、逾期未補正者，駁回其申請。",
        text="主旨：有關台端申請補件期限展延一案，復如說明，請查照。\n說明：\n一、同意展延補件期限 7 日，自本函送達之次日起算。\n二、逾期未補正者，駁回其申請。",
        basis=(BasisKind.DOCUMENT, "補助作業要點第5點"),
        comment="請補上駁回的法令依據，並確認期限的起算日。",
    ),
    Story(
        "1150000837",
        "內部教育訓練簽",
        Template.MEMO,
        "lin",
        6,
        "confirmed",
        prompt="請擬簽：辦理生成式AI使用規範教育訓練，時間三小時，全署同仁參加。",
        model="主旨：擬辦理生成式AI使用規範教育訓練，簽請核示。\n說明：\n一、為使同仁了解相關規範，擬辦理教育訓練 3 小時。\n擬辦：奉核後辦理。",
        text="主旨：擬辦理生成式 AI 使用規範教育訓練，簽請核示。\n說明：\n一、為使同仁了解行政院及所屬機關（構）使用生成式 AI 參考指引，擬辦理教育訓練 3 小時，全署同仁均應參加。\n二、所需經費由本年度訓練費項下支應。\n擬辦：奉核後由本科辦理，並將教材置於內部網站。",
        sources=(("訓練計畫", "教育訓練計畫（示範）：每場 3 小時，共二場，經費由訓練費支應。"),),
        basis=(BasisKind.DOCUMENT, "115年度教育訓練計畫"),
    ),
    Story(
        "1150000790",
        "跨機關資料交換會議紀錄摘要",
        Template.MINUTES,
        "lin",
        15,
        "released",
        prompt="請整理會議紀錄摘要：資料交換格式採用開放格式，115年11月起試辦。",
        model="會議名稱：跨機關資料交換會議\n時間：115年11月3日\n決議：資料交換採開放格式，自115年11月16日起試辦。",
        text="會議名稱：跨機關資料交換協調會議\n時間：115年11月3日\n決議：資料交換採開放文件格式，自115年11月16日起試辦，三個月後檢討。",
        sources=(
            (
                "會議錄音逐字稿摘錄",
                "115年11月3日會議：主席裁示資料交換採開放文件格式，自115年11月16日起試辦，三個月後檢討。",
            ),
        ),
        basis=(BasisKind.DOCUMENT, "115年11月3日會議簽到簿及錄音"),
    ),
    Story(
        "1150000752",
        "系統操作常見問題摘要",
        Template.SUMMARY,
        "lin",
        28,
        "released",
        prompt="請摘要系統操作常見問題，條列重點。",
        model="一、忘記密碼請至登入頁重設。\n二、附件以 ODF 格式為原則，每檔上限 20 MB。\n三、客服時間為上班日上午8時至晚間8時。",
        text="一、忘記密碼請至登入頁重設。\n二、附件以 ODF 格式為原則，每檔上限 20 MB。\n三、客服時間為上班日上午8時至晚間8時。",
        sources=(
            (
                "操作手冊",
                "操作手冊（示範）：附件以 ODF 為原則，每檔上限 20 MB。客服時間上班日上午8時至晚間8時。",
            ),
        ),
        basis=(BasisKind.DOCUMENT, "系統操作手冊第三版"),
    ),
    Story(
        "1150000701",
        "感謝函",
        Template.LETTER,
        "kao",
        41,
        "released",
        prompt="請擬函感謝示範大學協助辦理資料開放工作坊。",
        model="主旨：感謝貴校協助辦理資料開放工作坊，請查照。\n說明：貴校提供場地並協助報到，活動圓滿完成，特此致謝。",
        text="主旨：感謝貴校協助辦理資料開放工作坊，請查照。\n說明：\n一、貴校提供場地，並派員協助報到。\n二、活動圓滿完成，特此致謝。",
        basis=(BasisKind.DOCUMENT, "工作坊執行報告"),
    ),
    Story(
        "1150000655",
        "開放資料平臺英文簡介",
        Template.TRANSLATION,
        "kao",
        55,
        "voided",
        prompt="請翻譯：開放資料平臺提供各機關資料集下載與介接。",
        model="The open data platform lets you download and connect to data sets of all agencies.",
        text="The open data platform offers data sets of every agency, to download or to connect to.",
        basis=(BasisKind.DOCUMENT, "平臺中文簡介"),
        comment="平臺改名，簡介重新發布",
    ),
    Story(
        "1150000869",
        "機密文書保管情形簽",
        Template.MEMO,
        "lin",
        3,
        "begun",
        level="密",
    ),
)

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("請把這段說明改成條列。", "local/gemma-3-270m"),
    ("請說明開放文件格式的好處。", "local/gemma-3-270m"),
    ("請查詢陳大文（身分證字號 B223456780）的戶籍地址。", "cloud/gemma-3-270m"),
    ("請潤飾這句話：本署受理申請後，將儘速辦理。", "onprem/gemma-3-270m"),
    ("請翻譯成英文：請於期限內補正。", "local/gemma-3-270m"),
    ("聯絡人李小華，手機 0933-222-111，請幫我寫一封邀請信。", "cloud/gemma-3-270m"),
)
"""What was asked on other days, and of which model."""
