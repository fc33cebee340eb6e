from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.ledger.digest import Digester

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.mark.point("ey-genai-2023:4")
def test_without_the_key_a_digest_finds_nothing() -> None:
    """A bare hash of an ID number can be searched; this one can't without the agency's key."""
    number = b"A123456789"
    found = Digester(KEY).body(number)
    assert found != hashlib.sha256(number).hexdigest()
    assert found != Digester(OTHER).body(number)
    expected = hmac.new(KEY, b"shenyong/body/1\0" + number, hashlib.sha256).hexdigest()
    assert found == expected


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_a_stream_has_the_digest_of_its_whole(parts: list[bytes]) -> None:
    digester = Digester(KEY)
    tally = digester.tally()
    for each in parts:
        tally.add(each)
    assert tally.digest() == digester.body(b"".join(parts))
    assert tally.size == sum(len(each) for each in parts)


def test_turns_are_told_apart_by_credential_and_user() -> None:
    digester = Digester(KEY)
    found = {
        digester.turn("k1", "u1", "text"),
        digester.turn("k2", "u1", "text"),
        digester.turn("k1", "u2", "text"),
        digester.turn("k1", "u1", "text2"),
        digester.body(b"text"),
    }
    assert len(found) == 5
    assert digester.turn("k1", "u1", "\ud800")  # a lone surrogate is a text too


def test_a_key_has_32_bytes() -> None:
    for wrong in (b"", b"x" * 31, b"x" * 33):
        with pytest.raises(ValueError, match="32 bytes"):
            Digester(wrong)
