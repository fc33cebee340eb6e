"""Redaction: what was found goes, a pseudonym stands in its place, and nothing else changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from shenyong.inspection.finding import Finding
from shenyong.redaction import json_text
from shenyong.redaction.pseudonyms import Pseudonyms, Style

_EVERYWHERE = 256
"""How many values are looked for in all texts: bounds the cost, not what goes where found."""


class Redaction(msgspec.Struct, frozen=True):
    """The texts as they may go on, by path, and what each pseudonym stands for."""

    texts: dict[str, str]
    pseudonyms: dict[str, str]


class _Cut(msgspec.Struct, frozen=True):
    """A range that goes, the kind it goes as, and its value; `quoted` if it was a JSON number."""

    start: int
    end: int
    kind: str
    value: str
    quoted: bool = False


# guideline: ey-genai-2023:4
def redact(
    texts: Mapping[str, str], findings: Sequence[Finding], style: Style = Style.LABEL
) -> Redaction:
    """Replace every finding by its value's pseudonym, in the order of the texts.

    `texts` is path → text in the order in which it was said; `findings` are those that must go,
    with code points of these texts. Overlapping findings go as one, called by the strongest kind.
    A value that was found once also goes where it stands word for word and was not found. Text
    that is JSON stays JSON. `Redaction.texts` has every path of `texts`.

    Raises:
        KeyError: a finding names a path that is not in `texts`: nothing may go on half redacted.
        ValueError: a finding lies outside its text.
    """
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if not 0 <= finding.start < finding.end <= len(texts[finding.path]):
            raise ValueError("a finding lies outside its text")
        by_path[finding.path].append(finding)
    if not by_path:
        return Redaction(dict(texts), {})
    cuts = {path: _cuts(texts[path], _united(found)) for path, found in by_path.items()}
    known = _known(cuts[path] for path in texts if path in cuts)
    numbered = Pseudonyms(texts.values())
    redacted = {}
    for path, text in texts.items():
        spans = [(cut.start, cut.end, cut.kind) for cut in cuts.get(path, ())]
        again = _again(text, known, spans)
        here = _cuts(text, sorted([*spans, *again])) if again else cuts.get(path, [])
        redacted[path] = _replaced(text, here, numbered)
    return Redaction(redacted, numbered.originals)


def _strength(finding: Finding) -> tuple[int, int, float]:
    """A class beats none, the higher the lower; then the longer, then the surer."""
    rank = -1 if finding.data_class is None else finding.data_class.rank
    return rank, finding.end - finding.start, finding.confidence


def _united(findings: Iterable[Finding]) -> list[tuple[int, int, str]]:
    """Sorted, disjoint ranges with their kinds. Findings that only touch stay two."""
    united: list[tuple[int, int, Finding]] = []
    for finding in sorted(findings, key=lambda each: (each.start, -each.end)):
        if united and finding.start < united[-1][1]:
            start, end, strongest = united[-1]
            strongest = max(strongest, finding, key=_strength)
            united[-1] = (start, max(end, finding.end), strongest)
        else:
            united.append((finding.start, finding.end, finding))
    return [(start, end, finding.kind) for start, end, finding in united]


def _cuts(text: str, spans: Sequence[tuple[int, int, str]]) -> list[_Cut]:
    """The ranges to replace: the spans themselves, or their parts in the literals of JSON."""
    if not json_text.is_json(text):
        return [_Cut(start, end, kind, text[start:end]) for start, end, kind in spans]
    plain = [(start, end) for start, end, _kind in spans]
    return [
        _Cut(piece.start, piece.end, spans[index][2], piece.value, piece.quoted)
        for index, piece in json_text.pieces(text, plain)
    ]


def _known(cuts: Iterable[Sequence[_Cut]]) -> dict[str, str]:
    """Value → kind of what is so particular that it is the same value wherever it stands."""
    known: dict[str, str] = {}
    for each in cuts:
        for cut in each:
            if len(known) >= _EVERYWHERE:
                return known
            if _particular(cut.kind, cut.value):
                known.setdefault(cut.value, cut.kind)
    return known


def _particular(kind: str, value: str) -> bool:
    if kind == "encoded":
        return False
    if kind == "person_name":
        return len(value) >= 3
    return len(value) >= 8 and any(char.isdigit() for char in value)


def _again(
    text: str, known: Mapping[str, str], spans: Sequence[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """Where known values stand without having been found; disjoint, and outside of `spans`."""
    places: list[tuple[int, int, str]] = []
    for value, kind in known.items():
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if not _runs_on(text, start, end):
                places.append((start, end, kind))
            start = text.find(value, end)
    if not places:
        return []
    taken = sorted(spans)
    free: list[tuple[int, int, str]] = []
    at = last = 0
    for place in sorted(places, key=lambda each: (each[0], -each[1])):
        while at < len(taken) and taken[at][1] <= place[0]:
            at += 1
        if place[0] < last or (at < len(taken) and taken[at][0] < place[1]):
            continue
        free.append(place)
        last = place[1]
    return free


def _runs_on(text: str, start: int, end: int) -> bool:
    """Whether the value is only a part of a longer word or number in ASCII."""
    edges = ((start - 1, start), (end - 1, end))
    return any(
        left >= 0 and right < len(text) and _joined(text[left], text[right])
        for left, right in edges
    )


def _joined(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def _replaced(text: str, cuts: Sequence[_Cut], numbered: Pseudonyms) -> str:
    if not cuts:
        return text
    parts = [text[: cuts[0].start]]
    for cut, following in pairwise([*cuts, _Cut(len(text), len(text), "", "")]):
        pseudonym = numbered.of(cut.kind, cut.value)
        parts.append(f'"{pseudonym}"' if cut.quoted else pseudonym)
        parts.append(text[cut.end : following.start])
    return "".join(parts)
