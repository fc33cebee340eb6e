"""Somebody is there for each part that the guideline gives to a person."""

from __future__ import annotations

from collections.abc import Iterator

from shenyong.cli.diagnosis.found import Fault, Look, Place

_NEEDED = ("admin", "auditor", "ciso", "dpo")
"""Roles without which an agency can't carry out a point (points 4, 7 and 10)."""
_ACTIVE = "SELECT id, agency, role, unit, also FROM person WHERE active ORDER BY agency, id"
_NO_ACCOUNT = """
SELECT p.agency, p.id FROM person p LEFT JOIN account a ON a.person = p.id
WHERE p.active AND a.person IS NULL AND p.subject = '' ORDER BY 1, 2
"""
_LOCKED = """
SELECT p.agency, p.id FROM account a JOIN person p ON p.id = a.person
WHERE p.active AND a.locked_until > %s ORDER BY 1, 2
"""
_ADMINS = """
SELECT p.agency, p.id FROM person p JOIN account a ON a.person = p.id
WHERE p.active AND a.totp IS NULL AND (p.role = 'admin' OR p.also ? 'admin')
  AND NOT EXISTS (SELECT 1 FROM passkey k WHERE k.person = p.id) ORDER BY 1, 2
"""
_ORPHANS = """
SELECT m.agency, m.responsible, count(*) FROM matter m JOIN person p ON p.id = m.responsible
WHERE NOT p.active AND m.key IS NOT NULL AND m.stage NOT IN ('released', 'void', 'voided')
GROUP BY 1, 2 ORDER BY 1, 2
"""
_WAITING = """
SELECT agency, kind, count(*) FROM plea WHERE state = 'open' AND created < %s GROUP BY 1, 2
"""
_WEEK = 7 * 86_400_000_000


def _people(at: Place) -> dict[str, list[tuple[str, frozenset[str], str]]]:
    found: dict[str, list[tuple[str, frozenset[str], str]]] = {}
    for person, agency, role, unit, also in at.rows(_ACTIVE):
        found.setdefault(agency, []).append((person, frozenset((role, *also)), unit))
    return found


# guideline: ey-genai-2023:10
def roles(at: Place) -> Iterator[Fault]:
    """Each agency has who administers, audits, confirms and protects."""
    found = _people(at)
    for (agency,) in at.rows("SELECT id FROM agency ORDER BY id"):
        there = frozenset[str]().union(*(each for _, each, _ in found.get(agency, [])))
        for role in _NEEDED:
            if role not in there:
                mend = (
                    f"shenyong user add ID --agency {agency} --name NAME --role {role} "
                    f"--config {at.file}"
                )
                yield Fault("role_empty", mend, f"{agency}: {role}", {"role": role})


# guideline: ey-genai-2023:2
def units(at: Place) -> Iterator[Fault]:
    """Each unit with officials has who countersigns."""
    for agency, people in sorted(_people(at).items()):
        heads = {unit for _, role, unit in people if "supervisor" in role}
        work = {unit for _, role, unit in people if "official" in role}
        for unit in sorted(work - heads):
            mend = (
                f"shenyong user add ID --agency {agency} --name NAME --role supervisor "
                f"--unit {unit} --config {at.file}"
            )
            yield Fault("unit_headless", mend, f"{agency}: {unit}")


def accounts(at: Place) -> Iterator[Fault]:
    """People can sign in, and who administers by more than a password."""
    for agency, person in at.rows(_NO_ACCOUNT):
        yield Fault("account_none", f"shenyong user password {person} --config {at.file}",
                    f"{agency}: {person}", advice=True)  # fmt: skip
    for agency, person in at.rows(_LOCKED, at.now // 1_000_000):
        yield Fault("account_locked", f"shenyong user password {person} --config {at.file}",
                    f"{agency}: {person}", advice=True)  # fmt: skip
    for agency, person in at.rows(_ADMINS):
        yield Fault("admin_one_factor", f"xdg-open {at.settings.server.url}/account",
                    f"{agency}: {person}", advice=True)  # fmt: skip


def orphans(at: Place) -> Iterator[Fault]:
    """Nobody who has left is responsible for a matter that is open."""
    for agency, person, count in at.rows(_ORPHANS):
        yield Fault("matter_orphaned", f"xdg-open {at.settings.server.url}/office/delegation",
                    f"{agency}: {person}, {count}")  # fmt: skip


def waiting(at: Place) -> Iterator[Fault]:
    """What a second person is asked for is decided within a week."""
    for agency, kind, count in at.rows(_WAITING, at.now - _WEEK):
        yield Fault("plea_waiting", f"xdg-open {at.settings.server.url}/",
                    f"{agency}: {kind}, {count}", advice=True)  # fmt: skip


LOOKS: tuple[Look, ...] = (roles, units, accounts, orphans, waiting)
