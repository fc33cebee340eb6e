"""Redaction until inspection has nothing more to say.

What a text is read as depends on what stands around: where 〔護照1〕 stands in a number's place, a
name beside it may be seen that was not seen before. What a further look at the redacted text finds
goes too, wherever it stands in the original. Each round takes something more out; where the last
one still finds something, its findings are the caller's to decide on: nothing passes in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shenyong.inspection.finding import Finding
from shenyong.redaction.pseudonyms import Style
from shenyong.redaction.redact import Redaction, redact

ROUNDS = 3
Look = Callable[[Mapping[str, str]], tuple[Finding, ...]]


class Settled(NamedTuple):
    """The redaction, and what inspection says of the texts as they would go on."""

    redaction: Redaction
    findings: tuple[Finding, ...]


# guideline: ey-genai-2023:4
def settle(
    texts: Mapping[str, str],
    findings: Sequence[Finding],
    look: Look,
    removable: Callable[[Finding], bool],
    style: Style = Style.LABEL,
) -> Settled:
    """Redact what is `removable`, `look` at what came of it, and again; `ROUNDS` times at most.

    Raises as `redact` does.
    """
    going = [each for each in findings if removable(each)]
    for _ in range(ROUNDS):
        redaction = redact(texts, going, style)
        found = look(redaction.texts)
        more = _back(texts, redaction.texts, going, [each for each in found if removable(each)])
        if not more:
            break
        going += more
    return Settled(redaction, found)


def _back(
    texts: Mapping[str, str],
    redacted: Mapping[str, str],
    going: Sequence[Finding],
    found: Sequence[Finding],
) -> list[Finding]:
    """What was found in the redacted texts, at all its places in the originals that still stand."""
    taken: dict[str, list[tuple[int, int]]] = {}
    for each in going:
        taken.setdefault(each.path, []).append((each.start, each.end))
    more = []
    for each in found:
        value = redacted[each.path][each.start : each.end]
        text, spans = texts[each.path], taken.setdefault(each.path, [])
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if not any(low < end and start < high for low, high in spans):
                more.append(msgspec.structs.replace(each, start=start, end=end))
                spans.append((start, end))
            start = text.find(value, end)
    return more
