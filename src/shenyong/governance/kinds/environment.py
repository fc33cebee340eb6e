"""第四點但書: confirming that an environment is secure; exceptions for risky products.

A confirmation names exactly what was confirmed, by evidence; the 資安長 confirms, a head approves,
for a year at most (guideline.md, reading 9). It lapses on change, expiry, revocation or a failed
probe.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
# guideline: ey-genai-2023:7
from shenyong.governance.form import Field, Values, day, midnight, text
from shenyong.governance.record import ANYBODY, Action, Kind, Record
from shenyong.guideline.terms import DataClass
from shenyong.registry import Role

_CLASSES = tuple(each.value for each in DataClass if 1 <= each.rank <= 6)
_MAKERS = frozenset({Role.OPERATOR, Role.CISO, Role.ADMIN})
_CHIEF = frozenset({Role.CISO})
_HEAD = frozenset({Role.SUPERVISOR})
_NOTE = Field("note", "text")


def _sound(values: Values) -> str:
    begin, end = day(text(values, "from")), day(text(values, "until"))
    if begin is None or end is None or not begin < end:
        return "order"
    try:
        year = begin.replace(year=begin.year + 1)
    except ValueError:  # 29 February
        year = begin.replace(year=begin.year + 1, day=28)
    return "year" if end > year else ""


def _ends(record: Record) -> int:
    end = day(text(record.values, "until"))
    if end is None or record.state != "approved":
        return 0
    return midnight(end)


CONFIRMATION = Kind(
    name="confirmation",
    point="4",
    group="environment",
    fields=(
        Field("model", "model"),
        Field("stack"),
        Field("segment"),
        Field("weights_sha256", pattern=r"[0-9a-f]{64}"),
        Field("max_class", "choice", choices=_CLASSES),
        Field("evidence", "text"),
        Field("air_gapped", "choice", choices=("no", "yes")),
        Field("approved_crypto", required=False),
        Field("from", "day"),
        Field("until", "day"),
    ),
    states=("draft", "confirmed", "approved", "revoked", "refused"),
    actions=(
        Action("confirm", ("draft",), "confirmed", _CHIEF, (_NOTE,), tone="pri"),
        Action(
            "approve", ("confirmed",), "approved", _HEAD, (_NOTE,), four_eyes=("open", "confirm"),
            tone="pri",
        ),
        Action("refuse", ("draft", "confirmed"), "refused", _CHIEF | _HEAD, (_NOTE,)),
        Action("revoke", ("approved",), "revoked", _CHIEF | _HEAD, (_NOTE,), tone="deny"),
    ),
    open_to=_MAKERS,
    read_by=ANYBODY,
    due=_ends,
    check=_sound,
)  # fmt: skip

EXEMPTION = Kind(
    name="exemption",
    point="7",
    group="environment",
    fields=(
        Field("model", "model"),
        Field("reason", "text"),
        Field("alternatives", "text"),
        Field("authority_letter"),
        Field("until", "day"),
    ),
    states=("draft", "approved", "ended", "refused"),
    actions=(
        Action("approve", ("draft",), "approved", _CHIEF, (_NOTE,), four_eyes=("open",),
               tone="pri"),
        Action("refuse", ("draft",), "refused", _CHIEF, (_NOTE,)),
        Action("end", ("approved",), "ended", _CHIEF | _MAKERS, (_NOTE,), tone="deny"),
    ),
    open_to=_MAKERS,
    read_by=ANYBODY,
)  # fmt: skip
