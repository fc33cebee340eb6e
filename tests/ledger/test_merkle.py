"""The tree against outside vectors, and against the definition written out naively."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from shenyong.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    Hash,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = (
    Path(__file__).parents[2] / "../shared/data/vectors/rfc6962-merkle-testdata.tar.gz"
).resolve()


def naive_root(leaves: list[bytes]) -> Hash:
    """MTH as RFC 6962 2.1 writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = naive_root(leaves[:split]), naive_root(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest()


def subtree_of(leaves: list[bytes]) -> Any:
    return lambda level, index: naive_root(leaves[index << level : (index + 1) << level])


def vectors(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with tarfile.open(VECTORS) as archive:
        for member in archive:
            if member.name.startswith(f"testdata/{kind}/") and member.name.endswith(".json"):
                file = archive.extractfile(member)
                assert file is not None
                yield member.name, json.load(file)


def decoded(value: str | None) -> bytes:
    return base64.b64decode(value or "")


needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="the outside vectors are not here")


@needs_vectors
def test_all_inclusion_vectors() -> None:
    count = 0
    for name, case in vectors("inclusion"):
        path = [decoded(each) for each in case["proof"] or []]
        wrong = case["wantErr"]
        try:
            verify_inclusion(
                decoded(case["leafHash"]),
                case["leafIdx"],
                case["treeSize"],
                path,
                decoded(case["root"]),
            )
        except ProofError:
            assert wrong, name
        else:
            assert not wrong, name
        count += 1
    assert count == 98


@needs_vectors
def test_all_consistency_vectors() -> None:
    count = 0
    for name, case in vectors("consistency"):
        path = [decoded(each) for each in case["proof"] or []]
        wrong = case["wantErr"]
        try:
            verify_consistency(
                case["size1"],
                case["size2"],
                decoded(case["root1"]),
                decoded(case["root2"]),
                path,
            )
        except ProofError:
            assert wrong, name
        else:
            assert not wrong, name
        count += 1
    assert count == 98


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 256, 257, 300])
def test_roots_are_those_of_the_definition(size: int) -> None:
    leaves = [str(each).encode() for each in range(size)]
    hashes = [leaf_hash(each) for each in leaves]
    assert root_of(hashes) == naive_root(leaves)
    assert tree_root(subtree_of(leaves), size) == naive_root(leaves)
    if size == 0:
        assert root_of(hashes) == EMPTY_ROOT


def test_leaves_and_nodes_are_apart() -> None:
    """A node can't be passed off as a leaf (second preimage)."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.data())
def test_proofs_of_any_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    leaves = [str(each).encode() for each in range(size)]
    root, subtree = naive_root(leaves), subtree_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(subtree, index, size)
    verify_inclusion(leaf_hash(leaves[index]), index, size, path, root)
    InclusionProof(index, size, path).check(leaf_hash(leaves[index]), root)

    old = data.draw(st.integers(1, size))
    old_root = naive_root(leaves[:old])
    proof = consistency_proof(subtree, old, size)
    verify_consistency(old, size, old_root, root, proof)
    ConsistencyProof(old, size, proof).check(old_root, root)


@given(st.data())
def test_no_changed_proof_is_accepted(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    leaves = [str(each).encode() for each in range(size)]
    root, subtree = naive_root(leaves), subtree_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(subtree, index, size)
    place = data.draw(st.integers(0, len(path) * 256 - 1))
    flipped = bytearray(path[place // 256])
    flipped[place % 256 // 8] ^= 1 << place % 8
    changed = [*path]
    changed[place // 256] = bytes(flipped)
    others = (changed, path[:-1], [*path, path[-1]], path[::-1] if len(set(path)) > 1 else [])
    for other in others:
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash(leaves[index]), index, size, other, root)
    with pytest.raises(ProofError):
        verify_inclusion(leaf_hash(b"another"), index, size, path, root)
    old = data.draw(st.integers(1, size - 1))
    proof = consistency_proof(subtree, old, size)
    for bad in (proof[:-1], [*proof, root]):
        with pytest.raises(ProofError):
            verify_consistency(old, size, naive_root(leaves[:old]), root, bad)
    with pytest.raises(ProofError):
        verify_consistency(old, size, naive_root([*leaves[:old], b"x"]), root, proof)


def test_questions_without_an_answer() -> None:
    subtree = subtree_of([b"a", b"b"])
    for index, size in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(ProofError):
            inclusion_proof(subtree, index, size)
    for old, size in ((0, 2), (3, 2)):
        with pytest.raises(ProofError):
            consistency_proof(subtree, old, size)
    with pytest.raises(ProofError):
        Frontier(3, [EMPTY_ROOT])
