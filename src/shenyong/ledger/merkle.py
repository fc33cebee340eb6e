"""The Merkle tree of RFC 6962 (2.1): hashes, inclusion and consistency proofs.

Proofs are made from a function that gives the root of any complete, aligned subtree, so they need
O(log n) reads wherever the hashes are kept. Verification is RFC 9162 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Hash = bytes
Subtree = Callable[[int, int], Hash]
"""``subtree(level, index)``: root of the leaves ``index·2^level … (index+1)·2^level - 1``."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32


class ProofError(ValueError):
    """A proof that does not prove what it should, or a question without an answer."""


def leaf_hash(leaf: bytes) -> Hash:
    """The hash of a leaf (RFC 6962 2.1: prefix 0x00)."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """The hash of an inner node (RFC 6962 2.1: prefix 0x01)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[Hash]) -> Hash:
    """The root over leaf hashes, by the definition; for tests and small trees."""
    if not leaves:
        return EMPTY_ROOT
    frontier = Frontier()
    for each in leaves:
        frontier.add(each)
    return frontier.root()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first.

    Appending n leaves costs n hashes in all; the state is at most 64 hashes.
    """

    def __init__(self, size: int = 0, roots: Sequence[Hash] = ()) -> None:
        if len(roots) != size.bit_count():
            raise ProofError("a frontier has one root for each bit of its size")
        self.size = size
        self.roots = list(roots)

    def add(self, leaf: Hash) -> None:
        """Append one leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.roots.pop(), node)
            size >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self) -> Hash:
        """The root of the tree of the leaves so far."""
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def _range_root(subtree: Subtree, start: int, end: int) -> Hash:
    """The root of leaves start..end, where start is aligned to the range's largest power of two."""
    span = end - start
    if span & (span - 1) == 0:
        level = span.bit_length() - 1
        return subtree(level, start >> level)
    split = 1 << (span - 1).bit_length() - 1
    return node_hash(
        _range_root(subtree, start, start + split), _range_root(subtree, start + split, end)
    )


def tree_root(subtree: Subtree, size: int) -> Hash:
    """The root of the tree of `size` leaves."""
    return _range_root(subtree, 0, size) if size else EMPTY_ROOT


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[Hash]:
    """The audit path of leaf `index` in a tree of `size` leaves (RFC 6962 2.1.1).

    Raises ProofError if there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if index < split:
            path.append(_range_root(subtree, split, end))
            end = split
        else:
            path.append(_range_root(subtree, start, split))
            start = split
    return path[::-1]


def consistency_proof(subtree: Subtree, old: int, size: int) -> list[Hash]:
    """The proof that the tree of `old` leaves is a prefix of that of `size` (RFC 6962 2.1.2).

    Raises ProofError unless ``0 < old <= size``.
    """
    if not 0 < old <= size:
        raise ProofError(f"a tree of {size} has no earlier state of {old} to prove")
    path: list[Hash] = []
    start, end, whole = 0, size, True
    while old != end:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if old <= split:
            path.append(_range_root(subtree, split, end))
            end = split
        else:
            path.append(_range_root(subtree, start, split))
            start, whole = split, False
    if not whole:
        path.append(_range_root(subtree, start, end))
    return path[::-1]


def verify_inclusion(leaf: Hash, index: int, size: int, path: Sequence[Hash], root: Hash) -> None:
    """Raises ProofError unless the path proves the leaf at `index` (RFC 9162 2.1.3.2)."""
    _check_lengths(leaf, root, *path)
    if not 0 <= index < size:
        raise ProofError("the index is not in the tree")
    node, last, result = index, size - 1, leaf
    for each in path:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            result = node_hash(each, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, each)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    if result != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(
    old: int, size: int, old_root: Hash, root: Hash, path: Sequence[Hash]
) -> None:
    """Raises ProofError unless the path proves the old tree a prefix (RFC 9162 2.1.4.2)."""
    _check_lengths(*path)
    if not 0 < old <= size:
        raise ProofError("sizes are out of order")
    if old == size:
        if path or old_root != root:
            raise ProofError("equal sizes need equal roots and an empty proof")
        return
    if not path:
        raise ProofError("the proof is empty")
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for each in steps[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, each)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is too short")
    if first != old_root or second != root:
        raise ProofError("the proof leads to another root")


def _check_lengths(*hashes: Hash) -> None:
    """No value of another length is a hash: a leaf and a root that are both empty prove nothing."""
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofError(f"a hash has {HASH_BYTES} bytes")
