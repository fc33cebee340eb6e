"""Retention: what is older than the officers' rule for its kind is erased, and that is recorded.

    retention records, approved by two ──▶ days for each kind ──▶ sweep: rows older than that
                                                                    └─▶ an entry in the agency's log

A matter's key is thrown away and its sealed bytes with it; the entries of the log stay, they hold
keyed digests and no content (個資法 11). The log itself is never swept: a rule for it is a promise
of how long it is kept at least, and one below six months can't be made (資通安全管理法施行細則).
An old row version holds the wrapped key until PostgreSQL vacuums, so a sweep vacuums too.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import Connection, Engine

from shenyong.governance import Record
from shenyong.governance.form import text
from shenyong.governance.kinds.personal import KEPT, LOG_FLOOR_DAYS
from shenyong.ledger import Admin
from shenyong.storage.records import Records, append
from shenyong.storage.turns import KEPT_SECONDS

_DAY = 86_400
_MICRO = 1_000_000
_VACUUMED = ("matter", "record", "plea", "uploaded_file", "web_session")
EntryOf = Callable[[str, str], Admin]
"""The entry that says so, of an agency and a subject (``matters:3``)."""

_SWEEPS: dict[str, tuple[str, str]] = {
    "matters": (
        "UPDATE matter SET key = NULL, sealed = '' WHERE agency = %(agency)s AND key IS NOT NULL "
        "AND updated < %(before_us)s",
        "SELECT count(*) FROM matter WHERE agency = %(agency)s AND key IS NOT NULL "
        "AND updated < %(before_us)s",
    ),
    "pleas": (
        "DELETE FROM plea WHERE agency = %(agency)s AND state <> 'open' "
        "AND created < %(before_us)s AND until < %(now)s",
        "SELECT count(*) FROM plea WHERE agency = %(agency)s AND state <> 'open' "
        "AND created < %(before_us)s AND until < %(now)s",
    ),
    "uploads": (
        "DELETE FROM uploaded_file WHERE agency = %(agency)s AND created < %(before)s",
        "SELECT count(*) FROM uploaded_file WHERE agency = %(agency)s AND created < %(before)s",
    ),
    "sessions": (
        "DELETE FROM web_session USING person WHERE web_session.person = person.id "
        "AND person.agency = %(agency)s AND web_session.created < %(before)s",
        "SELECT count(*) FROM web_session JOIN person ON web_session.person = person.id "
        "WHERE person.agency = %(agency)s AND web_session.created < %(before)s",
    ),
    # Of no agency's by its row: the digests are keyed, so the strictest rule holds for all.
    "refused_turns": (
        "DELETE FROM denied_turn WHERE expires - %(kept)s < %(before)s",
        "SELECT count(*) FROM denied_turn WHERE expires - %(kept)s < %(before)s",
    ),
}
"""For each kind: what erases, and what only counts. Tables keep seconds, or µs (``_us``, now)."""


class Swept(msgspec.Struct, frozen=True):
    """What a rule erased (or would erase): how many, older than how many days."""

    agency: str
    what: str
    days: int
    count: int


def rules_of(records: Iterable[Record]) -> dict[str, int]:
    """Days by kind, of the retention records that are approved: the newest approval counts."""
    newest: dict[str, tuple[int, int]] = {}
    for each in records:
        approved = each.last("approve")
        what, days = text(each.values, "what"), text(each.values, "days")
        if each.state != "approved" or approved is None or what not in KEPT or not days.isdigit():
            continue
        if what == "log" and int(days) < LOG_FLOOR_DAYS:
            continue  # can't be made; one that somehow is there is not heeded
        newest[what] = max(newest.get(what, (0, 0)), (approved.at, int(days)))
    return {what: days for what, (_, days) in newest.items()}


def sweep(
    engine: Engine,
    records: Records,
    agencies: Iterable[str],
    now: int,
    *,
    entry: EntryOf | None,
) -> tuple[Swept, ...]:
    """Erase what is too old, each agency's in one transaction with its entry; what was erased.

    Without `entry` nothing is erased: it is counted. `now` is UTC in microseconds.

    Raises:
        LedgerUnavailableError: an agency has no log; what is its own is not erased then.
    """
    found: list[Swept] = []
    for agency in agencies:
        days = rules_of(records.listed(agency, "retention", "approved"))
        with engine.begin() as connection:
            for what in sorted(days.keys() & _SWEEPS.keys()):
                count = _one(connection, agency, what, days[what], now, erase=entry is not None)
                found.append(Swept(agency, what, days[what], count))
                if entry is not None and count:
                    append(connection, entry(agency, f"{what}:{count}"))
    if entry is not None:
        vacuum(engine)
    return tuple(found)


def _one(
    connection: Connection, agency: str, what: str, days: int, now: int, *, erase: bool
) -> int:
    before = now // _MICRO - days * _DAY
    values = {
        "agency": agency, "before": before, "before_us": before * _MICRO, "now": now,
        "kept": KEPT_SECONDS,
    }  # fmt: skip
    erasing, counting = _SWEEPS[what]
    if erase:
        return connection.exec_driver_sql(erasing, values).rowcount
    return int(connection.exec_driver_sql(counting, values).scalar_one())


def vacuum(engine: Engine) -> None:
    """Let go of old row versions, which still hold wrapped keys and sealed bytes."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in _VACUUMED:
            connection.exec_driver_sql(f"VACUUM {table}")
