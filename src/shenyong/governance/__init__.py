"""What officers decide about the use of AI: rules, uses, environments, contracts, incidents.

What it is for: points 7 (own rules and internal controls), 8 (contractors), 9 and 10 (whom the
guideline binds), the general statement (assessment, accountability) and the rolling revision.
Every such decision is a *record* of a *kind*: a form, states, and actions that name who may take
them; one engine carries all of them out, so four eyes, history and the ledger's entry are the same
everywhere.

Invariants:
    * An action is taken only from the states and by the roles that its kind names; one that wants
      another person is never taken by anybody who took the steps that it judges.
    * A record never forgets a step: who, when, what was said.
    * Pure: values in, a record and what follows from it out; the shell stores and records.

What it leaves to others: storing and the ledger (`storage.records`), pages (`web`).
"""

from shenyong.governance.form import Field, Problem, read_form
from shenyong.governance.kinds import KINDS, kind
from shenyong.governance.record import Action, Actor, Kind, Record, Refused, Taken, act, opened

__all__ = [
    "KINDS",
    "Action",
    "Actor",
    "Field",
    "Kind",
    "Problem",
    "Record",
    "Refused",
    "Taken",
    "act",
    "kind",
    "opened",
    "read_form",
]
