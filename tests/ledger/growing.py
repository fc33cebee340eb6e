"""Logs made in memory for tests: entries, leaves, tiles and signed checkpoints."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

import msgspec

from shenyong.ledger import Entry, Intent, Outcome, OutcomeKind, encode, leaf_hash
from shenyong.ledger.checkpoint import Checkpoint, SigningKey
from shenyong.ledger.merkle import root_of
from shenyong.ledger.tiles import Tile, TileBuilder
from shenyong.ledger.verify import Report, Row, verify

AGENCY = "moda"
KEY = SigningKey(f"shenyong/{AGENCY}", b"\1" * 32)
START = 1_763_856_000_000_000


def request(number: int) -> str:
    return str(uuid.UUID(int=number << 64 | 0x7 << 76 | 0b10 << 62))


def intent(number: int, *, at: int = 0, agency: str = AGENCY) -> Intent:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Intent(
        agency=agency,
        request=request(number),
        at=at or START + number * 1000,
        key="k1",
        owner="wang",
        use_case="drafts",
        purpose="general",
        actor="official",
        model="local",
        environment="E3",
        verdict="redact",
        pack="sha256:1",
        inspector="shenyong/0",
        received=digest,
        forwarded=digest,
        size=1024,
        points=("4",),
        rules=("floor.4.personal",),
        kinds={"tw_national_id": 2, "person_name": 1},
    )


def outcome(of: Intent, index: int) -> Outcome:
    return Outcome(
        agency=of.agency,
        request=of.request,
        at=of.at + 500,
        intent=index,
        outcome=OutcomeKind.ANSWERED,
        status=200,
        answer=of.received,
        delivered=77,
    )


def entries(count: int) -> list[Entry]:
    """Intents, each followed by its outcome."""
    found: list[Entry] = []
    while len(found) < count:
        begun = intent(len(found))
        found += [begun, outcome(begun, len(found))]
    return found[:count]


class Log(msgspec.Struct):
    """A log as it lies in a database; parts of it may be changed before it is verified."""

    leaves: list[bytes]
    hashes: list[bytes]
    tiles: dict[Tile, bytes]
    notes: list[bytes]

    def verified(self, size: int | None = None) -> Report:
        rows = [
            Row(index, leaf, hashed)
            for index, (leaf, hashed) in enumerate(zip(self.leaves, self.hashes, strict=True))
        ]
        return verify(
            AGENCY,
            rows,
            notes=self.notes,
            key=KEY.verifying,
            tiles=lambda level, index: self.tiles.get((level, index), b""),
            integrated=len(rows) if size is None else size,
            size=size,
        )


def signed(size: int, hashes: Sequence[bytes]) -> bytes:
    return KEY.sign(Checkpoint(KEY.verifying.name, size, root_of(hashes[:size])).text())


def grow(leaves: Sequence[Entry], checkpoints: Sequence[int] = ()) -> Log:
    encoded = [encode(each) for each in leaves]
    hashes = [leaf_hash(each) for each in encoded]
    builder = TileBuilder(0, {})
    for each in hashes:
        builder.add(each)
    sizes = checkpoints or [len(hashes)]
    notes = [signed(size, hashes) for size in sizes]
    return Log(encoded, hashes, builder.flush(), notes)
