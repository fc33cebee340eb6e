"""The tagger: persons, officials, firms, agencies and addresses by what stands around them. Pure.

    text ──▶ tokens ──▶ network: a score for each label ──▶ spans

guideline: ey-genai-2023:4
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from shenyong.inspection import lexicon
from shenyong.inspection.tagging.network import (
    DamagedWeightsError,
    Kind,
    Weights,
    read_weights,
    scores,
)
from shenyong.inspection.tagging.spans import Tagged, spans
from shenyong.inspection.tagging.tokens import ordinary_word, tokens

__all__ = ["DamagedWeightsError", "Kind", "Tagged", "Weights", "is_word", "tag", "weights"]


@cache
def weights() -> Weights:
    """The weights of the package, read and checked once.

    Raises DamagedWeightsError where the file is not the one that this version was measured with.
    """
    folder = resources.files("shenyong.inspection").joinpath("data")
    return read_weights(
        folder.joinpath("tagger.npz").read_bytes(), lexicon.words("tagger", "sha256")[0]
    )


def tag(text: str, learnt: Weights | None = None, nothing: float = 0.0) -> list[Tagged]:
    """What stands in `text`, in order of place, none overlapping another. O(n)."""
    learnt = learnt or weights()
    seen = tokens(text, learnt.tables)
    return spans(seen, scores(seen, learnt), nothing)


def is_word(text: str) -> bool:
    """Whether `text` as a whole is an ordinary word (湯匙, 文山)."""
    return ordinary_word(text, weights().tables)
