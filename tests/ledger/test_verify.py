"""Verifying: every kind of damage is found, and the entry is named."""

from __future__ import annotations

import os
import random

import msgspec
import pytest
from tests.ledger.growing import (
    AGENCY,
    KEY,
    Log,
    entries,
    grow,
    intent,
    outcome,
    request,
    signed,
)

from shenyong.ledger import encode, leaf_hash
from shenyong.ledger.checkpoint import Checkpoint, SigningKey
from shenyong.ledger.verify import CODES, Report, Row, verify

SIZE = 600
FLIPS = int(os.environ.get("SHENYONG_TEST_FLIPS", "1000"))


def whole() -> Log:
    return grow(entries(SIZE), [1, 255, 256, 257, 599, SIZE])


def found(report: Report) -> set[tuple[str, int | None]]:
    assert all(each.code in CODES for each in report.faults)
    return {(each.code, each.index) for each in report.faults}


@pytest.mark.point("ey-genai-2023:2")
def test_a_whole_log() -> None:
    report = whole().verified(SIZE)
    assert report.ok
    assert (report.entries, report.signed_size, report.checkpoints) == (SIZE, SIZE, 6)
    assert (report.intents, report.outcomes, report.decisions) == (300, 300, 0)
    assert report.open_intents == 0
    cut = grow(entries(SIZE - 1)).verified(SIZE - 1)
    assert cut.ok
    assert cut.open_intents == 1


def test_an_empty_log() -> None:
    report = verify(AGENCY, [], notes=[], key=KEY.verifying, size=0)
    assert report.ok
    assert report.entries == 0


