"""Verifying a log: records in, report out. Everything is refused unless it is proved.

Checked, entry by entry: the indexes are contiguous; the leaf is a known entry in canonical form and
hashes to what was stored and to what the tiles hold; no request is recorded twice; every outcome
refers to an intent of the same request; and at each checkpoint the root is the one that was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.entry import Entry, EntryError, Intent, Outcome, decode, encode
from shenyong.ledger.merkle import Frontier, Hash, leaf_hash


class Row(msgspec.Struct, frozen=True):
    """An entry as it is stored."""

    index: int
    leaf: bytes
    stored_hash: Hash


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, and at which entry (None where it concerns the whole log).

    `code` is one of ``missing_entry hash_mismatch tile_mismatch not_canonical not_an_entry
    other_agency duplicate orphan_outcome root_mismatch bad_checkpoint tail_missing time_reversed``.
    """

    code: str
    index: int | None
    detail: str = ""


class Report(msgspec.Struct):
    """What was verified. `open_intents` have no outcome (yet, or because a worker died)."""

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


_MAX_FAULTS = 100
_BACKWARDS = 5_000_000
"""How far apart, in microseconds, the clocks of workers may put neighbouring entries."""


class _Books:
    """What must hold between entries: intents with their outcomes, each once."""

    def __init__(self) -> None:
        self.open: dict[int, str] = {}
        self.seen: set[tuple[str, int, str]] = set()
        self.last = 0

    def check(self, index: int, entry: Entry) -> Iterator[Fault]:
        kind = str(entry.__struct_config__.tag)
        mark = (entry.request, entry.attempt, kind)
        if mark in self.seen:
            yield Fault("duplicate", index, kind)
        self.seen.add(mark)
        if entry.at < self.last - _BACKWARDS:
            yield Fault("time_reversed", index)
        self.last = max(self.last, entry.at)
        if isinstance(entry, Intent):
            self.open[index] = entry.request
        elif isinstance(entry, Outcome) and self.open.pop(entry.intent, None) != entry.request:
            yield Fault("orphan_outcome", index)


def verify(
    agency: str,
    rows: Iterable[Row],
    *,
    notes: Iterable[bytes],
    key: VerifyingKey,
    tile: Callable[[int], Mapping[int, Hash]] | None = None,
    size: int | None = None,
) -> Report:
    """Verify a whole log.

    `rows` come in order of their index; `notes` in order of their size; `tile(n)` gives the leaf
    hashes that level-0 tile n holds, by entry index; `size` is how many entries there should be.
    """
    report = Report(agency)
    pending = _signed(notes, key, report)
    books, frontier = _Books(), Frontier()
    leaves: Mapping[int, Hash] = {}
    for row in rows:
        if len(report.faults) >= _MAX_FAULTS:
            break
        if row.index != report.entries:
            report.faults.append(Fault("missing_entry", report.entries))
            break
        if tile is not None and row.index % 256 == 0:
            leaves = tile(row.index // 256)
        hashed = leaf_hash(row.leaf)
        if hashed != row.stored_hash:
            report.faults.append(Fault("hash_mismatch", row.index))
        elif leaves.get(row.index, hashed) != hashed:
            report.faults.append(Fault("tile_mismatch", row.index))
        report.faults += _entry_faults(agency, row, books, report)
        frontier.add(hashed)
        report.entries += 1
        while pending and pending[0].size == report.entries:
            _compare(pending.pop(0), frontier, report)
    for each in pending:
        report.faults.append(Fault("tail_missing", each.size - 1, f"checkpoint of {each.size}"))
    if size is not None and size != report.entries and not report.faults:
        report.faults.append(Fault("missing_entry", min(size, report.entries)))
    report.root = frontier.root()
    report.open_intents = len(books.open)
    return report


def _entry_faults(agency: str, row: Row, books: _Books, report: Report) -> Iterator[Fault]:
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
    if isinstance(entry, Intent):
        report.intents += 1
    elif isinstance(entry, Outcome):
        report.outcomes += 1
    else:
        report.decisions += 1
    yield from books.check(row.index, entry)


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
