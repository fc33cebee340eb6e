"""Markings of confidentiality (kind ``marking``), by position and never by keyword.

The word 機密 stands 2,519 times in the statutes and marks nothing there (domain.md 0, 7). What
marks is the place: the field 密等及解密條件或保密期限, a line that holds nothing but the level, the
level with its condition in parentheses, a paragraph's 【密】, a file's name, a foreign banner
(domain.md 2.3–2.6). Sources: 國家機密保護法 2, 4, 7; its 施行細則 17, 23; 文書處理手冊 (密);
國軍機密資訊精準標示 (portions). The highest marking counts; each is reported.

Weak signs (密件, 密不錄由, …後解密 without a level) don't say which level it is. Only people
classify (guideline.md, reading 8), so they are reported as D1 with half the confidence: what bears
such a sign is at least not approved for release, and the official is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection.context import Surroundings
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.reading.passage import Passage, View, ViewKind

_KIND = "marking"
_S = r"[ \t\u3000]"
_LEVEL_OF = {
    "密": DataClass.RESTRICTED,
    "機密": DataClass.CONFIDENTIAL,
    "極機密": DataClass.SECRET,
    "絕對機密": DataClass.TOP_SECRET,
}
_TRADITIONAL = str.maketrans("绝对机极", "絕對機極")
_PORTION_OF = {
    "密": DataClass.RESTRICTED,
    "機": DataClass.CONFIDENTIAL,
    "極": DataClass.SECRET,
    "絕": DataClass.TOP_SECRET,
}
_SECRET = rf"[機机]{_S}*密"
_LONG_LEVEL = rf"(?:[絕绝]{_S}*[對对]{_S}*{_SECRET}|[極极]{_S}*{_SECRET}|{_SECRET})"
_LEVEL = rf"(?:{_LONG_LEVEL}|密)"
_DATE = r"(?:民國)?[ ]?[0-9〇零一二三四五六七八九十]{1,4}[ ]?[年./-]|[0-9]{7,8}"
_CONDITION = (
    rf"[(（〔\[][^()（）\n]{{0,24}}(?:解密|保密|公布時|公開時|公告時|抽存|屆滿|複製物|第[0-9]+號"
    rf"|{_DATE})"
    rf"[^()（）\n]{{0,30}}(?:[(（][^()（）\n]{{0,30}}[)）])?[^()（）\n]{{0,10}}[)）〕\]]"
)
_PAGE = (
    rf"(?:{_S}*(?:第{_S}*[0-9一二三四五六七八九十]+{_S}*頁"
    rf"(?:{_S}*[,，/]?{_S}*共{_S}*[0-9一二三四五六七八九十]+{_S}*頁)?"
    rf"|[Pp]age{_S}*\d+(?:{_S}*(?:of|/){_S}*\d+)?"
    rf"|[-–—]?{_S}*\d{{1,4}}(?:{_S}*/{_S}*\d{{1,4}})?{_S}*[-–—]?))"
)
_OPEN = r"[\[【〔(（「『〈《<★☆※*=~_|│\-–—]*"
_CLOSE = r"[\]】〕)）」』〉》>★☆※*=~_|│\-–—]*"
_FIELD_REACH = 160  # characters of the longest value, its condition and the next field's name
_GAP = "[ \\t\u3000]{0,4}"  # between the letters of a spaced label: 密　　等
_CONDITIONS = f"(?:{_GAP.join('解密條件')}|{_GAP.join('保密期限')})"
_FIELD = re.compile(
    rf"(?:密{_GAP}等(?:{_GAP}級)?|密{_GAP}[級级]|[機机]{_GAP}密{_GAP}等{_GAP}[級级])"
    rf"(?P<tail>{_GAP}(?:及|與|暨|/)?{_GAP}{_CONDITIONS}(?:{_GAP}或{_GAP}{_CONDITIONS})?)?"
    rf"[\"'」』]?(?:{_S}|\*\*)*(?P<border>[:：=|>]|代碼{_S}*=(?:{_S}*[\"'][0-9]+[\"']{_S}*>)?|(?<=\")\s*,)?(?:{_S}"
    rf"|\*\*)*[|\"'「『]?{_S}*(?P<break>\r?\n{_S}*)?"
)
_VALUE = re.compile(
    rf"[\[【〔(（]?{_S}*(?P<level>{_LEVEL})(?P<code>{_S}*[)）\]】〕])?"
    rf"(?={_S}*$|{_S}*[\r\n\"'」』<|&,，;；。、]|{_S}*[(（〔\[]|{_S}+|級(?:[^\u4e00-\u9fff]|$)"
    rf"|等(?:[^\u4e00-\u9fff級]|$))"
)
_CELL = re.compile(rf"[\s*\"'|]*(?P<level>{_LEVEL})(?:{_S}*{_CONDITION})?[\s*\"'|]*")
_CHOICE = re.compile(rf"[■☑✔✓☒⊠●◉v√]{_S}*(?P<level>{_LEVEL})")
_EMPTY_CHOICE = re.compile(r"[□☐○◯]")
_OPTION = re.compile(rf"{_LEVEL}")
_LINE = re.compile(
    rf"{_S}*(?:{_PAGE}{_S}+)?{_OPEN}{_S}*(?P<level>{_LEVEL})(?:{_S}*級)?{_S}*"
    rf"(?P<condition>{_CONDITION})?{_S}*{_CLOSE}"
    rf"(?:{_S}*(?:複製物)?{_S}*(?:第{_S}*[0-9]+{_S}*號)?)?{_PAGE}?{_S}*$"
)
_WITH_CONDITION = re.compile(
    rf"(?<![\u4e00-\u9fff])(?P<level>{_LEVEL}){_S}*(?P<condition>{_CONDITION})"
)
_ENCLOSED = re.compile(
    rf"[(（【〔\[]{_S}*(?P<level>{_LEVEL}){_S}*[,，、;；:：]{_S}*(?:[^()（）\n]{{0,24}}?(?:解密|保密期限"
    rf"|保密至|公布時|抽存|屆滿)|(?:至|迄){_S}*{_DATE})[^()（）\n]{{0,40}}[)）】〕\]]"
)
_HEADED = re.compile(
    rf"{_S}*(?:[【〔\[]{_S}*(?P<level>{_LEVEL}){_S}*[】〕\]]"
    rf"|[(（]{_S}*(?P<long>{_LONG_LEVEL}){_S}*[)）])(?=[^\n])"
)
_TITLED = re.compile(
    rf"{_S}*[^\n。，,;；?？:：]{{2,40}}?(?:[(（【〔\[]{_S}*"
    rf"(?P<level>{_LEVEL}){_S}*[)）】〕\]]){_S}*$"
)
_DECLARED = re.compile(
    rf"(?:^|[\n。;；])[ \t\u3000]*(?:本|此)(?:件|文|函|簽|案|報告|文件|公文|資料|附件|簡報"
    rf"|紀錄)(?:之)?(?:內容)?(?:密等)?(?:業|已)?(?:經)?"
    rf"(?:核定|列|屬|係|為|標示|定)+(?:為)?(?P<level>{_LEVEL})(?:等級|級|文件|公文"
    rf"|資料)?(?=[,，。;；!！\n]|$)"
)
_PORTION = re.compile(
    r"[ \t\u3000]*(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十0-9]+[)）]"
    r"|[0-9]+[.、])?[ \t\u3000]*"
    r"[【〔\[](?P<level>[密機極絕])[】〕\]](?![ \t\u3000]*(?:[、/]"
    r"|[【〔\[][無密機極絕][】〕\]]))(?=[ \t\u3000]*[^\s])"
)
_EXTENSION = r"\.(?:docx?|odt|pdf|xlsx?|ods|pptx?|odp|di|sw|txt|zip|7z|rar|jpe?g|png|tiff?)"
_FILE = re.compile(
    rf"(?:(?:^|[\s/\\\"'「『:：,，]))(?:[\[【(（〔]{_S}?(?P<bracketed>{_LEVEL}){_S}?[\]】)）〕]"
    rf"|(?P<prefix>{_LEVEL})[-_－])"
    rf"[^\s/\\\"'」』]{{1,80}}{_EXTENSION}\b"
    rf"|(?:[-_－](?P<suffix>{_LEVEL})|[\[【(（〔](?P<ending>{_LEVEL})[\]】)）〕]){_EXTENSION}\b",
    re.IGNORECASE,
)
_STAMP = re.compile(
    rf"{_S}*{_OPEN}{_S}*(?:主旨{_S}*[:：]{_S}*)?(?:密{_S}*件|密{_S}*不{_S}*錄{_S}*由"
    rf"|親{_S}*啟){_S}*{_CLOSE}{_S}*。?{_S}*$"
    rf"|{_S}*[【〔\[](?:密件|密不錄由|親啟)[】〕\]]"
)
_DECLASS = re.compile(
    rf"{_S}*{_OPEN}(?:本件|本文)?(?:附件抽存後|保存年限屆滿後|會議終了後?|工作完成後?|(?:至"
    rf"|於)[^\n。,，]{{1,20}}?(?:後|時)?|(?:其他特別條件或)?另行檢討後辦理)解密{_CLOSE}{_S}*$"
)
_SECRECY = re.compile(
    rf"{_S}*{_OPEN}{_S}*(?:(?:本(?:文件|報告|資料)(?:含|屬|為))?(?:營業秘密|商業機密)|底價(?:單"
    rf"|表|核定單|核定表)|要{_S}*機{_S}*密){_S}*{_CLOSE}[。]?{_S}*$"
)
_FOREIGN = (
    (r"(?:COSMIC[ ]TOP[ ]SECRET|TOP[ ]SECRET)", DataClass.TOP_SECRET),
    (r"(?:NATO[ ]SECRET|SECRET)", DataClass.SECRET),
    (r"NATO[ ]CONFIDENTIAL", DataClass.CONFIDENTIAL),
    (
        r"(?:NATO[ ]RESTRICTED|RESTRICTED|CUI|CONTROLLED|FOUO"
        r"|(?:UNCLASSIFIED//)?FOR[ ]OFFICIAL[ ]USE[ ]ONLY)",
        DataClass.RESTRICTED,
    ),
    (r"(?:OFFICIAL[-: ]{1,3}SENSITIVE|TLP:[ ]?(?:RED|AMBER(?:\+STRICT)?))", DataClass.RESTRICTED),
    (
        r"(?:TRADE[ ]SECRETS?|(?:COMPANY[ ])?PROPRIETARY|ATTORNEY[- ]CLIENT[ ]PRIVILEGED?)",
        DataClass.RESTRICTED,
    ),
    (r"TLP:[ ]?GREEN", DataClass.UNRELEASED),
)
_CONTROLS = r"(?://[A-Z][A-Z0-9 ,/-]{0,40})?"
_DECORATION = r"[ \t\u3000*=_#\[\](){}|\-–—]*"
_BANNERS = tuple(
    (
        re.compile(
            rf"{_DECORATION}(?:Classification[ ]?[:：][ ]?|Marking[ ]?[:：][ ]?"
            rf"|標示[:：][ ]?)?{word}{_CONTROLS}{_DECORATION}{_PAGE}?[ \t]*$"
        ),
        level,
    )
    for word, level in _FOREIGN
)
_BRACKETED_TLP = re.compile(r"[ \t]*[\[【](TLP:[ ]?(?:RED|AMBER(?:\+STRICT)?|GREEN))[\]】]")
_TLP_LEVEL = {"G": DataClass.UNRELEASED}
_FOREIGN_PORTION = re.compile(
    r"[ \t]*(?:[0-9]+\.[ ]?)?\((TS|S|C|CUI)(//[A-Z][A-Z0-9,/ -]{1,30})?\)[ ]"
)
_CONFIDENTIAL = re.compile(rf"{_DECORATION}CONFIDENTIAL{_CONTROLS}{_DECORATION}{_PAGE}?[ \t]*$")
_GOVERNMENT = re.compile(
    r"Classified [Bb]y|Declassify [Oo]n|Derived [Ff]rom|REL TO|NOFORN|Ministry of|Embassy"
    r"|Department of|Government of|National Security|政府|外交部|國防部|行政院"
)


class Markings:
    """Finds markings of confidentiality."""

    name = "markings/1"

    def patterns(self) -> Sequence[Pattern]:
        """The words of the grammar where they can begin or fill a line, a field or a bracket."""
        space = "[ \\t\u3000]"
        level = f"(?:[機机]{space}*密|密)"
        prefix = f"(?:[絕绝]{space}*[對对]{space}*|[極极]{space}*)?"
        return (
            Pattern("field", f"密{_GAP}[等級级]"),
            Pattern("line", f"(?:^|[\\r\\n])[^一-鿿\\r\\n。]{{0,24}}{prefix}{level}"),
            Pattern("page", f"頁[ \\t\u3000/]{{1,4}}{prefix}{level}"),
            Pattern("bracket", f"[\\[【〔(（]{space}*{prefix}{level}{space}*[\\]】〕)）]"),
            Pattern(
                "condition",
                f"{level}{space}*[(（〔\\[][^()（）\\n]{{0,24}}(?:解密|保密|公布時|抽存|屆滿"
                f"|[0-9]年)",
            ),
            Pattern(
                "enclosed",
                f"[(（【〔\\[]{space}*{prefix}{level}{space}*[,，、;；:：][^()（）\\n]{{0,24}}(?:解密|保密"
                f"|公布時|抽存|屆滿|[0-9]年)",
            ),
            Pattern("portion", "[【〔\\[][密機極絕][】〕\\]]"),
            Pattern(
                "declared",
                "[本此](?:件|文|函|簽|案|報告|文件|公文|資料|附件|簡報"
                "|紀錄)[^\\n。,;]{0,10}(?:列|屬|係|為|定)[^\\n。,;]{0,4}密",
            ),
            Pattern("file", f"密[\\]】)）〕]?[-_－.][^\\s]{{0,80}}(?:{_EXTENSION})", caseless=True),
            Pattern("bracketfile", f"密[\\]】)）〕][^\\s]{{1,80}}(?:{_EXTENSION})", caseless=True),
            Pattern(
                "stamp",
                f"(?:^|[\\r\\n:：【〔\\[])[ \\t\u3000]*[(（★※*]{{0,3}}{space}*(?:密{space}*件"
                f"|密{space}*不{space}*錄{space}*由|親{space}*啟)",
            ),
            Pattern("declass", "後(?:辦理)?解密|[布了成時]解密"),
            Pattern("secrecy", f"營業秘密|商業機密|底價(?:單|表|核定)|要{space}*機{space}*密"),
            Pattern(
                "foreign",
                "SECRET|CONFIDENTIAL|RESTRICTED|TLP:|CUI|FOUO|OFFICIAL[-: ]{1,3}SENSITIVE"
                "|FOR OFFICIAL USE ONLY|PROPRIETARY|PRIVILEGED|CONTROLLED",
            ),
            Pattern("letters", "\\((?:TS|S|C|CUI)(?://[A-Z]|\\) )"),
        )

    # guideline: ey-genai-2023:3
    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The markings in the lines of the matches. Numbers play no part in them."""
        if view.kind is ViewKind.COMPACT:
            return
        text = view.text
        best: dict[tuple[int, int], tuple[DataClass, float]] = {}
        seen: set[int] = set()
        fields = {match.end for match in matches if match.key == "field"}
        for match in matches:
            low = text.rfind("\n", 0, max(0, match.end - 1)) + 1
            if low in seen:
                continue
            seen.add(low)
            high = text.find("\n", match.end - 1)
            high = len(text) if high < 0 else high
            for start, end, level, confidence in _line(text, low, high):
                best[start, end] = max(
                    best.get((start, end), (level, 0.0)), (level, confidence), key=_rank
                )
        for end in sorted(fields):
            for start, stop, level, confidence in (*_field(text, end), *_column(text, end)):
                best[start, stop] = (level, confidence)
        _drop_enumerations(text, best)
        for (start, end), (level, confidence) in sorted(best.items()):
            yield Hit(_KIND, level, start, end, confidence, self.name)


