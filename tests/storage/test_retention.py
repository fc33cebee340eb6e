"""What is older than its rule is erased for good, and that is recorded; the log is kept."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

import pytest
from tests.storage.logs import execute
from tests.storage.test_matters import AGENCY, LIN, SECRET, begun, keys, new, step

from shenyong.governance import KINDS, Actor, Record, act, opened
from shenyong.governance.form import Values
from shenyong.governance.record import Refused
from shenyong.ledger import Admin
from shenyong.registry import Role
from shenyong.storage.matters import Matters
from shenyong.storage.migrate import engine_for
from shenyong.storage.pool import Pool
from shenyong.storage.records import Records
from shenyong.storage.retention import Swept, rules_of, sweep

pytestmark = pytest.mark.point("ey-genai-2023:7")
RETENTION = KINDS["retention"]
DAY = 86_400_000_000
DPO = Actor("yeh", AGENCY, frozenset({Role.DPO}))
HEAD = Actor("su", AGENCY, frozenset({Role.SUPERVISOR}))


def now() -> int:
    return time.time_ns() // 1000


def entry(action: str, subject: str = "") -> Admin:
    return Admin(AGENCY, str(uuid.uuid4()), now(), "retention", action, subject)


def swept_entry(agency: str, subject: str) -> Admin:
    assert agency == AGENCY
    return entry("retention.sweep", subject)


def ruled(what: str, days: int, at: int, *, approve: bool = True) -> Record:
    values: Values = {"what": what, "days": str(days), "ground": "x"}
    name = str(uuid.uuid4())
    record = opened(RETENTION, DPO, at, values, id=name, number=name[:8])
    if not approve:
        return record
    return act(RETENTION, record, RETENTION.action("approve"), HEAD, at=at + 1, values={})


def test_the_newest_approved_rule_counts_and_a_draft_does_not() -> None:
    rules = [ruled("matters", 30, 10), ruled("matters", 60, 20), ruled("uploads", 1, 5)]
    drafts = [ruled("matters", 1, 99, approve=False)]
    assert rules_of([*rules, *drafts]) == {"matters": 60, "uploads": 1}


def test_a_rule_below_the_floor_can_not_be_made() -> None:
    with pytest.raises(Refused, match="log_floor"):
        ruled("log", 182, 1)
    assert rules_of([ruled("log", 183, 1)]) == {"log": 183}


def test_old_matters_are_erased_for_good_and_the_log_tells(
    new_database: Callable[..., str],
) -> None:
    dsn = new_database()
    engine, at = engine_for(dsn), now()
    records = Records(engine, keys)

    async def filled() -> tuple[str, str]:
        await begun(dsn)
        pool = Pool(dsn)
        matters = Matters(pool, keys)
        old, fresh = new("old"), new("fresh")
        for each in (old, fresh):
            await matters.create(each, (step("matter.create"),))
        await pool.close()
        return old.matter.id, fresh.matter.id

    old, fresh = asyncio.run(filled())
    execute(dsn, "UPDATE matter SET updated = %s WHERE id = %s", at - 40 * DAY, old)
    execute(dsn, "UPDATE matter SET updated = %s WHERE id = %s", at - 20 * DAY, fresh)
    records.add(ruled("matters", 30, at), entry("retention.open"))

    def kept() -> dict[str, bool]:
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT number, key IS NOT NULL FROM matter").all()
        return {str(number): bool(there) for number, there in rows}

    # Counting changes nothing.
    would = sweep(engine, records, [AGENCY], at, entry=None)
    assert would == (Swept(AGENCY, "matters", 30, 1),)
    assert kept() == {"old": True, "fresh": True}

    with engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM ledger_entry").scalar_one()
    assert sweep(engine, records, [AGENCY], at, entry=swept_entry) == would
    assert kept() == {"old": False, "fresh": True}
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT key, sealed FROM matter WHERE number = 'old'")
        assert [tuple(row) for row in rows] == [(None, b"")]
        leaves = [
            bytes(row[0]).decode()
            for row in connection.exec_driver_sql("SELECT leaf FROM ledger_entry ORDER BY idx")
        ]
        dead = connection.exec_driver_sql(
            "SELECT count(*) FROM matter WHERE length(sealed) = 0"
        ).scalar_one()
    assert dead == 1
    assert len(leaves) == before + 1
    assert '"subject":"matters:1"' in leaves[-1]
    assert not any(SECRET in each for each in leaves)

    async def read() -> tuple[object, object]:
        pool = Pool(dsn)
        matters = Matters(pool, keys)
        found = await matters.get(old), await matters.get(fresh)
        await pool.close()
        return found

    gone, there = asyncio.run(read())
    assert gone is None
    assert there is not None
    # Nothing is left to do: the next sweep erases nothing and records nothing.
    assert sweep(engine, records, [AGENCY], at, entry=swept_entry)[0].count == 0
    with engine.connect() as connection:
        after = connection.exec_driver_sql("SELECT count(*) FROM ledger_entry").scalar_one()
    assert after == before + 1
    engine.dispose()


def test_each_kind_by_its_own_days(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    asyncio.run(begun(dsn))
    engine, at = engine_for(dsn), now()
    records, seconds = Records(engine, keys), at // 1_000_000
    for what, days in (("uploads", 2), ("sessions", 3), ("refused_turns", 10), ("pleas", 30),
                       ("log", 400)):  # fmt: skip
        records.add(ruled(what, days, at), entry("retention.open"))
    for age in (1, 5, 40):
        then = seconds - age * 86_400
        execute(
            dsn, "INSERT INTO uploaded_file VALUES (%s, %s, 'k', '', 1, 'x', %s, %s)",
            f"f{age}", AGENCY, then, seconds + 99,
        )  # fmt: skip
        execute(
            dsn, "INSERT INTO web_session VALUES (%s, %s, '', %s, %s, '')",
            str(age).encode(), LIN.id, then, then,
        )  # fmt: skip
        execute(
            dsn, "INSERT INTO denied_turn VALUES (%s, %s, %s)",
            str(age).encode(), str(uuid.uuid4()), then + 30 * 86_400,
        )  # fmt: skip
        for state in ("open", "granted"):
            execute(
                dsn,
                "INSERT INTO plea VALUES (%s, 'appeal', %s, 'u', %s, %s, %s, '', %s, 0, '', 0)",
                str(uuid.uuid4()), AGENCY, str(uuid.uuid4()), LIN.id, state, then * 1_000_000,
            )  # fmt: skip
    found = {each.what: each.count for each in sweep(engine, records, [AGENCY], at,
                                                     entry=swept_entry)}  # fmt: skip
    assert found == {"uploads": 2, "sessions": 2, "refused_turns": 1, "pleas": 1}
    with engine.connect() as connection:
        left = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("uploaded_file", "web_session", "denied_turn", "plea")
        }
    assert left == {"uploaded_file": 1, "web_session": 1, "denied_turn": 2, "plea": 5}
    engine.dispose()
