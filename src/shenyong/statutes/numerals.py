"""Chinese numerals as statutes write them: 一百二十三, 廿, 十五, 12."""

from __future__ import annotations

_DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"〇": 0, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_TENS = {"廿": 20, "卅": 30, "卌": 40}
NUMERAL = "(?:[0-9]{1,4}|[一二三四五六七八九十百千零〇兩廿卅]{1,9})"


def number(text: str) -> int:
    """The value of a numeral; 0 for what is none."""
    if text.isascii() and text.isdigit():
        return int(text)
    if text and all(each in _DIGITS for each in text) and len(text) > 1:  # 一二三 for 123
        return int("".join(str(_DIGITS[each]) for each in text))
    total = digit = 0
    for each in text:
        if each in _DIGITS:
            digit = _DIGITS[each]
        elif each in _UNITS:
            total += (digit or 1) * _UNITS[each]
            digit = 0
        elif each in _TENS:
            total += _TENS[each]
            digit = 0
        else:
            return 0
    return total + digit
