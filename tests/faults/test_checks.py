"""The comparison finds what it must find: each kind of wrong is put there, and is named."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from faults.checks import Checks
from faults.soak import Sample, judged, slope
from faults.stand import Stand
from tests.house import AGENCY

from faults.load import Seen, told


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    made = Stand(workers=1, pages=True, clients=3)
    try:
        made.go()
        assert made.load.wait_served(30, 60)
        assert made.desk is not None
        until = time.monotonic() + 60
        while made.desk.counts["edits"] < 2 and time.monotonic() < until:
            time.sleep(0.05)
        made.rest()
        yield made
    finally:
        made.close()


@pytest.fixture
def checks(stand: Stand) -> Checks:
    return Checks(stand, seconds=1.0)


@pytest.mark.slow
def test_a_house_at_work_is_in_order(stand: Stand, checks: Checks) -> None:
    assert checks.look(proofs=True) == []
    assert checks.calls == len(stand.model.received) > 10
    assert stand.desk is not None
    assert stand.desk.saved


def test_a_call_without_an_intent(stand: Stand, checks: Checks) -> None:
    stand.model.received.append('{"messages": [{"content": "第999號"}]}'.encode())
    try:
        assert checks.look(proofs=False) == ["I1 call without an intent: 1 (999)"]
    finally:
        stand.model.received.pop()


def test_an_intent_that_came_after_its_call(stand: Stand, checks: Checks) -> None:
    stand.witnessed.sizes[told(stand.model.received[3])] = 0
    (wrong,) = checks.look(proofs=False)
    assert wrong.startswith("I1 intent after its call: 1")


def test_a_call_that_came_twice(stand: Stand, checks: Checks) -> None:
    stand.model.received.append(stand.model.received[0])
    try:
        (wrong,) = checks.look(proofs=False)
        assert "I2 twice" in wrong
    finally:
        stand.model.received.pop()


def test_an_answer_that_is_not_recorded(stand: Stand, checks: Checks) -> None:
    stand.load.seen.append(Seen("7", "w", 200, "nobody", True, "", 0.1, 0.0))
    (wrong,) = checks.look(proofs=False)
    assert wrong.startswith("I2 ended well, not recorded: 1 (7 nobody)")


def test_an_intent_that_stays_open(stand: Stand, checks: Checks) -> None:
    row = stand.database.execute(
        "DELETE FROM ledger_entry WHERE type = 'outcome' AND agency = %s AND idx = "
        "(SELECT max(idx) FROM ledger_entry WHERE type = 'outcome') RETURNING idx, agency, "
        "request_id, attempt, type, leaf, leaf_hash",
        AGENCY,
    )[0]
    try:
        assert any(each.startswith("I2 open intent: 1") for each in checks.look(proofs=False))
    finally:
        stand.database.execute(
            "INSERT INTO ledger_entry (idx, agency, request_id, attempt, type, leaf, leaf_hash) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            *row,
        )


def test_half_a_state_in_review(stand: Stand, checks: Checks) -> None:
    stand.database.execute("UPDATE matter SET version = version + 1")
    try:
        wrong = checks.look(proofs=False)
    finally:
        stand.database.execute("UPDATE matter SET version = version - 1")
    assert wrong
    assert all("two states" in each for each in wrong)
    assert Checks(stand).look(proofs=False) == []


def test_a_step_without_its_entry(stand: Stand, checks: Checks) -> None:
    stand.database.execute(
        "INSERT INTO matter_step (matter, version, at, actor, action, entry) "
        "SELECT id, version, 0, 'lin', 'draft.edit', 999999 FROM matter LIMIT 1"
    )
    try:
        (wrong,) = checks.look(proofs=False)
        assert "are not the entries" in wrong
    finally:
        stand.database.execute("DELETE FROM matter_step WHERE entry = 999999")


def _samples(**grow: float) -> list[Sample]:
    """An hour, with noise that is the same each time; `grow` by so much in all."""
    made = []
    for number in range(360):
        part, noise = number / 360, (number * 7919 % 101) / 101 - 0.5
        made.append(
            Sample(
                number * 10.0,
                400 + 2 * noise + grow.get("rss", 0) * part,
                round(90 + noise + grow.get("fds", 0) * part),
                9 + noise,
                30 + 8 * noise + grow.get("p99", 0) * part,
                500,
            )
        )
    return made


def test_a_flat_hour_is_flat() -> None:
    found = judged(_samples(), minutes=60, rate=50, done=180_000, failed=0, wrong=())
    assert found.violations == []
    assert abs(found.rss_slope) < 0.2


@pytest.mark.parametrize(("what", "by"), [("rss", 60.0), ("fds", 12.0), ("p99", 15.0)])
def test_growth_is_found(what: str, by: float) -> None:
    found = judged(_samples(**{what: by}), minutes=60, rate=50, done=180_000, failed=0, wrong=())
    (wrong,) = found.violations
    assert wrong.startswith(what)


def test_a_slope_is_by_the_hour() -> None:
    assert slope([(0, 10.0), (1800, 15.0), (3600, 20.0)]) == pytest.approx(10.0)
