"""The kinds of records, in the order in which the pages list them."""

from shenyong.governance.kinds import contract, environment, personal, revision, rules, staff, use
from shenyong.governance.record import Kind

KINDS: dict[str, Kind] = {
    each.name: each
    for each in (
        rules.RULES,
        use.USE,
        environment.CONFIRMATION,
        environment.EXEMPTION,
        contract.CONTRACT,
        personal.SUBJECT_REQUEST,
        personal.INCIDENT,
        personal.RETENTION,
        personal.LIKENESS,
        staff.DELEGATION,
        staff.TRAINING,
        staff.RESERVATION,
        revision.COMMENT,
        revision.REVISION,
    )
}


def kind(name: str) -> Kind:
    """The kind of that name. Raises KeyError."""
    return KINDS[name]


__all__ = ["KINDS", "kind"]
