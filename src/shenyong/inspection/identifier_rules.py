"""The rules of single identifiers that no expression and no check digit can state.

A rule looks at one candidate and answers where the value stands, of which class and how sure it
is, or None where the candidate is nothing. Source: the notes of the identifiers' list, domain.md 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from shenyong.guideline.terms import DataClass
from shenyong.inspection import checksums
from shenyong.inspection.context import Surroundings


class Candidate(NamedTuple):
    """A value that an identifier's expression and check digit let through."""

    around: Surroundings
    start: int
    end: int
    match: re.Match[str]
    data_class: DataClass
    confidence: float
    known: bool  # the identifier's context stands near

    @property
    def value(self) -> str:
        """The characters themselves."""
        return self.around.text[self.start : self.end]


Rule = Callable[[Candidate, "Lists"], Candidate | None]


class Lists(NamedTuple):
    """The lists that rules look things up in (package data)."""

    bank_codes: frozenset[str]
    standards: frozenset[str]


_DUMMY = "A123456789"
_INVESTIGATION = re.compile(r"偵|^他$|^他續|聲羈|聲拘|聲搜|聲監|聲扣|聲調|^交查|^發查|^核退|^警聲")
_SWITCHBOARD = re.compile(r"總機|代表號|專線|客服|免付費")
_HANDLE = re.compile(r"(?i)[a-z].*[0-9_.]|[0-9_.].*[a-z]")
_AMOUNT = re.compile(r"^\s*(?:元|萬|億|股|%|％|筆|人|件|美元|美金)")
_STRONG_BANK = re.compile(r"帳號|賬號|帳戶|局號|存摺|匯款|轉帳|[Aa]ccount|ACCOUNT")
_VERSION = re.compile(
    r"(?:[Vv]|[Vv]er(?:sion)?\.?|版本?|版號|Chrome/|Firefox/|Safari/|/)\s*[:：]?\s*$"
)

_SOFTWARE = re.compile(r"(?:版本?|韌體|[Vv]ersion|[Ff]irmware)[^0-9]{0,6}[0-9][0-9.]*[^0-9]{1,10}$")
_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")  # RFC 1918: the standard's, nobody's


def national_id(found: Candidate, lists: Lists) -> Candidate | None:
    """A123456789 is everybody's dummy: low severity. Lower case is a little less sure."""
    if found.value.upper() == _DUMMY:
        return found._replace(confidence=0.3)
    return letter_case(found, lists)


def letter_case(found: Candidate, _lists: Lists) -> Candidate | None:
    """Lower-case letters are how people type it; a little less sure."""
    if found.value != found.value.upper():
        return found._replace(confidence=found.confidence - 0.05)
    return found


def invoice_like(found: Candidate, lists: Lists) -> Candidate | None:
    """Two letters and eight digits after 發票 are most likely an invoice's number: unsure."""
    if not found.known and "發票" in found.around.before(found.start):
        return found._replace(confidence=0.4)
    return letter_case(found, lists)


def not_document(found: Candidate, _lists: Lists) -> Candidate | None:
    """第…號 makes a number that of a document, and 元 an amount."""
    head = found.around.before(found.start, 4)
    tail = found.around.after(found.end)
    if head.rstrip().endswith("第") and tail.lstrip().startswith("號"):
        return None
    if not found.known and (head.rstrip().endswith("$") or _AMOUNT.search(tail)):
        return None
    return found


def landline(found: Candidate, lists: Lists) -> Candidate | None:
    """A switchboard's or a hotline's number is nobody's, and so is the fax beside it."""
    if _SWITCHBOARD.search(found.around.before(found.start, 24)):
        return None
    return not_document(found, lists)


