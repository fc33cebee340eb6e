"""Whether a run of characters is a person's name: surname, given name, and what stands beside.

A bare surname with one or two characters says nothing (1.4 million of them stand in the statutes,
domain.md 4.2). So a run is weighed: its surname, how usual its characters are in given names,
whether its pairs are usual in official prose, and what stands directly before and after it. A name
needs a strong sign on one side (陳情人…, …先生) or a weak one on both (a particle before, a verb
after). Sources: 姓名條例 1, 3, 4, 8; domain.md 4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shenyong.inspection import lexicon

COMMON = frozenset(lexicon.words("surnames", "common"))
SURNAMES = COMMON | frozenset(lexicon.words("surnames", "rare"))
DOUBLING = frozenset(lexicon.words("surnames", "common")[:48])  # of a married woman, 姓名條例 8
COMPOUND = frozenset(lexicon.words("surnames", "compound"))
STRONG = frozenset(lexicon.words("given", "strong"))
NAMES = frozenset(lexicon.words("given", "names"))
GIVEN = STRONG | frozenset(lexicon.words("given", "usual"))
OFFICES = frozenset(lexicon.words("titles", "office"))
HONORIFICS = frozenset(lexicon.words("titles", "honorific"))

_WEIGHTS = {each: 2.0 if each in STRONG else 1.0 for each in GIVEN}
_ALL_HAN = re.compile(f"[{lexicon.HAN}]+")
_ORDINARY = lexicon.pairs("ordinary")
_WORDS = frozenset(lexicon.words("words"))
_BEGINNINGS = frozenset(word[:2] for word in _WORDS)
_VIETNAMESE = frozenset("阮陳黎范武鄧裴胡黃吳楊林李潘段杜馮丁曹梁鄭趙何農高蘇")
WORDLIKE = frozenset(
    "應成管連關包解申留任向易利全方高安何古常時金江白馬石田游文施程"
)  # surnames that are usual words
_FUNCTION = frozenset("的之與及或和等各位於在是其該此並且而則但因由被把將了嗎呢吧嘛請")
_STRONG_BEFORE = frozenset(lexicon.words("titles", "noun") + lexicon.words("titles", "label"))
_PHRASES = frozenset(word for word in lexicon.words("titles", "left") if len(word) > 1)
_LONGEST = max(map(len, _STRONG_BEFORE | OFFICES | _PHRASES))
_PARTICLES = frozenset(word for word in lexicon.words("titles", "left") if len(word) == 1)
_HONORIFIC = re.compile(lexicon.either(word for word in HONORIFICS if len(word) > 1))
_OFFICE = re.compile(lexicon.either(OFFICES))
_COURT = re.compile("(?:行政|立法|司法|考試|監察|法)院[^。;\n醫學療究]{0,8}$")
_HEAD = re.compile("副?院長")
_NUMERAL = "[0-9一二三四五六七八九十百]"
_PRIVATE = (
    "電話|手機|住址|地址|住家|身分證|身份證|病歷|病情|薪資|薪水|考績|前科|帳戶|帳號|生日|年齡"
    "|配偶|家人|父|母|妻|夫|子女|兒子|女兒"
    "|案件|申請|陳情|身心障礙|退休金|戶籍|信箱|個資|資料|聯絡|簽名|遺產|房子|車|成績|勞保|健保|就醫|財產|行蹤|建照|補助"
)
_AFTER_STRONG = re.compile(
    rf"(?:等{_NUMERAL}+人|等人|[二三四五]人|兩人|[(]?(?:身分證|民國|男|女|{_NUMERAL}{{1,3}}歲"
    rf"|[A-Z][12]\d|0\d)"
    rf"|[,、, ]{{0,2}}(?:身分證|身份證|統一編號|電話|手機|住址|地址|出生|生日|民國\d|09\d\d)"
    rf"|[,、, ]{{0,2}}[A-Z][1289]\d{{7}}"
    rf"|(?:的|之)(?:{_PRIVATE})"
    "|(?:護照|身分證|居留證|駕照|健保卡|存摺|提款卡|戶口名簿)(?:遺失|號碼|影本|正本|過期|補發|換發|被)"
    r"|陳情|申請|檢舉|申訴|投訴|報案|來電|來函|致電|打電話|打來|來信|寫信|聲請|訴請|提告|控告"
    r"|不服|涉犯|涉嫌|涉有|涉及"
    r"|稱[,:]|表示|主張|指稱|自稱|聲稱|反映|反應|現年|罹患|確診|就醫|設籍|戶籍|戶內|住院|病逝"
    r"|出生|當場|當眾|於民國|名下|名義)"
)
_AFTER_WEAK = re.compile(
    rf"(?:$|[^{lexicon.HAN}A-Za-z_]|{lexicon.either(lexicon.words('titles', 'verb'))})"
)
_AFTER_BARRED = re.compile(
    "(?:路|街|大道|巷|段|橋|公司|有限|股份|商行|商店|商號|企業|工程行|實業|工業|化工|營造|電子|科技"
    "|食品|餐飲|餅舖|餅店|麥店|麵包店|小吃|機械|紡織|製藥|藥局|金控|銀行|書局|書店|出版社|事務所"
    "|工作室|文教|牙醫|眼科|幼兒園|補習班|漁港|步道|故居|古厝|紀念館|文學館|美術館|盃|講座"
    "|國小|國中|高中|高職|小學|中學|大學|學院"
    "|醫院|診所|基金會|紀念|獎學金|獎$"
    "|市場|公園|廣場|自由巷|園邸|宅邸|家族|古宅|舊居|故宅|墓園|銅像|宮保第|工業|社區|大樓|農場|水庫|車站|機場|鄉(?![長民親])|鎮(?![長民])|縣(?![長民])|村(?![長民])|里(?![長民])|區(?![長民])|市(?!長"
    "|民)|宗親|宗祠|家廟|局|處|署"
    "|委員會|辦法|條例|法$|條|款|項)"
)
_PUBLIC = frozenset(lexicon.words("public"))
_BEGIN = re.compile(
    f"[{''.join(sorted(SURNAMES))}](?=[氏{''.join(sorted(GIVEN | DOUBLING))}])"
    f"|{lexicon.either(COMPOUND)}"
)
_EDGE = re.compile(rf"[^{lexicon.HAN}A-Za-z0-9]")


class Person(NamedTuple):
    """A name at ``start..end`` of a text; `office` says that it stands with a public function."""

    start: int
    end: int
    weight: float
    office: bool = False


def given_weight(text: str, start: int, end: int) -> float | None:
    """How much ``start..end`` looks like a full name, or None if it can't be one.

    About 0 for any surname with any characters; 3.5 for 王小明; 4.5 for 陳淑芬.
    """
    name = text[start:end]
    length = end - start
    plain = length == 2 or (length == 3 and name[:2] not in COMPOUND and name[1] != "氏")
    if plain and name[0] in SURNAMES:
        weight, given = (0.5 if name[0] in COMMON else 0.0), name[1:]
    elif 3 <= length <= 4 and name[:2] in COMPOUND:
        weight, given = 1.0, name[2:]
    elif length == 4 and name[0] in DOUBLING and name[1] in DOUBLING:
        weight, given = -0.5, name[2:]
    elif 3 <= length <= 4 and name[1] == "氏" and name[0] in _VIETNAMESE:
        weight, given = 2.0 - 1.8 * (length == 4), name[2:]
    else:
        return None
    usual = 1.0 if given in NAMES else -1.2
    for each in given:
        weight += _WEIGHTS.get(each, usual)
    if weight < -2.0 or not _FUNCTION.isdisjoint(name[1:]) or not _ALL_HAN.fullmatch(given):
        return None
    if given in NAMES:
        weight += 1.0
    elif len(given) == 2:
        weight -= 1.5 * (given in _ORDINARY) + 1.0 * (given in _BEGINNINGS)
    if name[1:] == given and (name[:2] in _ORDINARY or name[:2] in _BEGINNINGS):
        weight -= 1.0 if given in NAMES else 2.0
    if name in _PUBLIC or name in _WORDS or given == "君" or name[-2:] in HONORIFICS:
        return None
    return weight


def ordinary(pair: str) -> bool:
    """Whether two characters are usual together in official prose."""
    return pair in _ORDINARY or pair in _WORDS


def public(name: str) -> bool:
    """Whether it is the name of somebody in public life or history, whoever speaks of them."""
    return name in _PUBLIC


def follows_noun(text: str, start: int) -> bool:
    """Whether a word for a person ends at `start`: 申請人, 姓名."""
    piece = text[max(0, start - _LONGEST) : start]
    return any(piece[-length:] in _STRONG_BEFORE for length in range(2, len(piece) + 1))


def ends_well(text: str, end: int) -> bool:
    """Whether a name may end at `end`: at no character, or before a verb."""
    return end <= len(text) and bool(_AFTER_WEAK.match(text, end))


def _left(text: str, start: int) -> tuple[float, bool]:
    """What speaks for a name before it, and whether it is a public office."""
    piece = text[max(0, start - _LONGEST) : start]
    suffixes = [piece[-length:] for length in range(2, len(piece) + 1)]
    if any(suffix in OFFICES for suffix in suffixes):
        return 2.0, True
    if any(suffix in _STRONG_BEFORE for suffix in suffixes):
        return 2.0, False
    if any(suffix in _PHRASES for suffix in suffixes):
        return 1.2, False
    if not piece or _EDGE.match(piece[-1]):
        return 0.7, False
    pair = text[start - 1 : start + 1]
    if ordinary(pair):
        return -1.5, False
    return (0.7 if piece[-1] in _PARTICLES else -0.3), False


def barred(text: str, end: int) -> bool:
    """Whether what follows makes a road, a firm or a school of the name before it."""
    return bool(_AFTER_BARRED.match(text, end))


def claimed(text: str, end: int) -> bool:
    """Whether what follows is said of a private person: …先生, …陳情, …的電話."""
    return bool(_AFTER_STRONG.match(text, end) or _HONORIFIC.match(text, end))


def presides(text: str, start: int, end: int) -> bool:
    """Whether ``start..end`` heads a Yuan or a court: 行政院卓榮泰院長, but no hospital."""
    return bool(_HEAD.match(text, end) and _COURT.search(text, max(0, start - 12), start))


def _right(text: str, start: int, end: int) -> tuple[float, bool]:
    """What speaks for a name after it, and whether it is a public office."""
    if _OFFICE.match(text, end) or presides(text, start, end):
        return 2.0, True
    if _AFTER_STRONG.match(text, end) or _HONORIFIC.match(text, end):
        return 2.0, False
    if _AFTER_BARRED.match(text, end):
        return -2.0, False
    if text[end - 1 : end + 1] in _ORDINARY:
        return -0.8, False
    return (0.5 if _AFTER_WEAK.match(text, end) else -0.1), False


def weigh(text: str, start: int) -> Person | None:
    """The likeliest name that begins at `start`, or None."""
    if text[start] not in SURNAMES and text[start : start + 2] not in COMPOUND:
        return None
    candidates = [
        (length, name)
        for length in (4, 3, 2)
        if start + length <= len(text)
        and (name := given_weight(text, start, start + length)) is not None
        and name >= 1.5
    ]
    if not candidates:
        return None
    before, office_before = _left(text, start)
    best: Person | None = None
    for length, name in candidates:
        end = start + length
        after, office_after = _right(text, start, end)
        if length == 3 and text.startswith("君", end):
            after = 2.0
        strong = before >= 2 or after >= 2
        need = 2.0 if strong else 2.5 if before >= 1 and after > 0 else 3.0
        if length == 2:
            need = 2.0 if strong else 99.0
        if before <= -1.5:  # the surname belongs to the word before it: 主管, 照顧
            need += 1.5
        if not strong and (before <= 0 or after <= 0):
            need = 4.5 if before + after >= 0 else 99.0
        if text[start] in WORDLIKE and after < 0:
            need += 2.0
        if name < need or before + after < -1.2:
            continue
        total = name + before + after - (0.7 if length == 2 else 0.0)
        if best is None or total > best.weight:
            best = Person(start, end, total, office_before or office_after)
    return best


def people(text: str, start: int, end: int) -> Iterator[Person]:
    """The names that begin within ``start..end``, none overlapping another."""
    starts = (begin.start() for begin in _BEGIN.finditer(text, start, min(end, len(text))))
    found = [person for at in starts if (person := weigh(text, at))]
    yield from apart(found)


def apart(found: Iterable[Person]) -> list[Person]:
    """The weightiest of those that overlap, in order of place."""
    held: set[int] = set()
    taken = []
    for person in sorted(found, key=lambda each: (-each.weight, each.start)):
        places = range(person.start, person.end)
        if held.isdisjoint(places):
            held.update(places)
            taken.append(person)
    return sorted(taken)
