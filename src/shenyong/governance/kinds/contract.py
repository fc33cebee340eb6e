"""第八點: contractors are bound by the guideline and the agency's rules.

From award to the proof of deletion: the clauses as they are in force, who accepted which version
by name, what tools were declared, what parts of deliverables AI made, subcontractors, scans the
contractor ran himself, incidents, audits. Keys that hang on the contract end with it.

Source: 資通安全管理法施行細則 4 I, 個資法施行細則 8, domain.md 6.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
from shenyong.governance.form import Field, Values, day, text
from shenyong.governance.record import Action, Kind, Record
from shenyong.registry import Role

_KEEPERS = frozenset({Role.PROCUREMENT, Role.ADMIN})
_READERS = frozenset(
    {Role.PROCUREMENT, Role.ADMIN, Role.AUDITOR, Role.CISO, Role.DPO, Role.SUPERVISOR}
)
_HOUR = 3_600_000_000
_RUNNING = ("running",)


def _order(values: Values) -> str:
    begin, end = day(text(values, "begins")), day(text(values, "ends"))
    return "order" if begin is None or end is None or not begin <= end else ""


def _due(record: Record) -> int:
    """An incident is told to the agency within the hours that the contract says."""
    incident = record.last("incident")
    told = record.last("incident_closed")
    if incident is None or (told is not None and told.at > incident.at):
        return 0
    return incident.at + int(text(record.values, "incident_hours") or "1") * _HOUR


CONTRACT = Kind(
    name="contract",
    point="8",
    group="contract",
    fields=(
        Field("title"),
        Field("contractor"),
        Field("tax_id", pattern=r"\d{8}", required=False),
        Field("begins", "day"),
        Field("ends", "day"),
        Field("nature", "choice", choices=("software", "service", "document", "creative", "other")),
        Field("secrets", "choice", choices=("no", "yes")),
        Field("core_system", "choice", choices=("no", "yes")),
        Field("classes", "choices", choices=("D0", "D1", "D2"), required=False),
        Field("incident_hours", "number", low=1, high=72),
        Field("retention_months", "number", low=6, high=120),
    ),
    states=("draft", "running", "closing", "closed"),
    actions=(
        Action("start", ("draft",), "running", _KEEPERS, tone="pri"),
        Action(
            "accept", _RUNNING, "", _KEEPERS,
            (Field("person", masked=True), Field("post", required=False),
             Field("rules_version"), Field("accepted_on", "day")),
        ),
        Action(
            "declare_tool", _RUNNING, "", _KEEPERS,
            (Field("tool"), Field("version"), Field("country", pattern=r"[A-Z]{2}"),
             Field("tool_purpose"), Field("tool_classes", "choices", choices=("D0", "D1", "D2")),
             Field("approved", "choice", choices=("yes", "no"))),
        ),
        Action("subcontract", _RUNNING, "", _KEEPERS,
               (Field("subcontractor"), Field("scope", "text"), Field("bound", "choice",
                                                                      choices=("yes", "no")))),
        Action(
            "deliver", _RUNNING, "", _KEEPERS,
            (Field("deliverable"), Field("ai_used", "choice", choices=("no", "yes")),
             Field("ai_parts", "text", required=False), Field("checked_by")),
        ),
        Action("scan", _RUNNING, "", _KEEPERS, (Field("summary", "text"),)),
        Action("incident", (*_RUNNING, "closing"), "", _KEEPERS, (Field("what", "text"),),
               tone="deny"),
        Action("incident_closed", (*_RUNNING, "closing"), "", _KEEPERS, (Field("what", "text"),)),
        Action("audit", _RUNNING, "", frozenset({Role.AUDITOR, Role.PROCUREMENT, Role.CISO}),
               (Field("what", "text"),)),
        Action("close", _RUNNING, "closing", _KEEPERS, (Field("note", "text"),)),
        Action(
            "deleted", ("closing",), "closed", frozenset({Role.PROCUREMENT, Role.CISO, Role.DPO}),
            (Field("proof", "text"), Field("deleted_on", "day")), four_eyes=("close",), tone="pri",
        ),
    ),
    open_to=_KEEPERS,
    read_by=_READERS,
    due=_due,
    check=_order,
)  # fmt: skip
