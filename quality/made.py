"""Official text by a seeded source: every kind of value in its usual words, and hard negatives.

``{KIND}`` becomes a marked value. Frames stand in random order, so that what is beside a value
varies; a third of all texts holds nothing to find, only what looks like it. No frame was used in
training, and none is to be tuned on: what they show goes into rules by its own words.
"""

from __future__ import annotations

import re
from random import Random

from quality import values
from quality.marks import Sample, parsed

FRAMES = r"""
申請人{PERSON}（身分證字號{tw_national_id}），設籍{ADDRESS}，聯絡電話{tw_mobile}。
案主{PERSON}，{tw_birth_roc}生，現居{ADDRESS}，由其女{PERSON}照顧。
經查{PERSON}君於本年3月間向本所申辦敬老津貼，惟戶籍地址{ADDRESS}查無此人。
受處分人：{PERSON}\n身分證統一編號：{tw_national_id}\n住址：{ADDRESS}
檢舉人{PERSON}女士來電（{tw_mobile}）表示，對面{ADDRESS}每晚有人焚燒雜物。
請協助查明車號{plate_car_new}之車主{PERSON}是否為身心障礙者家屬。
病患{PERSON}（病歷號{mrn}）健保卡號{tw_nhi_card}，出院後由衛生所追蹤。
退款請匯至{bank_account}，戶名{PERSON}。
陳情人{PERSON}以電子郵件（{email}）補充說明，並留市話{tw_landline}。
外籍配偶{PERSON}（統一證號：{tw_ui_number_new}）護照號碼{tw_passport}，辦理歸化測試。
持卡人{PERSON}信用卡卡號{credit_card}遭盜刷，已向警方報案。
得標廠商統一編號{tw_ubn}，負責人{PERSON}，電話{tw_landline}。
中獎人{PERSON}之手機條碼{einvoice_carrier}已完成歸戶。
登入紀錄顯示來源IP位址為{ipv4}，帳號為{email}。
姓名\t出生日期\t電話\n{PERSON}\t{tw_birth_roc}\t{tw_mobile}\n{PERSON}\t{tw_birth_roc}\t{tw_mobile}
訪視時{PERSON}不在家，鄰居{PERSON}說她上週住進療養院。
與會家長：{PERSON}、{PERSON}、{PERSON}，請假一人。
據{PERSON}供稱，當日係受友人{PERSON}之託代為保管。
感謝{PERSON}里民熱心協助，本案業已改善完竣，照片如附。
"""

NEGATIVES = r"""
本案預算編列新臺幣1,234,567元，執行率92.5%，餘款繳庫。
依行政程序法第102條規定，給予陳述意見之機會。
總收文號1130045678，檔號113/050302/1，保存年限10年。
物料編號A123456780之零件已逾保固，型號RX-0912-3456，序號20240900123。
自113年10月7日起至114年6月30日止，每週三下午2時至4時辦理。
高雄港區第3期工程連同王功漁港維護案，合計石材8,200噸，安全無虞。
統計區間為民國100年1月1日至112年12月31日，樣本數98,765,432筆。
何謂「程序正義」？任何機關均應予說明，方案內容於公告後全文上網。
報名序號0034567890，座位表依准考證號碼由小至大排列。
溫度計讀值25.4度，金額欄位空白者視為零元，白米每公斤48元。
本府服務專線1999，總機(02)27208889，傳真(02)27596645。
中正路與民生路口號誌故障，請儘速派員檢修。
林業用地、田地及水利用地合計12筆，面積0.3456公頃。
余款併同前案辦理，許可證字號為環署空證字第0912號。
石牌站至唭哩岸站間之高架橋，耐震補強工程第2標已決標。
版本號10.0.19041.1，埠號8080，請更新至最新韌體。
"""

_SLOT = re.compile(r"\{(\w+)\}")


def frames(text: str) -> list[str]:
    """The lines, with their escapes read."""
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in text.strip().splitlines()]


def made(seed: int, count: int) -> list[Sample]:
    """`count` samples, the same for the same seed."""
    random = Random(seed)
    positive, negative = frames(FRAMES), frames(NEGATIVES)
    samples = []
    for number in range(count):
        chosen = random.sample(negative, random.randint(1, 3))
        if random.random() > 1 / 3:
            chosen += random.sample(positive, random.randint(1, 3))
        random.shuffle(chosen)
        filled = _SLOT.sub(
            lambda match: f"⟦{match[1]}|{values.VALUES[match[1]](random)}⟧", "\n".join(chosen)
        )
        samples.append(parsed(filled, f"g{number}", "generated"))
    return samples
