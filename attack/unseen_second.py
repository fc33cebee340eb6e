"""A second set of evasions by somebody who has not seen the inspection.

Whoever wrote these knew `attack/evade.py` and `unseen_first.py`, so as not to repeat them, and
nothing else. They lean towards what people really do: what anybody thinks of in a minute, then
what somebody with some skill at computers tries, then what a clever person makes up. They are there
to measure the inspection and not to tune it. Each takes a national ID number (one capital letter,
nine digits) and hides it so that it can be had back whole.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import zipfile
from collections.abc import Callable

Transform = Callable[[str], str]


def _row(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_HAN = "零一二三四五六七八九"
_CANGJIE = "日月金木水火土竹戈十大中一弓人心手口尸廿山女田難卜重"
_AS_IN = _row(
    "Apple Banana Cat Dog Egg Fish Girl Hat Ice Jack King Lion Mary Nancy Orange Peter Queen "
    "Rose Sun Tom Umbrella Victory Water X-ray Yellow Zebra"
)
_KEY = "BLACKHORSE"
_STEMS = "癸甲乙丙丁戊己庚辛壬"
_HEADS = _row(
    "零星小雨 一帆風順 二話不說 三心二意 四平八穩 五湖四海 六六大順 七上八下 八面玲瓏 九牛一毛"
)
_PLANETS = _row("太陽 水星 金星 地球 火星 木星 土星 天王星 海王星 冥王星")


def _cut(form: str, *ends: int) -> Transform:
    """The value cut at the given places, and the pieces put into a form."""

    def say(value: str) -> str:
        pieces = (value[a:b] for a, b in zip((0, *ends), (*ends, len(value)), strict=True))
        return form.format(*pieces)

    return say


def _chinese(digits: str) -> str:
    return "".join(_HAN[int(char)] for char in digits)


def _dictated(value: str) -> str:
    word = _AS_IN[ord(value[0]) - 65]
    groups = "，".join(map(_chinese, (value[1:4], value[4:7], value[7:])))
    return f"英文是 {word} 的 {value[0]}，數字我唸給你：{groups}"


def _every_other(value: str) -> str:
    """Every other digit in Chinese."""
    return "".join(_chinese(char) if at % 2 else char for at, char in enumerate(value))


def _half_wide(value: str) -> str:
    """Caps Lock off, and out of the full width only half-way."""
    wide = "".join(chr(ord(char) + 0xFEE0) for char in value[:5].lower())
    return wide + " " + value[5:]


def _entities(value: str) -> str:
    """Numeric entities of HTML, by turns in decimal and in hexadecimal."""
    return "".join(
        f"&#x{ord(char):x};" if at % 2 else f"&#{ord(char)};" for at, char in enumerate(value)
    )


def _variables(value: str) -> str:
    coded = base64.b64encode(value.encode()).decode()
    return f'let a = "{coded[:7]}", b = "{coded[7:]}"; atob(a + b)'


def _dump(value: str) -> str:
    octets = [f"{ord(char):02x}" for char in value]
    return f"\n00000000  {' '.join(octets[:8])}  {' '.join(octets[8:])}\n0000000a\n"


def _zipped(value: str) -> str:
    """A ZIP file with one text in it, in base64."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), value, zipfile.ZIP_DEFLATED)
    return base64.b64encode(whole.getvalue()).decode()


def _nested(value: str) -> str:
    """JSON with base64 in it, in JSON again, in base64 again."""
    inner = json.dumps({"id": base64.b64encode(value.encode()).decode()})
    return base64.b64encode(json.dumps({"enc": "base64", "body": inner}).encode()).decode()


