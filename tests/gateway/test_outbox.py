"""A queue that nobody waits for: bounded, sent by a thread, and honest about what it lost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from shenyong.gateway.outbox import Outbox


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)


class Other:
    """The other side: takes, refuses or hangs."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.refuses = self.broken = False
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()
        self.lost: Counter[str] = Counter()

    def deliver(self, items: Sequence[int]) -> None:
        self.asked += 1
        assert self.gate.wait(20)
        if self.broken:
            raise KeyError("a fault of ours")
        if self.refuses:
            raise ConnectionRefusedError
        self.got += items

    def let_go(self, reason: str, count: int) -> None:
        self.lost[reason] += count

    def box(self, most: int = 100) -> Outbox[int]:
        return Outbox(self.deliver, self.let_go, most=most, name="test", grace_seconds=0.3)


def test_everything_arrives_in_its_order():
    other = Other()
    box = other.box(10_000)
    for each in range(5000):
        box.offer(each)
    until(lambda: len(other.got) == 5000)
    assert other.got == list(range(5000))
    assert other.asked < 5000, "many at once"
    box.close()
    assert not other.lost


def test_what_the_other_side_refuses_is_kept_until_it_takes_it():
    other = Other()
    other.refuses = True
    box = other.box()
    for each in range(10):
        box.offer(each)
    until(lambda: other.asked >= 2)
    assert (other.got, len(box)) == ([], 10)
    other.refuses = False
    until(lambda: other.got == list(range(10)))
    box.close()
    assert not other.lost


def test_one_that_hangs_holds_up_nobody_and_what_does_not_fit_is_counted():
    other = Other()
    other.gate.clear()
    box = other.box(100)
    box.offer(0)
    until(lambda: other.asked)
    longest = 0.0
    for each in range(1, 1000):
        before = time.thread_time()
        box.offer(each)
        longest = max(longest, time.thread_time() - before)
    assert longest < 0.01
    assert other.lost == {"full": 900}
    other.gate.set()
    until(lambda: len(box) == 0)
    assert other.got == list(range(100)), "the oldest: they say how it began"
    box.close()


def test_the_end_waits_a_moment_and_counts_what_is_left():
    other = Other()
    other.refuses = True
    box = other.box()
    for each in range(7):
        box.offer(each)
    before = time.monotonic()
    box.close()
    assert time.monotonic() - before < 2
    assert other.lost == {"unsent": 7}
    box.offer(8)
    assert other.lost == {"unsent": 7, "full": 1}, "after the end nothing is taken"


def test_the_end_sends_what_waits():
    other = Other()
    other.gate.clear()
    box = other.box()
    for each in range(7):
        box.offer(each)
    threading.Timer(0.05, other.gate.set).start()
    box.close()
    assert other.got == list(range(7))
    assert not other.lost


def test_a_fault_of_ours_costs_its_batch_and_no_more():
    other = Other()
    other.broken = True
    box = other.box()
    box.offer(1)
    until(lambda: other.lost == {"unsent": 1})
    other.broken = False
    box.offer(2)
    until(lambda: other.got == [2])
    box.close()


def test_one_that_was_never_used_ends_at_once():
    box = Other().box()
    box.close()
