from __future__ import annotations

import msgspec
from tests.ledger.growing import intent, outcome, request

from shenyong.ledger import Entry
from shenyong.ledger.books import BACKWARDS, Books

FIRST = intent(1)


def codes(*entries: Entry) -> list[str]:
    books = Books()
    return [code for n, each in enumerate(entries) for code, _ in books.enter(n, each)]


def test_an_intent_and_its_outcome() -> None:
    books = Books()
    assert not list(books.enter(0, FIRST))
    assert books.open == {0: (FIRST.request, 1)}
    assert not list(books.enter(1, outcome(FIRST, 0)))
    assert not books.open


def test_each_request_once_but_again_as_another_attempt() -> None:
    again = msgspec.structs.replace(FIRST, attempt=2)
    assert codes(FIRST, again) == []
    assert codes(FIRST, FIRST) == ["duplicate"]
    ended = outcome(FIRST, 0)
    assert codes(FIRST, ended, ended) == ["duplicate", "orphan_outcome"]
    odd = msgspec.structs.replace(FIRST, request="not a uuid")
    assert codes(odd, odd, FIRST) == ["duplicate"]


def test_outcomes_belong_to_the_intent_that_they_name() -> None:
    ended = outcome(FIRST, 0)
    assert codes(ended) == ["orphan_outcome"]
    assert codes(FIRST, msgspec.structs.replace(ended, intent=1)) == ["orphan_outcome"]
    assert codes(FIRST, msgspec.structs.replace(ended, attempt=2)) == ["orphan_outcome"]
    other = msgspec.structs.replace(ended, request=request(9))
    assert codes(FIRST, other, ended) == ["orphan_outcome"]


def test_clocks_may_differ_a_little() -> None:
    def later(by: int) -> Entry:
        return msgspec.structs.replace(FIRST, request=request(2), at=FIRST.at + by)

    assert codes(FIRST, later(-BACKWARDS)) == []
    assert codes(FIRST, later(-BACKWARDS - 1)) == ["time_reversed"]
    assert codes(FIRST, later(10**12)) == []
