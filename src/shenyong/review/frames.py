"""The frame of a request: what a model is told before the official's own words, by kind of text.

Our words, in the agency's language; the official sees them beside the request.
"""

from __future__ import annotations

from shenyong.review.matter import SECTIONS, Template

_COMMON = (
    "你協助臺灣政府機關的業務承辦人擬稿。用正體中文與公文用語，語氣平實。"
    "只寫要求裡有的事實，不要補上沒有給的日期、金額、法條或姓名；不確定的寫「待查」。"
)
_KINDS: dict[Template, str] = {
    Template.LETTER: "請擬一份函，分「主旨：」「說明：」兩段，說明用「一、」「二、」分項。",
    Template.MEMO: "請擬一份簽，分「主旨：」「說明：」「擬辦：」三段，各項用「一、」「二、」分項。",
    Template.MINUTES: "請把下列內容整理成會議紀錄摘要，"
    "分「會議名稱：」「時間：」「地點：」「出席人員：」「決議：」。",
    Template.NEWS: "請擬一則新聞稿，第一行是「標題：」，其餘是「內文：」。",
    Template.PETITION: "請擬一份回復民眾陳情的函，"
    "分「主旨：」「說明：」兩段，用字親切明白，不作准駁。",
    Template.TRANSLATION: "請翻譯下列文字：中文譯成英文，其他語文譯成正體中文。只輸出譯文。",
    Template.SUMMARY: "請摘要下列文字，條列重點，不加評論。",
}


def frame(template: Template) -> str:
    """What the model is told."""
    return f"{_COMMON}{_KINDS[template]}"


def skeleton(template: Template) -> str:
    """An empty text of that kind, for who writes without a model."""
    return "\n".join(f"{name}：" for name in SECTIONS[template])
