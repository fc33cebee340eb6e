"""The forms in which officials and statutes cite: expressions only, each with what it is for."""

from __future__ import annotations

import re

from shenyong.statutes.numerals import NUMERAL

HALF = str.maketrans(
    {chr(0xFF10 + each): str(each) for each in range(10)} | {"－": "-", "–": "-", "~": "～"}
)
_S = r"[ \t\u3000\n]{0,3}"
_ARTICLE = (
    rf"(?:第{_S}(?P<no>{NUMERAL}){_S}(?:-(?P<dash>[0-9]{{1,2}}){_S})?條(?!例|約|款)"
    rf"(?:{_S}之{_S}(?P<more>{NUMERAL})(?!條))?"
    rf"|第{_S}(?P<no2>{NUMERAL}){_S}[之-]{_S}(?P<more2>{NUMERAL}){_S}條(?!例|約|款)"
    rf"|第{_S}(?P<no4>{NUMERAL}){_S}(?=[~～至到-]{_S}第?{NUMERAL}{_S}條(?!例|約|款))"
    rf"|(?<=[~～至到-])(?P<no5>{NUMERAL}){_S}條(?!例|約|款)"
    rf"|§{_S}(?P<no3>[0-9]{{1,4}})(?:[-之](?P<more3>[0-9]{{1,2}}))?"
    rf"|(?P<same>同|前|本|該|次)條(?!例|約|款|文))"
)
NUMBERED = ("no", "no2", "no3", "no4", "no5")
_PARAGRAPH = rf"(?:第{_S}(?P<para>{NUMERAL}){_S}項|(?P<samepara>同|前|本|該)項)"
_ITEM = rf"第{_S}(?P<item>{NUMERAL}){_S}款(?:之[一二三四五六1-6](?![條項]))?"
_SUB = rf"第{_S}(?P<sub>{NUMERAL}){_S}目(?:之[一二三四五六1-6](?![條項]))?"
_PART = r"(?:前段|中段|後段|但書|本文|序文)"
UNIT = re.compile(
    rf"{_ARTICLE}(?:{_S}{_PARAGRAPH})?(?:{_S}{_ITEM})?(?:{_S}{_SUB})?{_PART}?"
    rf"|{_PARAGRAPH.replace('para>', 'para_b>')}(?:{_S}{_ITEM.replace('item>', 'item_b>')})?"
    rf"(?:{_S}{_SUB.replace('sub>', 'sub_b>')})?{_PART}?"
    rf"|{_ITEM.replace('item>', 'item_c>')}(?:{_S}{_SUB.replace('sub>', 'sub_c>')})?{_PART}?"
)
LINK = re.compile(
    rf"{_S}(?:各[款項目]|所列|規定|情形|之一){{0,2}}{_S}(?:(?:規定|所定)?(?:得|應)?準用|、|及|與|或|和|暨|以及|至|到|～|-|,|，){_S}"
    rf"(?:同法|同條例)?{_S}\Z"
)
PAST = re.compile(
    r"(?:修正(?:公布|施行|生效)?(?:前|後?施行前)|施行前|行為時|裁處時|原條文|原規定|廢止前|舊法"
    r"|修正前|原(?!住民|則|因|告|處)|修正之)"
    r"(?:之|有效之|適用之)?(?:本法|同法|該法|本條例"
    r"|(?!已|依|經|曾|未|由|尚|即|所|應|者|既|其|原)[\u4e00-\u9fff]{1,20}(?:法|條例))?\s*\Z"
)
CRIMES = re.compile(
    r"[\u4e00-\u9fff]{0,4}[、及與或]\Z|之?[\u4e00-\u9fff（）()「」、]{0,40}[罪者][、及與或，,][同]?\Z"
)
CHAPTER = re.compile(
    r"(?:第?[\u4e00-\u9fff]{1,14}[編章節篇](?:之罪|中)?|[\u4e00-\u9fff]{2,10}罪)?\s*"
)
ANAPHOR = re.compile(
    r"(?P<word>[同該本]|前開|上開|上述|前述|前揭|首揭)(?P<kind>法|條例|通則|憲法)\s*\Z"
)
NO_STATUTE = re.compile(
    r"(?:契約|合約|協議書?|協定|公約|條約|議定書|章程|要點|辦法|細則|規則|準則|標準|注意事項|須知"
    r"|規定|手冊|簡章|規範|指引|基準|規程|綱要|綱領|方案|措施|計畫|命令|自治條例|施行細則|公司章程"
    r"|判決|解釋|憲章|規章|說明書|投標須知|同意書|切結書|附件|附表|附錄)"
    r"[」』》）)]?(?:\([^()]{0,30}\)|（[^（）]{0,30}）)?\s*\Z"
)
LAW_WORD = re.compile(r"(?P<name>[\u4e00-\u9fff]{1,30}(?:法|條例|通則|律))[」』》〉]?\s*\Z")
LEAD = re.compile(
    r".*(?:爰依據?|依據|依照|按照|按|依|違反|觸犯|牴觸|適用|準用|參照|根據|有關|關於|對於|符合|以及|及|與|或"
    r"|和|暨|並|惟|則|且|應|為|係|即|屬|查|基於|引用|適用|另|經|故|因|由|在|於|中|之|的|和)"
)
TAIL = re.compile(r"(?:施行細則|施行規則|施行辦法|細則|子法|草案|修正案|自治條例)")
DEFINED = re.compile(
    r"\s*[」』》〉]?\s*[（(]\s*(?:以下|下稱|下|簡稱|以下均?簡?稱)(?:均)?(?:簡稱|稱)?\s*[為:：]?\s*"
    r"[「『]?(?P<short>[\u4e00-\u9fff]{1,12}?)[」』]?\s*[)）]"
)
SHORT = re.compile(
    r"[ ]?(?P<no>[0-9]{1,4})(?:(?:-|之)(?P<more>[0-9]{1,2}))?(?:條(?!例|約|款))?"
    r"(?:[ ]?(?P<roman>I{1,3}|IV|V|VI{0,3}))?(?:[ ]?(?P<circled>[①-⑳]))?"
    r"(?![0-9A-Za-z年月日個件萬元人條項款%.号號])"
)
ROMAN = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8}
QUOTED = re.compile(r"[」』》〉]?\s*(?:（[^（）]{0,40}）|\([^()]{0,40}\))?\s*")
REACH = 48
