"""Matters, people and checks for the tests of this room; all invented."""

from __future__ import annotations

from shenyong.registry import Role
from shenyong.review import Check, Kind, Matter, Review, Standing, Template, Who

SECOND = 1_000_000
LIN = Who("lin", "moda-demo", "housing", Role.OFFICIAL)
CHEN = Who("chen", "moda-demo", "housing", Role.SUPERVISOR)
OTHER_UNIT = Who("wang", "moda-demo", "transport", Role.SUPERVISOR)
COLLEAGUE = Who("zhao", "moda-demo", "housing", Role.OFFICIAL)
AUDITOR = Who("huang", "moda-demo", "ethics", Role.AUDITOR)
OPERATOR = Who("wu", "moda-demo", "it", Role.OPERATOR)
STRANGER = Who("sun", "other", "housing", Role.SUPERVISOR)
SERVICE = Who("lin", "moda-demo", "housing", Role.OFFICIAL, attended=False)
SERVICE_CHIEF = Who("chen", "moda-demo", "housing", Role.SUPERVISOR, attended=False)
EVERYBODY = (LIN, CHEN, OTHER_UNIT, COLLEAGUE, AUDITOR, OPERATOR, STRANGER, SERVICE, SERVICE_CHIEF)


def matter(*, countersign: bool = True, level: str = "普通") -> Matter:
    return Matter(
        "m1", "moda-demo", "housing", "115-LH-00482", "老屋延壽補助", Template.LETTER, level,
        "drafting", "lin", 0, countersign,
    )  # fmt: skip


def review(*, countersign: bool = True, level: str = "普通") -> Review:
    return Review(matter(countersign=countersign, level=level))


def check(name: str = "c1", standing: Standing = Standing.DOUBTFUL, quote: str = "15日內") -> Check:
    return Check(name, Kind.DEADLINE, standing, 0, len(quote), quote, "not_found")
