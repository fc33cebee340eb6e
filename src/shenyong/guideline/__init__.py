"""Guideline: the editions of the guideline as data, and the vocabulary that every room shares.

What it is for: the guideline is revised on a rolling basis, so it is a versioned pack (points,
texts, Cedar policies and schema, dates) and not code. `load_pack` gives one, checked and named by
digest.

Invariants:
    * Nothing outside a pack and its policies knows what a point says.
    * A pack whose policies lack an id, a point, a citation or a reason does not load.

Source: guideline.md, domain.md 1.1. What it leaves to others: deciding (`shenyong.decision`).
"""

from shenyong.guideline.pack import DEFAULT_PACK, Pack, PackError, Point, load_pack, parse_pack
from shenyong.guideline.policies import Policy

__all__ = [
    "DEFAULT_PACK",
    "Pack",
    "PackError",
    "Point",
    "Policy",
    "load_pack",
    "parse_pack",
]
