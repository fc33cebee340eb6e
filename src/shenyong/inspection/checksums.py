"""Check digits of the identifiers (domain.md 4.1). Each function takes the bare characters.

Each returns whether the number is well formed; none raises on any string of the shape that its
identifier's expression lets through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date

_LETTERS = {
    letter: place + 10 for place, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")
}  # 內政部's order: I, O and W came late
_NATIONAL_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_UBN_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)
_RIC_CHECK = "10X98765432"


def digits(value: str) -> str:
    """The ASCII digits of `value`, separators dropped."""
    return "".join(character for character in value if character in "0123456789")


def national_id(value: str) -> bool:
    """國民身分證統一編號, and the UI number of either format (a second letter counts its units)."""
    value = value.upper()
    second = value[1] if value[1].isdigit() else str(_LETTERS[value[1]] % 10)
    figures = f"{_LETTERS[value[0]]}{second}{value[2:]}"
    weighed = zip(figures, _NATIONAL_WEIGHTS, strict=True)
    return sum(int(figure) * weight for figure, weight in weighed) % 10 == 0


def ubn(value: str) -> bool:
    """營利事業統一編號, by the rule since 2023-04: modulo 5, and the exception for a seventh 7."""
    total = 0
    for figure, weight in zip(value, _UBN_WEIGHTS, strict=True):
        product = int(figure) * weight
        total += product // 10 + product % 10
    return total % 5 == 0 or (value[6] == "7" and (total + 1) % 5 == 0)


def luhn(value: str) -> bool:
    """Luhn, modulo 10 (ISO/IEC 7812-1)."""
    total = 0
    for position, figure in enumerate(reversed(digits(value))):
        product = int(figure) * (2 if position % 2 else 1)
        total += product - 9 if product > 9 else product
    return total % 10 == 0


def card(value: str) -> bool:
    """A payment card: Luhn, and a scheme's range with that scheme's lengths."""
    number = digits(value)
    return _scheme(number) and len(set(number)) > 1 and luhn(number)


def _scheme(number: str) -> bool:
    size, two, three, four = len(number), int(number[:2]), int(number[:3]), int(number[:4])
    if number[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589 or four == 6011:
        return size == 16
    if two in (34, 37):
        return size == 15
    if two == 62:
        return 16 <= size <= 19
    if two == 65:
        return size == 16
    return size == 14 and (300 <= three <= 305 or two in (36, 38))


def _mrz(field: str) -> int:
    total = 0
    for position, character in enumerate(field):
        if character == "<":
            value = 0
        elif character.isdigit():
            value = int(character)
        else:
            value = ord(character) - 55  # A is 10
        total += value * (7, 3, 1)[position % 3]
    return total % 10


def mrz_td3(line: str) -> bool:
    """The second line of a passport's machine-readable zone (ICAO 9303, TD3): its check digits."""
    personal = line[42] if line[42] != "<" else "0"
    return (
        _mrz(line[:9]) == int(line[9])
        and _mrz(line[13:19]) == int(line[19])
        and _mrz(line[21:27]) == int(line[27])
        and _mrz(line[28:42]) == int(personal)
        and _mrz(line[:10] + line[13:20] + line[21:43]) == int(line[43])
    )


def cn_ric(value: str) -> bool:
    """The PRC's resident number (ISO 7064 MOD 11-2), with a birth date that exists."""
    value = value.upper()
    total = sum(int(figure) * pow(2, 17 - place, 11) for place, figure in enumerate(value[:17]))
    return calendar_day(int(value[6:10]), int(value[10:12]), int(value[12:14])) and (
        _RIC_CHECK[total % 11] == value[17]
    )


def hkid(value: str) -> bool:
    """The Hong Kong identity card: weights 9 to 2, a blank counts 36, modulo 11."""
    bare = value.upper().replace("(", "").replace(")", "")
    head, check = bare[:-1].rjust(8), bare[-1]
    total = 0
    for weight, character in zip(range(9, 1, -1), head, strict=True):
        if character == " ":
            figure = 36
        else:
            figure = int(character) if character.isdigit() else ord(character) - 55
        total += weight * figure
    expected = (11 - total % 11) % 11
    return check == ("A" if expected == 10 else str(expected))


def ipv6(value: str) -> bool:
    """An IPv6 address of some one machine: neither loopback nor the unspecified address."""
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def ipv4(value: str) -> bool:
    """An IPv4 address of some one machine: no loopback, no mask, no broadcast."""
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or value.startswith("255."))


def calendar_day(year: int, month: int, day: int) -> bool:
    """Whether the Gregorian day exists."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


CHECKSUMS: dict[str, Callable[[str], bool]] = {
    "national_id": national_id,
    "ubn": ubn,
    "luhn": luhn,
    "card": card,
    "mrz_td3": mrz_td3,
    "cn_ric": cn_ric,
    "hkid": hkid,
    "ipv6": ipv6,
    "ipv4": ipv4,
}
"""By the name that `identifiers.toml` uses."""