def test_every_single_flipped_bit_is_found() -> None:
    """In leaves, stored hashes, tiles and checkpoints; the flipped entry is named."""
    log, rng = whole(), random.Random(20261123)
    tiles = list(log.tiles)
    places: list[tuple[str, object, int]] = []
    for _ in range(FLIPS):
        kind = rng.choice(["leaf", "hash", "tile", "note"])
        if kind in ("leaf", "hash"):
            key: object = rng.randrange(SIZE)
            length = len((log.leaves if kind == "leaf" else log.hashes)[key])  # type: ignore[index]
        elif kind == "tile":
            key = rng.choice(tiles)
            length = len(log.tiles[key])  # type: ignore[index]
        else:
            key = rng.randrange(len(log.notes))
            length = len(log.notes[key])  # type: ignore[index]
        places.append((kind, key, rng.randrange(length * 8)))
    for kind, key, bit in places:
        where = {"leaf": log.leaves, "hash": log.hashes, "tile": log.tiles, "note": log.notes}[kind]
        sound = where[key]  # type: ignore[index]
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        where[key] = bytes(flipped)  # type: ignore[index]
        faults = found(log.verified(SIZE))
        where[key] = sound  # type: ignore[index]
        if kind in ("leaf", "hash"):
            assert ("hash_mismatch", key) in faults
        elif kind == "tile":
            level, index = key  # type: ignore[misc]
            first = (index * 256 + bit // 256) * 256**level
            assert faults == {("tile_mismatch", first)}
        else:
            assert faults == {("bad_checkpoint", None)}


def test_an_entry_changed_together_with_its_hash_is_found_by_tile_and_root() -> None:
    log = whole()
    other = encode(msgspec.structs.replace(intent(300), verdict="allow"))
    assert other != log.leaves[300]
    log.leaves[300], log.hashes[300] = other, leaf_hash(other)
    faults = found(log.verified(SIZE))
    assert ("tile_mismatch", 300) in faults
    assert ("root_mismatch", None) in faults
    assert not any(code == "hash_mismatch" for code, _ in faults)


def test_a_history_rewritten_and_signed_again_is_found_by_a_kept_checkpoint() -> None:
    """Who has the database and the key can sign anything, but not undo what others kept."""
    kept = whole().notes[3]
    changed = [msgspec.structs.replace(intent(0), verdict="allow"), *entries(SIZE)[1:]]
    forged = grow(changed)
    assert forged.verified(SIZE).ok
    forged.notes.append(kept)
    assert found(forged.verified(SIZE)) == {("root_mismatch", None)}


@pytest.mark.parametrize("index", [0, 255, 256, 400, SIZE - 1])
def test_a_removed_entry_is_named(index: int) -> None:
    log = whole()
    rows = [
        Row(n, leaf, hashed)
        for n, (leaf, hashed) in enumerate(zip(log.leaves, log.hashes, strict=True))
        if n != index
    ]
    report = verify(AGENCY, rows, notes=log.notes, key=KEY.verifying, size=SIZE)
    assert ("missing_entry", index) in found(report)


def test_a_log_cut_short_is_found_by_its_checkpoint() -> None:
    log = whole()
    del log.leaves[500:], log.hashes[500:]
    faults = found(log.verified())
    assert {("tail_missing", 598), ("tail_missing", 599)} <= faults


def test_entries_in_another_order() -> None:
    log = whole()
    for each in (log.leaves, log.hashes):
        each[10], each[12] = each[12], each[10]
    faults = found(log.verified(SIZE))
    assert ("tile_mismatch", 10) in faults
    assert ("orphan_outcome", 11) in faults


def test_what_hashes_can_t_tell_the_books_do() -> None:
    """Logs that are signed and whole, but must not look so."""
    start, later = intent(0), intent(2)
    cases = {
        "duplicate": [start, start],
        "orphan_outcome": [start, outcome(later, 0)],
        "other_agency": [start, intent(2, agency="nstc")],
        "time_reversed": [later, msgspec.structs.replace(start, at=1)],
    }
    for code, leaves in cases.items():
        assert found(grow(leaves).verified(2)) == {(code, 1)}


def _with_leaf(leaf: bytes) -> Report:
    log = grow([intent(0), intent(2)])
    log.leaves[1], log.hashes[1] = leaf, leaf_hash(leaf)
    log.notes, log.tiles = [signed(2, log.hashes)], {(0, 0): b"".join(log.hashes)}
    return log.verified(2)


def test_bytes_that_are_not_a_canonical_entry() -> None:
    leaf = encode(intent(2))
    assert _with_leaf(leaf).ok
    assert found(_with_leaf(leaf.replace(b'":', b'": ', 1))) == {("not_canonical", 1)}
    assert found(_with_leaf(leaf[:-1] + b',"z":1}')) == {("not_canonical", 1)}
    assert found(_with_leaf(b"{}")) == {("not_an_entry", 1)}
    assert found(_with_leaf(leaf.replace(b'"size":1024', b'"size":"1024"'))) == {
        ("not_an_entry", 1)
    }


def test_checkpoints_of_others_are_not_believed() -> None:
    log = whole()
    forger = SigningKey(KEY.verifying.name, b"\2" * 32)
    text = Checkpoint(KEY.verifying.name, SIZE, bytes(32)).text()
    foreign = KEY.sign(Checkpoint("shenyong/other", SIZE, bytes(32)).text())
    for note in (forger.sign(text), foreign, b"nothing"):
        log.notes = [note]
        report = log.verified(SIZE)
        assert found(report) == {("bad_checkpoint", None)}
        assert report.signed_size == 0


def test_missing_tiles_and_missing_entries_behind_the_head() -> None:
    log = whole()
    del log.tiles[1, 0]
    assert found(log.verified(SIZE)) == {("tile_mismatch", 0)}
    assert found(whole().verified(SIZE + 1)) == {("missing_entry", SIZE)}


def test_reports_end_before_they_fill_the_memory() -> None:
    log = grow([msgspec.structs.replace(each, agency="x") for each in entries(400)])
    report = log.verified(400)
    assert len(report.faults) == 100
    assert request(0) not in str(report)
