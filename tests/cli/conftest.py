"""Patients: a well installation each, its database copied from one that was furnished once."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cli.diagnosis.patient import Patient, furnish

from shenyong.storage.server import EmbeddedServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def listening() -> Iterator[str]:
    """A model's server, as far as a doctor looks at one: it takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def _named(dsn: str, database: str) -> str:
    return dsn.replace("/postgres?", f"/{database}?", 1)


@pytest.fixture(scope="session")
def furnished(pg: EmbeddedServer, _template: str, listening: str) -> str:
    """The name of a database that is in good order."""
    with psycopg.connect(pg.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE shenyong_well TEMPLATE {_template}".encode())
    furnish(_named(pg.dsn, "shenyong_well"), listening)
    return "shenyong_well"


@pytest.fixture
def patient(
    pg: EmbeddedServer, furnished: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Patient:
    """An installation that is well."""
    name = f"patient_{next(_numbers)}"
    with psycopg.connect(pg.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {furnished}".encode())
    return Patient(tmp_path, _named(pg.dsn, name), monkeypatch)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    """An installation whose database nobody asks."""
    return Patient(tmp_path, "postgresql://nobody@127.0.0.1:9/none", monkeypatch)
