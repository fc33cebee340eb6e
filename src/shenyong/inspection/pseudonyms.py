"""What redaction writes in a value's place (design.md: 〔姓名1〕), so that it is not found again.

Only these words count, or the brackets would hide anything: 〔王小明1〕 is a name in brackets.
"""

from __future__ import annotations

import re

LABELS: dict[str, str] = {
    "person_name": "姓名",
    "surname": "姓",
    "address": "地址",
    "organisation": "機關",
    "secret": "機密資訊",
    "tw_national_id": "身分證號",
    "tw_ui_number_new": "統一證號",
    "tw_ui_number_old": "統一證號",
    "tw_ubn": "統編",
    "tw_mobile": "手機",
    "tw_landline": "電話",
    "tw_passport": "護照",
    "mrz_td3": "護照機讀碼",
    "tw_nhi_card": "健保卡號",
    "tw_birth_roc": "出生日期",
    "bank_account": "帳號",
    "credit_card": "信用卡號",
    "tw_cdc": "憑證號碼",
    "einvoice_carrier": "載具",
    "einvoice_number": "發票號碼",
    "plate_car_new": "車牌",
    "plate_legacy": "車牌",
    "email": "電子郵件",
    "ipv4": "網路位址",
    "ipv6": "網路位址",
    "line_id": "社群帳號",
    "mrn": "病歷號",
    "student_no": "學號",
    "case_no": "案號",
    "doc_no": "文號",
    "cn_ric": "大陸身分證號",
    "hkid": "香港身分證號",
    "imei": "手機序號",
}
"""The word for each kind; redaction takes `OTHER` for a kind that is not here.

``surname`` is no finding's kind: redaction calls the 王 of 王小姐 so.
"""

OTHER = "資料"

PSEUDONYM = re.compile(
    "〔(?:"
    + "|".join(sorted({*LABELS.values(), OTHER}, key=lambda w: (-len(w), w)))
    + ")[0-9]{1,5}〕"
)


def inside(text: str, start: int, end: int) -> bool:
    """Whether ``start..end`` of `text` lies in one pseudonym."""
    opening = text.rfind("〔", max(0, start - 16), start + 1)
    if opening < 0:
        return False
    found = PSEUDONYM.match(text, opening)
    return found is not None and end <= found.end()
