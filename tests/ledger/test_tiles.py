"""Tiles as C2SP tlog-tiles defines them, read by an independent reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from shenyong.ledger.merkle import ProofError, inclusion_proof, leaf_hash, root_of, tree_root
from shenyong.ledger.tiles import (
    WIDTH,
    TileBuilder,
    entries_path,
    partial_tiles,
    split,
    subtree_from,
    tile_path,
)


def built(count: int) -> tuple[dict[tuple[int, int], bytes], list[bytes]]:
    hashes = [leaf_hash(str(each).encode()) for each in range(count)]
    builder = TileBuilder(0, {})
    for each in hashes:
        builder.add(each)
    return builder.flush(), hashes


def test_the_specification_s_own_examples() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 0, 1) == "tile/2/000.p/1"
    assert entries_path(273, 112) == "tile/entries/273.p/112"
    assert partial_tiles(70_000) == {(0, 273): 112, (1, 1): 17, (2, 0): 1}
    assert partial_tiles(256) == {(1, 0): 1}
    tiles, _ = built(256)
    assert {tile: len(split(each)) for tile, each in tiles.items()} == {(0, 0): 256, (1, 0): 1}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 70_000])
def test_an_independent_reader_finds_the_same_root(size: int, tmp_path: Path) -> None:
    tiles, hashes = built(size)
    for (level, index), data in tiles.items():
        path = tmp_path / tile_path(level, index, len(data) // 32)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    reader = TilesReader(LocalBackend(tmp_path))
    reader.set_size(size)
    assert reader.calculate_root_hash() == root_of(hashes)
    subtree = subtree_from(lambda level, index: tiles.get((level, index), b""))
    assert tree_root(subtree, size) == root_of(hashes)
    for index in {0, size // 2, size - 1}:
        theirs = reader.get_inclusion_proof(index, size).node_hashes
        assert inclusion_proof(subtree, index, size) == theirs


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5))
def test_growing_in_steps_gives_the_same_tiles(steps: list[int]) -> None:
    kept: dict[tuple[int, int], bytes] = {}
    size = 0
    for step in steps:
        builder = TileBuilder(size, {tile: kept[tile] for tile in partial_tiles(size)})
        for number in range(size, size + step):
            builder.add(leaf_hash(str(number).encode()))
        kept |= builder.flush()
        size += step
    assert kept == built(size)[0]


def test_what_does_not_fit_is_refused() -> None:
    tiles, _ = built(300)
    with pytest.raises(ProofError):
        TileBuilder(300, {(0, 1): tiles[0, 1][:-32], (1, 0): tiles[1, 0]})
    with pytest.raises(ProofError):
        TileBuilder(300, {})
    subtree = subtree_from(lambda level, index: tiles.get((level, index), b""))
    with pytest.raises(ProofError):
        inclusion_proof(subtree, 0, 301)


def test_finished_tiles_are_handed_over_once() -> None:
    builder = TileBuilder(0, {})
    for number in range(WIDTH):
        builder.add(leaf_hash(str(number).encode()))
    assert set(builder.take()) == {(0, 0)}
    assert builder.take() == {}
    assert set(builder.flush()) == {(1, 0)}
