"""The network: for each token, how likely each kind's beginning, inside, or nothing is.

Vectors of what a token is and of the words around it are summed; a few convolutions, each looking
further left and right than the one before, let neighbours speak; one layer answers. numpy alone,
on one thread, so that the same text gives the same answer on every worker. How it was trained, on
what, and what it must not be used for: docs/tagger.md.
"""

from __future__ import annotations

import hashlib
import io
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shenyong.inspection.tagging.tokens import Numbers, Tables, Tokens

DILATIONS = (1, 2, 4, 8)
_EDGE = max(DILATIONS)


class Kind(IntEnum):
    """What a run of tokens can be; labels are 0 for nothing, 1 + 2k for k's beginning, 2 + 2k."""

    PERSON = 0
    OFFICIAL = 1
    FOLLOW = 2
    COMPANY = 3
    AGENCY = 4
    ADDRESS = 5


LABELS = 1 + 2 * len(Kind)


class Weights(NamedTuple):
    """What was learnt, as 16-bit floats in the file and 32-bit ones in memory.

    `characters` etc. are (rows, width); `filters` (layers, 3 * width, width); `answer` (width,
    `LABELS`).
    """

    tables: Tables
    characters: Numbers
    shapes: Numbers
    begins: Numbers
    finishes: Numbers
    measures: Numbers
    filters: Numbers
    offsets: Numbers
    answer: Numbers
    answer_offset: Numbers


class DamagedWeightsError(Exception):
    """The weights are not those that this version was measured with. Its code: tagger.damaged."""


def packed(weights: Weights) -> bytes:
    """The weights as a file's bytes, the same for the same weights."""
    out = io.BytesIO()
    fields = {name: getattr(weights, name).astype(np.float16) for name in Weights._fields[1:]}
    np.savez_compressed(out, **weights.tables._asdict(), **{f"n_{k}": v for k, v in fields.items()})
    return out.getvalue()


def read_weights(data: bytes, digest: str) -> Weights:
    """The weights in a file's bytes.

    Raises DamagedWeightsError if their sha256 is not `digest`.
    """
    if hashlib.sha256(data).hexdigest() != digest:
        raise DamagedWeightsError
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        tables = Tables(*(file[name] for name in Tables._fields))
        numbers = [file[f"n_{name}"].astype(np.float32) for name in Weights._fields[1:]]
    return Weights(tables, *numbers)


def scores(seen: Tokens, learnt: Weights) -> Numbers:
    """(tokens, `LABELS`) logits."""
    count, width = len(seen.starts), learnt.characters.shape[1]
    room = np.zeros((count + 2 * _EDGE, width), np.float32)
    state = room[_EDGE : _EDGE + count]
    np.matmul(seen.measures, learnt.measures, out=state)
    said: NDArray[np.float32] = np.empty((count, width), np.float32)
    for vectors, rows in (
        (learnt.characters, seen.characters),
        (learnt.shapes, seen.shapes),
        (learnt.begins, seen.begins),
        (learnt.finishes, seen.finishes),
    ):
        # No row can be out of bounds; told so, numpy needs no copy of its own.
        vectors.take(rows, axis=0, out=said, mode="clip")
        state += said
    beside = np.empty((count, 3 * width), np.float32)
    floor = np.zeros((count, width), np.float32)  # numpy compares with a number five times slower
    for layer, far in enumerate(DILATIONS):
        beside[:, :width] = room[_EDGE - far : _EDGE - far + count]
        beside[:, width : 2 * width] = state
        beside[:, 2 * width :] = room[_EDGE + far : _EDGE + far + count]
        np.matmul(beside, learnt.filters[layer], out=said)
        said += learnt.offsets[layer]
        np.maximum(said, floor, out=said)
        state += said
    answers: Numbers = state @ learnt.answer + learnt.answer_offset
    return answers
