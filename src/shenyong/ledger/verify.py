"""Verifying a log: records in, report out. Everything is refused unless it is proved.

Checked, entry by entry: the indexes are contiguous; the leaf is a known entry in canonical form and
hashes to what was stored; no request is recorded twice; every outcome refers to an open intent of
the same request; time does not run backwards. Checked at their ends: every tile holds the hashes
that the entries give, and at each checkpoint the root is the one that was signed. All checkpoints
are compared with one run over the same entries, so they are consistent with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from shenyong.ledger.books import Books
from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.entry import EntryError, Intent, Outcome, decode, encode
from shenyong.ledger.merkle import HASH_BYTES, Frontier, Hash, leaf_hash
from shenyong.ledger.tiles import WIDTH, Tile, TileBuilder, tile_path

CODES = frozenset(
    {
        "missing_head",  # entries or checkpoints of a log that the database says there is not
        "missing_entry",  # an index without an entry, or fewer entries than there should be
        "hash_mismatch",  # the leaf does not hash to what was stored beside it
        "tile_mismatch",  # a tile holds other hashes than the entries give
        "label_mismatch",  # it is looked up by another request, attempt or type than it has
        "not_an_entry",
        "not_canonical",  # the same values, other bytes
        "other_agency",
        "duplicate",  # (request, attempt, type) was recorded before
        "orphan_outcome",  # no open intent of the same request where the outcome says
        "time_reversed",
        "bad_checkpoint",  # not well formed, not signed by the log's key, or not there
        "root_mismatch",  # the entries give another root than was signed
        "tail_missing",  # a signed checkpoint covers more entries than there are
    }
)


class Row(msgspec.Struct, frozen=True):
    """An entry as it is stored; `stored_hash` is empty where nothing was stored beside it.

    `label` is what else stands beside it (request, attempt, type), by which it is looked up.
    """

    index: int
    leaf: bytes
    stored_hash: Hash = b""
    label: tuple[str, int, str] | None = None


class Fault(msgspec.Struct, frozen=True):
    """What is wrong (one of `CODES`), and at which entry (None: the whole log)."""

    code: str
    index: int | None
    detail: str = ""


class Report(msgspec.Struct):
    """What was verified. `open_intents` have no outcome (yet, or because a worker died).

    `signed_size` is how many entries the latest good checkpoint covers; those after it are checked
    against their stored hashes only.
    """

    agency: str
    entries: int = 0
    checkpoints: int = 0
    signed_size: int = 0
    root: bytes = b""
    intents: int = 0
    outcomes: int = 0
    decisions: int = 0
    open_intents: int = 0
    faults: list[Fault] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


FetchTile = Callable[[int, int], bytes]
"""``fetch(level, index)``: a stored tile's hashes, empty where there is none."""
_MAX_FAULTS = 100


def verify(
    agency: str,
    rows: Iterable[Row],
    *,
    notes: Iterable[bytes],
    key: VerifyingKey,
    tiles: FetchTile | None = None,
    integrated: int = 0,
    size: int | None = None,
) -> Report:
    """Verify a whole log.

    `rows` come in order of their index; `notes` are its checkpoints, earlier ones that somebody
    kept included; `size` is how many entries there should be. `tiles` gives the tiles of all levels
    for the first `integrated` entries.
    """
    report = Report(agency)
    pending = _signed(notes, key, report)
    books, frontier = Books(), Frontier()
    made = _Tiles(tiles, integrated) if tiles is not None else None
    for row in rows:
        if row.index != report.entries:
            report.faults.append(Fault("missing_entry", report.entries))
        if len(report.faults) >= _MAX_FAULTS or row.index != report.entries:
            return report
        hashed = leaf_hash(row.leaf)
        if row.stored_hash and hashed != row.stored_hash:
            report.faults.append(Fault("hash_mismatch", row.index))
        report.faults += _entry_faults(agency, row, books, report)
        frontier.add(hashed)
        report.entries += 1
        if made is not None:
            report.faults += made.add(hashed)
        while pending and pending[0].size == report.entries:
            _compare(pending.pop(0), frontier, report)
    for each in pending:
        report.faults.append(Fault("tail_missing", each.size - 1, f"checkpoint of {each.size}"))
    expected = report.entries if size is None else size
    if expected != report.entries or integrated > report.entries:
        last = min(expected, report.entries)
        report.faults.append(Fault("missing_entry", last, f"{expected} entries expected"))
    if integrated > report.signed_size and report.ok:
        lost = f"there is none of {integrated} entries"
        report.faults.append(Fault("bad_checkpoint", None, lost))
    report.root = frontier.root()
    report.open_intents = len(books.open)
    return report


class _Tiles:
    """The tiles as the entries make them, compared with those stored as each is finished."""

    def __init__(self, fetch: FetchTile, integrated: int) -> None:
        self._fetch, self._integrated = fetch, integrated
        self._builder = TileBuilder(0, {})

    def add(self, hashed: Hash) -> Iterator[Fault]:
        builder = self._builder
        if builder.size >= self._integrated:
            return
        builder.add(hashed)
        done = builder.size == self._integrated
        for tile, hashes in (builder.flush() if done else builder.take()).items():
            yield from self._compare(tile, hashes)

    def _compare(self, tile: Tile, made: bytes) -> Iterator[Fault]:
        stored = self._fetch(*tile)
        if stored == made:
            return
        level, index = tile
        place = 0
        while place < len(made) and stored[place:].startswith(made[place : place + HASH_BYTES]):
            place += HASH_BYTES
        first = (index * WIDTH + place // HASH_BYTES) * WIDTH**level
        yield Fault("tile_mismatch", first, tile_path(level, index))


def _entry_faults(agency: str, row: Row, books: Books, report: Report) -> Iterator[Fault]:
    try:
        entry = decode(row.leaf)
    except EntryError:
        yield Fault("not_an_entry", row.index)
        return
    try:
        canonical = encode(entry) == row.leaf
    except EntryError:
        canonical = False
    if not canonical:
        yield Fault("not_canonical", row.index)
    if entry.agency != agency:
        yield Fault("other_agency", row.index)
    told = (entry.request, entry.attempt, str(entry.__struct_config__.tag))
    if row.label is not None and row.label != told:
        yield Fault("label_mismatch", row.index)
    if isinstance(entry, Intent):
        report.intents += 1
    elif isinstance(entry, Outcome):
        report.outcomes += 1
    else:
        report.decisions += 1
    for code, detail in books.enter(row.index, entry):
        yield Fault(code, row.index, detail)


def _signed(notes: Iterable[bytes], key: VerifyingKey, report: Report) -> list[Checkpoint]:
    """The checkpoints that the key signed, in order; the others become faults."""
    found: list[Checkpoint] = []
    for note in notes:
        try:
            checkpoint = Checkpoint.parse(open_note(note, key))
        except NoteError as error:
            report.faults.append(Fault("bad_checkpoint", None, str(error)))
            continue
        if checkpoint.origin != key.name:
            report.faults.append(Fault("bad_checkpoint", None, "another origin"))
        elif checkpoint.size:
            found.append(checkpoint)
    return sorted(found, key=lambda each: each.size)


def _compare(checkpoint: Checkpoint, frontier: Frontier, report: Report) -> None:
    if checkpoint.root != frontier.root():
        report.faults.append(
            Fault("root_mismatch", None, f"checkpoint of {checkpoint.size} entries")
        )
        return
    report.checkpoints += 1
    report.signed_size = checkpoint.size
