"""A witness cosigns what continues the log that it saw, and nothing that rewrites it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenyong.ledger.checkpoint import Checkpoint, NoteError, SigningKey
from shenyong.ledger.cosignature import Cosigner, WitnessKey, verify_line
from shenyong.ledger.merkle import leaf_hash, root_of
from shenyong.ledger.witness import Refusal, Request, Seen, origin_of, witnessed

pytestmark = pytest.mark.point("ey-genai-2023:0")
KEY = SigningKey("shenyong/a", b"\1" * 32)
OTHER = SigningKey("shenyong/a", b"\2" * 32)
WITNESS = Cosigner("witness.example/w1", b"\3" * 32)


def leaves(count: int, fork_at: int | None = None) -> list[bytes]:
    return [
        leaf_hash(f"{each}{'!' if fork_at is not None and each >= fork_at else ''}".encode())
        for each in range(count)
    ]


def note(hashes: list[bytes], key: SigningKey = KEY) -> bytes:
    return key.sign(Checkpoint("shenyong/a", len(hashes), root_of(hashes)).text())


def asked(old: int, hashes: list[bytes]) -> Request:
    return Request(old, _proof(hashes, old) if old else (), note(hashes))


def _proof(hashes: list[bytes], old: int) -> tuple[bytes, ...]:
    """RFC 6962 2.1.2, written here by the text of the RFC, for the library's takes tiles."""

    def part(m: int, d: list[bytes], whole: bool) -> list[bytes]:
        n = len(d)
        if m == n:
            return [] if whole else [root_of(d)]
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            return [*part(m, d[:k], whole), root_of(d[k:])]
        return [*part(m - k, d[k:], False), root_of(d[:k])]

    return tuple(part(old, hashes, True))


def seen(hashes: list[bytes]) -> Seen:
    return Seen(len(hashes), root_of(hashes).hex())


@given(st.integers(1, 70), st.integers(0, 70))
@settings(max_examples=150)
def test_a_log_that_grew_is_cosigned(size: int, more: int) -> None:
    before, after = leaves(size), leaves(size + more)
    assert witnessed(asked(0, before), KEY.verifying, None).size == size
    told = witnessed(asked(size, after), KEY.verifying, seen(before))
    assert told == Checkpoint("shenyong/a", size + more, root_of(after))


@given(st.integers(1, 60), st.integers(0, 60), st.data())
@settings(max_examples=150)
def test_a_forked_log_is_refused(size: int, more: int, data: st.DataObject) -> None:
    fork_at = data.draw(st.integers(0, size - 1))
    forked = leaves(size + more, fork_at)
    with pytest.raises(Refusal) as refused:
        witnessed(asked(size, forked), KEY.verifying, seen(leaves(size)))
    assert refused.value.status == 422


@given(st.integers(2, 60), st.data())
@settings(max_examples=100)
def test_a_log_that_was_cut_off_is_refused(size: int, data: st.DataObject) -> None:
    short = leaves(data.draw(st.integers(1, size - 1)))
    for old in {0, len(short)}:
        with pytest.raises(Refusal) as refused:
            witnessed(asked(old, short), KEY.verifying, seen(leaves(size)))
        assert (refused.value.status, refused.value.size) == (409, size)
    with pytest.raises(Refusal) as refused:
        witnessed(Request(size, (), note(short)), KEY.verifying, seen(leaves(size)))
    assert refused.value.status == 400


def test_only_the_log_s_own_key_counts() -> None:
    request = Request(0, (), note(leaves(3), OTHER))
    with pytest.raises(Refusal) as refused:
        witnessed(request, KEY.verifying, None)
    assert refused.value.status == 403


def test_a_proof_where_nothing_is_to_be_proved_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        witnessed(Request(0, (b"\0" * 32,), note(leaves(3))), KEY.verifying, None)
    assert refused.value.status == 422


@pytest.mark.parametrize(
    "body",
    [b"", b"old 1", b"old 01\n\nx\n", b"old -1\n\nx\n", b"old 1\n!!\n\nx\n", b"\xff\n\nx",
     b"old 1 2\n\nx", b"new 1\n\nx", b"old 1\nAAAA\n\nx", b"old " + b"9" * 30 + b"\n\nx"],
)  # fmt: skip
def test_what_is_not_well_formed_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        Request.parse(body)
    assert refused.value.status == 400


def test_a_body_is_read_as_it_was_written() -> None:
    request = asked(5, leaves(9))
    assert Request.parse(request.body()) == request
    assert origin_of(request.note) == "shenyong/a"


def test_a_cosignature_and_its_key() -> None:
    text = Checkpoint("shenyong/a", 3, root_of(leaves(3))).text()
    line = WITNESS.line(text, 1_700_000_000)
    key = WitnessKey.parse(str(WITNESS.key))
    assert verify_line(line, text, key).at == 1_700_000_000
    with pytest.raises(NoteError):
        verify_line(line, text.replace(b"\n3\n", b"\n4\n"), key)
    with pytest.raises(NoteError):
        verify_line(line, text, Cosigner("witness.example/w1", b"\4" * 32).key)
    # The log's own reader doesn't take it for the log's signature, nor the other way round.
    with pytest.raises(NoteError):
        WitnessKey.parse(str(KEY.verifying))


@given(st.data())
@settings(max_examples=60)
def test_any_changed_byte_spoils_a_cosignature(data: st.DataObject) -> None:
    text = Checkpoint("shenyong/a", 3, root_of(leaves(3))).text()
    line = bytearray(WITNESS.line(text, 1_700_000_000).encode())
    place = data.draw(st.integers(0, len(line) - 2))
    line[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(NoteError):
        verify_line(line.decode("utf-8", "replace"), text, WITNESS.key)


def test_the_example_of_the_specification() -> None:
    """The cosignature printed in C2SP tlog-cosignature has the key id and the time it says."""
    import base64

    raw = base64.b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIU"
        "BkBIfZ+qnA=="
    )
    assert int.from_bytes(raw[4:12], "big") == 1679315147
    assert len(raw) == 4 + 8 + 64
