"""Does a restored database prove that it is what it should be? Everything is read anew.

For each agency's log: every entry, the tree over them, the signature of every checkpoint, and the
checkpoint and the counts in the backup's manifest. Then what else is known of the log is compared:
checkpoints that somebody kept, those of newer backups, the living database. A log that is a shorter
state of what is known is *behind* (restoring it rolls it back); one that is no state of it has
*forked*. And what is sealed must open with the installation's keys: a backup that nobody can read
is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
import psycopg

from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
from shenyong.ledger.merkle import ProofError, tree_root
from shenyong.ledger.tiles import subtree_from
from shenyong.ledger.verify import Fault, Report
from shenyong.storage.backup import LogState, Manifest, counts
from shenyong.storage.proofs import reader
from shenyong.storage.vault import SealError, unseal
from shenyong.storage.verification import UnknownLogError, agencies, verify_log

_MATTERS = "SELECT id, agency, key, sealed FROM matter"
_RECORDS = "SELECT id, agency, key, sealed FROM record"
_PLEAS = "SELECT id, agency, sealed FROM plea"
_NEWEST = "SELECT note FROM ledger_checkpoint WHERE agency = %s ORDER BY size DESC LIMIT 1"
_BATCH = 500
_MOST = 20
Connection = psycopg.Connection[tuple[object, ...]]


class Known(msgspec.Struct, frozen=True):
    """A checkpoint that is known from elsewhere, and from where."""

    note: bytes
    source: str


class LogProof(msgspec.Struct, frozen=True):
    """What a log proved. `known` is the largest signed size that is known; `behind` how much less
    the restored one has; `known_from` who knows it.
    """

    agency: str
    entries: int
    signed: int
    root: str
    faults: tuple[Fault, ...] = ()
    known: int = 0
    known_root: str = ""
    known_from: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; being behind is no fault of a backup."""
        return not self.faults

    @property
    def behind(self) -> int:
        """How many entries that are known to have been signed are not there."""
        return max(0, self.known - self.entries)


class Contents(msgspec.Struct, frozen=True):
    """What is sealed: how many open, how many were erased, and which do not open."""

    opened: int = 0
    erased: int = 0
    closed: tuple[str, ...] = ()


def prove(
    dsn: str,
    manifest: Manifest,
    key: Callable[[str], VerifyingKey | None],
    known: Sequence[Known] = (),
    live: str = "",
) -> Iterator[LogProof]:
    """Verify every log of the database at `dsn`, which was restored from a backup.

    `key` gives an agency's public key, as this installation has it; None where it has none, then
    the one in the manifest counts. `live` is the address of the database in use, if there is one.
    """
    told = {each.agency: each for each in manifest.logs}
    for agency in sorted({*agencies(dsn), *told}):
        yield _prove(dsn, agency, told.get(agency), own=key(agency), known=known, live=live)


def _prove(
    dsn: str,
    agency: str,
    told: LogState | None,
    *,
    own: VerifyingKey | None,
    known: Sequence[Known],
    live: str,
) -> LogProof:
    faults: list[Fault] = []
    public = VerifyingKey.parse(told.public_key) if told else None
    if own is not None and public is not None and str(own) != str(public):
        faults.append(Fault("other_key", None, str(public)))
    verifying = own or public
    if told is None or verifying is None:
        try:
            verify_log(dsn, agency)
        except UnknownLogError:  # an agency without a log: nothing was ever recorded
            return LogProof(agency, 0, 0, "")
        return LogProof(agency, 0, 0, "", (Fault("unknown_log", None, agency),))
    notes = [told.checkpoint.encode()] if told.checkpoint else []
    elsewhere = list(_read(known, verifying))
    try:
        # Those that cover more than is there are no damage: the log is behind them, which is said.
        within = [note.note for at, note in elsewhere if at.size <= told.entries]
        report = verify_log(dsn, agency, verifying, kept=[*notes, *within])
    except UnknownLogError:
        report = Report(agency, faults=[Fault("missing_head", None)])
    faults += report.faults
    if report.entries != told.entries:
        faults.append(Fault("entries_differ", report.entries, f"{told.entries} in the manifest"))
    if live:
        elsewhere += _living(live, agency, verifying)
        faults += _forked(dsn, live, agency, min(report.signed_size, report.entries))
    most = max(elsewhere, key=lambda each: each[0].size, default=None)
    return LogProof(
        agency, report.entries, report.signed_size, report.root.hex(), tuple(faults),
        most[0].size if most else 0, most[0].root.hex() if most else "",
        most[1].source if most else "",
    )  # fmt: skip


