"""Texts as rows of tokens of one length, with what each token may be.

What a token may be is a set of labels, as bits: one label where everything is marked, several
where a source doesn't tell (a treebank's name may be a citizen's or an official's; what it leaves
unmarked may still be an agency). The loss asks that their probabilities sum to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shenyong.inspection.tagging.network import LABELS, Kind
from shenyong.inspection.tagging.tokens import MEASURES, Ids, Numbers, Tables, Tokens, tokens
from training.sources import Marked, Text

ROW = 256
_APART = 8  # empty tokens between texts


def _bits(*kinds: Kind) -> int:
    return sum(3 << (1 + 2 * kind) for kind in kinds)


_ALL = (1 << LABELS) - 1
UNMARKED = {
    Marked.ALL: 1,
    Marked.PERSONS: _ALL & ~_bits(Kind.PERSON, Kind.OFFICIAL, Kind.FOLLOW),
    Marked.NAMES: _ALL & ~_bits(Kind.PERSON, Kind.OFFICIAL),
    Marked.NOBODY: 1 | _bits(Kind.AGENCY),
}
"""What an unmarked token may be."""


class Rows(NamedTuple):
    """(rows, `ROW`) of each; `measures` has one more axis; `allowed` is 0 between texts."""

    characters: Ids
    shapes: Ids
    begins: Ids
    finishes: Ids
    measures: Numbers
    allowed: Ids


def labelled(text: Text, tables: Tables) -> tuple[Tokens, NDArray[np.int32]]:
    """The tokens of a text, and the labels that each may have, as bits."""
    seen = tokens(text.text, tables)
    allowed = np.full(len(seen.starts), UNMARKED[text.marked], np.int32)
    for start, end, kind in text.mentions:
        first, last = np.searchsorted(seen.starts, (start, end))
        kinds = (Kind.PERSON, Kind.OFFICIAL) if kind == "NAME" else (Kind[kind],)
        allowed[first:last] = sum(1 << (2 + 2 * each) for each in kinds)
        allowed[first : first + 1] = sum(1 << (1 + 2 * each) for each in kinds)
    return seen, allowed


def rows(texts: Iterable[Text], tables: Tables) -> Rows:
    """The texts one after the other, cut into rows; what is left over at the end is dropped."""
    nothing = np.zeros(_APART, np.int32)
    columns: list[list[NDArray[np.int32]]] = [[], [], [], [], []]
    measures: list[Numbers] = []
    for text in texts:
        seen, allowed = labelled(text, tables)
        found = (seen.characters, seen.shapes, seen.begins, seen.finishes, allowed)
        for column, values in zip(columns, found, strict=True):
            column += [nothing, values]
        measures += [np.zeros((_APART, MEASURES), np.float32), seen.measures]
    joined = [np.concatenate(column) for column in columns]
    count = len(joined[0]) // ROW * ROW
    cut = [column[:count].reshape(-1, ROW) for column in joined]
    numbers = np.concatenate(measures)[:count].reshape(-1, ROW, MEASURES)
    return Rows(cut[0], cut[1], cut[2], cut[3], numbers, cut[4])
