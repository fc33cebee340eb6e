"""What is recorded does not run back when the machine's clock does."""

from __future__ import annotations

import time

import pytest

from shenyong.gateway.ids import new_request_id
from shenyong.ledger import Admin, encode
from shenyong.storage import clock
from shenyong.storage.clock import Clock, stamped

HOUR = 3_600_000_000


def _entry(at: int) -> Admin:
    return Admin("a", new_request_id(), at, "wu", "test")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The machine's clock, which a test may set: nanoseconds off the real one."""
    off = {"by": 0}
    real = time.time_ns
    monkeypatch.setattr(clock.time, "time_ns", lambda: real() + off["by"])
    return off


def test_it_goes_on_where_the_machine_goes_back(machine: dict[str, int]) -> None:
    ours = Clock()
    before = ours.now()
    machine["by"] = -HOUR * 1000
    after = ours.now()
    assert before <= after < before + 5_000_000
    assert before <= ours.now() < before + 5_000_000, "it runs on, it does not stand still"
    machine["by"] = HOUR * 1000
    assert ours.now() > before + HOUR - 5_000_000, "forward it goes with the machine"
    machine["by"] = 0
    assert ours.now() > before + HOUR - 5_000_000


def test_it_begins_no_earlier_than_what_is_recorded() -> None:
    ours = Clock()
    later = ours.now() + HOUR
    ours.after(encode(_entry(later)))
    assert ours.now() >= later
    ours.after(b"not an entry")
    ours.not_before(0)
    assert ours.now() >= later


def test_an_entry_gets_a_time_that_fits_its_place() -> None:
    now = clock.CLOCK.now()
    fresh = _entry(now)
    assert stamped(fresh) is fresh
    old = stamped(_entry(now - 30_000_000))
    assert old.at >= now, "what was inspected for half a minute is recorded when it is recorded"
    ahead = stamped(_entry(now + HOUR))
    assert now <= ahead.at < now + 5_000_000


def test_request_ids_are_in_the_order_of_time(machine: dict[str, int]) -> None:
    first = new_request_id()
    machine["by"] = -HOUR * 1000
    second = new_request_id()
    assert second[:13] >= first[:13], "a recovery looks from a worker's start on"
