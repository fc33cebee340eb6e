"""Evasions that inspection was not written against: measured blind, then looked at.

`tests/reading/evading.py` and `quality/evasions.py` hold the ways that reading was built and
measured with. Three more sets were written by others, each without sight of the inspection as it
then was: `HELD_OUT` here, `FIRST` of `attack.unseen_first`, `SECOND` of `attack.unseen_second`.
What was held of each at first sight is the measure that counts, and stands in docs/security.md.
After that its families were mended (never one transform alone), so the figure of today flatters; a
next measure needs a new set, by somebody who has not read `reading`.

A value counts as *held* where the text as written would not go to an open cloud as it is: it is
redacted, kept for a person, or refused.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import random
import zlib
from collections.abc import Callable, Mapping

from attack.unseen_first import FIRST
from attack.unseen_second import SECOND

Transform = Callable[[str], str]
_WORDS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
_PINYIN = "ling yi er san si wu liu qi ba jiu".split()  # noqa: SIM905
_ZHUYIN = "ㄌㄧㄥˊ ㄧ ㄦˋ ㄙㄢ ㄙˋ ㄨˇ ㄌㄧㄡˋ ㄑㄧ ㄅㄚ ㄐㄧㄡˇ".split()  # noqa: SIM905
_MORSE = "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.".split()  # noqa: SIM905
_BRAILLE = "⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊"
_ROMAN = ("〇", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ")
_EMOJI = "😀🌸📎🐱🍵🚌🏛️📮🧾✏️"
_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _digits(row: str | tuple[str, ...] | list[str], between: str = "") -> Transform:
    def say(value: str) -> str:
        return between.join(row[int(char)] if char.isdigit() else char for char in value)

    return say


def _block(zero: int, letter: int = 0) -> Transform:
    def say(char: str) -> str:
        if char.isdigit():
            return chr(zero + int(char))
        return chr(letter + ord(char) - 65) if letter and char.isalpha() else char

    return lambda value: "".join(map(say, value))


def _each(form: str) -> Transform:
    return lambda value: "".join(form.format(char=char, code=ord(char)) for char in value)


def _rot(value: str) -> str:
    """ROT13 for letters, and 5 for digits."""
    turned = (
        chr((ord(char) - 65 + 13) % 26 + 65) if char.isalpha() else str((int(char) + 5) % 10)
        for char in value
    )
    return "".join(turned)


def _base58(value: str) -> str:
    number, said = int.from_bytes(value.encode(), "big"), ""
    while number:
        number, rest = divmod(number, 58)
        said = _B58[rest] + said
    return said


def _leet(value: str) -> str:
    return value.translate(str.maketrans("0135", "OlES"))


def _packed(pack: Callable[[bytes], bytes]) -> Transform:
    return lambda value: base64.b64encode(pack(value.encode())).decode()


HELD_OUT: dict[str, Transform] = {
    # digits of other scripts and shapes
    "Khmer digits": _block(0x17E0),
    "Tibetan digits": _block(0xF20),
    "Mongolian digits": _block(0x1810),
    "N'Ko digits": _block(0x7C0),
    "Osmanya digits": _block(0x104A0),
    "Bengali digits": _block(0x9E6),
    "Tamil digits": _block(0xBE6),
    "double-struck": _block(0x1D7D8, 0x1D538),
    "sans-serif bold": _block(0x1D7EC, 0x1D5D4),
    "negative circled": _digits("⓿❶❷❸❹❺❻❼❽❾"),
    "double circled": _digits("0⓵⓶⓷⓸⓹⓺⓻⓼⓽"),
    "dingbat circled": _digits("0➀➁➂➃➄➅➆➇➈"),
    "commas": _digits("🄁🄂🄃🄄🄅🄆🄇🄈🄉🄊"),
    "Roman numerals": _digits(_ROMAN),
    "counting rods": _digits("〇𝍠𝍡𝍢𝍣𝍤𝍥𝍦𝍧𝍨"),
    "Braille": lambda value: "⠼" + _digits(_BRAILLE)(value),
    # letters that are not
    "squared letters": _block(ord("0"), 0x1F130),
    "regional indicators": _block(ord("0"), 0x1F1E6),
    "leet": _leet,
    # words
    "English digits": _digits(_WORDS, " "),
    "pinyin digits": _digits(_PINYIN, " "),
    "zhuyin digits": _digits(_ZHUYIN, " "),
    "military digits": _digits("洞么兩三四五六拐八勾"),
    "mixed Chinese forms": _digits("零壹二叁四伍六柒八玖"),
    # what stands between
    "emoji between": lambda value: "".join(
        char + _EMOJI[at % len(_EMOJI)] for at, char in enumerate(value)
    ),
    "comments between": "<!-- x -->".join,
    "strikes": _each("~~{char}~~"),
    "LaTeX": _each("\\text{{{char}}}"),
    "plus signs in quotes": lambda value: " + ".join(f"'{char}'" for char in value),
    "one on each line, numbered": lambda value: "\n".join(
        f"{at}. {char}" for at, char in enumerate(value, 1)
    ),
    "Han between": "之".join,
    "words between": " 再來 ".join,
    "vertical tabs": "\v".join,
    # codes of programs
    "fromCharCode": lambda value: f"String.fromCharCode({','.join(str(ord(c)) for c in value)})",
    "chr of Python": lambda value: "+".join(f"chr({ord(char)})" for char in value),
    "CHAR of SQL": lambda value: "||".join(f"CHAR({ord(char)})" for char in value),
    "a list of codes": lambda value: " ".join(str(ord(char)) for char in value),
    "binary": lambda value: " ".join(f"{ord(char):08b}" for char in value),
    "backwards in brackets": lambda value: f"reverse('{value[::-1]}')",
    "halves": lambda value: f"前段{value[:5]}，後段{value[5:]}",
    "every other letter": lambda value: "x".join(value) + "x",
    # encodings
    "bzip2 in base64": _packed(bz2.compress),
    "xz in base64": _packed(lzma.compress),
    "raw deflate in base64": _packed(lambda data: zlib.compress(data)[2:-4]),
    "uuencode": lambda value: binascii.b2a_uu(value.encode()).decode(),
    "Ascii85": lambda value: base64.a85encode(value.encode(), adobe=True).decode(),
    "base16 in base64": lambda value: base64.b64encode(value.encode().hex().encode()).decode(),
    "base58": _base58,
    "UTF-7": lambda value: value.encode("utf-16-be").hex().join(("+", "-")),
    "UTF-32 in base64": lambda value: base64.b64encode(value.encode("utf-32-le")).decode(),
    "base64 backwards": lambda value: base64.b64encode(value.encode()).decode()[::-1],
    "base64 in base32": lambda value: base64.b32encode(base64.b64encode(value.encode())).decode(),
    # what no rule can read
    "ROT13 and 5": _rot,
    "Morse": lambda value: " / ".join(
        _MORSE[int(char)] if char.isdigit() else ".-" for char in value
    ),
    "one less": lambda value: value[0] + str(int(value[1:]) - 1).zfill(len(value) - 1) + "（加一）",
}
"""Name → the value, hidden. What no rule can read stands last, and counts like the rest."""
FRAMES = (
    "請查詢身分證字號{}的申辦進度。",
    "申請人的證號：{}，請協助確認。",
    "Please look up the applicant with ID {} for me.",
)


SETS = {"held out": HELD_OUT, "unseen, first": FIRST, "unseen, second": SECOND}


def measured(
    seed: int = 20261128, each: int = 3, hidden: Mapping[str, Transform] = HELD_OUT
) -> dict[str, float]:
    """Transform → the share of values that were held, in every frame."""
    from tests.gateway.walking import world
    from tests.reading.evading import national_id

    from shenyong.gateway.checking import check

    source = random.Random(seed)
    (judge,) = world().judges.values()
    found = {}
    for name, hide in hidden.items():
        held = tried = 0
        for _ in range(each):
            value = national_id(source)
            for frame in FRAMES:
                line = {"text": frame.format(hide(value)), "env": "E1"}
                held += check(line, world().inspect, judge).out["verdict"] != "allow"
                tried += 1
        found[name] = held / tried
    return found


def plain() -> list[str]:
    """The frames without a value that are held all the same: false alarms."""
    from tests.gateway.walking import world

    from shenyong.gateway.checking import check

    (judge,) = world().judges.values()
    return [
        frame
        for frame in FRAMES
        for word in ("（略）", "如附件", "AB-12")
        if check({"text": frame.format(word), "env": "E1"}, world().inspect, judge).out["verdict"]
        != "allow"
    ]


def report() -> int:
    """A table for each set, the worst first, and the share in all."""
    for title, hidden in SETS.items():
        found = measured(each=10, hidden=hidden)
        print(f"\n{title}\n\n| transform | held |\n|---|---|")
        for name, share in sorted(found.items(), key=lambda each: each[1]):
            print(f"| {name} | {share:.0%} |")
        print(f"\n{len(found)} transforms, {sum(found.values()) / len(found):.1%} of values held")
    print(f"\nfalse alarms: {len(plain())}")
    return 0
