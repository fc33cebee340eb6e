"""第八點: contractors are bound by the guideline and the agency's rules.

From award to the proof of deletion: the clauses as they are in force, who accepted which version
by name, what tools were declared, what parts of deliverables AI made, subcontractors, scans the
contractor ran himself, incidents, audits. Keys that hang on the contract end with it.

An acceptance is of one version of the rules: where they changed since, it is asked for again, and
nothing is taken over as delivered before somebody accepted the version in force.

Source: 資通安全管理法施行細則 4 I, 個資法施行細則 8, domain.md 6.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:8
from collections.abc import Sequence

import msgspec

from shenyong.governance.form import Field, Values, day, text
from shenyong.governance.record import Action, Kind, Record
from shenyong.registry import Role
from shenyong.registry.lineage import bans, of_banned_family

_KEEPERS = frozenset({Role.PROCUREMENT, Role.ADMIN})
_READERS = frozenset(
    {Role.PROCUREMENT, Role.ADMIN, Role.AUDITOR, Role.CISO, Role.DPO, Role.SUPERVISOR}
)
_HOUR = 3_600_000_000
_RUNNING = ("running",)
_VERIFYING_KEY = r"[^\s+]{1,80}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}"
FOUND = ("verified", "older_rules", "altered", "unknown_key", "other_contract", "not_issued",
         "unreadable")  # fmt: skip
"""What a summary that was handed in is found to be."""


class Accepted(msgspec.Struct, frozen=True):
    """Somebody's newest acceptance; `current` where it is of the rules in force."""

    person: str
    post: str
    rules: str
    on: str
    current: bool


def acceptances(record: Record, rules: str) -> tuple[Accepted, ...]:
    """The newest acceptance of each person; `rules` is the digest of those in force."""
    newest = {text(each.values, "person"): each.values for each in record.all("accept")}
    return tuple(
        Accepted(
            person, text(told, "post"), text(told, "rules"), text(told, "accepted_on"),
            text(told, "rules") == rules,
        )
        for person, told in newest.items()
    )  # fmt: skip


def contractor_keys(record: Record) -> tuple[str, ...]:
    """The keys under which the contractor's summaries are known."""
    return tuple(text(each.values, "public_key") for each in record.all("register_key"))


def declared_tools(record: Record) -> Sequence[Values]:
    """The declarations of tools, in their order."""
    return [each.values for each in record.all("declare_tool")]


def _lawful(record: Record, values: Values) -> str:
    """A product that endangers national cyber-security is never agreed to (資通安全管理法)."""
    barred = text(values, "country") in bans().countries or any(
        of_banned_family(text(values, name), declared=False) for name in ("tool", "version")
    )
    return "banned_tool" if barred and text(values, "approved") == "yes" else ""


def _bound(record: Record, values: Values) -> str:
    """Whoever the contractor gives work to is bound as the contractor is."""
    return "unbound" if text(values, "bound") != "yes" else ""


def _accepted(record: Record, values: Values) -> str:
    """`rules` is filled in by the program: the digest of the rules in force."""
    now = text(values, "rules")
    return "" if any(each.current for each in acceptances(record, now)) else "not_accepted"


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
             Field("accepted_on", "day"), Field("rules_version", asked=False),
             Field("rules", asked=False)),
        ),
        Action("register_key", _RUNNING, "", _KEEPERS,
               (Field("public_key", pattern=_VERIFYING_KEY),)),
        Action(
            "declare_tool", _RUNNING, "", _KEEPERS,
            (Field("tool"), Field("version"), Field("country", pattern=r"[A-Z]{2}"),
             Field("tool_purpose"), Field("tool_classes", "choices", choices=("D0", "D1", "D2")),
             Field("approved", "choice", choices=("yes", "no"))),
            check=_lawful,
        ),
        Action("subcontract", _RUNNING, "", _KEEPERS,
               (Field("subcontractor"), Field("scope", "text"), Field("bound", "choice",
                                                                      choices=("yes", "no"))),
               check=_bound),
        Action(
            "deliver", _RUNNING, "", _KEEPERS,
            (Field("deliverable"), Field("ai_used", "choice", choices=("no", "yes")),
             Field("ai_parts", "text", required=False), Field("checked_by"),
             Field("rules_version", asked=False), Field("rules", asked=False)),
            check=_accepted,
        ),
        Action("scan", _RUNNING, "", _KEEPERS,
               (Field("summary", "file"), Field("found", "choice", choices=FOUND, asked=False),
                Field("told", asked=False), Field("rules_version", asked=False))),
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
