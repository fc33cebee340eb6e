"""Checks (查證): what in a draft has to be verified, prepared by the machine, decided by a person.

    text + sources + statutes + names ──▶ checks, each with where it stands and what is known of it

`MATCHED` says that the very value stands in a source that no AI wrote; `DOUBTFUL` that something
speaks against it; `OPEN` that nothing here can tell. None of them is a judgement.
Source: guideline points 2, 5 and 7; ux.md 4.5 (a derived check can't be ticked).
"""

from __future__ import annotations

# guideline: ey-genai-2023:5
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from shenyong.review import acts
from shenyong.review.matter import Source
from shenyong.review.values import Value, agrees, values
from shenyong.statutes import Corpus, Judged, Outcome, citations, judge


class Kind(StrEnum):
    """What is checked; its words are ``check.<value>``."""

    CITATION = "citation"
    FIGURE = "figure"
    DATE = "date"
    DEADLINE = "deadline"
    NUMBER = "number"  # a document's number
    NAME = "name"
    ADVERSE = "adverse"
    ACT = "act"
    ACT_PART = "act_part"
    PROTECTED = "protected"
    LIKENESS = "likeness"
    STAND_IN = "stand_in"  # 〔姓名1〕, ○○, 待查: what the official has to fill in


class Standing(StrEnum):
    """What the machine knows of it; its words are ``standing.<value>``."""

    MATCHED = "matched"
    DOUBTFUL = "doubtful"
    OPEN = "open"


class Check(msgspec.Struct, frozen=True):
    """One thing to verify, at ``start..end`` of the canonical text (both 0: of the whole text).

    `id` stays while its sentence does. `said` is the word of the catalogue that tells what is known
    (``check.<kind>.<said>``), with `params`; `source` is the source's id, or ``statutes``.
    """

    id: str
    kind: Kind
    standing: Standing
    start: int
    end: int
    quote: str
    said: str
    params: Mapping[str, str] = {}
    source: str = ""


class Span(msgspec.Struct, frozen=True):
    """A run of the text that inspection found: a name, a part of a protected work (`about`).

    `consent` is the number of the living person's consent to be imitated, "" where none is known.
    """

    start: int
    end: int
    about: str = ""
    consent: str = ""


class Material(msgspec.Struct, frozen=True):
    """What a draft is checked against. `corpus` is None where no statutes were imported."""

    sources: tuple[Source, ...] = ()
    corpus: Corpus | None = None
    names: tuple[Span, ...] = ()
    protected: tuple[Span, ...] = ()
    likeness: tuple[Span, ...] = ()


_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？]?")
_ADVERSE = re.compile(
    r"不得再?(?:行)?[^。；，\n]{0,10}(?:申請|提出|異議|參加|領取|使用|補正)|駁回|否准|不予(?:受理|核准|許可|同意|補助|退還|發給)"
    r"|罰鍰|處罰|追繳|追回|撤銷|廢止|停止[^。；，\n]{0,6}(?:補助|發給|營業|使用|權利)|沒入|強制執行|移送[^。；，\n]{0,6}執行"
    r"|逾期(?:未|不)[^。；\n]{0,20}(?:視為|將|應|即)|喪失[^。；\n]{0,6}(?:資格|權利)|列入[^。；\n]{0,6}(?:黑名單|不良)"
    r"|解除契約|終止契約|扣(?:減|款|罰)|減列|退學|免職|記過|申誡|解聘"
)
_STAND_IN = re.compile(
    r"〔[^〔〕\n]{1,12}〕|[○〇◯]{2,}|(?<![A-Za-z])[OXＯＸ]{3,}(?![A-Za-z])|[（(［\[]?待(?:查|補|填|確認)[）)］\]]?"
    r"|_{3,}|\[[^\[\]\n]{1,12}\]|\{[^{}\n]{1,16}\}"
)
_SOUND = {Outcome.STANDS}
_UNKNOWN = {Outcome.NOT_CHECKED}
_LONG_SOURCE = 200_000  # characters of sources that are searched
MOST = 400
"""Checks of one text; a text with more is no draft that a person could judge item by item."""


# guideline: ey-genai-2023:5
# guideline: ey-genai-2023:7
def prepare(text: str, material: Material) -> tuple[Check, ...]:
    """The checks of a canonical text, in the order of their places."""
    drafts: list[_Draft] = []
    cited = _citations(text, material.corpus)
    taken = [(each.citation.start, each.citation.end) for each in cited]
    drafts += [_of_citation(text, each) for each in cited]
    known = _known(material.sources)
    for value in values(text):
        if any(value.start < end and start < value.end for start, end in taken):
            continue
        drafts.append(_of_value(text, value, known))
    drafts += [_of_name(text, each, material.sources) for each in material.names]
    drafts += _adverse(text, cited, material.sources)
    drafts += [
        _Draft(Kind.PROTECTED, Standing.DOUBTFUL, each.start, each.end, "overlap",
               {"work": each.about})
        for each in material.protected
    ]  # fmt: skip
    drafts += [
        _Draft(
            Kind.LIKENESS,
            Standing.OPEN,
            0,
            0,
            "consented",
            {"words": each.about, "number": each.consent},
        )
        if each.consent
        else _Draft(Kind.LIKENESS, Standing.DOUBTFUL, 0, 0, "asked", {"words": each.about})
        for each in material.likeness
    ]
    drafts += [
        _Draft(Kind.STAND_IN, Standing.DOUBTFUL, found.start(), found.end(), "to_fill")
        for found in _STAND_IN.finditer(text)
    ]
    drafts += _of_act(text)
    drafts.sort(key=lambda each: (each.start, each.end, each.kind))
    return tuple(_numbered(text, drafts[:MOST]))


