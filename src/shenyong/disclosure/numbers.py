"""Public numbers: short enough to type from a letter, and saying nothing.

``SY-115-4K7QPX``: the year of release (民國), and six characters of chance without 0/O, 1/I/L, U.
Neither matter nor person, nor how many there are, can be read from it. Source: ux.md 1.6.
"""

from __future__ import annotations

import re
import secrets

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 6  # 30**6 = 729 million a year
_FORM = re.compile(rf"SY-(?P<year>[0-9]{{3}})-(?P<rest>[{_ALPHABET}]{{{_LENGTH}}})")


def new_number(year: int) -> str:
    """A number for a release of 民國 `year`. Whether it is taken is the register's to say."""
    return f"SY-{year:03}-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def tidy(text: str) -> str:
    """A number as somebody typed it, in its one form; "" if it can be none."""
    plain = "".join(text.split()).upper().replace("－", "-").replace("–", "-")
    plain = plain.translate({0xFF21 + each: chr(0x41 + each) for each in range(26)})
    plain = plain.translate({0xFF10 + each: chr(0x30 + each) for each in range(10)})
    if "-" not in plain and plain.startswith("SY") and len(plain) == 5 + _LENGTH:
        plain = f"SY-{plain[2:5]}-{plain[5:]}"
    return plain if _FORM.fullmatch(plain) else ""


def found_in(text: str) -> str:
    """The first number in a text; "" if there is none."""
    found = _FORM.search(text)
    return found[0] if found else ""
