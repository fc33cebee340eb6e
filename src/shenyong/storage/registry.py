"""The registry in the database: read whole, written one value at a time, with a version.

Every write raises the version in the same transaction and notifies, so a worker knows when its
snapshot is old. Columns have the names of the values' fields; nested values are JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, select, text
from sqlalchemy.dialects.postgresql import insert

from shenyong.registry import (
    Agency,
    ApiKey,
    Confirmation,
    Delegation,
    Model,
    Person,
    Registry,
    UseCase,
)
from shenyong.storage import rules, tables

CHANNEL = "shenyong_registry"
T = TypeVar("T", bound=msgspec.Struct)
Value = Agency | Person | UseCase | ApiKey | Model | Confirmation | Delegation

_TABLES: dict[type[msgspec.Struct], Table] = {
    Agency: tables.agency,
    Person: tables.person,
    UseCase: tables.use_case,
    ApiKey: tables.api_key,
    Model: tables.model,
    Delegation: tables.delegation,
}


def save(connection: Connection, *values: Value) -> int:
    """Insert or replace values, in the order given. Returns the registry's new version.

    The caller's transaction holds it all: either everything is there, or nothing.
    """
    for value in values:
        table, row = _row(value)
        key = [column.name for column in table.primary_key]
        statement = insert(table).values(row)
        others = {name: statement.excluded[name] for name in row if name not in key}
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=others))
    version = connection.execute(
        text(
            "INSERT INTO registry_version (one, version) VALUES (true, 1) "
            "ON CONFLICT (one) DO UPDATE SET version = registry_version.version + 1 "
            "RETURNING version"
        )
    ).scalar_one()
    connection.execute(text(f"NOTIFY {CHANNEL}, '{int(version)}'"))
    return int(version)


def _row(value: Value) -> tuple[Table, dict[str, Any]]:
    if isinstance(value, Confirmation):
        body = msgspec.to_builtins(value)
        return tables.confirmation, {"id": value.id, "model": value.model, "body": body}
    table = _TABLES[type(value)]
    row = msgspec.to_builtins(value, builtin_types=(bytes,))
    return table, {column.name: row[column.name] for column in table.columns}


def version(connection: Connection) -> int:
    """The registry's version; 0 if nothing was ever saved."""
    found = connection.execute(select(tables.registry_version.c.version)).scalar()
    return int(found or 0)


def load(connection: Connection) -> Registry:
    """The registry as it is now.

    Raises:
        RegistryError: it contradicts itself.
    """
    return Registry(
        version(connection),
        agencies=_all(connection, Agency),
        people=_all(connection, Person),
        use_cases=_all(connection, UseCase),
        keys=_all(connection, ApiKey),
        models=_all(connection, Model),
        delegations=_all(connection, Delegation),
        confirmations=[
            msgspec.convert(body, Confirmation)
            for body in connection.execute(
                select(tables.confirmation.c.body).order_by(tables.confirmation.c.id)
            ).scalars()
        ],
    )


def packs(connection: Connection, at: int = 0) -> dict[str, list[tuple[str, str]]]:
    """The agencies' own packs in force at `at`: agency → (id, Cedar text), by id."""
    found: dict[str, list[tuple[str, str]]] = {}
    table = tables.agency_pack
    for row in connection.execute(select(table).order_by(table.c.agency, table.c.id)):
        found.setdefault(row.agency, []).append((row.id, row.text))
    for agency, mine in rules.in_force(connection, at).items():
        found.setdefault(agency, []).extend((each.id, each.text) for each in mine)
    return found


def _all(connection: Connection, kind: type[T]) -> Sequence[T]:
    table = _TABLES[kind]
    rows = connection.execute(select(table).order_by(table.c.id)).mappings()
    names = [str(column.name) for column in table.columns]
    return [
        msgspec.convert(dict(zip(names, row.values(), strict=True)), kind, builtin_types=(bytes,))
        for row in rows
    ]
