"""Who acts on a matter, and what of it each may see and do (guideline point 2).

responsible official   writes, judges, confirms, releases
supervisor of the unit reads, countersigns, returns; never their own
auditor of the agency  reads
operator, service key  neither
"""

from __future__ import annotations

import msgspec

from shenyong.registry import Role
from shenyong.review.matter import Matter


class Who(msgspec.Struct, frozen=True):
    """A person at the workbench. `attended` is False for a service key: nobody is there."""

    id: str
    agency: str
    unit: str
    role: Role
    attended: bool = True


def may_read(who: Who, matter: Matter) -> bool:
    """Whether the matter may be shown."""
    if who.agency != matter.agency or not who.attended:
        return False
    if who.id == matter.responsible:
        return True
    if who.role is Role.SUPERVISOR:
        return who.unit == matter.unit
    return who.role is Role.AUDITOR


# guideline: ey-genai-2023:2
def may_write(who: Who, matter: Matter) -> bool:
    """Whether the person may draft, judge, confirm and release: the responsible official."""
    return (
        who.attended
        and who.agency == matter.agency
        and who.id == matter.responsible
        and who.role in (Role.OFFICIAL, Role.SUPERVISOR)
    )


# guideline: ey-genai-2023:2
def may_countersign(who: Who, matter: Matter) -> bool:
    """Whether the person may countersign or return it: a supervisor of the unit, another person."""
    return (
        who.attended
        and who.agency == matter.agency
        and who.unit == matter.unit
        and who.role is Role.SUPERVISOR
        and who.id != matter.responsible
    )
