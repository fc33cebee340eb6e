"""Records of officers in the database: sealed, each change whole, with its entry in the ledger.

A record, what follows from it in the registry or the rules, and the entry that says so are one
transaction. Its row is locked while it changes, so two officers at once leave one outcome.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, Text, cast, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from shenyong.governance import Record, Taken
from shenyong.ledger import Admin
from shenyong.ledger.entry import encode
from shenyong.ledger.merkle import leaf_hash
from shenyong.storage import registry, tables
from shenyong.storage.clock import stamped
from shenyong.storage.ledger import APPEND, LedgerUnavailableError, latest
from shenyong.storage.vault import new_key, seal, unseal

T = TypeVar("T")
MOST = 500
"""Records of one list."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode
Follow = Callable[[Connection, Record], None]
"""What follows from a change, in the same transaction."""


def nothing(connection: Connection, record: Record) -> None:
    """Nothing follows."""


class NumberTakenError(ValueError):
    """The agency has a record of that kind and number already."""


def append(connection: Connection, entry: Admin) -> int:
    """Append an entry to its agency's log within the transaction; returns its index.

    Raises:
        LedgerUnavailableError: the agency has no log, or goes on by a clock far ahead of this one.
    """
    entry = stamped(entry)
    leaf = encode(entry)
    values = {
        "agency": entry.agency, "count": 1, "requests": [entry.request],
        "attempts": [entry.attempt], "types": ["admin"], "leaves": [leaf],
        "hashes": [leaf_hash(leaf)], "latest": latest(entry),
    }  # fmt: skip
    row = connection.exec_driver_sql(APPEND, values).first()
    if row is None:
        raise LedgerUnavailableError
    return int(row[0])


class Records:
    """Access to records. `keys` gives an agency's 32 bytes, under which contents are sealed.

    Every method raises LedgerUnavailableError where the database does not answer. They block: call
    them in a thread.
    """

    def __init__(self, engine: Engine, keys: Callable[[str], bytes]) -> None:
        self._engine, self._keys = engine, keys

    def add(self, record: Record, entry: Admin, follow: Follow = nothing) -> Record:
        """A new record. Raises NumberTakenError."""
        key = new_key()
        wrapped = seal(self._keys(record.agency), key, f"record\0{record.id}")

        def write(connection: Connection) -> Record:
            made = _noted(record, append(connection, entry))
            row = {
                "id": uuid.UUID(made.id), "kind": made.kind, "agency": made.agency,
                "number": made.number, "state": made.state, "version": made.version,
                "key": wrapped, "sealed": _sealed(made, key), "opened_by": made.opened_by,
                "created": made.opened_at, "updated": made.opened_at, "due": made.due,
            }  # fmt: skip
            connection.execute(insert(tables.record).values(row))
            _step(connection, made)
            follow(connection, made)
            return made

        try:
            return self._whole(write)
        except IntegrityError:
            raise NumberTakenError from None

    def change(
        self,
        record_id: str,
        change: Callable[[Record], Record],
        entry: Callable[[Record], Admin],
        follow: Follow = nothing,
    ) -> Record | None:
        """Carry out a change on what is there now; None if there is no such record.

        `change` is pure; what it or `follow` raises ends the transaction, and nothing is changed.
        """
        table = tables.record

        def write(connection: Connection) -> Record | None:
            query = select(table).where(table.c.id == record_id, table.c.key.is_not(None))
            row = connection.execute(query.with_for_update()).mappings().first()
            if row is None:
                return None
            before, key = self._opened(row)
            after = change(before)
            made = _noted(after, append(connection, entry(after)))
            values = {
                "state": made.state, "version": made.version, "sealed": _sealed(made, key),
                "updated": made.steps[-1].at, "due": made.due,
            }  # fmt: skip
            connection.execute(update(table).where(table.c.id == record_id).values(values))
            _step(connection, made)
            follow(connection, made)
            return made

        return self._whole(write)

    def get(self, record_id: str) -> Record | None:
        """A record, or None. Who may see it is the caller's to ask."""
        table = tables.record
        query = select(table).where(table.c.id == record_id, table.c.key.is_not(None))
        rows = self._whole(lambda connection: connection.execute(query).mappings().all())
        return self._opened(rows[0])[0] if rows else None

    def named(self, agency: str, kind: str, name: str) -> Record | None:
        """An agency's record of a kind by its number or its id, or None."""
        table = tables.record
        query = select(table).where(
            table.c.agency == agency,
            table.c.kind == kind,
            table.c.key.is_not(None),
            (table.c.number == name) | (cast(table.c.id, Text) == name),
        )
        rows = self._whole(lambda connection: connection.execute(query).mappings().all())
        return self._opened(rows[0])[0] if rows else None

    def listed(self, agency: str, kind: str, state: str = "", *, most: int = MOST) -> list[Record]:
        """An agency's records of a kind, what is due first, then the newest change first."""
        table = tables.record
        query = select(table).where(
            table.c.agency == agency, table.c.kind == kind, table.c.key.is_not(None)
        )
        if state:
            query = query.where(table.c.state == state)
        ordered = query.order_by(table.c.due == 0, table.c.due, table.c.updated.desc()).limit(most)
        rows = self._whole(lambda connection: connection.execute(ordered).mappings().all())
        return [self._opened(row)[0] for row in rows]

    def counts(self, agency: str) -> dict[str, dict[str, int]]:
        """How many records of each kind stand in each state."""
        statement = (
            "SELECT kind, state, count(*) FROM record WHERE agency = %(agency)s AND "
            "key IS NOT NULL GROUP BY kind, state"
        )
        found: dict[str, dict[str, int]] = {}

        def count(connection: Connection) -> None:
            for kind, state, number in connection.exec_driver_sql(statement, {"agency": agency}):
                found.setdefault(kind, {})[state] = int(number)

        self._whole(count)
        return found

    def note(self, entry: Admin) -> int:
        """Record something that an officer did without changing a record."""
        return self._whole(lambda connection: append(connection, entry))

    def erase(self, agency: str, record_id: str) -> bool:
        """Throw a record's key away: its content is gone, the ledger's entries stay."""
        table = tables.record
        gone = (
            update(table).where(table.c.id == record_id, table.c.agency == agency).values(key=None)
        )
        return bool(self._whole(lambda connection: connection.execute(gone).rowcount))

    def _whole(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except OperationalError:
            raise LedgerUnavailableError from None

    def _opened(self, row: Mapping[Any, Any]) -> tuple[Record, bytes]:
        record_id, wrapped, sealed = str(row["id"]), row["key"], row["sealed"]
        key = unseal(self._keys(str(row["agency"])), wrapped, f"record\0{record_id}")
        return _decode(unseal(key, sealed, f"record-body\0{record_id}")), key


def _sealed(record: Record, key: bytes) -> bytes:
    return seal(key, _encode(record), f"record-body\0{record.id}")


def _noted(record: Record, entry: int) -> Record:
    """The record with the index of its last step's entry."""
    last: Taken = msgspec.structs.replace(record.steps[-1], entry=entry)
    return msgspec.structs.replace(record, steps=(*record.steps[:-1], last))


def _step(connection: Connection, record: Record) -> None:
    last = record.steps[-1]
    row = {
        "record": uuid.UUID(record.id), "version": record.version, "at": last.at,
        "actor": last.actor, "action": last.action, "entry": last.entry,
    }  # fmt: skip
    connection.execute(insert(tables.record_step).values(row))


def saved(connection: Connection, values: tuple[registry.Value, ...]) -> None:
    """What a record changes in the registry."""
    if values:
        registry.save(connection, *values)
