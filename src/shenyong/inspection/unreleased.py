"""What is not released yet (kind ``unreleased``, D1): soft markings, by position.

政府資訊公開法 18 I ③: drafts and preparatory papers before a decision; and what an agency keeps for
its own use (限閱, 內部使用). As with the markings of confidentiality, the place says it: a line of
its own, a bracket at a line's beginning, a parenthesis at a title's end, the field 文別. A word in
prose says nothing: 「請擬一份草案」 asks for a draft, 「個資法修正草案」 names one that everybody
may read. Sources: domain.md 2.4 (soft), 2.6; guideline.md, reading 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.reading.passage import Passage, View, ViewKind

_KIND = "unreleased"
_S = r"[ \t\u3000]"
_INTERNAL = (
    rf"(?:限{_S}*閱|內部(?:文件|資料|使用|參考|簽核|討論)(?:{_S}*[,，、]{_S}*(?:請勿|不得"
    rf"|嚴禁)(?:外流|外傳|外洩|對外提供|轉傳|流出|公開))?|(?:僅|限"
    rf"|專)供(?:本[部府局署處校所會院])?內部(?:人員)?(?:使用|參考|參閱|作業)"
    r"|(?:請勿|不得|嚴禁)(?:外流|外傳|對外(?:流傳|提供|公開|發布|散布)|轉傳)|未經(?:核准|同意"
    r"|許可|授權),?(?:請勿|不得)(?:對外)?(?:公開|發布|外流|引用|提供|散布)|(?:發布|公布|公告"
    r"|上網|記者會)前(?:請勿|不得|嚴禁|應)(?:對外)?(?:公開|外流|發布|引用|保密)"
    r"|(?:尚)?未(?:經)?(?:公開|公布|發布|核定|定稿)(?:資料|文件|版)?|機敏資料|敏感資料"
    r"|會議(?:限閱)?資料[,，]會後收回|會後收回"
    r"|(?i:internal use only|for internal use(?: only)?|internal only"
    r"|not for (?:public )?(?:release|distribution)|do not (?:distribute|circulate|forward)"
    r"|sensitive but unclassified))"
)
_DRAFT = (
    (
        rf"(?:草{_S}*案|擬{_S}*稿|初{_S}*稿|草{_S}*稿|底稿|簽稿|討論稿|修正稿|核稿中|未定稿"
        rf"|待核定|(?:第[一二三四五六七八九十0-9]+|[Vv]?[0-9.]+){_S}?(?:版)?(?:草案|初稿|草稿)"
        r"|(?i:draft(?: (?:version|v)?{_S}?[0-9.]+)?|working draft|preliminary draft"
        r"|pre-?decisional|(?:strictly )?embargoed(?: until [^\n]{{1,40}})?|embargo(?: until"
        r"| to)?[: ][^\n]{{1,40}}))"
    )
    .replace("{_S}", _S)
    .replace("{{", "{")
    .replace("}}", "}")
)
_OPEN = r"[\[【〔(（「『<《★※*=_\-–—~]*"
_CLOSE = r"[\]】〕)）」』>》★※*=_\-–—~!！。.]*"
_PAGE = (
    rf"(?:{_S}*(?:第{_S}*[0-9]+{_S}*頁[^\n]{{0,12}}|[Pp]age{_S}*\d+[^\n]{{0,8}}"
    rf"|[-–—]{_S}*\d+{_S}*[-–—]))?"
)
_SOFT = rf"(?:{_INTERNAL}|{_DRAFT})"
_LINE = re.compile(
    rf"{_S}*{_OPEN}{_S}*(?P<word>(?:本(?:文件|資料|報告|簡報|件|文)(?:為|屬|係"
    rf"|僅)?)?{_SOFT}(?:{_S}*[,，、/]{_S}*{_SOFT})*){_S}*{_CLOSE}{_PAGE}{_S}*$"
)
_HEADED = re.compile(rf"{_S}*[\[【〔]{_S}*(?P<word>{_SOFT}){_S}*[\]】〕](?=[^\n])")
_LED = re.compile(rf"{_S}*[(（]{_S}*(?P<word>{_SOFT}){_S}*[)）](?=[^\n]{{2,40}}$)")
_TITLED = re.compile(
    rf"{_S}*(?:#{{1,3}}{_S}*|主旨{_S}*[:：]{_S}*|標題{_S}*[:：]{_S}*"
    rf"|檔名{_S}*[:：]{_S}*)?[^\n。;；?？!！]{{2,40}}?[(（【〔\[]{_S}*(?P<word>{_SOFT}"
    rf"|稿){_S}*[)）】〕\]]"
    rf"(?:{_S}*\.(?:docx?|odt|pdf|pptx?|xlsx?|ods))?{_PAGE}{_S}*$"
)
_NAMED = re.compile(
    rf"{_S}*[^\n。,，;；?？!！:：]{{4,36}}?(?P<word>草案|初稿|草稿|擬稿"
    rf"|討論稿)(?:{_S}*(?:[Vv][0-9.]+|第[一二三四五六七八九十0-9]+[稿版]))?{_PAGE}{_S}*$"
)
_FIELD = re.compile(
    rf"(?:文件狀態|狀態|版本|版次|文件等級|資料等級|機敏等級|分級|文別|Status|Classification"
    rf"|Sensitivity){_S}*[:：|]{_S}*(?P<word>{_SOFT}){_S}*(?:$|[|\r\n,，])"
)
_WISHES = re.compile(
    r"請|幫我|擬一|擬定|寫一|如何|怎麼|什麼|何謂|說明|是否|差異|修改|潤飾|審查|討論(?!稿)|公開徵"
    r"|預告|公告"
)
_LAW = re.compile(
    r"(?:法|條例|通則|細則|辦法|規則|準則|標準|憲法)(?:第[^\n]{1,8}條)?(?:部分條文)?(?:增訂|修正"
    r"|增修|制定|廢止)?(?:條文|總說明|對照表)?草案$"
)


class Unreleased:
    """Finds soft markings: drafts, and papers for an agency's own use."""

    name = "unreleased/1"

    def patterns(self) -> Sequence[Pattern]:
        """The words; whether their place marks is judged."""
        space = "[ \\t\u3000]"
        border = "[\\]】〕)）\\r\\n|,，、.vV0-9 ]"
        return (
            Pattern(
                "draft",
                f"(?:草{space}*案|擬{space}*稿|初{space}*稿|草{space}*稿|底稿|簽稿|討論稿|修正稿"
                f"|未定稿|待核定|核稿中)(?:$|{border})",
            ),
            Pattern("paper", "[(（]稿[)）]"),
            Pattern(
                "internal",
                f"限{space}*閱|內部(?:文件|資料|使用|參考|簽核|討論)"
                f"|供(?:本[部府局署處校所會院])?內部|(?:勿|不得|嚴禁)(?:外流|外傳|對外|轉傳)"
                f"|前(?:請勿|不得|嚴禁|應)(?:對外)?(?:公開|外流|發布|引用|保密)|未(?:經)?(?:公開"
                f"|公布|發布|核定|定稿)(?:資料|文件|版)?(?:$|[\\]】〕)）\\r\\n])|未經(?:核准"
                f"|同意|許可|授權)[,，]?(?:請勿|不得)|機敏資料|敏感資料|會後收回",
            ),
            Pattern(
                "english",
                "internal use|internal only|not for (?:public )?(?:release|distribution)"
                "|do not (?:distribute|circulate|forward)|sensitive but|draft|pre-?decisional"
                "|embargo",
                caseless=True,
            ),
        )

    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The soft markings in the lines of the matches, one a line."""
        if view.kind is ViewKind.COMPACT:
            return
        text = view.text
        seen: set[int] = set()
        for match in matches:
            at = match.end - 1 if text[match.end - 1 : match.end] in "\r\n" else match.end
            low = text.rfind("\n", 0, at) + 1
            if low in seen:
                continue
            seen.add(low)
            high = text.find("\n", at)
            line = text[low : len(text) if high < 0 else high].rstrip("\r")
            if len(line) > 400:
                continue
            for start, end, confidence in _marked(line):
                yield Hit(
                    _KIND, DataClass.UNRELEASED, low + start, low + end, confidence, self.name
                )


def _marked(line: str) -> Iterator[tuple[int, int, float]]:
    """The first reading of the line that marks it."""
    for expression, confidence in ((_LINE, 0.85), (_HEADED, 0.85), (_LED, 0.7), (_FIELD, 0.85)):
        found = expression.search(line) if expression is _FIELD else expression.match(line)
        if found:
            yield *found.span("word"), confidence
            return
    titled = _TITLED.match(line)
    if titled and not _WISHES.search(line, 0, titled.start("word")):
        yield *titled.span("word"), 0.8
        return
    named = _NAMED.match(line)
    if named and not _WISHES.search(line) and not _LAW.search(line[: named.end("word")]):
        yield *named.span("word"), 0.6
