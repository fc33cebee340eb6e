"""From labels to spans: which runs of tokens are one name, one firm, one address."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shenyong.inspection.tagging.network import Kind
from shenyong.inspection.tagging.tokens import Numbers, Tokens


class Tagged(NamedTuple):
    """A `kind` at ``start..end`` (code points), and how sure (0..1), by its least sure token.

    `office` says of a name how sure it is (0..1) that its bearer acts in public office there.
    """

    start: int
    end: int
    kind: Kind
    probability: float
    office: float = 0.0


Labels = NDArray[np.int64]
_NEVER = -1e9
_TWO = np.float32(np.log(2))
_KINDS = (
    Kind.PERSON,
    Kind.FOLLOW,
    Kind.COMPANY,
    Kind.AGENCY,
    Kind.ADDRESS,
    Kind.OFFICIAL,  # told from persons when a run is whole
)
_OFFICIAL = 5


def spans(seen: Tokens, answers: Numbers, nothing: float = 0.0) -> list[Tagged]:
    """The runs, in order of place, none overlapping another.

    `nothing` is taken from the logit of "nothing": above 0 more is found and more of it wrong.
    Persons and officials are one kind until a run is whole; which it is, all its tokens decide.
    """
    if not len(answers):
        return []
    by_label = np.ascontiguousarray(answers.T)
    blank = by_label[0] - np.float32(nothing)
    # Two labels that become one can together weigh log 2 more than either.
    near = np.flatnonzero(by_label[1:].max(axis=0) + _TWO > blank)
    if not len(near):
        return []
    close = by_label[:, near]
    names = np.logaddexp(close[1:3], close[3:5])
    merged = np.concatenate([blank[None, near], names, close[5:]])
    labels = merged.argmax(axis=0)
    if not labels.any():
        return []
    _mend(labels, merged, near)
    kept = np.flatnonzero(labels)
    if not len(kept):
        return []
    told, labels, rows = near[kept], labels[kept], merged[:, kept]
    rows = np.exp(rows - rows.max(axis=0))
    rows /= rows.sum(axis=0)
    each, first = np.arange(len(kept)), (labels - 1) // 2 * 2 + 1
    sure = rows[first, each] + rows[first + 1, each]
    kinds, inside = np.divmod(labels - 1, 2)
    apart = np.ones(len(kept), bool)
    apart[1:] = (inside[1:] == 0) | (told[1:] != told[:-1] + 1) | (kinds[1:] != kinds[:-1])
    first = np.flatnonzero(apart)
    last = np.append(first[1:], len(kept)) - 1
    leans = by_label[3:5, told] - by_label[1:3, told]
    leaning = np.add.reduceat(np.where(inside, leans[1], leans[0]), first)
    kind = np.where((kinds[first] == 0) & (leaning > 0), _OFFICIAL, kinds[first])
    rows_of = (
        seen.starts[told[first]].tolist(),
        seen.ends[told[last]].tolist(),
        kind.tolist(),
        np.minimum.reduceat(sure, first).tolist(),
        np.where(kinds[first] == 0, 0.5 + 0.5 * np.tanh(leaning / 2), 0.0).tolist(),
    )
    return [
        Tagged(start, end, _KINDS[mine], surely, office)
        for start, end, mine, surely, office in zip(*rows_of, strict=True)
    ]


def _mend(labels: Labels, merged: Numbers, near: Labels) -> None:
    """Where an inside follows no beginning of its kind: the likeliest labels that do fit.

    Elsewhere each token's likeliest label fits its neighbours', so together they are the likeliest.
    """
    kinds, inside = (labels - 1) // 2, (labels > 0) & (labels % 2 == 0)
    adjoin = np.zeros(len(labels), bool)
    adjoin[1:] = near[1:] == near[:-1] + 1
    fits = np.zeros(len(labels), bool)
    fits[1:] = adjoin[1:] & (labels[:-1] > 0) & (kinds[1:] == kinds[:-1])
    wrong = np.flatnonzero(inside & ~fits)
    if not len(wrong):
        return
    firsts = np.flatnonzero(~adjoin)
    bounds = np.append(firsts, len(labels))
    for run in np.unique(np.searchsorted(firsts, wrong, side="right") - 1).tolist():
        low, high = int(bounds[run]), int(bounds[run + 1])
        labels[low:high] = likeliest(merged[:, low:high].T.tolist())


def likeliest(rows: list[list[float]]) -> list[int]:
    """The labels with the greatest sum in which every inside follows its kind. Viterbi 1967."""
    count = len(rows[0])
    scores = [value if not at or at % 2 else _NEVER for at, value in enumerate(rows[0])]
    back: list[list[int]] = []
    for row in rows[1:]:
        best = max(range(count), key=scores.__getitem__)
        came, after = [best] * count, []
        for at, value in enumerate(row):
            if at and at % 2 == 0:
                came[at] = at if scores[at] > scores[at - 1] else at - 1
            after.append(scores[came[at]] + value)
        scores = after
        back.append(came)
    at = max(range(count), key=scores.__getitem__)
    found = [at]
    for came in reversed(back):
        at = came[at]
        found.append(at)
    return found[::-1]
