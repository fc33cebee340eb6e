"""Digits and letters told in words: what people dictate, and what hides a number from a search.

No digit is 十, but it counts places: it is a character of its own that no identifier has.

Source: the words themselves are common knowledge; 軍用念法 (洞么兩三四五六拐八勾) as used by
Taiwan's armed forces; the letters' names of ICAO Annex 10, volume II, 5.2.1.3.
"""

from __future__ import annotations

import re
import unicodedata

_ROWS: tuple[str, ...] = (
    "zero one two three four five six seven eight nine",
    "oh wun too tree fower fife sixer sevin ait niner",
    "khòng it jī sam sù ngó͘ lio̍k chhit pat kiú",
    "khòng tsi̍t nn̄g sann sì gōo la̍k tshit peh káu",
    "ling yi er san si wu liu qi ba jiu",
    "líng yī èr sān sì wǔ liù qī bā jiǔ",
    "ㄌㄧㄥˊ ㄧ ㄦˋ ㄙㄢ ㄙˋ ㄨˇ ㄌㄧㄡˋ ㄑㄧ ㄅㄚ ㄐㄧㄡˇ",
    "ㄌㄧㄥ ㄧ ㄦ ㄙㄢ ㄙ ㄨ ㄌㄧㄡ ㄑㄧ ㄅㄚ ㄐㄧㄡ",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "không một hai ba bốn năm sáu bảy tám chín",
    "nol satu dua tiga empat lima enam tujuh delapan sembilan",
    "rei ichi ni san yon go roku nana hachi kyu",
    "れい いち に さん よん ご ろく なな はち きゅう",
    "ゼロ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュウ",
    "영 일 이 삼 사 오 육 칠 팔 구",
    "공 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉",
    "洞 么 兩 三 四 五 六 拐 八 勾",
    "〇 一 二 三 四 五 六 七 八 九",
    "零 壹 貳 參 肆 伍 陸 柒 捌 玖",
    "○ 幺 贰 叁 〤 〥 〦 〧 〨 〩",
    "⠚ ⠁ ⠃ ⠉ ⠙ ⠑ ⠋ ⠛ ⠓ ⠊",
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.",
)
_LETTERS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
)
_KANA = (
    "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム "
    "エヌ オー ピー キュー アール エス ティー ユー ブイ ダブリュー エックス ワイ ゼット"
)
_HANGUL = (
    "에이 비 씨 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 알 에스 티 유 "
    "브이 더블유 엑스 와이 제트"
)
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_MORSE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- "
    "-..- -.-- --.."
)


def _said() -> dict[str, str]:
    table: dict[str, str] = {}
    for row in _ROWS:
        for digit, word in enumerate(row.split()):
            table.setdefault(word, str(digit))
    for row in (_LETTERS, _KANA, _HANGUL):
        for place, word in enumerate(row.split()):
            table.setdefault(word, chr(65 + place))
    table["lima"] = "L"  # and Indonesian for five
    for number, word in enumerate(_TEENS.split(), 10):
        table[word] = str(number)
    for tens, word in enumerate(_TENS.split(), 2):
        table[word] = f"{tens}0"
        for digit, one in enumerate(_ROWS[0].split()[1:], 1):
            for between in "- ":
                table[f"{word}{between}{one}"] = f"{tens}{digit}"
    table |= {
        "alfa": "A",
        "juliet": "J",
        "x-ray": "X",
        "whisky": "W",
        "〡": "1",
        "〢": "2",
        "〣": "3",
    }
    for place, word in enumerate(_MORSE.split()):
        if len(word) > 1:
            table.setdefault(word, chr(65 + place))
    table["十"] = "·"
    # The folded view has lost marks of their own, and a writer may have lost those of tone.
    for word, char in list(table.items()):
        for form in ("NFC", "NFD"):
            written = unicodedata.normalize(form, word)
            bare = "".join(each for each in written if not unicodedata.combining(each))
            table.setdefault(unicodedata.normalize("NFC", bare), char)
        table.setdefault(unicodedata.normalize("NFKC", word), char)
    return table


SAID = _said()
"""A word → the digits or the letter that it says."""


_MARKS = [word for word in SAID if set(word) <= {".", "-"}]
_LATIN = [word for word in SAID if word[0].isalpha() and word[0] <= "\u1eff"]
_OTHERS = [word for word in SAID if word not in _LATIN and word not in _MARKS]
LATIN = frozenset(_LATIN)
"""The words of Latin letters, in lower case."""
EXOTIC = "".join(sorted({word[0] for word in _OTHERS if not "\u3400" <= word[0] <= "\u9fff"}))
"""The characters with which other words begin that ordinary text of ours has not."""
_LETTERS_OF_WORDS = "A-Za-zÀ-ỹ"


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _pattern() -> re.Pattern[str]:
    # Looking at the first character keeps what is none of these cheap.
    firsts = re.escape("".join(sorted({word[0] for word in _OTHERS})))
    letters = _LETTERS_OF_WORDS
    return re.compile(
        rf"(?<![{letters}0-9])[A-Za-z0-9](?![{letters}0-9])"
        rf"|(?<![{letters}])(?=[{letters}]{{2}})(?i:{_either(_LATIN)})(?![{letters}])"
        rf"|(?=[{firsts}])(?:{_either(_OTHERS)})"
    )


ROMAN = str.maketrans(
    {chr(0x2160 + at): str(at + 1) for at in range(9)}
    | {chr(0x2170 + at): str(at + 1) for at in range(9)}
)
"""Roman numerals that are one character, as digits; folding makes letters of them."""

MORSE = re.compile(rf"(?<![.\-])(?:{_either(_MARKS)})(?![.\-])|(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
"""A digit or letter in Morse's code, or a letter standing alone."""

TOLD = _pattern()
"""A digit or letter told in words or standing alone."""


_DIGITS = {
    char: value
    for row in ("〇一二三四五六七八九", "零壹貳參肆伍陸柒捌玖")
    for value, char in enumerate(row)
} | {"兩": 2}
_PLACES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"萬": 10**4, "億": 10**8}
POSITIONAL = "".join({**_DIGITS, **_PLACES, **_MYRIADS})
"""The characters of Chinese numbers with places."""


def positional(number: str) -> int:
    """What a Chinese number with places counts (一億二千三十 → 100002030); 0 where it is none."""
    whole = part = digit = 0
    for char in number:
        if char in _DIGITS:
            digit = digit * 10 + _DIGITS[char]
        elif char in _PLACES:
            part += (digit or 1) * _PLACES[char]
            digit = 0
        else:
            whole = (
                (whole + part + digit) * _MYRIADS[char]
                if char == "億"
                else (whole + (part + digit) * _MYRIADS[char])
            )
            part = digit = 0
    return whole + part + digit
