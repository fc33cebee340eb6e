"""Reading: strings in, passages out, each with a map back to what the person wrote.

What it is for: point 4 asks that certain information is not given to generative AI. It is given
just the same when it is written in full width, with invisible characters, in Chinese numerals,
encoded, or cut over two messages; so inspection looks at what the text says in any of these forms.

Invariants:
    * Every character of every view maps to a range of code points of the original.
    * Ordinary text costs one table lookup; a view is made only where it shows something new.
    * What can't be decoded within the budget is reported, never passed over.

Source: guideline.md reading 4, domain.md 8.5, reliability.md 2.2. Pure. What it leaves to others:
saying what the text holds (`inspection`); documents and images (a later edition).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shenyong.reading.compacting import compact
from shenyong.reading.decoding import DEFAULT, Budget, decode, unfold
from shenyong.reading.folding import codes_of, fold
from shenyong.reading.joining import joints
from shenyong.reading.passage import Passage, Source, Span, View, ViewKind
from shenyong.reading.scattering import of_roman, scattered
from shenyong.reading.smuggling import smuggled

__all__ = [
    "DEFAULT",
    "Budget",
    "Passage",
    "Source",
    "Span",
    "View",
    "ViewKind",
    "passage_of",
    "read",
    "seams_of",
]


# guideline: ey-genai-2023:4
def read(sources: Sequence[Source], budget: Budget = DEFAULT) -> tuple[Passage, ...]:
    """One passage for each source, in order, and one for each seam between neighbours."""
    return (*(passage_of(source, budget) for source in sources), *seams_of(sources, budget))


def seams_of(sources: Sequence[Source], budget: Budget = DEFAULT) -> Iterator[Passage]:
    """One passage for each seam between neighbours."""
    for text, seams, first in joints(sources) if len(sources) > 1 else ():
        seam = passage_of(_joined_source(first, text), budget)
        yield Passage(
            path=first.path,
            original=text,
            views=seam.views,
            role=first.role,
            newest=first.newest,
            seams=seams,
        )


def _joined_source(first: Source, text: str) -> Source:
    """The source that a joined text is read as."""
    return Source(path=first.path, text=text, role=first.role, newest=first.newest)


def passage_of(source: Source, budget: Budget = DEFAULT) -> Passage:
    """The passage of one source."""
    text = source.text
    folded, codes = fold(text)
    views = [folded]
    runs = compact(folded, codes)
    if runs is not None:
        views.append(runs)
    hidden = decode(folded, codes, budget)
    for raw in smuggled(text):
        inside = unfold(raw, budget)
        hidden.views.extend(inside.views)
        hidden.unreadable.extend(inside.unreadable)
    views.extend(scattered(folded, codes))
    for numbered in of_roman(text):
        views += [numbered, *scattered(numbered, codes_of(numbered.text))]
    for view in hidden.views:
        views.append(view)
        inner = compact(view, fold(view.text)[1])
        if inner is not None:
            views.append(inner)
    return Passage(
        path=source.path,
        original=text,
        views=tuple(views),
        role=source.role,
        newest=source.newest,
        unreadable=tuple(hidden.unreadable),
    )
