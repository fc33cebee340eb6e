"""Receipts: offline proof that one entry is in the log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.growing import KEY, entries, grow

from shenyong.ledger.checkpoint import SigningKey
from shenyong.ledger.merkle import ProofError, inclusion_proof
from shenyong.ledger.proof import HEADER, Receipt, verify_receipt
from shenyong.ledger.tiles import subtree_from

SIZE = 300
LOG = grow(entries(SIZE))
SUBTREE = subtree_from(lambda level, index: LOG.tiles.get((level, index), b""))


def receipt(index: int, extra: bytes = b"") -> Receipt:
    return Receipt(index, tuple(inclusion_proof(SUBTREE, index, SIZE)), LOG.notes[0], extra)


@pytest.mark.point("ey-genai-2023:5")
@given(st.integers(0, SIZE - 1), st.binary(max_size=40))
def test_a_receipt_survives_its_file_and_proves_its_entry(index: int, extra: bytes) -> None:
    made = receipt(index, extra)
    read = Receipt.parse(made.text())
    assert read == made
    assert verify_receipt(read, LOG.leaves[index], KEY.verifying).size == SIZE
    with pytest.raises(ProofError):
        verify_receipt(read, LOG.leaves[index - 1], KEY.verifying)


@given(st.integers(0, SIZE - 1), st.data())
def test_no_flipped_bit_proves_anything(index: int, data: st.DataObject) -> None:
    text = bytearray(receipt(index).text())
    place = data.draw(st.integers(0, len(text) * 8 - 1))
    text[place // 8] ^= 1 << place % 8
    with pytest.raises(ProofError):
        verify_receipt(Receipt.parse(bytes(text)), LOG.leaves[index], KEY.verifying)


def test_another_key_or_another_log_proves_nothing() -> None:
    made = receipt(5)
    for name, seed in ((KEY.verifying.name, b"\7" * 32), ("shenyong/other", b"\1" * 32)):
        with pytest.raises(ProofError):
            verify_receipt(made, LOG.leaves[5], SigningKey(name, seed).verifying)


def test_the_file_is_written_as_the_specification_says() -> None:
    lines = receipt(5, b"x").text().decode().split("\n")
    assert lines[:3] == [HEADER, "extra eA==", "index 5"]
    assert lines[3 + 9] == ""  # nine steps in a tree of 300 leaves
    assert "\n".join(lines[4 + 9 :]).encode() == LOG.notes[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"v1\n", b"v2\n"),
        (b"index 5\n", b""),
        (b"index 5\n", b"index 05\n"),
        (b"index 5\n", b"index -5\n"),
        (b"index 5\n", "index ５\n".encode()),
        (b"index 5\n", b"index 5\n\n"),
        (b"index 5\n", b"index 5\nAAAA\n"),
        (b"index 5\n", b"index 5\n!\n"),
        (b"index 5\n", b"index 5\n" + b"A" * 43 + b"=\n"),
        (b"index 5\n", b"extra !\nindex 5\n"),
        (b"\n\n", b"\n"),
    ],
)
def test_what_is_not_a_receipt(old: bytes, new: bytes) -> None:
    text = receipt(5).text()
    assert old in text
    with pytest.raises(ProofError):
        verify_receipt(Receipt.parse(text.replace(old, new)), LOG.leaves[5], KEY.verifying)


def test_a_proof_is_not_longer_than_a_tree_is_high() -> None:
    made = receipt(5)
    with pytest.raises(ProofError, match="too long"):
        Receipt.parse(Receipt(5, made.path * 9, made.note).text())
