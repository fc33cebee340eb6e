"""An agency's log as it is stored, read in one snapshot: for verifying it and for exporting it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from shenyong.ledger.checkpoint import VerifyingKey
from shenyong.ledger.merkle import HASH_BYTES, Hash, leaf_hash
from shenyong.ledger.tiles import WIDTH, TileBuilder, entries_path, split, tile_path
from shenyong.ledger.verify import Report, Row, verify

_BATCH = 2_000


class Log:
    """One agency's log in an open transaction."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]], agency: str) -> None:
        self._connection, self.agency = connection, agency

    @property
    def size(self) -> int:
        """How many entries there should be."""
        return int(str(self._one("SELECT size FROM ledger_head WHERE agency = %s") or 0))

    @property
    def public_key(self) -> str:
        """The log's public key, as it was written when the log began."""
        return str(self._one("SELECT public_key FROM ledger_head WHERE agency = %s"))

    def rows(self, size: int | None = None) -> Iterator[Row]:
        """The entries in order, the first `size` of them or all."""
        with self._connection.cursor(name="entries") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(
                "SELECT idx, leaf, leaf_hash FROM ledger_entry WHERE agency = %s"
                " AND idx < %s ORDER BY idx",
                [self.agency, 2**62 if size is None else size],
            )
            for index, leaf, stored in cursor:
                yield Row(int(str(index)), _bytes(leaf), _bytes(stored))

    def notes(self) -> list[bytes]:
        """The signed checkpoints in order of their size."""
        found = self._connection.execute(
            "SELECT note FROM ledger_checkpoint WHERE agency = %s ORDER BY size", [self.agency]
        )
        return [_bytes(row[0]) for row in found]

    def tile(self, number: int) -> Mapping[int, Hash]:
        """The leaf hashes that a tile of the lowest level holds, by the entries' index."""
        found = self._one(
            "SELECT hashes FROM ledger_tile WHERE agency = %s AND level = 0 AND idx = %s", number
        )
        return dict(enumerate(split(_bytes(found or b"")), number * WIDTH))

    def signed_size(self) -> int:
        """The size of the last checkpoint."""
        found = self._one("SELECT max(size) FROM ledger_checkpoint WHERE agency = %s")
        return int(str(found or 0))

    def verified(self, key: VerifyingKey) -> Report:
        """The whole log, verified against `key`."""
        return verify(
            self.agency,
            self.rows(),
            notes=self.notes(),
            key=key,
            tile=self.tile,
            size=self.size,
        )

    def exported(self, folder: Path) -> int:
        """Write the log up to its last checkpoint into `folder`, laid out as C2SP tlog-tiles.

        ``checkpoint``, ``key``, ``tile/<level>/<n>`` and ``tile/entries/<n>`` (each entry with its
        length before it, two bytes, big-endian). Returns the number of entries.
        """
        size = self.signed_size()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "key").write_text(self.public_key + "\n", "utf-8")
        if not size:
            return 0
        builder, rows = TileBuilder(0, {}), self.rows(size)
        for number in itertools.count():
            bundle = list(itertools.islice(rows, WIDTH))
            if not bundle:
                break
            for row in bundle:
                builder.add(leaf_hash(row.leaf))
            body = b"".join(len(row.leaf).to_bytes(2, "big") + row.leaf for row in bundle)
            _write(folder / entries_path(number, len(bundle)), body)
            for (level, index), hashes in builder.flush().items() if len(bundle) == WIDTH else ():
                if len(hashes) == WIDTH * HASH_BYTES:
                    _write(folder / tile_path(level, index), hashes)
        for (level, index), hashes in builder.flush().items():
            _write(folder / tile_path(level, index, len(hashes) // HASH_BYTES), hashes)
        _write(folder / "checkpoint", self.notes()[-1])
        return size

    def _one(self, query: str, *more: object) -> object:
        row = self._connection.execute(query, [self.agency, *more]).fetchone()
        return row[0] if row else None


@contextmanager
def logs_of(dsn: str, agency: str | None = None) -> Iterator[list[Log]]:
    """The logs at `dsn`, or only that of `agency`, read-only and as they are at this moment."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = connection.execute("SELECT agency FROM ledger_head ORDER BY agency")
        names = [str(row[0]) for row in found]
        yield [Log(connection, name) for name in names if agency in (None, name)]


def _bytes(value: object) -> bytes:
    assert isinstance(value, (bytes, memoryview))
    return bytes(value)


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
