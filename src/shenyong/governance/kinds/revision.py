"""滾動修正: comments on the guideline, and taking a revised edition over on its day."""

from __future__ import annotations

# guideline: ey-genai-2023:rolling
# guideline: ey-genai-2023:10
from shenyong.governance.form import Field
from shenyong.governance.record import ANYBODY, Action, Kind
from shenyong.registry import Role

_OFFICERS = frozenset({Role.CISO, Role.DPO, Role.ADMIN})
_HEADS = frozenset({Role.CISO, Role.SUPERVISOR})
_NOTE = Field("note", "text")

COMMENT = Kind(
    name="comment",
    point="rolling",
    group="revision",
    fields=(
        Field("point", "choice", choices=("0", *(str(each) for each in range(1, 11)), "rolling")),
        Field("edition", required=False),
        Field("text", "text"),
        Field("proposal", "text", required=False),
    ),
    states=("open", "sent", "withdrawn"),
    actions=(
        Action("send", ("open",), "sent", _OFFICERS, (_NOTE,), tone="pri"),
        Action("withdraw", ("open",), "withdrawn", ANYBODY, own=True),
    ),
    open_to=ANYBODY,
    read_by=ANYBODY,
)

REVISION = Kind(
    name="revision",
    point="rolling",
    group="revision",
    fields=(Field("edition", pattern=r"[0-9a-f]{64}"), Field("reason", "text")),
    states=("draft", "proposed", "adopted", "withdrawn"),
    actions=(
        Action("try", ("draft", "proposed"), "", _OFFICERS | _HEADS),
        Action("propose", ("draft",), "proposed", _OFFICERS, tone="pri"),
        Action("adopt", ("proposed",), "adopted", _HEADS, (Field("from", "day"), _NOTE),
               four_eyes=("open", "propose"), tone="pri"),
        Action("withdraw", ("draft", "proposed", "adopted"), "withdrawn", _HEADS | _OFFICERS,
               (_NOTE,), tone="deny"),
    ),
    open_to=_OFFICERS,
    read_by=ANYBODY,
)  # fmt: skip
