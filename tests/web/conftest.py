"""One office for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.web.office import Office, running_office


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    with running_office() as running:
        yield running


@pytest.fixture(autouse=True)
def answering(request: pytest.FixtureRequest) -> None:
    """Where there is an office, its model's server echoes, and has received nothing."""
    if "office" in request.fixturenames:
        request.getfixturevalue("office").model_server.reset()