_Marking = tuple[int, int, DataClass, float]


def _rank(item: tuple[DataClass, float]) -> tuple[int, float]:
    return item[0].rank, item[1]


def _plain(level: str) -> str:
    return re.sub(r"[ \t\u3000]", "", level).translate(_TRADITIONAL)


def _field(text: str, near: int) -> Iterator[_Marking]:
    """密等：機密 — the value of the field, unless it lists what could be chosen."""
    field = next(
        (
            each
            for each in _FIELD.finditer(text, max(0, near - 18), near + 60)
            if each.end() >= near
        ),
        None,
    )
    if field is None or not (field["border"] or field["break"] or field["tail"]):
        return
    line = text.find("\n", field.end())
    rest = text[field.end() : min(len(text) if line < 0 else line, field.end() + _FIELD_REACH)]
    chosen = _CHOICE.search(rest)
    if chosen:
        level = _plain(chosen["level"])
        yield (
            field.end() + chosen.start("level"),
            field.end() + chosen.end("level"),
            _LEVEL_OF[level],
            0.95,
        )
        return
    if _EMPTY_CHOICE.match(rest.lstrip()):
        return
    value = _VALUE.match(rest)
    if value is None:
        return
    if (
        not field["border"]
        and not field["break"]
        and not re.match(r"[ \t\u3000]", text[field.end() - 1])
    ):
        return
    after = rest[value.end("level") : value.end("level") + 24]
    if re.match(
        r"[)）\]】〕]?[ \t\u3000]*[/、|,，或][ \t\u3000]*[(（\[]?(?:密|機密|極機密|絕對機密|普通)",
        after,
    ):
        return
    condition = re.compile(rf"{_S}*{_CONDITION}").match(rest, value.end("level"))
    end = condition.end() if condition else value.end("level")
    yield (
        field.end() + value.start("level"),
        field.end() + end,
        _LEVEL_OF[_plain(value["level"])],
        0.98,
    )


