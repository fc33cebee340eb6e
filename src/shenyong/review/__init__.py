"""Review: matters, drafts, checks, judgement, confirmation. A state machine without I/O.

model's words ──▶ draft ──▶ checks ──▶ judgement, item by item ──▶ confirmation of one digest
                   ▲ any later edit voids what was confirmed ◀────────────┘

The machine prepares, the responsible official decides (guideline points 2 and 5).
"""

from __future__ import annotations

from shenyong.review import actions, acts
from shenyong.review.checks import Check, Kind, Material, Span, Standing, prepare, sentence_at
from shenyong.review.difference import Piece, human_share, pieces
from shenyong.review.likeness import imitated
from shenyong.review.matter import (
    SECTIONS,
    Matter,
    Source,
    Template,
    may_be_drafted,
    sections,
)
from shenyong.review.people import Who, may_countersign, may_read, may_write
from shenyong.review.review import (
    Attempt,
    Basis,
    BasisKind,
    Judgement,
    NotAllowed,
    Release,
    Resolution,
    Review,
    Signature,
    Stage,
)
from shenyong.review.text import canonical, digest, reading_seconds
from shenyong.review.values import Value, values

__all__ = [
    "SECTIONS",
    "Attempt",
    "Basis",
    "BasisKind",
    "Check",
    "Judgement",
    "Kind",
    "Material",
    "Matter",
    "NotAllowed",
    "Piece",
    "Release",
    "Resolution",
    "Review",
    "Signature",
    "Source",
    "Span",
    "Stage",
    "Standing",
    "Template",
    "Value",
    "Who",
    "actions",
    "acts",
    "canonical",
    "digest",
    "human_share",
    "imitated",
    "may_be_drafted",
    "may_countersign",
    "may_read",
    "may_write",
    "pieces",
    "prepare",
    "reading_seconds",
    "sections",
    "sentence_at",
    "values",
]
