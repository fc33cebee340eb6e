"""The ledger at a glance: what is cheap to see of each log. `ledger verify` proves all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from shenyong.cli.diagnosis.found import Fault, Look, Place

if TYPE_CHECKING:
    from shenyong.storage.witnessing import Witness

_HEADLESS = """
SELECT DISTINCT agency FROM (SELECT agency FROM ledger_entry UNION ALL
                             SELECT agency FROM ledger_checkpoint) found
WHERE agency NOT IN (SELECT agency FROM ledger_head)
"""
_HEADS = "SELECT agency, size, integrated, public_key FROM ledger_head ORDER BY agency"
_ENTRY = "SELECT leaf, leaf_hash FROM ledger_entry WHERE agency = %s AND idx = %s"
_NEWEST = """
SELECT size, note, at FROM ledger_checkpoint WHERE agency = %s ORDER BY size DESC LIMIT 1
"""
_LAST = 200
"""Entries at the end of each log that are hashed anew."""
_FUTURE = 60 * 1_000_000
_LATE = 120 * 1_000_000


def headless(at: Place) -> Iterator[Fault]:
    """Every log has its head."""
    for (agency,) in at.rows(_HEADLESS):
        yield Fault("log_headless", _restore(at), agency)


def _restore(at: Place) -> str:
    newest = at.settings.backup.folder or "BACKUP"
    return f"shenyong ledger verify {at.file}; shenyong restore {newest} --verify"


def keys(at: Place) -> Iterator[Fault]:
    """Each log was begun with the signing key that is here."""
    from shenyong.cli.keeping import Keys

    own = Keys.of(at.settings)
    for agency, _, _, public in at.rows(_HEADS):
        key = own.log_key(agency)
        if key is not None and str(key.verifying) != public:
            mend = f"cp COPY/signing.key {at.settings.ledger.signing_key_file}"
            yield Fault("log_key_other", mend, agency)


def sizes(at: Place) -> Iterator[Fault]:
    """A log has as many entries as its head says, and no checkpoint covers more."""
    for agency, size, integrated, _ in at.rows(_HEADS):
        last = at.one("SELECT max(idx) FROM ledger_entry WHERE agency = %s", agency)
        have = 0 if last is None else last + 1
        most = at.one("SELECT max(size) FROM ledger_checkpoint WHERE agency = %s", agency) or 0
        if have != size or most > size or integrated > size:
            yield Fault("log_cut", _restore(at), f"{agency}: {have}/{size}/{most}")


def newest_entries(at: Place) -> Iterator[Fault]:
    """The newest entries hash to what was stored, and none is of tomorrow."""
    from shenyong.ledger.merkle import leaf_hash

    query = "SELECT idx, leaf, leaf_hash FROM ledger_entry WHERE agency = %s AND idx >= %s"
    for agency, size, _, _ in at.rows(_HEADS):
        newest = 0
        for index, leaf, stored in at.rows(query, agency, size - _LAST):
            if leaf_hash(bytes(leaf)) != bytes(stored):
                yield Fault("entry_damaged", _restore(at), f"{agency} #{index}")
                break
            newest = max(newest, int(json.loads(bytes(leaf)).get("at", 0)))
        if newest > at.now + _FUTURE:
            ahead = (newest - at.now) // 1_000_000
            yield Fault("clock_ran_ahead", "chronyc makestep", f"{agency}: +{ahead} s")


def checkpoints(at: Place) -> Iterator[Fault]:
    """What is there has been signed for, with a good signature, over the tiles that are stored."""
    from shenyong.ledger.checkpoint import Checkpoint, NoteError, VerifyingKey, open_note
    from shenyong.ledger.merkle import ProofError, tree_root
    from shenyong.ledger.tiles import subtree_from
    from shenyong.storage.proofs import reader

    for agency, _, integrated, public in at.rows(_HEADS):
        if not integrated:
            continue
        row = at.rows(_NEWEST, agency)
        if not row or row[0][0] < integrated:
            yield Fault("checkpoint_missing", _restore(at), f"{agency}: {integrated}")
            continue
        try:
            key = VerifyingKey.parse(public)
            told = Checkpoint.parse(open_note(bytes(row[0][1]), key))
        except NoteError:
            yield Fault("checkpoint_bad", _restore(at), agency)
            continue
        try:
            root = tree_root(subtree_from(reader(at.connection, agency)), told.size)
        except ProofError:
            root = b""
        if root != told.root:
            yield Fault("tile_damaged", _restore(at), agency)


def unsigned(at: Place) -> Iterator[Fault]:
    """New entries are signed for within minutes, while a gateway runs."""
    for agency, size, integrated, _ in at.rows(_HEADS):
        if integrated >= size:
            continue
        rows = at.rows(_ENTRY, agency, integrated)
        if not rows:
            continue
        waits = at.now - int(json.loads(bytes(rows[0][0])).get("at", at.now))
        if waits > _LATE + 10 * at.settings.ledger.checkpoint_seconds * 1_000_000:
            minutes = waits // 60_000_000
            yield Fault("checkpoint_old", f"shenyong serve {at.file}",
                        f"{agency}: {size - integrated}, {minutes} min")  # fmt: skip


def witnesses(at: Place) -> Iterator[Fault]:
    """Hosts that this one does not rule have seen the newest state."""
    from shenyong.ledger.checkpoint import NoteError
    from shenyong.storage.witnessing import parsed

    told = at.settings.ledger.witnesses
    if not told:
        mend = "shenyong witness FOLDER --init --name NAME"
        yield Fault("witness_none", mend, advice=True)
        return
    try:
        found = parsed(told)
    except NoteError:
        yield Fault("witness_malformed", f"$EDITOR {at.file}  # ledger.witnesses")
        return
    for witness in found:
        for agency, _, integrated, _ in at.rows(_HEADS):
            row = at.rows(_NEWEST, agency)
            if row and not (yield from _seen(at, witness, agency, integrated, bytes(row[0][1]))):
                break  # one that doesn't answer is said once


def _seen(
    at: Place, witness: Witness, agency: str, integrated: int, note: bytes
) -> Generator[Fault, None, bool]:
    """What a witness has seen; whether it answered."""
    from shenyong.storage.witnessing import WitnessError, seen

    name = witness.key.name
    try:
        size = asyncio.run(seen(note, witness))
    except WitnessError as error:
        if error.status == 0:
            yield Fault("witness_silent", f"curl -sv {witness.url}",
                        f"{witness.url} {error.said}"[:100])  # fmt: skip
            return False
        mend = f"shenyong witness FOLDER --log {agency}"
        yield Fault("witness_refuses", mend, f"{name}: {error.status} {error.said}"[:100])
        return True
    if size > integrated:
        mend = f"shenyong restore BACKUP --into {at.folder} --entries EXPORT"
        yield Fault("log_rolled_back", mend, f"{agency}: {integrated} < {size} ({name})")
    elif size < integrated and at.now - _cosigned(at, agency, name) > _late(at):
        yield Fault("witness_behind", f"shenyong serve {at.file}",
                    f"{name} {agency}: {size}/{integrated}")  # fmt: skip
    return True


def _late(at: Place) -> int:
    return int(max(10 * at.settings.ledger.witness_seconds, 600)) * 1_000_000


def _cosigned(at: Place, agency: str, witness: str) -> int:
    query = "SELECT max(at) FROM cosignature WHERE agency = %s AND witness = %s"
    return int(at.one(query, agency, witness) or 0)


LOOKS: tuple[Look, ...] = (
    headless, keys, sizes, newest_entries, checkpoints, unsigned, witnesses,
)  # fmt: skip