def _column(text: str, end: int) -> list[_Marking]:
    """The levels below the head 密等 of a table, unless its rows explain what levels there are."""
    cells = []
    for low, high in Surroundings(text).column_cells(end - 1):
        cell = _CELL.fullmatch(text[low:high])
        if cell:
            level = _LEVEL_OF[_plain(cell["level"])]
            cells.append((low + cell.start("level"), low + cell.end("level"), level, 0.9))
    return cells if len({level for _, _, level, _ in cells}) < 3 else []


def _line(text: str, low: int, high: int) -> Iterator[_Marking]:
    """What marks in one line."""
    line = text[low:high].rstrip("\r")
    whole = _LINE.match(line)
    if whole:
        level = _LEVEL_OF[_plain(whole["level"])]
        sure = 0.98 if whole["condition"] else 0.7 if whole["level"] == "密" else 0.85
        end = whole.end("condition") if whole["condition"] else whole.end("level")
        yield low + whole.start("level"), low + end, level, sure
        return
    for found in _WITH_CONDITION.finditer(line):
        yield low + found.start(), low + found.end(), _LEVEL_OF[_plain(found["level"])], 0.95
    for found in _ENCLOSED.finditer(line):
        end = low + found.end() - 1
        yield low + found.start("level"), end, _LEVEL_OF[_plain(found["level"])], 0.95
    portion = _PORTION.match(line)
    if portion:
        yield (
            low + portion.start("level") - 1,
            low + portion.end("level") + 1,
            _PORTION_OF[portion["level"]],
            0.9,
        )
    else:
        headed = _HEADED.match(line)
        if headed and not re.match(
            r"[ \t\u3000]*(?:[、/,，是指係]|[【〔\[(（])", line[headed.end() :]
        ):
            group = "level" if headed["level"] else "long"
            yield (
                low + headed.start(group),
                low + headed.end(group),
                _LEVEL_OF[_plain(headed[group])],
                0.85,
            )
    titled = _TITLED.match(line)
    if titled and not _PROSE.search(line):
        yield (
            low + titled.start("level"),
            low + titled.end("level"),
            _LEVEL_OF[_plain(titled["level"])],
            0.7,
        )
    for declared in _DECLARED.finditer(line):
        yield (
            low + declared.start("level"),
            low + declared.end("level"),
            _LEVEL_OF[_plain(declared["level"])],
            0.7,
        )
    for file in _FILE.finditer(line):
        group = next(name for name, value in file.groupdict().items() if value)
        yield low + file.start(group), low + file.end(group), _LEVEL_OF[_plain(file[group])], 0.85
    for weak in (_STAMP, _DECLASS):
        if weak.match(line):
            yield (
                low + len(line) - len(line.lstrip()),
                low + len(line.rstrip()),
                DataClass.UNRELEASED,
                0.5,
            )
            return
    if _SECRECY.match(line):
        yield (
            low + len(line) - len(line.lstrip()),
            low + len(line.rstrip()),
            DataClass.RESTRICTED,
            0.6,
        )
    yield from _foreign(text, line, low)