class _Draft(msgspec.Struct, frozen=True):
    kind: Kind
    standing: Standing
    start: int
    end: int
    said: str
    params: Mapping[str, str] = {}
    source: str = ""


def _numbered(text: str, drafts: Sequence[_Draft]) -> Iterator[Check]:
    """Checks with ids that a change elsewhere in the text leaves alone."""
    times: Counter[str] = Counter()
    for each in drafts:
        quote = text[each.start : each.end]
        sentence = (
            _around(text, each.start, each.end) if each.end else "".join(each.params.values())
        )
        base = f"{each.kind}\0{quote}\0{sentence}\0{each.standing}\0{each.said}"
        times[base] += 1
        name = hashlib.sha256(f"{base}\0{times[base]}".encode()).hexdigest()[:12]
        yield Check(name, each.kind, each.standing, each.start, each.end, quote, each.said,
                    each.params, each.source)  # fmt: skip


def _around(text: str, start: int, end: int) -> str:
    """The sentence that holds a place."""
    begin = max(text.rfind(mark, 0, start) for mark in "。；！？\n") + 1
    ends = [at for mark in "。；！？\n" if (at := text.find(mark, end)) >= 0]
    return text[begin : min(ends, default=len(text))]


def sentence_at(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence that holds a place begins and ends, its mark included."""
    begin = max(text.rfind(mark, 0, start) for mark in "。；！？\n") + 1
    ends = [at for mark in "。；！？\n" if (at := text.find(mark, end)) >= 0]
    stop = min(ends, default=len(text))
    return begin, stop + (stop < len(text) and text[stop] != "\n")


def _citations(text: str, corpus: Corpus | None) -> list[Judged]:
    empty = corpus or Corpus("", {})
    return [
        judge(each, empty, _around(text, each.start, each.end)) for each in citations(text, empty)
    ]


def _of_citation(text: str, judged: Judged) -> _Draft:
    citation, outcome = judged.citation, judged.outcome
    if not judged.as_of:  # no statutes were imported: nothing is known, and that is said
        outcome = Outcome.NOT_CHECKED
    standing = (
        Standing.MATCHED
        if outcome in _SOUND
        else Standing.OPEN
        if outcome in _UNKNOWN
        else Standing.DOUBTFUL
    )
    params = {
        "law": citation.law or citation.written,
        "article": citation.article,
        "as_of": judged.as_of,
        "modified": judged.modified,
        "instead": judged.instead,
        "wording": judged.wording[:400],
    }
    return _Draft(
        Kind.CITATION, standing, citation.start, citation.end, outcome.value, params, "statutes"
    )


def _known(sources: Iterable[Source]) -> list[tuple[Value, Source]]:
    return [(value, source) for source in sources for value in values(source.text[:_LONG_SOURCE])]


_KINDS = {
    "figure": Kind.FIGURE,
    "date": Kind.DATE,
    "deadline": Kind.DEADLINE,
    "number": Kind.NUMBER,
}


def _of_value(text: str, value: Value, known: Sequence[tuple[Value, Source]]) -> _Draft:
    kind = _KINDS[value.kind]
    for other, source in known:
        if agrees(value, other):
            return _Draft(kind, Standing.MATCHED, value.start, value.end, "matched",
                          {"source": source.title}, source.id)  # fmt: skip
    said = "not_found" if known else "no_source"
    return _Draft(kind, Standing.DOUBTFUL if known else Standing.OPEN, value.start, value.end, said)


def _of_name(text: str, span: Span, sources: Sequence[Source]) -> _Draft:
    name = text[span.start : span.end]
    for source in sources:
        if name in source.text:
            return _Draft(Kind.NAME, Standing.MATCHED, span.start, span.end, "matched",
                          {"source": source.title}, source.id)  # fmt: skip
    return _Draft(Kind.NAME, Standing.OPEN, span.start, span.end, "not_found")


def _adverse(text: str, cited: Sequence[Judged], sources: Sequence[Source]) -> Iterator[_Draft]:
    for match in _SENTENCE.finditer(text):
        found = _ADVERSE.search(match[0])
        if found is None:
            continue
        start, end = match.start() + found.start(), match.start() + found.end()
        # The basis may stand in the sentence before: 依第…條…。逾期者，駁回其申請。
        begin = text.rfind("。", 0, max(match.start() - 1, 0)) + 1
        basis = [
            each
            for each in cited
            if begin <= each.citation.start < match.end() and each.outcome in _SOUND
        ]
        told = next((each for each in sources if found[0] in each.text), None)
        if basis:
            law = basis[-1].citation
            yield _Draft(Kind.ADVERSE, Standing.OPEN, start, end, "based",
                         {"law": law.law, "article": law.article}, "statutes")  # fmt: skip
        elif told:
            yield _Draft(Kind.ADVERSE, Standing.MATCHED, start, end, "matched",
                         {"source": told.title}, told.id)  # fmt: skip
        else:
            yield _Draft(Kind.ADVERSE, Standing.DOUBTFUL, start, end, "no_basis")


def _of_act(text: str) -> Iterator[_Draft]:
    act = acts.look(text)
    if not act.likely:
        return
    start, end = act.signs[0]
    yield _Draft(Kind.ACT, Standing.OPEN, start, end, "looks_like")
    for part in act.missing:
        params = {"part": part.name, "item": part.item}
        yield _Draft(Kind.ACT_PART, Standing.DOUBTFUL, 0, 0, "missing", params)
