"""The register in a real database: whose documents, which fingerprints, which version."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest

from shenyong.guideline.terms import DataClass
from shenyong.inspection.register import Registered, State
from shenyong.registry import Agency
from shenyong.storage import unreleased
from shenyong.storage.ledger import LedgerUnavailableError
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save

pytestmark = pytest.mark.point("ey-genai-2023:4")

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def connection(clean: str) -> Iterator[Connection]:
    engine = engine_for(clean)
    with engine.begin() as writing:
        save(writing, Agency("a", "甲", "A"), Agency("b", "乙", "B"))
    engine.dispose()
    with psycopg.connect(clean, autocommit=True) as opened:
        yield opened


def document(agency: str = "a", **more: object) -> Registered:
    return Registered(str(uuid.uuid4()), agency, "草案", "lin", **more)  # type: ignore[arg-type]


async def test_documents_come_back_by_their_fingerprints(
    connection: Connection, clean: str
) -> None:
    one, two = document(level=DataClass.RESTRICTED, reason="審議中", added_at=5), document()
    assert unreleased.add(connection, one, [1, 2, 2, -3]) == 3
    unreleased.add(connection, two, [2])
    lookup = unreleased.Lookup(clean)
    found = await lookup.known("a", [1, 2, 3, -3])
    assert found.keys() == {1, 2, -3}
    assert found[1] == [one]
    assert {each.id for each in found[2]} == {one.id, two.id}
    assert await lookup.known("b", [1, 2]) == {}, "another agency's are not seen"
    await lookup.close()


def test_the_filter_has_all_of_an_agency_and_nothing_else(connection: Connection) -> None:
    values = np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 1100)
    unreleased.add(connection, document("a"), values[:1000].tolist())
    unreleased.add(connection, document("b"), values[1000:].tolist())
    made = unreleased.load_filter(connection, "a")
    assert made.count == 1000
    assert made.has(values[:1000]).all()
    assert made.has(values[1000:]).sum() < 5


def test_each_change_raises_the_agencys_version(connection: Connection) -> None:
    assert unreleased.versions(connection) == {}
    mine = document()
    unreleased.add(connection, mine, [1])
    unreleased.change(connection, "a", mine.id, state=State.APPROVED, approved_at=7)
    unreleased.change(connection, "a", mine.id, state=State.RELEASED, release_at=9)
    (kept,) = unreleased.documents(connection, "a")
    assert (kept.state, kept.approved_at, kept.release_at) == (State.RELEASED, 7, 9)
    assert unreleased.versions(connection) == {"a": 3}
    unreleased.remove(connection, "a", mine.id)
    assert unreleased.documents(connection, "a") == []
    assert unreleased.load_filter(connection, "a").count == 0
    assert unreleased.versions(connection) == {"a": 4}


def test_another_agencys_document_is_unknown(connection: Connection) -> None:
    mine = document()
    unreleased.add(connection, mine, [1])
    with pytest.raises(unreleased.UnknownDocumentError):
        unreleased.remove(connection, "b", mine.id)
    with pytest.raises(unreleased.UnknownDocumentError):
        unreleased.change(connection, "b", mine.id, state=State.APPROVED)
    assert len(unreleased.documents(connection, "a")) == 1


async def test_a_database_that_is_away_is_said_so() -> None:
    lookup = unreleased.Lookup("postgresql://127.0.0.1:1/none", timeout=1)
    with pytest.raises(LedgerUnavailableError):
        await lookup.known("a", [1])
