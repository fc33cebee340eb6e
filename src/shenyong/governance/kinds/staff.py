"""Deputies, training, and what an agency that applies 準用 holds in reserve (第九點)."""

from __future__ import annotations

# guideline: ey-genai-2023:9
from shenyong.governance.form import Field, Values, day, text
from shenyong.governance.record import ANYBODY, Action, Kind
from shenyong.registry import Role

_HEADS = frozenset({Role.SUPERVISOR, Role.ADMIN})
_NOTE = Field("note", "text", required=False)


def _order(values: Values) -> str:
    begin, end = day(text(values, "from")), day(text(values, "until"))
    if begin is None or end is None or not begin <= end:
        return "order"
    return "oneself" if text(values, "person") == text(values, "deputy") else ""


DELEGATION = Kind(
    name="delegation",
    point="2",
    group="staff",
    fields=(
        Field("person", "person"),
        Field("deputy", "person"),
        Field("from", "day"),
        Field("until", "day"),
        Field("reason", "line", required=False),
    ),
    states=("draft", "granted", "ended"),
    actions=(
        Action("grant", ("draft",), "granted", _HEADS, (_NOTE,), four_eyes=("open",), tone="pri"),
        Action("end", ("draft", "granted"), "ended", ANYBODY, (_NOTE,), tone="deny"),
    ),
    open_to=ANYBODY,
    read_by=ANYBODY,
    check=_order,
)  # fmt: skip

TRAINING = Kind(
    name="training",
    point="7",
    group="staff",
    fields=(
        Field("person", "person"),
        Field("course"),
        Field("hours", "number", low=1, high=200),
        Field("until", "day"),
    ),
    states=("recorded", "ended"),
    actions=(Action("end", ("recorded",), "ended", _HEADS, (_NOTE,)),),
    open_to=_HEADS | {Role.CISO, Role.DPO},
    read_by=_HEADS | {Role.CISO, Role.DPO, Role.AUDITOR},
)

# guideline: ey-genai-2023:9
# guideline: ey-genai-2023:10
RESERVATION = Kind(
    name="reservation",
    point="9",
    group="rules",
    fields=(
        Field("applies", "choice", choices=("準用", "參照")),
        Field("point", "choice", choices=tuple(str(each) for each in range(1, 9))),
        Field("text", "text"),
        Field("instead", "text"),
    ),
    states=("draft", "recorded", "withdrawn"),
    actions=(
        Action("record", ("draft",), "recorded", frozenset({Role.SUPERVISOR, Role.CISO}),
               (_NOTE,), four_eyes=("open",), tone="pri"),
        Action("withdraw", ("draft", "recorded"), "withdrawn", _HEADS | {Role.CISO}, (_NOTE,)),
    ),
    open_to=frozenset({Role.CISO, Role.DPO, Role.ADMIN}),
    read_by=ANYBODY,
)  # fmt: skip
