"""Tiles: the tree's hashes in rows of 256, eight levels at a time (C2SP tlog-tiles).

A tile at level L holds hashes of complete subtrees of 256^L leaves. Full tiles never change; the
rightmost tile of a level grows until it is full. Proofs need O(log n) tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shenyong.ledger.merkle import HASH_BYTES, Hash, ProofError, Subtree, root_of

HEIGHT = 8
WIDTH = 256

Tile = tuple[int, int]
"""Level and index."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """The tile's path as C2SP names it: ``tile/0/x001/234.p/17``."""
    return f"tile/{level}/{_numbered(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """The path of an entry bundle."""
    return f"tile/entries/{_numbered(index, width)}"


def _numbered(index: int, width: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    path = "/".join(groups)
    return path if width == WIDTH else f"{path}.p/{width}"


def partial_tiles(size: int) -> dict[Tile, int]:
    """The rightmost, unfinished tiles of a tree of `size` leaves, with their widths."""
    found: dict[Tile, int] = {}
    level = 0
    while size:
        if size % WIDTH:
            found[level, size // WIDTH] = size % WIDTH
        size //= WIDTH
        level += 1
    return found


class TileBuilder:
    """Grows the tiles leaf by leaf, and remembers which have changed.

    Raises:
        ProofError: the unfinished tiles do not fit the size.
    """

    def __init__(self, size: int, partials: Mapping[Tile, bytes]) -> None:
        self.size = size
        self._edges: list[list[Hash]] = []
        self.changed: dict[Tile, bytes] = {}
        for (level, index), width in partial_tiles(size).items():
            hashes = partials.get((level, index), b"")
            if len(hashes) < width * HASH_BYTES:
                raise ProofError(f"tile {level}/{index} has fewer than {width} hashes")
            while len(self._edges) <= level:
                self._edges.append([])
            self._edges[level] = split(hashes)[:width]

    def add(self, leaf: Hash) -> None:
        """Append one leaf hash."""
        node, level = leaf, 0
        position = self.size
        while True:
            if len(self._edges) <= level:
                self._edges.append([])
            edge = self._edges[level]
            edge.append(node)
            if len(edge) < WIDTH:
                break
            self.changed[level, position // WIDTH] = b"".join(edge)
            node = root_of(edge)
            edge.clear()
            level, position = level + 1, position // WIDTH
        self.size += 1

    def take(self) -> dict[Tile, bytes]:
        """The tiles that were finished since the last call."""
        changed, self.changed = self.changed, {}
        return changed

    def flush(self) -> dict[Tile, bytes]:
        """The tiles that changed since the last call, unfinished ones included."""
        for level, edge in enumerate(self._edges):
            if edge:
                self.changed[level, self.size // WIDTH ** (level + 1)] = b"".join(edge)
        return self.take()


def split(hashes: bytes) -> list[Hash]:
    """The hashes of a tile, one by one."""
    return [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]


def subtree_from(fetch: Callable[[int, int], bytes]) -> Subtree:
    """A `Subtree` over stored tiles; `fetch(level, index)` gives a tile's hashes.

    The function raises ProofError where a tile lacks the hashes asked for.
    """

    def subtree(level: int, index: int) -> Hash:
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        tile, offset = divmod(first, WIDTH)
        hashes = split(fetch(tile_level, tile))[offset : offset + (1 << height)]
        if len(hashes) != 1 << height:
            raise ProofError(f"tile {tile_level}/{tile} is not complete")
        return root_of(hashes)

    return subtree
