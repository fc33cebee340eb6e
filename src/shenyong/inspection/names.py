"""Names of persons by rules: by what stands beside them, never by the surname alone.

The signs: a label and a colon (姓名：…), a column's head, an honorific (…先生), a word for a person
directly before (陳情人…), a sentence's frame (經查…戶內), an identifying parenthesis, a list of
names. A name once found is found everywhere in the same text. Names in indigenous and romanised
form have expressions of their own. Masked names (王○明) are already redacted and are left alone.

What the rules find joins with what the tagger finds in `persons`. Sources: 個人資料保護法 2 ①;
姓名條例 1–4, 8; domain.md 4.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from shenyong.inspection import lexicon
from shenyong.inspection.context import Surroundings
from shenyong.inspection.detector import Match, Pattern
from shenyong.inspection.people import (
    COMMON,
    COMPOUND,
    GIVEN,
    HONORIFICS,
    NAMES,
    OFFICES,
    STRONG,
    SURNAMES,
    WORDLIKE,
    Person,
    apart,
    barred,
    claimed,
    ends_well,
    follows_noun,
    given_weight,
    ordinary,
    people,
    presides,
)

_HAN = lexicon.HAN
_LABELS = frozenset(lexicon.words("titles", "label")) | OFFICES
_LONG_HONORIFICS = lexicon.either(word for word in HONORIFICS if len(word) > 1)
_SURNAME = "(?:" + lexicon.either(COMPOUND) + "|[" + "".join(sorted(SURNAMES)) + "])"
_ANY = "[" + "".join(sorted(SURNAMES)) + "]"
_CHARACTERS = "[" + "".join(sorted(GIVEN)) + "]"
_TELLING = "[" + "".join(sorted(STRONG)) + "]"
_USUAL = "[" + "".join(sorted(GIVEN - STRONG)) + "]"
_FRAMES = (
    "(?:陳情|申請|檢舉|申訴|投訴|報案|來電|來函|打電話|表示|主張|聲請|不服"
    "|涉嫌|涉犯|罹患|確診|設籍|反映"
    "|稱[,，:：]|[(（](?:身分證|民國|男|女|[0-9]|[A-Z][12])|[ ,，、]?(?:身分證|電話|手機|住址|生日)"
    "|(?:的|之)(?:電話|手機|住址|地址|病歷|薪資|配偶|身))"
)
_BEFORE = "(?:給|我叫|我是|名叫|叫做|回覆|聯絡|聯繫|通知|轉知|詢問|訪談|約談|請問|[、和與跟及])"
_OUTSIDE = "\n\r\t|,，\"'"
_QUOTES = "[\"'「『“”‘’」』]?"
_LONGEST_LABEL = max(map(len, _LABELS))
_BORDER = " \t\u3000:：=|,，\"'「『“”‘’」』"
_RUN = re.compile(rf"[{_HAN}](?:[ \u3000]?[{_HAN}]){{1,5}}")
_SPACED = re.compile(rf"[{_HAN}](?:[ \u3000][{_HAN}]){{1,3}}(?![{_HAN}])")
_FEW = 16
_CELL = re.compile(r"[^\s]+")
_HEAD_LINE, _ROW = 80, 300  # characters of the longest line of heads, and of a row
_BORDERED = ("label", "name")
_MASKS = frozenset("○〇●◯OoXxＯＸ*＊×□■_?")
_HONORIFIC = re.compile(
    rf"(?!同學校|委員會|主任委|教練場){_LONG_HONORIFICS}|君(?=[^{_HAN}]"
    rf"|[因於之申陳反來不所已未稱表提等為與及的是]|$)"
)
_CLAN = re.compile(
    rf"({_SURNAME})姓(?=(?:[{_HAN}]{{0,4}}?)(?:民眾|男|女|嫌|婦|老翁|少年|少女|學生|員工|業者"
    rf"|駕駛|住戶|病患|患者|同學|市民|里民|當事人|被害人|被告|申請人|陳情人|家屬|家長|屋主|車主"
    rf"|農民|漁民|店家|負責人|藥師|醫師|老師|教師|員警|官員|主管|職員|幼童|女童|男童))"
)
_SIGNED = re.compile(f"{lexicon.either(_LABELS)}[\"' \t\u3000]*[:：=|\t]")
# By key of the pattern: from how far before a match's end to how far behind it a name may begin.
_REACH = {
    "first": (4, 1),
    "second": (4, 1),
    "given": (4, 1),
    "compound": (4, 1),
    "clan": (3, 0),
    "noun": (3, 0),
    "officer": (3, 0),
    "honorific": (14, 0),
    "frame": (14, 0),
    "after": (4, 0),
}
_SCRIPT_REACH = dict.fromkeys(("dotted", "stopped", "roman", "hyphen", "mr"), (16, 8))
_BETWEEN = re.compile("[、,，/;；][ \u3000]?|[及與和]")
_ITEM = re.compile(r"\n[ \t\u3000]*(?:[(]?[0-9]{1,3}[.、)]|[-*•])[ \t\u3000]*")
_WHOLE = re.compile(f"[{_HAN}]{{2,}}")
_IS_HAN = re.compile(f"[{_HAN}]")
_LEADERS = frozenset("給與和請由向跟對是位問的之及找叫為於在讓將替幫經據依、")
_TRANSLITERATED = "".join(lexicon.words("indigenous", "characters"))
_INDIGENOUS = re.compile(
    rf"[{_TRANSLITERATED}]{{2,6}}(?:[．.·‧・•][{_TRANSLITERATED}]{{1,6}}){{1,3}}"
)
_DOTTED = re.compile(rf"([{_HAN}]{{4,16}})[．.·‧・•][{_HAN}]{{2,8}}")
_FOREIGN_LABELLED = re.compile(rf"[{_HAN}]{{2,6}}[．.·‧・•][{_HAN}]{{2,8}}")
_ROMAN = lexicon.either(lexicon.words("romanised"))
_WORD = r"[A-Z][A-Za-z'’]+"
_ROMANISED = re.compile(
    rf"(?<![A-Za-z])(?i:{_ROMAN})[ ,]{{1,2}}[A-Z][A-Za-z]{{1,6}}-[A-Za-z]{{2,7}}(?![A-Za-z])"
    rf"|(?<![A-Za-z])[A-Z][A-Za-z]{{1,6}}-[A-Za-z]{{2,7}} (?i:{_ROMAN})(?![A-Za-z])"
    rf"|(?<![A-Za-z])(?i:{_ROMAN}), ?[A-Z]{{2,7}}(?:[ -][A-Z]{{2,7}})?(?![A-Za-z])"
)
_ADDRESSED = re.compile(
    rf"(?<![A-Za-z])(?:(?:Mr|Ms|Mrs|Miss|Dr|Prof)\b\.? ?)({_WORD}(?:[ -]{_WORD}){{0,3}})"
)
_LABELLED_ROMAN = re.compile(rf"{_WORD}(?:(?:, ?|[ -]){_WORD}){{1,3}}")


def patterns() -> Sequence[Pattern]:
    """Rarely in ordinary text: telling characters, labels with a border, frames, honorifics."""
    nouns = lexicon.either(word[-2:] for word in lexicon.words("titles", "noun"))
    offices = lexicon.either(OFFICES)
    labels = lexicon.either(_LABELS)
    return (
        Pattern("first", f"{_ANY}{_TELLING}{_CHARACTERS}"),
        Pattern("second", f"{_ANY}{_USUAL}{_TELLING}"),
        Pattern("given", f"{_ANY}(?:{'|'.join(_pairs())})"),
        Pattern("compound", f"{lexicon.either(COMPOUND)}[{_HAN}]"),
        Pattern("clan", f"{_ANY}[姓氏]"),
        Pattern("noun", f"{nouns}{_ANY}{_CHARACTERS}"),
        Pattern("officer", f"{offices}{_ANY}{_CHARACTERS}"),
        Pattern(
            "label",
            f"{labels}(?:[(（][^()（）\\n]{{1,8}}[)）])?{_QUOTES}"
            f"[ \\t\u3000]{{0,3}}[ \u3000:：=|\\t,，]",
        ),
        Pattern("name", r"name[\"']?[ \t]{0,3}[:：=,\t|]", caseless=True),
        Pattern("honorific", f"{_ANY}[{_HAN}]{{0,3}}(?:{_LONG_HONORIFICS}|君)"),
        Pattern("frame", f"{_ANY}{_CHARACTERS}{{1,2}}{_FRAMES}"),
        Pattern("after", f"{_BEFORE}{_ANY}{_CHARACTERS}{{2}}"),
        Pattern("dotted", "[·‧・•]"),
        Pattern("stopped", f"[{_HAN}][．.][{_HAN}]"),
        Pattern("roman", "[A-Z][A-Za-z]{1,7}[ ,]{1,2}[A-Z][A-Za-z]{1,6}[ -]?[A-Za-z]{0,7}"),
        Pattern("hyphen", "[A-Z][A-Za-z]{1,6}-[A-Za-z]{2,7} [A-Z][a-z]"),
        Pattern("mr", "(?:Mr|Ms|Mrs|Miss|Dr|Prof)[. ] ?[A-Z]"),
    )


def _pairs() -> Iterator[str]:
    """The frequent given names by their first character, which compiles far faster."""
    seconds: dict[str, str] = {}
    for given in sorted(NAMES):
        seconds[given[0]] = seconds.get(given[0], "") + given[1]
    for first, rest in seconds.items():
        yield f"{first}[{rest}]"


def find(text: str, matches: Sequence[Match]) -> list[tuple[Person, float]]:
    """Every name of `text` near the matches, and every further place of each, in order."""
    found: list[tuple[Person, float]] = []
    for start, end in _windows(matches, _REACH, len(text)):
        found.extend((each, min(0.9, 0.5 + each.weight / 12)) for each in people(text, start, end))
    for start, end in _windows(matches, _SCRIPT_REACH, len(text)):
        found.extend(_in_script(text, start, end))
    columns = Surroundings(text)
    for border in sorted({match.end for match in matches if match.key in _BORDERED}):
        found.extend(_labelled(text, border, columns))
    for match in matches:
        if match.key == "honorific":
            found.extend(_honoured(text, match.end))
        elif match.key == "clan":
            clan = _CLAN.match(text, match.end - 2) or _CLAN.match(text, max(0, match.end - 3))
            if clan:
                found.append((Person(clan.start(1), clan.end(1), 1.0), 0.5))
    if not found:
        return []
    return _everywhere(text, _choose(_listed(text, found)))


def signed(text: str, start: int, end: int) -> bool:
    """Whether a label or an honorific within ``start..end`` goes with a name, full or not."""
    if _CLAN.search(text, start, end):
        return True
    for honorific in _HONORIFIC.finditer(text, start, end):
        if any(True for _ in _honoured(text, honorific.start() + 1)):
            return True
    columns = Surroundings(text)
    for border in _SIGNED.finditer(text, start, end):
        if any(person.end <= end for person, _ in _labelled(text, border.end(), columns)):
            return True
    return False


def _windows(
    matches: Sequence[Match], reach: Mapping[str, tuple[int, int]], length: int
) -> Iterator[tuple[int, int]]:
    """The stretches in which a name may begin, by what matched, merged."""
    stretches = sorted(
        (max(0, match.end - reach[match.key][0]), min(length, match.end + reach[match.key][1]))
        for match in matches
        if match.key in reach
    )
    low = high = -1
    for start, end in stretches:
        if start <= high:
            high = max(high, end)
            continue
        if high > 0:
            yield low, high
        low, high = start, end
    if high > 0:
        yield low, high


def _labelled(text: str, border: int, columns: Surroundings) -> Iterator[tuple[Person, float]]:
    """What stands behind a label that ends near `border`, or below it in its column."""
    end = border
    while end and text[end - 1] in _BORDER:
        end -= 1
    if end and text[end - 1] in ")）":
        end = max(text.rfind("(", 0, end), text.rfind("（", 0, end), 0)
    labels = (text[end - length : end].lower() for length in range(2, min(_LONGEST_LABEL, end) + 1))
    label = max((each for each in labels if each in _LABELS), key=len, default="")
    if not label:
        return
    outside = text[end - len(label) - 1 : end - len(label)]
    if text[border - 1 : border] in ",，" and outside not in _OUTSIDE:
        return  # a clause that ends in such a word, not a cell
    office = label in OFFICES
    start = border
    while start < len(text) and text[start] in _BORDER:
        start += 1
    value = _value(text, start, office) if start < len(text) else None
    if value is not None:
        yield value, 0.95
    yield from _below(text, end, office)
    mark = text[end : end + 1]
    if mark not in "\t|,\n" and not text[end:border].strip().startswith("|"):
        return
    for low, high in columns.column_cells(end - 1):
        at = high - len(text[low:high].lstrip(_BORDER))
        cell = _value(text, at, office) if at < high else None
        if cell is not None and cell.end <= high:
            yield cell, 0.9


def _below(text: str, end: int, office: bool) -> Iterator[tuple[Person, float]]:
    """The names below a head that ends at `end`, where blanks part the columns (folded tabs)."""
    low = text.rfind("\n", 0, end) + 1
    high = text.find("\n", end)
    heads = list(_CELL.finditer(text, low, high if 0 < high < low + _HEAD_LINE else low))
    if len(heads) < 2 or any(len(head[0]) > 8 for head in heads):
        return
    column = next((index for index, head in enumerate(heads) if head.end() == end), None)
    while column is not None and 0 < high < len(text) - 1:
        low, high = high + 1, text.find("\n", high + 1)
        stop = min(high if high > 0 else len(text), low + _ROW)
        cells = list(_CELL.finditer(text, low, stop))
        if len(cells) != len(heads) or cells[column][0].lower() in _LABELS:
            return
        cell = _value(text, cells[column].start(), office)
        if cell is not None and cell.end <= cells[column].end():
            yield cell, 0.9


def _value(text: str, start: int, office: bool) -> Person | None:
    """The name that a label is followed by: what would not do without the label does here."""
    indigenous = _INDIGENOUS.match(text, start) or _FOREIGN_LABELLED.match(text, start)
    if indigenous:
        return Person(start, indigenous.end(), 5.0, office)
    roman = _LABELLED_ROMAN.match(text, start)
    if (roman and "-" in roman[0]) or (roman and roman[0].split()[0].rstrip(",").lower() in _ROMAN):
        return Person(start, roman.end(), 5.0, office)
    spaced = _SPACED.match(text, start)
    if spaced:
        joined = spaced[0].replace(" ", "").replace("\u3000", "")
        if (given_weight(joined, 0, len(joined)) or -9) > -1:
            return Person(start, spaced.end(), 4.0, office)
    run = _RUN.match(text, start)
    if run is None:
        return None
    whole = _WHOLE.match(text, start, start + 8)
    if whole is None or text[whole.end() : whole.end() + 1] in _MASKS:
        return None
    length = whole.end() - start
    if length <= 4:
        weight = given_weight(text, start, start + length)
        if weight is not None and weight > -1.5:
            return Person(start, start + length, 6.0 + weight, office)
    best = max(people(text, start, start + 1), key=lambda each: each.weight, default=None)
    return best._replace(office=best.office or office) if best and best.start == start else None


def _honoured(text: str, near: int) -> Iterator[tuple[Person, float]]:
    """The name before an honorific: full if it can be, else the surname alone."""
    for honorific in _HONORIFIC.finditer(text, max(0, near - 4), near + 2):
        at = honorific.start()
        best: tuple[float, int] | None = None
        for length in (4, 3, 2):
            if at - length < 0:
                continue
            weight = given_weight(text, at - length, at)
            if (
                weight is None
                or weight < 0.7
                or (length == 2 and text[at - 1] in COMMON and weight < 2)
            ):
                continue
            if length == 2 and (
                text[at - 2] in _LEADERS
                or honorific[0] == "君"
                or (text[at - 2] not in COMMON and weight < 2)
            ):
                continue
            if (
                length == 3
                and text[at - 3] not in COMMON
                and weight < 2
                and at > 3
                and _IS_HAN.match(text[at - 4])
            ):
                continue
            if best is None or weight > best[0]:
                best = (weight, length)
        if best is not None:
            start = at - best[1]
            yield Person(start, at, 4.0 + best[0], presides(text, start, at)), 0.9
            return
        length = 2 if text[max(0, at - 2) : at] in COMPOUND else 1
        surname = text[max(0, at - length) : at]
        before = text[at - length - 1 : at - length] if at > length else ""
        plain = surname in COMMON and surname not in WORDLIKE and not ordinary(before + surname)
        if (surname in COMMON or surname in COMPOUND) and (
            plain or not _IS_HAN.match(before) or before in _LEADERS
        ):
            yield Person(at - length, at, 1.0), 0.5


def _in_script(text: str, start: int, end: int) -> Iterator[tuple[Person, float]]:
    """Indigenous names with their interpunct, and romanised ones."""
    low, high = max(0, start - 12), min(len(text), end + 24)
    piece = text[low:high]
    if any(dot in piece for dot in "．.·‧・•"):
        for dotted in _INDIGENOUS.finditer(text, low, high):
            yield Person(dotted.start(), dotted.end(), 5.0), 0.85
        for dotted in _DOTTED.finditer(text, low, high):
            yield from _after_noun(text, dotted)
    if any("A" <= each <= "Z" for each in piece):
        for roman in _ROMANISED.finditer(text, low, high):
            yield Person(roman.start(), roman.end(), 4.0), 0.8
        for roman in _ADDRESSED.finditer(text, low, high):
            yield Person(roman.start(1), roman.end(1), 3.0), 0.8 if " " in roman[1] else 0.5


def _after_noun(text: str, dotted: re.Match[str]) -> Iterator[tuple[Person, float]]:
    """申請人巴奈．庫穗: beside a word for a person any characters do, not only usual ones."""
    dot = dotted.end(1)
    for length in range(2, 7):
        start = dot - length
        if start < dotted.start(1):
            return
        if follows_noun(text, start):
            after = next((n for n in range(2, 5) if ends_well(text, dot + 1 + n)), 0)
            if after and dot + 1 + after <= dotted.end():
                yield Person(start, dot + 1 + after, 4.0), 0.8
            return


def _listed(text: str, found: list[tuple[Person, float]]) -> list[tuple[Person, float]]:
    """And the neighbours in a list of names, which need no further sign."""
    known = {(person.start, person.end) for person, _ in found}
    offices = {person.start for person, _ in found if person.office}
    found = [_in_office(text, person, sure, offices) for person, sure in sorted(found)]
    queue = [person for person, _ in found if person.end - person.start >= 2]
    added = []
    while queue:
        person = queue.pop()
        for at in _neighbours(text, person):
            for length in (3, 2, 4):
                low, high = at if at[0] >= 0 else (at[1] - length, at[1])
                if at[1] < 0:
                    high = low + length
                if low < 0 or high > len(text) or (low, high) in known:
                    continue
                beyond = text[high : high + 1]
                closed = not beyond or not _IS_HAN.match(beyond) or beyond in "等與及和"
                if (at[0] < 0 and low and _IS_HAN.match(text[low - 1])) or barred(text, high):
                    continue
                weight = given_weight(text, low, high)
                if weight is not None and weight >= (1.4 if at[1] >= 0 or closed else 2.5):
                    office = person.office and at[1] < 0
                    neighbour = Person(low, high, 2.0 + weight, office)
                    known.add((low, high))
                    queue.append(neighbour)
                    added.append((neighbour, 0.8))
                    break
    return found + added


def _in_office(text: str, person: Person, sure: float, offices: set[int]) -> tuple[Person, float]:
    """立法委員甲、乙、丙: the office before a list is that of all who have no sign of their own."""
    before = text[max(0, person.start - 5) : person.start]
    if person.office or claimed(text, person.end) or not _BETWEEN.match(before[-1:] or "."):
        return person, sure
    if any(person.start - 1 - length in offices for length in (2, 3, 4)):
        offices.add(person.start)
        return person._replace(office=True), sure
    return person, sure


def _neighbours(text: str, person: Person) -> Iterator[tuple[int, int]]:
    """Where the next name of a list begins (start, -1) or the one before it ends (-1, end)."""
    after = _BETWEEN.match(text, person.end) or _ITEM.match(text, person.end)
    if after:
        yield after.end(), -1
    before = text[max(0, person.start - 2) : person.start].rstrip(" \u3000")
    if before and before[-1] in "、,，/;；及與和":
        end = text.rindex(before[-1], 0, person.start)
        yield -1, end


def _choose(found: list[tuple[Person, float]]) -> list[tuple[Person, float]]:
    """The weightiest where some overlap."""
    sure: dict[Person, float] = {}
    for person, confidence in found:
        sure[person] = max(confidence, sure.get(person, 0.0))
    return [(person, sure[person]) for person in apart(sure)]


def _everywhere(text: str, found: list[tuple[Person, float]]) -> list[tuple[Person, float]]:
    """The found names at every place of the text; one place with a citizen's sign decides."""
    personal = {text[each.start : each.end] for each, _ in found if not each.office}
    everywhere = [
        (each._replace(office=each.office and text[each.start : each.end] not in personal), sure)
        for each, sure in found
    ]
    held = {place for each, _ in found for place in range(each.start, each.end)}
    known = {text[each.start : each.end]: (each, sure) for each, sure in everywhere}
    names = {name: each for name, each in known.items() if len(name) > 2 or each[1] >= 0.7}
    for at, name in _places(text, [name for name in names if len(name) > 1]):
        person, confidence = names[name]
        place = range(at, at + len(name))
        if held.isdisjoint(place):
            held.update(place)
            again = person._replace(start=place.start, end=place.stop)
            everywhere.append((again, min(confidence, 0.8)))
    return sorted(everywhere)


def _places(text: str, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where each of the names stands; in one pass where there are many."""
    if len(names) <= _FEW:
        for name in names:
            at = text.find(name)
            while at >= 0:
                yield at, name
                at = text.find(name, at + 1)
        return
    beginning: dict[str, list[str]] = {}
    for name in names:
        beginning.setdefault(name[:2], []).append(name)
    for at in range(len(text) - 1):
        for name in beginning.get(text[at : at + 2], ()):
            if text.startswith(name, at):
                yield at, name
