"""The database's own administrator: whatever is edited by SQL, and what tells of it.

Each case changes something behind the gateway's back and names what finds it: `ledger verify`, the
opening of what is sealed, or the verification of a released document. What nothing inside finds is
here too, as `UNSEEN`, so that nobody promises more (docs/security.md, "What stays open").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from tests.house import AGENCY
from tests.web.office import Office, Visitor
from tests.web.test_way import released

from shenyong.ledger.checkpoint import VerifyingKey
from shenyong.storage.verification import verify_log

pytestmark = [pytest.mark.point("ey-genai-2023:2")]


LEDGER = {
    "an entry's content": (
        "UPDATE ledger_entry SET leaf = overlay(leaf placing '\\x58'::bytea from 40) "
        "WHERE agency = '{agency}' AND idx = 3"),
    "an entry's content and its hash": (
        "UPDATE ledger_entry SET leaf = overlay(leaf placing '\\x58'::bytea from 40), leaf_hash = "
        "sha256('\\x00'::bytea || overlay(leaf placing '\\x58'::bytea from 40)) "
        "WHERE agency = '{agency}' AND idx = 3"),
    "an entry taken out": (
        "DELETE FROM ledger_entry WHERE agency = '{agency}' AND idx = 4"),
    "two entries changed about": (
        "UPDATE ledger_entry a SET leaf = b.leaf, leaf_hash = b.leaf_hash FROM ledger_entry b "
        "WHERE a.agency = '{agency}' AND b.agency = a.agency AND ((a.idx, b.idx) = (2, 3) "
        "OR (a.idx, b.idx) = (3, 2))"),
    "an entry of another kind": (
        "UPDATE ledger_entry SET type = 'other' WHERE agency = '{agency}' AND idx = 5"),
    "a tile": (
        "UPDATE ledger_tile SET hashes = overlay(hashes placing '\\x00ff'::bytea from 1) "
        "WHERE agency = '{agency}' AND level = 0 AND idx = 0"),
    "a tile taken out": ("DELETE FROM ledger_tile WHERE agency = '{agency}' AND level = 0"),
    "a checkpoint": (
        "UPDATE ledger_checkpoint SET note = overlay(note placing 'X'::bytea from 30) "
        "WHERE agency = '{agency}' AND size = (SELECT max(size) FROM ledger_checkpoint "
        "WHERE agency = '{agency}')"),
    "the end cut off": (
        "DELETE FROM ledger_entry WHERE agency = '{agency}' AND idx >= "
        "(SELECT size - 3 FROM ledger_head WHERE agency = '{agency}')"),
    "the end cut off, and the size with it": (
        "WITH gone AS (DELETE FROM ledger_entry WHERE agency = '{agency}' AND idx >= "
        "(SELECT size - 3 FROM ledger_head WHERE agency = '{agency}') RETURNING 1) "
        "UPDATE ledger_head SET size = size - 3, integrated = least(integrated, size - 3) "
        "WHERE agency = '{agency}'"),
    "the head": ("DELETE FROM ledger_head WHERE agency = '{agency}'"),
}  # fmt: skip
TABLES = ("ledger_entry", "ledger_tile", "ledger_checkpoint", "ledger_head")


@pytest.fixture(scope="module")
def way(office: Office) -> tuple[str, str]:
    """A released matter, so that the log has something of everything; its id and number."""
    return released(office, office.visitor("lin"))


@pytest.fixture(scope="module")
def grown(office: Office, way: tuple[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """The office's log, signed to its end."""
    until = time.monotonic() + 60
    while True:
        with psycopg.connect(office.dsn) as connection:  # all tables at one moment
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            found = {
                table: connection.execute(
                    f"SELECT * FROM {table} WHERE agency = %s".encode(), [AGENCY]
                ).fetchall()
                for table in TABLES
            }
            size, integrated = connection.execute(
                "SELECT size, integrated FROM ledger_head WHERE agency = %s", [AGENCY]
            ).fetchone() or (0, -1)
        if size == integrated or time.monotonic() > until:
            return found
        time.sleep(0.2)


@pytest.fixture
def copied(
    grown: dict[str, list[tuple[Any, ...]]], new_database: Callable[..., str]
) -> Iterator[psycopg.Connection[Any]]:
    """The same rows in a database of its own, where the administrator may do anything."""
    with psycopg.connect(new_database(), autocommit=True) as connection:
        for table, rows in grown.items():
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                connection.execute(f"INSERT INTO {table} VALUES ({marks})".encode(), row)
        yield connection


def _key(grown: dict[str, list[tuple[Any, ...]]]) -> VerifyingKey:
    """The log's public key, as an auditor kept it elsewhere."""
    (head,) = grown["ledger_head"]
    return VerifyingKey.parse(next(each for each in head if str(each).startswith("shenyong/")))


@pytest.mark.parametrize("name", LEDGER)
def test_an_edit_of_the_ledger_is_found(
    grown: dict[str, list[tuple[Any, ...]]], copied: psycopg.Connection[Any], name: str
) -> None:
    """With the public key that was kept elsewhere, as an auditor has it."""
    dsn, key = address(copied), _key(grown)
    assert verify_log(dsn, AGENCY, key).ok
    assert copied.execute(LEDGER[name].replace("{agency}", AGENCY).encode()).rowcount > 0
    report = verify_log(dsn, AGENCY, key)
    assert not report.ok, name
    assert report.faults