def _read(known: Iterable[Known], key: VerifyingKey) -> Iterator[tuple[Checkpoint, Known]]:
    """Those that are this log's and that its key signed."""
    for each in known:
        try:
            checkpoint = Checkpoint.parse(open_note(each.note, key))
        except NoteError:
            continue
        if checkpoint.origin == key.name:
            yield checkpoint, each


def _living(live: str, agency: str, key: VerifyingKey) -> list[tuple[Checkpoint, Known]]:
    with psycopg.connect(live, connect_timeout=5) as connection:
        row = connection.execute(_NEWEST, [agency], binary=True).fetchone()
    note = row[0] if row else None
    return list(_read([Known(note, "live")], key)) if isinstance(note, bytes) else []


def _forked(dsn: str, live: str, agency: str, size: int) -> Iterator[Fault]:
    """Whether the living log had, at that size, another root: then the two are no one history."""
    if size == 0:
        return
    try:
        roots = {_root(each, agency, size) for each in (dsn, live)}
    except ProofError:
        return  # the living one is shorter, or its tiles are gone; `verify_log` says so of ours
    if len(roots) != 1:
        yield Fault("forked", size, "the database in use had another history")


def _root(dsn: str, agency: str, size: int) -> bytes:
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        return tree_root(subtree_from(reader(connection, agency)), size)


def row_faults(dsn: str, manifest: Manifest) -> list[str]:
    """The tables whose number of rows is not what the manifest says."""
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        found = counts(connection)
    names = sorted(set(found) | set(manifest.rows))
    return [each for each in names if found.get(each) != manifest.rows.get(each)]


# guideline: ey-genai-2023:4
def contents(dsn: str, vault: Callable[[str], bytes]) -> Contents:
    """Open everything that is sealed. `vault` gives an agency's key; nothing of it is kept."""
    opened, erased = 0, 0
    closed: list[str] = []
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        connection.read_only = True
        for table, query, outer, inner in (
            ("matter", _MATTERS, "matter", "review"),
            ("record", _RECORDS, "record", "record-body"),
            ("plea", _PLEAS, "", "plea"),
        ):
            for name, agency, wrapped, sealed in _rows(connection, table, query):
                if wrapped is None:
                    erased += 1
                    continue
                try:
                    key = vault(agency)
                    if outer:
                        key = unseal(key, wrapped, f"{outer}\0{name}")
                    unseal(key, sealed, f"{inner}\0{name}")
                    opened += 1
                except SealError:
                    closed.append(f"{table} {name}")
    return Contents(opened, erased, tuple(closed[:_MOST]))


def _rows(
    connection: Connection, table: str, query: str
) -> Iterator[tuple[str, str, bytes | None, bytes]]:
    there = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
    if there is None or there[0] is None:
        return  # the schema is older than such a thing
    with connection.cursor(name=f"sealed_{table}", binary=True) as cursor:
        cursor.itersize = _BATCH
        for row in cursor.execute(query.encode()):
            *head, sealed = row
            wrapped = head[2] if len(head) == 3 else b""
            assert isinstance(sealed, bytes)
            assert wrapped is None or isinstance(wrapped, bytes)
            yield str(head[0]), str(head[1]), wrapped, sealed
