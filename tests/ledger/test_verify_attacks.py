"""Verification: every flipped bit and every attack on a log is found, at its place."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.samples import (
    OTHER,
    START,
    Stored,
    decided,
    entries,
    intent,
    note,
    outcome,
    stored,
    tiles_of,
)

from shenyong.ledger import Intent, encode, leaf_hash
from shenyong.ledger.entry import Entry
from shenyong.ledger.merkle import root_of
from shenyong.ledger.verify import CODES

LOG = stored(entries(300))


@pytest.mark.point("ey-genai-2023:2")
def test_a_sound_log_is_sound() -> None:
    report = LOG.report()
    assert report.ok, report.faults
    assert (report.entries, report.checkpoints, report.signed_size) == (300, 3, 300)
    assert report.intents - report.outcomes == report.open_intents
    assert report.intents + report.outcomes + report.decisions == 300
    assert report.root == root_of(LOG.hashes)


def first(log: Stored) -> tuple[str, int | None]:
    report = log.report()
    assert report.faults, "not detected"
    assert {each.code for each in report.faults} <= CODES
    return report.faults[0].code, report.faults[0].index


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


SMALL = stored(entries(20), every=10)


def test_every_flipped_bit_of_a_leaf_or_its_hash_is_found_where_it_is() -> None:
    tried = 0
    for index, (leaf, hashed) in enumerate(zip(SMALL.leaves, SMALL.hashes, strict=True)):
        for bit in range(index % 3, len(leaf) * 8, 3):
            log = copy.copy(SMALL)
            log.leaves = [*SMALL.leaves[:index], flipped(leaf, bit), *SMALL.leaves[index + 1 :]]
            assert first(log) == ("hash_mismatch", index)
            tried += 1
        for bit in range(256):
            log = copy.copy(SMALL)
            log.hashes = [*SMALL.hashes[:index], flipped(hashed, bit), *SMALL.hashes[index + 1 :]]
            assert first(log) == ("hash_mismatch", index)
            tried += 1
    print(f"{tried} flipped bits")
    assert tried > 10_000


def test_every_flipped_bit_of_a_tile_is_found_at_its_entry() -> None:
    for (level, number), hashes in SMALL.tiles.items():
        for bit in range(len(hashes) * 8):
            log = copy.copy(SMALL)
            log.tiles = SMALL.tiles | {(level, number): flipped(hashes, bit)}
            assert first(log) == ("tile_mismatch", bit // 256)


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (1, 0)])
def test_damage_of_any_level_names_the_first_entry_below_it(at: tuple[int, int]) -> None:
    for place in range(len(LOG.tiles[at]) // 32):
        log = copy.copy(LOG)
        log.tiles = LOG.tiles | {at: flipped(LOG.tiles[at], place * 256)}
        expected = (at[1] * 256 + place) * 256 ** at[0]
        assert first(log) == ("tile_mismatch", expected)


def test_every_flipped_bit_of_a_note_is_found() -> None:
    for place, each in enumerate(SMALL.notes):
        for bit in range(len(each) * 8):
            log = copy.copy(SMALL)
            log.notes = list(SMALL.notes)
            log.notes[place] = flipped(each, bit)
            report = log.report()
            assert not report.ok
            assert report.faults[0].code == "bad_checkpoint"


def again(made: list[Entry]) -> Stored:
    """What an attacker without the key can do: new entries, hashes and tiles, the old notes."""
    log = stored(made)
    log.notes = LOG.notes
    return log


def test_the_place_of_the_first_fault_is_the_place_of_the_damage() -> None:
    edited = copy.copy(LOG)
    leaf = encode(msgspec.structs.replace(entries(300)[150], at=START + 151))
    edited.leaves = [*LOG.leaves[:150], leaf, *LOG.leaves[151:]]
    assert first(edited) == ("hash_mismatch", 150)
    edited.hashes = [*LOG.hashes[:150], leaf_hash(leaf), *LOG.hashes[151:]]
    report = edited.report()
    places = [each.index for each in report.faults if each.detail.startswith("tile/0")]
    assert places == [150]


@dataclass
class Attack:
    name: str
    made: Stored
    code: str
    index: int | None


def _attacks() -> list[Attack]:
    base = entries(300)
    asked = next(n for n in range(150, 300) if isinstance(base[n], Intent))
    edited = msgspec.structs.replace(base[asked], model="another")
    rehashed = copy.copy(LOG)
    rehashed.leaves = [*LOG.leaves[:asked], encode(edited), *LOG.leaves[asked + 1 :]]
    rehashed.hashes = [*LOG.hashes[:asked], leaf_hash(encode(edited)), *LOG.hashes[asked + 1 :]]
    cut = copy.copy(LOG)
    cut.leaves, cut.hashes = LOG.leaves[:250], LOG.hashes[:250]
    cut.tiles, cut.size, cut.integrated = tiles_of(cut.hashes), 250, 250
    gone = copy.copy(LOG)
    gone.leaves, gone.hashes = LOG.leaves[:299], LOG.hashes[:299]
    reordered = [*base[:asked], base[asked + 1], base[asked], *base[asked + 2 :]]
    return [
        Attack("edit and rehash", rehashed, "tile_mismatch", asked),
        Attack(
            "edit, rehash and rebuild",
            again([*base[:asked], edited, *base[asked + 1 :]]),
            "root_mismatch",
            None,
        ),
        Attack("drop", again([*base[:asked], *base[asked + 1 :]]), "orphan_outcome", asked),
        Attack("reorder", again(reordered), "orphan_outcome", asked),
        Attack("duplicate", again([*base[:150], base[149], *base[150:]]), "duplicate", 150),
        Attack("truncate", cut, "tail_missing", None),
        Attack("lose the last entry", gone, "tail_missing", None),
        Attack(
            "an outcome of another's intent",
            again([*base, outcome(999, 1, 300)]),
            "orphan_outcome",
            300,
        ),
        Attack(
            "an outcome without an intent",
            again([*base, outcome(999, 5000, 300)]),
            "orphan_outcome",
            300,
        ),
        Attack(
            "an outcome twice under another id",
            again([*base[:8], intent(900, 8), outcome(900, 8, 9), outcome(900, 8, 9)]),
            "duplicate",
            10,
        ),
        Attack(
            "an entry of another agency",
            again([*base, msgspec.structs.replace(decided(999, 300), agency="moi")]),
            "other_agency",
            300,
        ),
        Attack(
            "time put back", again([*base, decided(999, 300 - 6_000_000)]), "time_reversed", 300
        ),
    ]


@pytest.mark.parametrize("attack", _attacks(), ids=lambda each: each.name)
def test_attacks_are_found(attack: Attack) -> None:
    report = attack.made.report()
    found = [(each.code, each.index) for each in report.faults]
    if attack.index is None:
        assert attack.code in [code for code, _ in found]
    else:
        assert (attack.code, attack.index) in found


def test_a_fork_is_found_by_a_note_kept_outside() -> None:
    """The holder of the key writes another history; who kept one note can prove it."""
    base = entries(300)
    forged = stored([*base[:9], msgspec.structs.replace(base[9], at=START + 8), *base[10:]])
    assert forged.report().ok  # nothing inside the log can show it
    report = forged.report(kept=(LOG.notes[1],))
    assert [each.code for each in report.faults] == ["root_mismatch"]
    shorter = stored(base[:150])
    assert shorter.report().ok
    assert [each.code for each in shorter.report(kept=(LOG.notes[1],)).faults] == ["tail_missing"]


def test_another_key_verifies_nothing() -> None:
    report = LOG.report(key=OTHER)
    assert {each.code for each in report.faults} >= {"bad_checkpoint"}
    assert report.checkpoints == 0


def test_a_note_of_another_log_does_not_count() -> None:
    log = copy.copy(LOG)
    foreign = note(LOG.hashes[:100]).replace(b"shenyong/moda\n100", b"shenyong/moi\n100")
    log.notes = [foreign, *LOG.notes]
    assert first(log)[0] == "bad_checkpoint"


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"null",
        b"\xff",
        b'{"type":"unknown"}',
        b"[" * 3000,
        encode(decided(1, 1)).replace(b'"at"', b' "at"'),
        encode(decided(1, 1)).replace(b"{", b'{"zz":1,', 1),
        encode(decided(1, 1)).replace(b'"v":', b'"v" :') + b"\n",
    ],
)
def test_leaves_that_are_no_canonical_entries(leaf: bytes) -> None:
    log = stored(entries(10))
    log.leaves.append(leaf)
    log.hashes.append(leaf_hash(leaf))
    log.size += 1
    code, index = first(log)
    assert code in {"not_an_entry", "not_canonical"}
    assert index == 10


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 600), st.integers(1, 200), st.data())
def test_logs_of_any_size_are_sound_and_any_loss_is_found(
    count: int, every: int, data: st.DataObject
) -> None:
    log = stored(entries(count), every=every)
    assert log.report().ok
    lost = data.draw(st.integers(0, count - 1))
    log.leaves.pop(lost)
    log.hashes.pop(lost)
    assert not log.report().ok


def test_a_report_ends_after_a_hundred_faults() -> None:
    log = copy.copy(LOG)
    log.hashes = [bytes(32)] * 300
    assert len(log.report().faults) <= 110
