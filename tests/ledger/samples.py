"""A small log as it is stored, to damage and to prove; and its keys."""

from __future__ import annotations

import msgspec

from shenyong.ledger import Admin, Decided, Entry, Intent, Outcome, OutcomeKind, encode, leaf_hash
from shenyong.ledger.checkpoint import Checkpoint, SigningKey
from shenyong.ledger.merkle import Hash, root_of
from shenyong.ledger.tiles import Tile, TileBuilder
from shenyong.ledger.verify import Report, Row, verify

AGENCY = "moda"
KEY = SigningKey(f"shenyong/{AGENCY}", bytes(range(32)))
OTHER = SigningKey(f"shenyong/{AGENCY}", bytes(range(1, 33)))
START = 1_790_000_000_000_000


def request(number: int) -> str:
    return f"01990000-0000-7000-8000-{number:012x}"


def intent(number: int, index: int) -> Intent:
    return Intent(
        agency=AGENCY,
        request=request(number),
        at=START + index,
        key="k1",
        owner="wang",
        use_case="drafts",
        purpose="general",
        actor="official",
        model="local",
        environment="E3",
        verdict="allow",
        pack="p1",
        inspector="shenyong/0",
        received="ab" * 32,
        forwarded="cd" * 32,
        size=1024,
        kinds={"tw_national_id": 1},
    )


def outcome(number: int, of: int, index: int) -> Outcome:
    return Outcome(
        agency=AGENCY,
        request=request(number),
        at=START + index,
        intent=of,
        outcome=OutcomeKind.ANSWERED,
        status=200,
    )


def decided(number: int, index: int) -> Decided:
    return Decided(
        agency=AGENCY,
        request=request(number),
        at=START + index,
        key="k1",
        owner="wang",
        use_case="drafts",
        purpose="general",
        actor="official",
        model="local",
        environment="E1",
        verdict="deny",
        pack="p1",
        inspector="shenyong/0",
        received="ab" * 32,
        size=512,
        points=("ey-genai-2023:4",),
    )


def entries(count: int) -> list[Entry]:
    """An admin entry, then intents with their outcomes, and a decision now and then."""
    made: list[Entry] = [
        Admin(AGENCY, request(0), START, "wang", "ledger.create", subject="首都機關")
    ]
    while len(made) < count:
        index = len(made)
        if index % 7 == 6:
            made.append(decided(index, index))
        else:
            made += [intent(index, index), outcome(index, index, index + 1)]
    return made[:count]


class Stored(msgspec.Struct):
    """All that is stored of a log."""

    leaves: list[bytes]
    hashes: list[Hash]
    tiles: dict[Tile, bytes]
    notes: list[bytes]
    integrated: int
    size: int

    def report(self, *, kept: tuple[bytes, ...] = (), key: SigningKey = KEY) -> Report:
        rows = [
            Row(index, leaf, hashed)
            for index, (leaf, hashed) in enumerate(zip(self.leaves, self.hashes, strict=True))
        ]
        return verify(
            AGENCY,
            rows,
            notes=[*self.notes, *kept],
            key=key.verifying,
            tiles=lambda level, index: self.tiles.get((level, index), b""),
            integrated=self.integrated,
            size=self.size,
        )


def tiles_of(hashes: list[Hash]) -> dict[Tile, bytes]:
    builder = TileBuilder(0, {})
    tiles: dict[Tile, bytes] = {}
    for each in hashes:
        builder.add(each)
    tiles.update(builder.flush())
    return tiles


def note(hashes: list[Hash], key: SigningKey = KEY) -> bytes:
    return key.sign(Checkpoint(key.verifying.name, len(hashes), root_of(hashes)).text())


def stored(made: list[Entry], *, every: int = 100, key: SigningKey = KEY) -> Stored:
    """The log of these entries with a checkpoint after each `every`, and one at the end."""
    leaves = [encode(each) for each in made]
    hashes = [leaf_hash(each) for each in leaves]
    sizes = [*range(every, len(leaves), every), len(leaves)]
    notes = [note(hashes[:size], key) for size in sizes]
    return Stored(leaves, hashes, tiles_of(hashes), notes, len(leaves), len(leaves))