def test_a_whole_older_state_is_found_by_a_checkpoint_kept_elsewhere(
    grown: dict[str, list[tuple[Any, ...]]], copied: psycopg.Connection[Any]
) -> None:
    """Nothing inside tells of it: what an auditor or a witness kept does."""
    notes = copied.execute("SELECT size, note FROM ledger_checkpoint ORDER BY size").fetchall()
    (first, _), (_, newest) = notes[0], notes[-1]
    assert len(notes) > 1
    for statement in (
        "DELETE FROM ledger_entry WHERE idx >= {n}",
        "DELETE FROM ledger_checkpoint WHERE size > {n}",
        "UPDATE ledger_head SET size = {n}, integrated = {n}",
    ):
        copied.execute(statement.replace("{n}", str(first)).encode())
    assert not verify_log(address(copied), AGENCY, _key(grown), kept=[bytes(newest)]).ok


def address(connection: psycopg.Connection[Any]) -> str:
    return connection.info.dsn


SEALED: dict[str, Callable[[str], str]] = {
    "a byte of a matter": lambda matter: (
        "UPDATE matter SET sealed = overlay(sealed placing '\\x00ff00'::bytea from 40) "
        f"WHERE id = '{matter}'"
    ),
    "another matter's content in its place": lambda matter: (
        "UPDATE matter SET sealed = (SELECT sealed FROM matter WHERE "
        f"id <> '{matter}' LIMIT 1) WHERE id = '{matter}'"
    ),
    "another matter's key": lambda matter: (
        f"UPDATE matter SET key = (SELECT key FROM matter WHERE id <> '{matter}' LIMIT 1) "
        f"WHERE id = '{matter}'"
    ),
}


@pytest.mark.parametrize("name", SEALED)
def test_an_edit_of_a_matter_does_not_open(
    office: Office, way: tuple[str, str], visitors: dict[str, Visitor], name: str
) -> None:
    matter, lin = way[0], visitors["lin"]
    released(office, lin)  # there is another one
    ((sealed, key),) = office.rows("SELECT sealed, key FROM matter WHERE id = %s", matter)
    office.execute(SEALED[name](matter))
    try:
        page = lin.get(f"/m/{matter}")
        assert page.status_code == 500
        assert "更動" in page.text
        assert "重新上傳附件" not in page.text
    finally:
        office.execute("UPDATE matter SET sealed = %s, key = %s WHERE id = %s", sealed, key, matter)
    assert lin.get(f"/m/{matter}").status_code == 200


def test_a_stage_that_is_set_by_hand_releases_nothing(
    office: Office, visitors: dict[str, Visitor]
) -> None:
    """The columns beside the sealed content are for finding it; what counts is sealed."""
    from tests.web.test_way import drafted

    lin = visitors["lin"]
    matter = drafted(office, lin)
    office.execute("UPDATE matter SET stage = 'confirmed' WHERE id = %s", matter)
    lin.get(f"/m/{matter}")
    lin.post(f"/m/{matter}/release", {})
    assert office.rows("SELECT count(*) FROM release WHERE matter = %s", matter) == [(0,)]


@pytest.mark.parametrize("column", ["envelope", "entry"])
def test_an_edit_of_a_release_gives_no_genuine_document(
    office: Office, way: tuple[str, str], visitors: dict[str, Visitor], column: str
) -> None:
    """What is downloaded afterwards does not verify, or isn't made at all."""
    matter, number = way
    lin = visitors["lin"]
    (before,) = office.rows(f"SELECT {column} FROM release WHERE number = %s", number)
    change: dict[str, Any] = {
        "envelope": "replace(envelope, 'A', 'B')",
        "entry": "entry - 1",
    }
    office.execute(f"UPDATE release SET {column} = {change[column]} WHERE number = %s", number)
    try:
        page = lin.get(f"/m/{matter}/file?format=odt")
        if page.status_code == 200:
            lin.get("/verify")
            lin.post("/verify", files={"file": ("a.odt", page.content)})
            assert "<h2>為真</h2>" not in lin.text
    finally:
        office.execute(f"UPDATE release SET {column} = %s WHERE number = %s", before[0], number)


UNSEEN = {
    "a key's bound": ("api_key", "max_class", "id = 'official'", "D1"),
    "a person's role": ("person", "title", "id = 'kao'", "局長"),
}
"""Of the registry: rows without a signature. What was decided by them is in the ledger."""


@pytest.mark.parametrize("name", UNSEEN)
def test_what_verify_does_not_see_is_said(office: Office, name: str) -> None:
    """The registry's rows are not signed; docs/security.md says so, and what stands against it."""
    table, column, where, value = UNSEEN[name]
    ((before,),) = office.rows(f"SELECT {column} FROM {table} WHERE {where}")
    office.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", value)
    try:
        assert verify_log(office.dsn, AGENCY).ok
    finally:
        office.execute(f"UPDATE {table} SET {column} = %s WHERE {where}", before)
