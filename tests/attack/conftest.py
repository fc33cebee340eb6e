"""One office for all attacks, with a model that keeps every byte it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.attack.raw import RawModel
from tests.web.office import Office, Visitor, running_office

from shenyong.guideline.terms import Environment
from shenyong.registry import Model, Scope
from shenyong.registry.model import origin
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save

MODEL_KEY = "SHENYONG_TEST_MODEL_KEY"
"""The variable that holds the raw model's own key."""


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    """The gateway, its pages and its public register."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODEL_KEY, "sk-of-the-model")
        with running_office() as running:
            yield running


@pytest.fixture(scope="session")
def _raw(office: Office) -> Iterator[RawModel]:
    server = RawModel()
    scope = Scope(origin(server.url), "raw", "0" * 64, "raw/1", "loopback")
    model = Model(
        "raw/model", server.url, "raw", Environment.PUBLIC_CLOUD, ("gemma",), "TW", scope,
        secret_env=MODEL_KEY,
    )  # fmt: skip
    engine = engine_for(office.dsn)
    with engine.begin() as connection:
        save(connection, model)
    engine.dispose()
    yield server
    server.close()


@pytest.fixture
def raw(_raw: RawModel) -> RawModel:
    """The model at the raw socket, which has received nothing."""
    _raw.reset()
    return _raw


@pytest.fixture(scope="session")
def visitors(office: Office) -> dict[str, Visitor]:
    """People of several roles, signed in."""
    return {person: office.visitor(person) for person in ("lin", "chen", "huang", "tang", "yeh")}
