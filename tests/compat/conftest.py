"""One installation for all clients of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.house import House, running_house


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """A running installation."""
    with running_house() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(house: House) -> None:
    """The model server has received nothing and echoes."""
    house.model_server.reset()
