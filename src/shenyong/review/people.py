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
    also: frozenset[Role] = frozenset()  # further roles, and those lent by a delegation

    @property
    def roles(self) -> frozenset[Role]:
        """All roles of this moment."""
        return self.also | {self.role}


def may_read(who: Who, matter: Matter) -> bool:
    """Whether the matter may be shown."""
    if who.agency != matter.agency or not who.attended:
        return False
    if who.id == matter.responsible:
        return True
    if Role.SUPERVISOR in who.roles and who.unit == matter.unit:
        return True
    return Role.AUDITOR in who.roles


# guideline: ey-genai-2023:2
def may_write(who: Who, matter: Matter) -> bool:
    """Whether the person may draft, judge, confirm and release: the responsible official."""
    return (
        who.attended
        and who.agency == matter.agency
        and who.id == matter.responsible
        and bool(who.roles & {Role.OFFICIAL, Role.SUPERVISOR})
    )


# guideline: ey-genai-2023:2
def may_countersign(who: Who, matter: Matter) -> bool:
    """Whether the person may countersign or return it: a supervisor of the unit, another person."""
    return (
        who.attended
        and who.agency == matter.agency
        and who.unit == matter.unit
        and Role.SUPERVISOR in who.roles
        and who.id != matter.responsible
    )