def bank(found: Candidate, lists: Lists) -> Candidate | None:
    """Ten to sixteen digits after the code; a bank's name alone asks for a code that exists."""
    if not_document(found, lists) is None or _AMOUNT.search(found.around.after(found.end)):
        return None
    if found.around.before(found.start, 3).rstrip().endswith("$"):
        return None
    figures = checksums.digits(found.value)
    if not 10 <= len(figures) <= 19:
        return None
    coded = figures[:3] in lists.bank_codes
    strong = found.around.near(found.start, found.end, _STRONG_BANK)
    separated = found.value[3] in " -"
    if strong:
        return found._replace(confidence=0.95 if coded and separated else 0.85)
    return found._replace(confidence=0.8) if coded and separated else None


def card(found: Candidate, _lists: Lists) -> Candidate | None:
    """The longest stretch between separators that is a card: a code or a date may stand beside."""
    edges = [match.span() for match in re.finditer(r"[0-9]+", found.value)]
    best: tuple[int, int] | None = None
    for first in range(len(edges)):
        for last in range(len(edges) - 1, first - 1, -1):
            low, high = edges[first][0], edges[last][1]
            figures = checksums.digits(found.value[low:high])
            if 13 <= len(figures) <= 19 and checksums.card(figures):
                if best is None or high - low > best[1] - best[0]:
                    best = (low, high)
                break
    if best is None:
        return None
    return found._replace(start=found.start + best[0], end=found.start + best[1])


def context_or_line(found: Candidate, _lists: Lists) -> Candidate | None:
    """A carrier is one with its context, or alone on its line or in its cell."""
    if found.known:
        return found
    text = found.around.text
    low = max(text.rfind(mark, 0, found.start) for mark in "\n\t|,") + 1
    ends = [text.find(mark, found.end) for mark in "\n\t|,"]
    high = min([end for end in ends if end >= 0], default=len(text))
    return found if text[low:high].strip() == found.value else None


def plate(found: Candidate, lists: Lists) -> Candidate | None:
    """CNS-1235 is a standard, and no plate is given a 4, unless its context says that it is one."""
    unlikely = found.value[:3] in lists.standards or "4" in found.value
    return None if unlikely and not found.known else found


def ipv4(found: Candidate, _lists: Lists) -> Candidate | None:
    """A version number, a heading's number or a date in dots is no address."""
    head = found.around.before(found.start)
    if _VERSION.search(head) and not re.search(r"://\s*$", head):
        return None
    octets = found.value.split(".")
    if found.around.text.startswith(_BLOCKS, found.start):
        return None
    if found.known:
        return found
    if _SOFTWARE.search(head) or octets[2:] == ["0", "0"]:
        return None
    small = all(len(octet) == 1 for octet in octets) or octets[0] == "0"
    return None if small else found


def ipv6(found: Candidate, _lists: Lists) -> Candidate | None:
    """Letters alone (``add::bad``) are a name in a program."""
    return found if re.search(r"[0-9]", found.value) else None


def handle(found: Candidate, _lists: Lists) -> Candidate | None:
    """A label that says ID or 帳號 takes any handle; ``line: 1024`` is a line of a file."""
    label = found.around.text[found.match.start() : found.start].upper()
    if label.startswith("帳號") and not _HANDLE.search(found.value):
        return None  # any account may be meant, also one of a bank or of a machine
    if "ID" in label or "帳號" in label or "賴" in label or "@" in label:
        return found
    return found if re.search(r"[A-Za-z]", found.value) and len(found.value) >= 4 else None


def case(found: Candidate, _lists: Lists) -> Candidate | None:
    """Investigation files are secret by law (刑事訴訟法 245): 公務應保密."""
    word = found.match.group(1)
    whole = found._replace(start=found.match.start(), end=found.match.end())
    if _INVESTIGATION.search(word):
        return whole._replace(data_class=DataClass.RESTRICTED)
    return whole


def hkid(found: Candidate, _lists: Lists) -> Candidate | None:
    """Without its brackets only where the context says so."""
    return found if "(" in found.value or found.known else None


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        national_id,
        letter_case,
        invoice_like,
        not_document,
        landline,
        bank,
        card,
        context_or_line,
        plate,
        ipv4,
        ipv6,
        handle,
        case,
        hkid,
    )
}
"""By the name that `identifiers.toml` uses."""
