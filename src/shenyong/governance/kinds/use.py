"""總說明, 人工智慧基本法 19: uses of AI, and the five steps of assessing each.

盤點、識別、評估、應對、綜合判定.

The three families of risk are the ministry's (檢核表): defects of the system's design, its
deployment and operation with people, and the structures of society and the environment. The
verdict follows the answers: the gravest family counts, and what could be the principal basis of a
decision with legal effect is high in any case. A use that is approved has a day by which it is
assessed again.
"""

from __future__ import annotations

# guideline: ey-genai-2023:0
from shenyong.governance.form import Field, Values, day, many, midnight, text
from shenyong.governance.record import ANYBODY, Action, Kind, Record
from shenyong.guideline.terms import DataClass, Purpose
from shenyong.registry import Role

GRADES = ("low", "limited", "high")
FAMILIES = ("design", "operation", "society")
GROUNDS = ("none", "pdpa15_1", "pdpa15_2", "pdpa15_3", "pdpa6_law", "pdpa6_duty", "pdpa6_consent")
_PURPOSES = tuple(each.value for each in Purpose if each is not Purpose.PRODUCE_CLASSIFIED)
_CLASSES = tuple(each.value for each in DataClass if each.rank <= 6)


STEPS: dict[str, tuple[str, ...]] = {
    "inventory": ("title", "purpose", "owner", "users", "classes", "ground", "purpose_code"),
    "identify": ("harms",),
    "assess": (*(f"before_{family}" for family in FAMILIES), "basis"),
    "respond": ("responses", *(f"after_{family}" for family in FAMILIES)),
    "verdict": ("review_by",),
}
"""盤點、識別、評估、應對、綜合判定, with what each asks."""


def verdict(values: Values) -> str:
    """The gravest of the families after the response; ``high`` for a principal basis."""
    if text(values, "basis") == "principal":
        return "high"
    after = [text(values, f"after_{family}") for family in FAMILIES]
    return max((each for each in after if each in GRADES), key=GRADES.index, default="low")


def _consistent(values: Values) -> str:
    """A response can't be said to have made a risk graver, and personal data want a ground."""
    for family in FAMILIES:
        before, after = text(values, f"before_{family}"), text(values, f"after_{family}")
        if before in GRADES and after in GRADES and GRADES.index(after) > GRADES.index(before):
            return "graver"
    personal = {"D2", "D3"} & set(many(values, "classes"))
    if personal and text(values, "ground") in ("", "none"):
        return "ground"
    return ""


def _review_by(record: Record) -> int:
    """The end of the day by which an approved use is assessed again."""
    told = day(text(record.values, "review_by")) if record.state == "approved" else None
    return midnight(told) + 86_400_000_000 if told else 0


_FIELDS = (
    # 一、盤點
    Field("title"),
    Field("purpose", "choice", choices=_PURPOSES),
    Field("owner", "person"),
    Field("users", "choice", choices=("unit", "agency", "public")),
    Field("classes", "choices", choices=_CLASSES),
    Field("ground", "choice", choices=GROUNDS),
    Field("purpose_code", required=False),
    # 二、識別
    Field("harms", "text"),
    # 三、評估
    *(Field(f"before_{family}", "choice", choices=GRADES) for family in FAMILIES),
    Field("basis", "choice", choices=("none", "one_of_several", "principal")),
    # 四、應對
    Field("responses", "text"),
    *(Field(f"after_{family}", "choice", choices=GRADES) for family in FAMILIES),
    # 五、綜合判定
    Field("review_by", "day"),
)
_OWNERS = frozenset({Role.OFFICIAL, Role.SUPERVISOR, Role.OPERATOR, Role.CISO, Role.DPO})
_APPROVERS = frozenset({Role.SUPERVISOR, Role.CISO})

USE = Kind(
    name="use",
    point="0",
    group="use",
    fields=_FIELDS,
    states=("draft", "assessed", "approved", "ended"),
    actions=(
        Action("change", ("draft",), "", _OWNERS, _FIELDS, merges=True),
        Action("submit", ("draft",), "assessed", _OWNERS, tone="pri"),
        Action("return", ("assessed",), "draft", _APPROVERS, (Field("note", "text"),)),
        Action(
            "approve", ("assessed",), "approved", _APPROVERS, (Field("note", "text"),),
            four_eyes=("open", "change", "submit"), tone="pri",
        ),
        Action("reassess", ("approved",), "draft", _OWNERS, (Field("note", "text"),)),
        Action("end", ("approved",), "ended", _APPROVERS, (Field("note", "text"),), tone="deny"),
    ),
    open_to=_OWNERS,
    read_by=ANYBODY,
    due=_review_by,
    check=_consistent,
)  # fmt: skip
