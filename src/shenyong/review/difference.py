"""What the official changed of the model's text: character by character, and how much of it.

Han characters count one each, Latin words and numbers whole. The share of human work is measured on
what is left in the end: the part of the text that the model did not write. Source: ux.md 4.4.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal

import msgspec

Op = Literal["same", "add", "remove"]
_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+(?:[.,][0-9]+)*|\s+|.", re.DOTALL)
_LONG = 20_000  # tokens; beyond, lines are compared first
MOST = 1_000_000
"""Characters of a text that are compared; a longer one is no draft."""


class Piece(msgspec.Struct, frozen=True):
    """A run that is the same in both texts, was added by a person, or removed by one."""

    op: Op
    text: str


def pieces(model: str, final: str) -> tuple[Piece, ...]:
    """What became of `model`, in order: ``same`` and ``add`` together are `final`."""
    if model == final:
        return (Piece("same", final),) if final else ()
    ours, theirs = _TOKEN.findall(model), _TOKEN.findall(final)
    if max(len(ours), len(theirs)) > _LONG:
        ours, theirs = model.splitlines(keepends=True), final.splitlines(keepends=True)
    found: list[Piece] = []
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(ours[a:b])))
            continue
        if b > a:
            found.append(Piece("remove", "".join(ours[a:b])))
        if d > c:
            found.append(Piece("add", "".join(theirs[c:d])))
    return tuple(found)


def human_share(model: str, final: str) -> int:
    """How much of `final` a person wrote, in percent; removing counts as much as adding.

    100 where the model wrote nothing of it, 0 where it is as the model wrote it.
    """
    if not model.strip():
        return 100
    weigh = {"same": 0, "add": 0, "remove": 0}
    for piece in pieces(model, final):
        weigh[piece.op] += len("".join(piece.text.split()))
    whole = sum(weigh.values())
    return round(100 * (weigh["add"] + weigh["remove"]) / whole) if whole else 0
