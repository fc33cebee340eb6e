"""第七點: personal data, copyright and personality rights.

Requests of data subjects (個資法 3, 10 to 13: fifteen days to answer, thirty to correct or delete),
incidents with their 72 hours (個資法 12; the amendment's rule for agencies), how long what is kept,
and requests for the likeness, voice or style of a living person (民法 18, 19, 195).
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
from collections.abc import Iterable

from shenyong.governance.form import Field, Values, day, many, midnight, text
from shenyong.governance.record import ANYBODY, Action, Kind, Record
from shenyong.registry import Role

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_PRIVACY = frozenset({Role.DPO, Role.ADMIN})
_SECURITY = frozenset({Role.CISO, Role.DPO, Role.OPERATOR})
_NOTE = Field("note", "text")
RIGHTS = ("inquire", "copy", "correct", "stop", "delete")
CATEGORIES = (
    "identity", "contact", "financial", "medical", "special", "minors", "account", "other",
)  # fmt: skip
KEPT = ("matters", "pleas", "uploads", "sessions", "refused_turns", "log")
REPORT_HOURS = 72
_MANY = 100
LOG_FLOOR_DAYS = 183
"""Logs stay half a year at least (資通安全管理法施行細則; EU AI Act 26 (6) says the same)."""


def _answer_by(record: Record) -> int:
    if record.state not in ("open", "found"):
        return 0
    slow = text(record.values, "right") in ("correct", "stop", "delete")
    days = (30 if slow else 15) * (2 if record.last("extend") else 1)
    return record.opened_at + days * _DAY


SUBJECT_REQUEST = Kind(
    name="subject_request",
    point="7",
    group="personal",
    fields=(
        Field("right", "choice", choices=RIGHTS),
        Field("subject", masked=True),
        Field("identified_by", "choice", choices=("document", "certificate", "known")),
        Field("terms", "text", masked=True),
        Field("scope", "text", required=False),
    ),
    states=("open", "found", "answered", "refused"),
    actions=(
        Action("search", ("open", "found"), "found", _PRIVACY),
        Action("extend", ("open", "found"), "", _PRIVACY, (_NOTE,)),
        Action("erase", ("found",), "", _PRIVACY, (Field("number", "case"), _NOTE), tone="deny"),
        Action("answer", ("found",), "answered", _PRIVACY, (_NOTE,), tone="pri"),
        Action("refuse", ("open", "found"), "refused", _PRIVACY,
               (Field("ground", "choice", choices=("law", "duty", "third_party")), _NOTE)),
    ),
    open_to=_PRIVACY,
    read_by=_PRIVACY | {Role.AUDITOR},
    due=_answer_by,
)  # fmt: skip


def known_at(record: Record) -> int:
    """When the agency knew: the beginning of the day that is said, else when it was opened."""
    told = day(text(record.values, "known_on"))
    return min(record.opened_at, midnight(told)) if told else record.opened_at


def _report_by(record: Record) -> int:
    """72 hours from when it was known, until the authority has been told."""
    return 0 if record.state in ("reported", "closed") else known_at(record) + REPORT_HOURS * _HOUR


def reported_late(record: Record) -> bool:
    """Whether the authority was told after the 72 hours."""
    report = record.last("report")
    return report is not None and report.at > known_at(record) + REPORT_HOURS * _HOUR


def by_category(records: Iterable[Record]) -> dict[str, int]:
    """How many records of each category the incidents touched, all of them together."""
    found = dict.fromkeys(CATEGORIES, 0)
    for record in records:
        for each in CATEGORIES:
            found[each] += int(text(record.values, f"n_{each}") or 0)
    return found


def must_be_reported(values: Values) -> bool:
    """Special data, or more than a hundred records: the authority and the people are told.

    The clock runs for every incident; this says which ones the draft rules name (115-01-22).
    """
    special = {"medical", "special"} & set(many(values, "categories"))
    return bool(special) or int(text(values, "count") or 0) > _MANY


def _added_up(values: Values) -> str:
    """Categories that are counted are named, and the total is no less than any of them."""
    counted = {each: int(text(values, f"n_{each}") or 0) for each in CATEGORIES}
    if any(count and each not in many(values, "categories") for each, count in counted.items()):
        return "category"
    total = int(text(values, "count") or 0)
    return "total" if max(counted.values(), default=0) > total else ""


_COUNTS = tuple(
    Field(f"n_{each}", "number", required=False, high=30_000_000) for each in CATEGORIES
)


INCIDENT = Kind(
    name="incident",
    point="7",
    group="personal",
    fields=(
        Field("title"),
        Field("sort", "choice", choices=("leak", "outage", "misuse", "model", "contractor")),
        Field("what", "text"),
        Field("categories", "choices", choices=CATEGORIES, required=False),
        Field("count", "number", high=30_000_000),
        *_COUNTS,
        Field("known_on", "day", required=False),
        Field("decision", required=False),
    ),
    states=("open", "contained", "reported", "closed"),
    actions=(
        Action("contain", ("open",), "contained", _SECURITY, (_NOTE,)),
        Action("recount", ("open", "contained", "reported"), "", _SECURITY,
               (Field("categories", "choices", choices=CATEGORIES, required=False),
                Field("count", "number", high=30_000_000), *_COUNTS), merges=True),
        Action("report", ("open", "contained"), "reported", _SECURITY,
               (Field("authority"), Field("letter"), Field("subjects_told", "choice",
                                                           choices=("yes", "no")), _NOTE),
               tone="pri"),
        Action("close", ("reported",), "closed", _SECURITY, (Field("lessons", "text"),),
               four_eyes=("report",)),
    ),
    open_to=ANYBODY,
    read_by=_SECURITY | {Role.AUDITOR, Role.SUPERVISOR},
    due=_report_by,
    check=_added_up,
)  # fmt: skip


def _floor(values: Values) -> str:
    days = text(values, "days")
    return "log_floor" if text(values, "what") == "log" and int(days or 0) < LOG_FLOOR_DAYS else ""


RETENTION = Kind(
    name="retention",
    point="7",
    group="personal",
    fields=(
        Field("what", "choice", choices=KEPT),
        Field("days", "number", low=1, high=36_500),
        Field("ground", "text"),
    ),
    states=("draft", "approved", "ended"),
    actions=(
        Action("approve", ("draft",), "approved", frozenset({Role.DPO, Role.SUPERVISOR}), (_NOTE,),
               four_eyes=("open",), tone="pri"),
        Action("end", ("approved", "draft"), "ended", _PRIVACY | {Role.SUPERVISOR}, (_NOTE,)),
    ),
    open_to=_PRIVACY | {Role.CISO},
    read_by=ANYBODY,
    check=_floor,
)  # fmt: skip

LIKENESS = Kind(
    name="likeness",
    point="7",
    group="personal",
    fields=(
        Field("what", "choice", choices=("likeness", "voice", "name", "style")),
        Field("person", masked=True),
        Field("use", "text"),
        Field("consent"),
        Field("until", "day"),
    ),
    states=("draft", "granted", "refused", "withdrawn"),
    actions=(
        Action("grant", ("draft",), "granted", frozenset({Role.DPO, Role.SUPERVISOR}), (_NOTE,),
               four_eyes=("open",), tone="pri"),
        Action("refuse", ("draft",), "refused", frozenset({Role.DPO, Role.SUPERVISOR}), (_NOTE,)),
        Action("withdraw", ("granted",), "withdrawn", ANYBODY, (_NOTE,), tone="deny"),
    ),
    open_to=frozenset({Role.OFFICIAL, Role.SUPERVISOR, Role.DPO}),
    read_by=frozenset({Role.DPO, Role.SUPERVISOR, Role.AUDITOR}),
)  # fmt: skip
