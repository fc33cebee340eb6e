"""Who is let in: never more than the limit, and nobody is starved by somebody else's load."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.gateway.admission import LATE_SECONDS, TARGET_SECONDS, Admission

CALLER = st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"))


@given(st.integers(1, 40), st.lists(st.tuples(CALLER, st.booleans()), max_size=200))
def test_never_more_than_the_limit_and_every_count_comes_back(
    limit: int, wishes: list[tuple[tuple[str, str], bool]]
) -> None:
    door = Admission(limit)
    inside: list[tuple[str, str]] = []
    for caller, comes in wishes:
        if comes:
            if door.enter(*caller):
                inside.append(caller)
        elif inside:
            door.leave(*inside.pop())
        assert door.open == len(inside) <= limit
    for caller in inside:
        door.leave(*caller)
    assert door.open == 0
    assert not door._agencies
    assert not door._keys


@given(st.integers(20, 200), st.integers(1, 5))
def test_who_asks_little_is_let_in_however_much_others_ask(limit: int, greedy: int) -> None:
    door = Admission(limit)
    for _ in range(limit):
        for number in range(greedy):
            door.enter(f"greedy-{number}", "key")
    assert door.enter("small", "key")


def test_one_key_does_not_take_its_agency_s_share() -> None:
    door = Admission(40)
    assert door.enter("A", "quiet")
    held = sum(door.enter("A", "loud") for _ in range(100))
    assert 18 <= held <= 20
    assert all(door.enter("A", "quiet") for _ in range(15))


def test_a_late_loop_lets_fewer_in_and_recovers() -> None:
    door = Admission(100)
    for _ in range(30):
        door.late(LATE_SECONDS * 4)
    assert 20 <= door.limit <= 32
    for _ in range(30):
        door.late(0)
    assert door.limit == 100


def served(door: Admission, seconds: float, *, number: int = 400) -> None:
    """`number` requests that cost `seconds` of the processor each, told twenty times."""
    used = 1.0
    for _ in range(20):
        door.used(used)
        for _ in range(number // 20):
            assert door.enter("A", "key")
            door.leave("A", "key")
        used += seconds * (number // 20)
    door.used(used)


@given(st.floats(0.0005, 0.02))
def test_no_more_wait_for_this_worker_than_it_serves_in_the_time_aimed_at(cost: float) -> None:
    door = Admission(1000)
    served(door, cost)
    held = 0
    while door.enter(f"agency-{held % 50}", "key"):
        held += 1
    assert held * cost <= TARGET_SECONDS * 1.05


def test_who_waits_for_a_model_takes_no_room_of_this_worker() -> None:
    door = Admission(500)
    served(door, 0.01)
    assert door.limit == 25
    with door.elsewhere, door.elsewhere:
        assert door.limit == 27
    assert door.limit == 25


def test_a_model_that_hangs_leaves_room_for_the_others() -> None:
    door = Admission(40)
    assert sum(door.ask("slow") for _ in range(100)) == 30
    assert door.ask("other")
    door.answered("slow")
    assert door.ask("slow")
    assert not door.ask("slow")
