"""The registry comes back from the database as it was saved, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from tests.registry import samples
from tests.registry.samples import changed

from shenyong.registry import Registry, RegistryError
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import CHANNEL, load, packs, save, version
from shenyong.storage.tables import agency_pack

EVERYTHING = (
    samples.AGENCY,
    samples.OFFICIAL,
    samples.SUPERVISOR,
    samples.OPERATOR,
    samples.CASE,
    samples.MODEL,
    samples.CONFIRMATION,
    samples.KEY,
)


@pytest.fixture
def connection(new_database: Callable[..., str]) -> Iterator[Connection]:
    engine = engine_for(new_database())
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def plain(registry: Registry) -> dict[str, object]:
    return {
        "agencies": dict(registry.agencies),
        "keys": tuple(registry.keys),
        "models": dict(registry.models),
        "confirmations": registry.confirmations(samples.MODEL.id),
    }


@pytest.mark.point("ey-genai-2023:4")
def test_what_is_saved_comes_back(connection: Connection) -> None:
    assert version(connection) == 0
    assert save(connection, *EVERYTHING) == 1
    connection.commit()
    found = load(connection)
    assert found.version == version(connection) == 1
    assert plain(found) == plain(samples.registry())
    assert isinstance(found.keys[0].secret_digest, bytes)
    assert found.effective(found.models[samples.MODEL.id], samples.NOW) == samples.registry(
    ).effective(samples.MODEL, samples.NOW)  # fmt: skip


def test_saving_again_replaces_and_raises_the_version(connection: Connection) -> None:
    save(connection, *EVERYTHING)
    revoked = changed(samples.KEY, revoked=True)
    ended = msgspec.structs.replace(samples.CONFIRMATION, expires=samples.NOW)
    assert save(connection, revoked, ended) == 2
    found = load(connection)
    assert found.keys[0].revoked
    assert len(found.keys) == 1
    assert [each.expires for each in found.confirmations(samples.MODEL.id)] == [samples.NOW]


def test_all_of_a_save_or_nothing(connection: Connection) -> None:
    save(connection, *EVERYTHING)
    connection.commit()
    orphan = changed(samples.KEY, id="k2", owner="nobody")
    with pytest.raises(IntegrityError):
        save(connection, changed(samples.KEY, revoked=True), orphan)
    connection.rollback()
    assert version(connection) == 1
    assert not load(connection).keys[0].revoked


def test_a_registry_that_contradicts_itself_is_not_loaded(connection: Connection) -> None:
    """Someone wrote into the tables by hand: an owner of another agency."""
    other = changed(samples.AGENCY, id="other")
    save(connection, other, *EVERYTHING)
    load(connection)
    save(connection, changed(samples.OFFICIAL, agency="other"))
    with pytest.raises(RegistryError):
        load(connection)


def test_workers_are_told(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    engine = engine_for(dsn)
    with psycopg.connect(dsn, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}".encode())
        with engine.begin() as connection:
            save(connection, samples.AGENCY)
        heard = next(listener.notifies(timeout=5, stop_after=1))
    engine.dispose()
    assert (heard.channel, heard.payload) == (CHANNEL, "1")


def test_packs_by_agency(connection: Connection) -> None:
    save(connection, samples.AGENCY)
    assert packs(connection) == {}
    rows = [("moda-demo", "b", "forbid(principal, action, resource);"), ("moda-demo", "a", "//")]
    for agency, name, text in rows:
        connection.execute(agency_pack.insert().values(agency=agency, id=name, text=text))
    assert packs(connection) == {"moda-demo": [("a", rows[1][2]), ("b", rows[0][2])]}
