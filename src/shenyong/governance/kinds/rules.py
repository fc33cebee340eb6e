"""第七點: the agency's own rules, which can only tighten the floor.

A rule officer composes the common ones or an expert writes Cedar; before they take effect they are
shown to tighten only, their examples are run, and they are tried on the past thirty days; somebody
else approves them for a day. Roll-back is a new version with the old text.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
from shenyong.governance.form import Field
from shenyong.governance.record import ANYBODY, Action, Kind
from shenyong.registry import Role

_WRITERS = frozenset({Role.CISO, Role.DPO, Role.ADMIN})
_APPROVERS = frozenset({Role.CISO, Role.DPO, Role.SUPERVISOR})
_NOTE = Field("note", "text")

RULES = Kind(
    name="rules",
    point="7",
    group="rules",
    fields=(
        Field("pack", pattern=r"[a-z0-9][a-z0-9-]{1,40}"),
        Field("reason", "text"),
        Field("cedar", "text"),
        Field("examples", "text", required=False),
    ),
    states=("draft", "proposed", "approved", "ended"),
    actions=(
        Action("try", ("draft", "proposed"), "", _WRITERS | _APPROVERS),
        Action(
            "change", ("draft",), "", _WRITERS,
            (Field("reason", "text"), Field("cedar", "text"),
             Field("examples", "text", required=False)),
            merges=True,
        ),
        Action("propose", ("draft",), "proposed", _WRITERS, tone="pri"),
        Action("return", ("proposed",), "draft", _APPROVERS, (_NOTE,)),
        Action(
            "approve", ("proposed",), "approved", _APPROVERS, (Field("from", "day"), _NOTE),
            four_eyes=("open", "change", "propose"), tone="pri",
        ),
        Action("end", ("approved",), "ended", _APPROVERS, (Field("until", "day"), _NOTE),
               tone="deny"),
    ),
    open_to=_WRITERS,
    read_by=ANYBODY,
)  # fmt: skip
