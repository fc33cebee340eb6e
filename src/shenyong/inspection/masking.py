"""Masked values: enough for the official to recognise what was found, never more than half of it.

design.md (refusals show place and masked value, never the value itself).
"""

from __future__ import annotations

import re

_HAN = re.compile(r"[一-鿿㐀-䶿]")
_UNIT = re.compile(
    r"(?:路|街|大道)(?:[東西南北中一二三四五六七八九十0-9]{1,3}段)?|[縣市鄉鎮區村里]"
)
_PREFIX = re.compile(r"^(?:[A-Za-z]{2,6}[-_]){1,2}|^(?:AKIA|ASIA|AIza|eyJ)")
_LONGEST = 40
_SHORT = 8


def mask(kind: str, value: str) -> str:
    """`value` with at most half of its characters, in a form that suits its `kind`."""
    value = " ".join(value.split())
    if not value:
        return ""
    if kind == "secret":
        return _secret(value)
    if kind == "email" and "@" in value.strip("@"):
        return _mail(value)
    if kind == "person_name":
        return _name(value)
    if kind == "address":
        return _address(value)
    return _middle(value)


def _middle(value: str) -> str:
    """The first characters and the last, stars between: A12*****89, 0912***678."""
    shown = len(value) // 2
    tail = min(3, shown // 2)
    head = min(4, shown - tail)
    hidden = min(len(value) - head - tail, _LONGEST)
    return f"{value[:head]}{'*' * hidden}{value[len(value) - tail :]}"


def _name(value: str) -> str:
    """王○明, 王○, 歐陽○○; of a name in letters the initials."""
    if not _HAN.match(value):
        return " ".join(f"{part[0]}***" for part in re.split(r"[ ,]+", value) if len(part) > 1)
    if len(value) == 1:
        return "○"
    if len(value) == 3:  # the middle of three is the custom; a third of it stays hidden
        return f"{value[0]}○○"
    if len(value) == 2:
        return f"{value[0]}○"
    kept = min(2, len(value) // 2)
    return value[:kept] + "○" * (len(value) - kept)


def _mail(value: str) -> str:
    """a***@example.gov.tw, while the domain is no more than half."""
    local, _, domain = value.rpartition("@")
    if 2 * (len(domain) + 2) <= len(value):
        return f"{local[:1]}***@{domain}"
    ending = domain[domain.rfind(".", 0, max(0, domain.rfind("."))) + 1 :]
    while ending and 2 * (len(ending) + 2) > len(value):
        ending = ending.partition(".")[2]
    return f"{local[:1]}***@***.{ending}" if ending else f"{local[:1]}***@***"


def _address(value: str) -> str:
    """Up to the road, the town or the county: whatever is no more than half."""
    half = len(value) // 2
    ends = [unit.end() for unit in _UNIT.finditer(value) if unit.end() <= half]
    return f"{value[: max(ends, default=min(3, half))]}***"


def _secret(value: str) -> str:
    """The prefix that tells the type, and the length."""
    found = _PREFIX.match(value)
    prefix = found.group() if found else ""
    if value.startswith("-----BEGIN"):
        prefix = "PEM "
    if 2 * len(prefix) > len(value):
        prefix = ""
    # The length of a short one would tell too much of it.
    return f"{prefix}***({len(value)})" if len(value) >= _SHORT else f"{prefix}***"
