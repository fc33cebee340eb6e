"""Decision: facts in, a verdict with its reasons out; and the remedies that would help.

What it is for: points 3 and 4 of the guideline, judged by its pack's Cedar policies, on every
request before it goes anywhere; and an agency's own rules (point 7), which can only tighten them.

Invariants:
    * Findings are facts, policies judge, remedies propose: nothing here looks at text.
    * Pure and cached: the same facts and packs give the same decision.
    * Fails closed: what can't be evaluated, or that nothing permits, is refused.
    * An agency's pack moves a decision only in the order allow < redact < approve < deny.

Source: guideline.md, domain.md 8. What it leaves to others: finding (`shenyong.inspection`),
replacing (`shenyong.redaction`), recording (`shenyong.ledger`).
"""

from shenyong.decision.facts import Decision, Facts, Obstacle
from shenyong.decision.gather import UnknownDeclarationError, declared_class, gather
from shenyong.decision.judge import Judge
from shenyong.decision.planner import Candidate, Plan, Remedy, plan
from shenyong.decision.reasons import Reason, explain
from shenyong.decision.table import TableError, TableReport, check_table, read_table
from shenyong.decision.tighten import AgencyPack, load_agency_pack
from shenyong.decision.trial import try_out

__all__ = [
    "AgencyPack",
    "Candidate",
    "Decision",
    "Facts",
    "Judge",
    "Obstacle",
    "Plan",
    "Reason",
    "Remedy",
    "TableError",
    "TableReport",
    "UnknownDeclarationError",
    "check_table",
    "declared_class",
    "explain",
    "gather",
    "load_agency_pack",
    "plan",
    "read_table",
    "try_out",
]
