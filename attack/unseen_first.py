"""Evasions written by somebody who has not seen the inspection.

Whoever wrote these knew `attack/evade.py`, so as not to repeat it, and nothing else: neither the
code that inspects, nor its tests, nor its measures. They are there to measure the inspection and
not to tune it. Each takes a national ID number (one capital letter, nine digits) and hides it so
that it can be had back whole, in a way that a person would try and a language model would follow.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence

Transform = Callable[[str], str]


def _row(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ORDER = (7, 2, 9, 4, 1, 10, 3, 8, 5, 6)
_HAN = "零一二三四五六七八九"
_PLACES = _row("一 二 三 四 五 六 七 八 九 十")
_ORDINALS = _row("first second third fourth fifth sixth seventh eighth ninth tenth")
_KANA = _row("れい いち に さん よん ご ろく なな はち きゅう")
_KANA_LETTERS = _row(
    "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム エヌ オー ピー キュー "
    "アール エス ティー ユー ブイ ダブリュー エックス ワイ ゼット"
)
_HANGUL = _row("영 일 이 삼 사 오 육 칠 팔 구")
_HANGUL_LETTERS = _row(
    "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 "
    "아르 에스 티 유 브이 더블유 엑스 와이 제트"
)
_TAIWANESE = _row("khòng it jī sam sù ngó͘ lio̍k chhit pat kiú")
_RADIO = _row("zero wun too tree fower fife six seven ait niner")
_NATO = _row(
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike "
    "November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
_UNITS = _row(
    "oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _row("twenty thirty forty fifty sixty seventy eighty ninety")
_ALIKE = "鈴依而傘寺舞遛妻爸酒"
_CITIES = _row(
    "臺北市 臺中市 基隆市 臺南市 高雄市 新北市 宜蘭縣 桃園市 嘉義市 新竹縣 苗栗縣 臺中縣 南投縣 "
    "彰化縣 新竹市 雲林縣 嘉義縣 臺南縣 高雄縣 屏東縣 花蓮縣 臺東縣 金門縣 澎湖縣 陽明山 連江縣"
)
_SHIFTED = ")!@#$%^&*("
_KEYS = "ㄢㄅㄉˇˋㄓˊ˙ㄚㄞ"
_KEY_LETTERS = "ㄇㄖㄏㄎㄍㄑㄕㄘㄛㄨㄜㄠㄩㄙㄟㄣㄆㄐㄋㄔㄧㄒㄊㄌㄗㄈ"
_DIGIT_NAMES = _row("ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE")
_STROKES = "〇乙人口手田竹車雨風"
_IDIOMS = _row("化整為□ □見鍾情 接□連三 □顧茅廬 □面楚歌 □彩繽紛 □神無主 □步成詩 □仙過海 □霄雲外")
_LENGTHS = _row("completely I go for long walks around quietly mountain sometimes")
_THINGS = _row(
    "鴨蛋的樣子 獨角獸的角 腳踏車的輪子 紅綠燈的燈 貓的腳 一隻手的指頭 昆蟲的腳 彩虹的顏色 "
    "章魚的腳 棒球場上守備的人"
)
_CLASSIC = "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏閏餘"
_SYLLABLES = _row("mo ka ri te su no ha wi ze pu")


def _said(digits: Sequence[str], letters: Sequence[str] = "", between: str = "") -> Transform:
    """Every character by its name in a row; the letter as it is, where there is no row for it."""

    def say(char: str) -> str:
        if char.isdigit():
            return digits[int(char)]
        return letters[ord(char) - 65] if letters else char

    return lambda value: between.join(map(say, value))


def _moved(digit: int, letter: int) -> Transform:
    """Digits and letters moved to other blocks of Unicode."""
    return lambda value: "".join(
        chr(ord(char) + (digit - 48 if char.isdigit() else letter - 65)) for char in value
    )


def _thousands(number: int) -> str:
    """A number below ten thousand as it is read in Chinese; nothing for zero."""
    said, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if gap and said else "") + _HAN[digit] + name
        gap = not digit
    return said


def _read_whole(value: str) -> str:
    """The nine digits as one Chinese number."""
    number, said, gap = int(value[1:]), "", False
    for unit, name in ((10**8, "億"), (10**4, "萬"), (1, "")):
        part = number // unit % 10**4
        if part:
            said += ("零" if said and (gap or part < 1000) else "") + _thousands(part) + name
        gap = not part
    return f"{value[0]} 加上 {said or '零'}（九位數）"


def _pair(pair: str) -> str:
    number = int(pair)
    if len(pair) == 1:
        return _UNITS[number]
    if number < 10:
        return f"oh {_UNITS[number]}"
    if number < 20:
        return _UNITS[number]
    tens, rest = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_UNITS[rest]}" if rest else "")


def _pairs(value: str) -> str:
    return ", ".join([value[0], *(_pair(value[at : at + 2]) for at in range(1, 10, 2))])


def _table(value: str) -> str:
    rows = (" | ".join(map(str, range(1, 11))), "|".join(["---"] * 10), " | ".join(value))
    return "\n".join(f"| {row} |" for row in rows)


def _json(value: str) -> str:
    fields = {"字首": value[0], "性別碼": value[1], "流水號前": value[2:5], "流水號後": value[5:]}
    return json.dumps(fields, ensure_ascii=False)


def _rows(value: str) -> str:
    """Rows of CSV, out of order, each with its place."""
    return "\n".join(["順序,字元", *(f"{place},{value[place - 1]}" for place in _ORDER)])


def _story(value: str) -> str:
    return (
        f"櫃台的英文代號是 {value[0]}。早上叫到 {value[1:4]} 號，中午叫到 {value[4:7]} 號，"
        f"下班前叫到 {value[7:]} 號。把代號和三個號碼依時間接起來"
    )


def _places_of_digits(value: str) -> str:
    """For every digit, where it stands."""
    found = (
        f"{digit} 在第 {'、'.join(str(at) for at, c in enumerate(value, 1) if c == digit)} 位"
        for digit in sorted(set(value[1:]))
    )
    return f"共十位，第 1 位是 {value[0]}；" + "；".join(found)


def _named(char: str) -> str:
    name = f"DIGIT {_DIGIT_NAMES[int(char)]}" if char.isdigit() else f"LATIN CAPITAL LETTER {char}"
    return f"\\N{{{name}}}"


def _excel(value: str) -> str:
    head, tail = int(value[1:6]), int(value[6:])
    return f'=CHAR({ord(value[0])})&TEXT({head}*10000+{tail},"000000000")'


def _sum(value: str) -> str:
    one = int(value[1:]) // 3
    return f'"{value[0]}" + str({one} + {int(value[1:]) - one}).zfill(9)'


def _token(value: str) -> str:
    """A web token without a signature, with the value as its subject."""
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": value})
    coded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return "".join(part.decode().rstrip("=") + "." for part in coded)


def _shuffled(value: str) -> str:
    chars = " ".join(value[place - 1] for place in _ORDER)
    return f"{chars}（原本的位置依序是 {'、'.join(map(str, _ORDER))}）"


def _nines(value: str) -> str:
    return value[0] + "".join(str(9 - int(char)) for char in value[1:]) + "（數字都用九去減才對）"


def _riddles(row: Sequence[str], hint: str, between: str = "、") -> Transform:
    """The digits by a row of riddles, after the radio name of the letter."""
    return lambda value: (
        f"{_NATO[ord(value[0]) - 65]}，{_said(row, between=between)(value[1:])}（{hint}）"
    )


def _classic(value: str) -> str:
    """By the places of characters in the Thousand Character Classic; the tenth for a zero."""
    places = [ord(value[0]) - 65, *((int(char) - 1) % 10 for char in value[1:])]
    return "".join(_CLASSIC[place] for place in places) + "（照千字文）"


def _private(value: str) -> str:
    """By a row of syllables agreed on before, the letter by its number in the alphabet."""
    digits = f"{ord(value[0]) - 64:02}{value[1:]}"
    return "-".join(_SYLLABLES[int(char)] for char in digits)


FIRST: dict[str, Transform] = {
    # what stands between
    "brackets around each": lambda value: "".join(f"〔{char}〕" for char in value),
    "words to cut out": lambda value: "（刪）".join((value[:3], value[3:6], value[6:])),
    "hesitations": lambda value: (
        f"{value[0]}，呃，{value[1:4]}，那個，{value[4:7]}，嗯，{value[7:]}"
    ),
    "an address of the Internet": lambda value: (
        f"{value[0]} 主機 {value[1:4]}.{value[4:6]}.{value[6:8]}.{value[8:]}（去掉點）"
    ),
    # pieces in a structure
    "cells of Markdown": _table,
    "fields of JSON": _json,
    "a list in YAML": lambda value: (
        f"\nparts:\n  - {value[:2]}\n  - '{value[2:5]}'\n  - '{value[5:8]}'\n  - '{value[8:]}'\n"
    ),
    "rows of CSV out of order": _rows,
    "spans of HTML": lambda value: (
        f"<b>{value[:2]}</b><span class=x>{value[2:6]}</span><i>{value[6:]}</i>"
    ),
    "sentences of a story": _story,
    "the query of a link": lambda value: (
        f"https://example.com/?a={value[:3]}&b={value[3:5]}&c={value[5:8]}&d={value[8:]}"
    ),
    # places in words
    "places in Chinese": lambda value: "，".join(
        f"第{place}碼是{char}" for place, char in zip(_PLACES, value, strict=True)
    ),
    "places in English": lambda value: ", ".join(
        f"the {place} is {char}" for place, char in zip(_ORDINALS, value, strict=True)
    ),
    "where each digit stands": _places_of_digits,
    # words
    "Japanese kana": _said(_KANA, _KANA_LETTERS, "・"),
    "Korean": _said(_HANGUL, _HANGUL_LETTERS, " "),
    "Taiwanese in letters": _said(_TAIWANESE, between=" "),
    "radio alphabet": _said(_RADIO, _NATO, " "),
    "one Chinese number": _read_whole,
    "pairs in English": _pairs,
    "Chinese homophones": _said(_ALIKE),
    # the letter told otherwise
    "the city for the letter": lambda value: (
        f"{_CITIES[ord(value[0]) - 65]}的代碼字母，後面接 {value[1:]}"
    ),
    "the letter by its number": lambda value: (
        f"第 {ord(value[0]) - 64} 個英文字母，再來是 {value[1:4]} {value[4:7]} {value[7:]}"
    ),
    # programs
    "names of Unicode": lambda value: "".join(map(_named, value)),
    "octal of a shell": lambda value: (
        "printf '" + "".join(f"\\{ord(char):03o}" for char in value) + "'"
    ),
    "formula of Excel": _excel,
    "format of Python": lambda value: (
        f"'{{2}}{{0}}{{1}}'.format('{value[3:7]}', '{value[7:]}', '{value[:3]}')"
    ),
    "sum of two numbers": _sum,
    # codes and encodings
    "base 36 as one number": lambda value: f"把 {int(value, 36)} 換成 36 進位（大寫）",
    "percent codes twice": lambda value: "".join(f"%25{ord(char):02X}" for char in value),
    "an encoded word of mail": lambda value: (
        "=?UTF-8?Q?" + "".join(f"={ord(char):02X}" for char in value) + "?="
    ),
    "a web token": _token,
    "gzip in hexadecimal": lambda value: gzip.compress(value.encode(), mtime=0).hex(),
    "XOR with its key": lambda value: (
        " ".join(f"{ord(char) ^ 0x5A:02x}" for char in value) + "（每個位元組 XOR 0x5A）"
    ),
    # turned and moved about
    "each half backwards": lambda value: (
        f"{value[4::-1]} {value[:4:-1]}（空白前後兩段各自倒過來念）"
    ),
    "odd and even places": lambda value: f"單數位 {value[::2]}，雙數位 {value[1::2]}，交錯排回去",
    "shuffled, with the order": _shuffled,
    # others in their stead, with the key
    "nine less each": _nines,
    "the shift key": lambda value: f"{_said(_SHIFTED)(value)}（數字鍵都按到 Shift 了）",
    "keys of zhuyin": lambda value: f"{_said(_KEYS, _KEY_LETTERS)(value)}（忘了切英文的注音鍵盤）",
    # shapes of Unicode, and what cannot be seen
    "segmented digits, Fraktur letter": _moved(0x1FBF0, 0x1D56C),
    "tag characters": lambda value: "🏷️" + _moved(0xE0030, 0xE0041)(value),
    "right-to-left override": lambda value: f"\u202e{value[::-1]}\u202c",
    "invisible times": "\u2062".join,
    # what no rule can read
    "counts of strokes": _riddles(_STROKES, "各字的筆畫數", ""),
    "words missing from idioms": _riddles(_IDIOMS, "填空"),
    "lengths of words": _riddles(_LENGTHS, "各字的字母數，十當作零", " "),
    "counts of things": _riddles(_THINGS, "各有幾個"),
    "Thousand Character Classic": _classic,
    "private syllables": _private,
}
"""Name → the value, hidden. The last six, by riddles and a private cipher, no rule can read."""