_PROSE = re.compile(r"何謂|什麼|說明|請|如何|是否|規定|差異|區別|分為|包括|例如|標示")


def _foreign(text: str, line: str, low: int) -> Iterator[_Marking]:
    """Banners, portions and traffic lights of others, mapped conservatively (domain.md 2.6)."""
    if not any("A" <= each <= "Z" for each in line):
        return
    start, end = low + len(line) - len(line.lstrip()), low + len(line.rstrip())
    for banner, level in _BANNERS:
        if banner.match(line):
            yield start, end, level, 0.85
            return
    if _CONFIDENTIAL.match(line):
        issued = "//" in line or _GOVERNMENT.search(text)
        yield (
            start,
            end,
            DataClass.CONFIDENTIAL if issued else DataClass.UNRELEASED,
            0.8 if issued else 0.5,
        )
        return
    light = _BRACKETED_TLP.match(line)
    if light:
        level = DataClass.UNRELEASED if light[1].endswith("GREEN") else DataClass.RESTRICTED
        yield low + light.start(1), low + light.end(1), level, 0.85
    portion = _FOREIGN_PORTION.match(line)
    if portion and (portion[2] or portion[1] in ("TS", "CUI")):
        letter = {"TS": DataClass.TOP_SECRET, "S": DataClass.SECRET, "C": DataClass.CONFIDENTIAL}
        level = letter.get(portion[1], DataClass.RESTRICTED)
        yield low + portion.start(), low + portion.end(), level, 0.85


def _drop_enumerations(text: str, best: dict[tuple[int, int], tuple[DataClass, float]]) -> None:
    """Three or more levels on lines of their own, one after another, explain; they don't mark."""
    places = sorted(place for place, (_, sure) in best.items() if sure in (0.7, 0.85))
    run: list[tuple[int, int]] = []
    for place in [*places, (len(text) + 9, len(text) + 9)]:
        if run and text.count("\n", run[-1][1], place[0]) <= 1 and place[0] - run[-1][1] <= 6:
            run.append(place)
            continue
        if len({best[each][0] for each in run}) >= 3:
            for each in run:
                del best[each]
        run = [place]
