"""Proofs out of the database, checked by the pure verifier and by a reader that is not ours."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest
from tests.storage.entries import AGENCY
from tests.storage.logs import KEY, execute, grow
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from shenyong.ledger.checkpoint import Checkpoint, open_note
from shenyong.ledger.merkle import (
    Hash,
    ProofError,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from shenyong.ledger.proof import Receipt, verify_receipt
from shenyong.ledger.tiles import subtree_from
from shenyong.storage.export import export_log
from shenyong.storage.proofs import consistency, inclusion, reader, receipt

SIZES = (2, 100, 256, 258, 400, 512, 700)


@pytest.fixture(scope="module")
async def log(dsn: str) -> str:
    await grow(dsn, *SIZES)
    return dsn


@pytest.fixture(scope="module")
def leaves(log: str) -> list[bytes]:
    return [bytes(row[0]) for row in execute(log, "SELECT leaf FROM ledger_entry ORDER BY idx")]  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def hashes(leaves: list[bytes]) -> list[Hash]:
    return [leaf_hash(each) for each in leaves]


def test_inclusion_of_any_entry_in_any_state(log: str, hashes: list[Hash]) -> None:
    chance = random.Random(1)
    for size in SIZES:
        for index in {0, size - 1, *(chance.randrange(size) for _ in range(8))}:
            path = inclusion(log, AGENCY, index, size)
            verify_inclusion(hashes[index], index, size, path, root_of(hashes[:size]))
    with pytest.raises(ProofError):
        inclusion(log, AGENCY, 700, 700)
    with pytest.raises(ProofError):
        inclusion(log, AGENCY, 3, 5000)


def test_consistency_of_any_two_states(log: str, hashes: list[Hash]) -> None:
    for place, size in enumerate(SIZES):
        for old in SIZES[: place + 1]:
            path = consistency(log, AGENCY, old, size)
            verify_consistency(old, size, root_of(hashes[:old]), root_of(hashes[:size]), path)
    with pytest.raises(ProofError):
        consistency(log, AGENCY, 0, 2)
    with pytest.raises(ProofError):
        consistency(log, AGENCY, 700, 5000)


def test_a_proof_reads_few_tiles(log: str) -> None:
    with psycopg.connect(log) as connection:
        seen: list[tuple[int, int]] = []
        fetch = reader(connection, AGENCY)

        def counting(level: int, index: int) -> bytes:
            seen.append((level, index))
            return fetch(level, index)

        inclusion_proof(subtree_from(counting), 300, 700)
    assert len(set(seen)) <= 3


@pytest.mark.point("ey-genai-2023:5")
def test_a_receipt_proves_its_entry_offline(log: str, leaves: list[bytes]) -> None:
    for index in (0, 1, 99, 100, 257, 650, 699):
        for newest in (False, True):
            text = receipt(log, AGENCY, index, newest=newest).text()
            found = verify_receipt(Receipt.parse(text), leaves[index], KEY.verifying)
            assert found.size == (700 if newest else min(each for each in SIZES if each > index))
            with pytest.raises(ProofError):
                verify_receipt(Receipt.parse(text), leaves[index] + b" ", KEY.verifying)
    for index in (-1, 700):
        with pytest.raises(ProofError):
            receipt(log, AGENCY, index)


def test_another_reader_finds_the_same_log(
    log: str, leaves: list[bytes], hashes: list[Hash], tmp_path: Path
) -> None:
    """`tlog-scales` knows nothing of us: it reads our export as a C2SP tiled log."""
    export_log(log, AGENCY, tmp_path / "export")
    other = TilesReader(LocalBackend(tmp_path / "export"))
    checkpoint = other.get_checkpoint()
    checkpoint.verify(Vkey.from_string((tmp_path / "export/log.vkey").read_text().strip()))
    assert checkpoint.size == 700
    assert checkpoint.root_hash == other.calculate_root_hash() == root_of(hashes)
    for index in range(0, 700, 13):
        assert other.get_entry(index) == leaves[index]
        theirs = other.get_inclusion_proof(index, 700)
        theirs.check(hashes[index], checkpoint.root_hash)
        assert theirs.node_hashes == inclusion(log, AGENCY, index, 700)
    for old in SIZES[:-1]:
        between = other.get_consistency_proof(old, 700)
        between.check(root_of(hashes[:old]), checkpoint.root_hash)
        assert between.node_hashes == consistency(log, AGENCY, old, 700)


def test_every_checkpoint_is_stored_and_signed(log: str, hashes: list[Hash]) -> None:
    rows = execute(log, "SELECT size, note FROM ledger_checkpoint ORDER BY size")
    assert [row[0] for row in rows] == list(SIZES)
    for size, note in rows:
        found = Checkpoint.parse(open_note(bytes(note), KEY.verifying))  # type: ignore[call-overload]
        assert found.root == root_of(hashes[: int(str(size))])
