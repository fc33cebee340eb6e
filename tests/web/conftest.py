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
def answering(office: Office) -> None:
    """The model's server echoes, and has received nothing."""
    office.model_server.reset()
