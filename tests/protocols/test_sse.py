"""Server-sent events, cut anywhere (reliability.md 2.4)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.protocols import sse

STREAM = (
    '\ufeff: hello\r\ndata: {"a":"王"}\r\n\r\nevent: x\rdata:one\rdata: two\r\r'
    "id: 7\nretry: 3\ndata\n\ndata: [DONE]\n\n"
).encode()
EVENTS = [
    sse.Event('{"a":"王"}'.encode()),
    sse.Event(b"one\ntwo", b"x"),
    sse.Event(b""),
    sse.Event(b"[DONE]"),
]


def parsed(*pieces: bytes) -> list[sse.Event]:
    parser = sse.Parser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_whole() -> None:
    assert parsed(STREAM) == EVENTS
    assert EVENTS[-1].done


def test_every_split_in_two() -> None:
    for cut in range(len(STREAM) + 1):
        assert parsed(STREAM[:cut], STREAM[cut:]) == EVENTS
        assert parsed(STREAM[:cut], b"", STREAM[cut:]) == EVENTS


def test_every_split_of_a_short_stream() -> None:
    short = b"data:1\r\n\rdata:2\n\n"
    for mask in range(2 ** (len(short) - 1)):
        pieces, begin = [], 0
        for cut in range(1, len(short)):
            if mask >> (cut - 1) & 1:
                pieces.append(short[begin:cut])
                begin = cut
        assert parsed(*pieces, short[begin:]) == [sse.Event(b"1"), sse.Event(b"2")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_split(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(STREAM)]
    assert parsed(*(STREAM[a:b] for a, b in pairwise(bounds))) == EVENTS


@given(st.lists(st.text(), max_size=5), st.integers(1, 7))
def test_what_was_written_is_read(texts: list[str], step: int) -> None:
    wire = b"".join(sse.event(text.encode()) for text in texts)
    pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
    wanted = [text.replace("\r\n", "\n").replace("\r", "\n").encode() for text in texts]
    assert [event.data for event in parsed(*pieces)] == wanted


def test_an_event_cannot_be_forged_from_inside() -> None:
    wire = sse.event(b"x\n\ndata: forged\r\revent: y")
    assert parsed(wire) == [sse.Event(b"x\n\ndata: forged\n\nevent: y")]
    assert parsed(sse.comment("a\n\ndata: forged")) == []


def test_a_broken_off_event_is_dropped() -> None:
    parser = sse.Parser()
    assert parser.feed(b"data: 1\n") == []
    assert parser.finish()
    whole = sse.Parser()
    assert whole.feed(b"data: 1\n\n")
    assert not whole.finish()


def test_limits() -> None:
    parser = sse.Parser(limit=100)
    for _ in range(100):
        parser.feed(b"x")
    with pytest.raises(sse.SseError):
        parser.feed(b"x")
    parser = sse.Parser(limit=100)
    with pytest.raises(sse.SseError):
        parser.feed(b"data: 1234567890\n" * 11)
