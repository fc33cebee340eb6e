"""Secrets: keys, tokens, passwords, private keys. Class D4, 公務應保密.

Two kinds of proof: a form that only a secret has (a maker's prefix, a JWT, a PEM block), or a label
(密碼：…, ``api_key = …``, user and password in a URL) with a value that is no placeholder. Prose
about passwords (密碼至少12碼) has no value and is nothing. The forms stand in `secret_forms`.

Source: domain.md 1.6 and 5 (資通安全管理法: credentials are what the safeguards protect);
guideline point 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shenyong.guideline.terms import DataClass
from shenyong.inspection.context import windows
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.secret_forms import FORMS
from shenyong.reading.passage import Passage, View, ViewKind

_PEM = "pem"
_PEM_TRIGGER = (
    r"-----(?:BEGIN|END) [A-Z0-9 ]{0,20}PRIVATE KEY"
    r"|b3BlbnNzaC1rZXktdjE|MII[BCEJ][A-Za-z0-9+/]{2}IBADAN"
)
_PEM_MARK = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?(?:-----)?")
_PEM_BODY = re.compile(
    r"(?:\s*(?:Proc-Type|DEK-Info|Version|Comment):[^\n]{0,80}\n)*[A-Za-z0-9+/=\s\\]*"
)
_PEM_TAIL = re.compile(r"[A-Za-z0-9+/=\s\\]*")
_PEM_LONGEST = 16_384
_PEM_LEAST = 48
_OPENING = re.compile(r"b3BlbnNzaC1rZXktdjE|MII[BCEJ][A-Za-z0-9+/]{2}IBADAN")


def _pem(text: str, ends: Sequence[int]) -> list[tuple[int, int]]:
    """Private keys in PEM (RFC 7468), whole or cut: a mark, and the base64 that belongs to it.

    Walks from each mark, never searches across: linear in the text.
    """
    spans: list[tuple[int, int]] = []
    for end in ends:
        if spans and end <= spans[-1][1]:
            continue
        low = max(0, end - 50)
        mark = next((m for m in _PEM_MARK.finditer(text, low, end + 16) if m.end() >= end), None)
        if mark is None:
            opening = next((m for m in _OPENING.finditer(text, low, end) if m.end() == end), None)
            if opening is not None:
                body = _PEM_TAIL.match(text, end, end + _PEM_LONGEST)
                stop = body.end() if body else end
                spans.append((opening.start(), stop))
        elif mark.group(1) == "BEGIN":
            body = _PEM_BODY.match(text, mark.end(), mark.end() + _PEM_LONGEST)
            stop = body.end() if body else mark.end()
            closing = _PEM_MARK.match(text, stop)
            spans.append((mark.start(), closing.end() if closing else stop))
        else:
            before = _PEM_TAIL.match(text[max(0, mark.start() - _PEM_LONGEST) : mark.start()][::-1])
            start = mark.start() - (before.end() if before else 0)
            if mark.start() - start > 16:
                spans.append((start, mark.end()))
    return [_trimmed(text, start, end) for start, end in spans if end - start > _PEM_LEAST]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without the blanks, written or escaped, at its ends."""
    piece = text[start:end]
    blanks = len(piece) - len(piece.lstrip(" \t\r\n\\"))
    return start + blanks, start + len(piece.rstrip(" \t\r\n\\"))


class Secrets:
    """The detector of secrets (kind ``secret``, class D4).

    guideline: ey-genai-2023:4
    """

    name = "secrets/1"

    def __init__(self) -> None:
        self._forms = {form.key: form for form in FORMS}

    def patterns(self) -> Sequence[Pattern]:
        """One trigger for each form, and the marks of PEM."""
        forms = [Pattern(form.key, form.trigger, form.caseless) for form in FORMS]
        return (*forms, Pattern(_PEM, _PEM_TRIGGER))

    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """The secrets of one view; a compacted view has lost what a secret is made of."""
        if view.kind is ViewKind.COMPACT:
            return []
        text = view.text
        ends: dict[str, list[int]] = {}
        for match in matches:
            ends.setdefault(match.key, []).append(match.end)
        found = [(start, end, 0.99) for start, end in _pem(text, ends.pop(_PEM, ()))]
        for key, stops in ends.items():
            form = self._forms[key]
            for low, high in windows(stops, form.reach, len(text)):
                for each in form.value.finditer(text, low, high):
                    group = 1 if form.value.groups else 0
                    if form.proof(each.group(group), each):
                        found.append((*each.span(group), form.confidence))
        return [
            Hit("secret", DataClass.RESTRICTED, start, end, confidence, self.name)
            for start, end, confidence in _outermost(found)
        ]


def _outermost(found: Iterable[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Of those that overlap, the one that begins first; of those, the longest."""
    kept: list[tuple[int, int, float]] = []
    for start, end, confidence in sorted(found, key=lambda each: (each[0], -each[1])):
        if kept and start < kept[-1][1]:
            first, last, sure = kept[-1]
            kept[-1] = (first, max(last, end), max(sure, confidence))
        else:
            kept.append((start, end, confidence))
    return kept