def _outside_in(value: str) -> str:
    pairs = " ".join(value[at] + value[-1 - at] for at in range(len(value) // 2))
    return f"{pairs}（頭一個、尾一個，輪流從外往內填）"


def _neighbours(value: str) -> str:
    pairs = " ".join(value[at + 1] + value[at] for at in range(0, len(value), 2))
    return f"{pairs}（每兩個字前後對調）"


def _keyword(value: str) -> str:
    coded = "".join(_KEY[int(char)] for char in value[1:])
    return f"{value[0]}-{coded.lower()}（{_KEY} 依序代表 0 到 9）"


def _three_on(value: str) -> str:
    letter = chr((ord(value[0]) - 65 + 3) % 26 + 65)
    digits = "".join(str((int(char) + 3) % 10) for char in value[1:])
    return f"{letter}{digits}（英文和每個數字都往後推了三個，9 的後面是 0，請推回來）"


def _steps(value: str) -> str:
    """The first digit, and from every digit how far to the next."""
    digits = [int(char) for char in value[1:]]
    steps = "、".join(f"{to - come:+d}" for come, to in itertools.pairwise(digits))
    return f"英文 {value[0]}，數字從 {digits[0]} 開始，之後每一碼比前一碼：{steps}"


def _sums(value: str) -> str:
    """For every digit a small sum."""
    said = (
        f"{int(char) + at}-{at}" if at % 2 else f"{int(char) * at}÷{at}"
        for at, char in enumerate(value[1:], 1)
    )
    return f"{value[0]}、{'、'.join(said)}（每一題的答案就是一碼）"


def _factors(value: str) -> str:
    """The nine digits as a product of primes."""
    rest, found, by = int(value[1:]), [], 2
    while by * by <= rest:
        while rest % by == 0:
            found.append(by)
            rest //= by
        by += 1
    found.append(rest)
    return f"{value[0]} 後面接 {'×'.join(map(str, found))}×1 的乘積（九位數）"


def _stems(value: str) -> str:
    digits = "".join(_STEMS[int(char)] for char in value[1:])
    return f"{value[0]}{digits}（照天干的次序，癸算 0）"


def _acrostic(value: str) -> str:
    lines = "\n".join([_AS_IN[ord(value[0]) - 65], *(_HEADS[int(char)] for char in value[1:])])
    return f"\n{lines}\n（藏頭詩，看每行第一個字）"


def _planets(value: str) -> str:
    near = f"{chr(ord(value[0]) + 1)} 的前一個" if value[0] < "Z" else "Y 的後一個"
    planets = "、".join(_PLANETS[int(char)] for char in value[1:])
    return f"字母是 {near}，然後是 {planets}（離太陽第幾個就是幾，太陽自己是 0）"


SECOND: dict[str, Transform] = {
    # what anybody thinks of in a minute
    "groups with spaces": _cut("{} {} {}", 4, 7),
    "pieces on lines": _cut("\n{}\n{}\n{}\n", 3, 6),
    "keycaps": lambda value: value[0] + "".join(f"{char}\ufe0f\u20e3" for char in value[1:]),
    "pieces in quotes": _cut("「{}」「{}」「{}」連起來", 3, 7),
    "the mask and what is behind it": _cut("{0}****{2}，星號的地方是 {1}", 3, 7),
    "asides between": _cut("{}（先聽我說完）{}（就是昨天那件）{}", 3, 6),
    "the letter afterwards": lambda value: f"{value[1:]}，前面再加一個英文字母 {value[0]}",
    "sentences of their own": _cut(
        "我分三次講。前面是 {}。今天窗口人很多，等了好久。中間是 {}。麻煩您了。最後是 {}。", 4, 7
    ),
    "dictated over the telephone": _dictated,
    "every other digit in Chinese": _every_other,
    "half-way out of full width": _half_wide,
    "Cangjie left on": lambda value: f"{_CANGJIE[ord(value[0]) - 65]}{value[1:]}（倉頡沒切回英文）",
    "an e-mail signature": _cut(
        "（在簽名檔，三項接起來）\n--\n承辦人敬上\n代號 {}｜分機 {}｜傳真末碼 {}\n",
        2,
        6,
    ),
    "fields of a form": _cut(
        "\n申請項目：謄本\n證號英文欄：{}\n證號數字欄（前）：{}\n份數：兩份\n證號數字欄（後）：{}\n",
        1,
        5,
    ),
    "an amount of money": lambda value: f"{value[0]} 字第 NT${int(value[1:]):,} 元（去掉元和逗點）",
    # what somebody with skill at computers tries
    "escapes of JSON": lambda value: '"' + "".join(f"\\u{ord(char):04x}" for char in value) + '"',
    "entities by turns": _entities,
    "base64 in two variables": _variables,
    "a template of Jinja": _cut(
        "{{% set a = '{0}' %}}{{% set c = '{2}' %}}{{% set b = '{1}' %}}{{{{ a ~ b ~ c }}}}", 3, 6
    ),
    "variables of a shell": _cut('x={}; y={}; z={}; echo "${{x}}${{y}}${{z}}"', 2, 6),
    "cells of a spreadsheet": _cut('儲存格 B2="{}"、C2="{}"、D2="{}"，E2 公式 =B2&C2&D2', 4, 8),
    "escapes of CSS": lambda value: (
        '.id::after { content: "' + "".join(f"\\{ord(char):06X}" for char in value) + '" }'
    ),
    "soft breaks of quoted-printable": _cut("\n{}=\n{}=\n{}=\n{}\n", 2, 5, 8),
    "soft hyphens": "\u00ad".join,
    "fillers of Hangul": "\u3164".join,
    "a dump in hexadecimal": _dump,
    "the digits in hexadecimal": lambda value: (
        f'"{value[0]}" + (0x{int(value[1:]):x}).toString().padStart(9, "0")'
    ),
    "ZIP in base64": _zipped,
    "JSON nested in base64": _nested,
    "macros of LaTeX": _cut(
        r"\newcommand{{\ia}}{{{}}}\newcommand{{\ib}}{{{}}}\newcommand{{\ic}}{{{}}}\ia\ib\ic", 2, 6
    ),
    # what a clever person makes up: other orders, keys, sums and riddles
    "outside in": _outside_in,
    "neighbours swapped": _neighbours,
    "a key word": _keyword,
    "three further on": _three_on,
    "steps from digit to digit": _steps,
    "a small sum for each": _sums,
    "a product of primes": _factors,
    "heavenly stems": _stems,
    "heads of lines": _acrostic,
    "planets": _planets,
}
"""Name → the value, hidden. The last ten, by order, key, sum or riddle, few rules could read."""
