"""One number for a request: a UUIDv7 that tells its time and nothing else."""

from __future__ import annotations

import time
import uuid

from shenyong.gateway.ids import new_request_id, now_us


def milliseconds(request_id: str) -> int:
    """The time in the number (RFC 9562, 5.7: the first 48 bits)."""
    return uuid.UUID(request_id).int >> 80


def next_millisecond() -> None:
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        time.sleep(0.0002)


def test_it_is_a_uuid_of_version_7_and_of_the_rfcs_variant():
    for _ in range(2000):
        read = uuid.UUID(new_request_id())
        assert read.version == 7
        assert read.variant == uuid.RFC_4122


def test_it_is_written_as_the_rfc_writes_it():
    for _ in range(200):
        request_id = new_request_id()
        assert str(uuid.UUID(request_id)) == request_id, "36 characters in lower case"


def test_it_holds_the_moment_in_which_it_was_made():
    before = time.time_ns() // 1_000_000
    request_id = new_request_id()
    after = time.time_ns() // 1_000_000
    assert before <= milliseconds(request_id) <= after


def test_later_ones_sort_after_earlier_ones_as_text_and_as_numbers():
    made = []
    for _ in range(10):
        made.append(new_request_id())
        next_millisecond()
    assert made == sorted(made)
    assert made == sorted(made, key=lambda each: uuid.UUID(each).int)


def test_no_two_are_the_same():
    assert len({new_request_id() for _ in range(50_000)}) == 50_000


def test_every_bit_that_may_be_random_is():
    made = [uuid.UUID(new_request_id()).int for _ in range(500)]
    fixed = (1 << 128) - 1 - ((1 << 80) - 1)  # the time
    fixed |= 0xF << 76 | 0b11 << 62  # version and variant
    seen_one = seen_zero = 0
    for each in made:
        seen_one |= each
        seen_zero |= ~each
    free = ((1 << 128) - 1) & ~fixed
    assert free.bit_count() == 74
    assert seen_one & free == free, "each is one somewhere"
    assert seen_zero & free == free, "and zero somewhere"


def test_the_time_of_a_request_is_in_microseconds_of_utc():
    before = time.time_ns()
    now = now_us()
    assert before // 1000 <= now <= time.time_ns() // 1000
