"""A real PostgreSQL for the tests that need one: a server a process, a fresh database a module."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from shenyong.storage.migrate import migrate
from shenyong.storage.server import EmbeddedServer

# How long an example takes is the machine's affair: what must be fast is measured by a benchmark.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

LONG = (
    "web/test_browser.py", "faults/test_matrix.py", "faults/test_killed.py",
    "cli/test_disaster.py", "web/test_commands.py", "cli/test_demo.py", "gateway/test_keys.py",
    "cli/test_from_nothing.py", "test_docs.py", "web/test_passkey.py", "cli/test_check.py",
    "sandbox/test_recognising.py", "web/test_contracting.py", "storage/test_past.py",
    "inspection/test_fingerprints.py", "web/test_office_routes.py", "web/test_office.py",
    "cli/test_migrate.py", "attack/test_denial.py",
)  # fmt: skip
"""The files that take longest, the longest first."""
_TEMPLATE = "shenyong_template"
_numbers = itertools.count(1)


def _named(dsn: str, database: str) -> str:
    return dsn.replace("/postgres?", f"/{database}?", 1)


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first: dealt out last, one would keep a worker busy when the others have ended."""
    order = {name: place for place, name in enumerate(LONG)}
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        return order.get(item.path.relative_to(here).as_posix(), len(order))

    items.sort(key=place)  # stable: within a file, and among the others, the order stays


@pytest.fixture(scope="session")
def pg() -> Iterator[EmbeddedServer]:
    """The server, stopped and removed at the end. Its path is short: sockets allow 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "pg")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _template(pg: EmbeddedServer) -> str:
    _execute(pg.dsn, f"CREATE DATABASE {_TEMPLATE}")
    migrate(_named(pg.dsn, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def new_database(pg: EmbeddedServer, _template: str) -> Callable[..., str]:
    """Makes databases: migrated ones, or empty ones with ``new_database(empty=True)``."""

    def make(*, empty: bool = False) -> str:
        name = f"shenyong_{next(_numbers)}"
        source = "template1" if empty else _template
        _execute(pg.dsn, f"CREATE DATABASE {name} TEMPLATE {source}")
        return _named(pg.dsn, name)

    return make


@pytest.fixture(scope="module")
def dsn(new_database: Callable[..., str]) -> str:
    """The address of a fresh, migrated database of this module."""
    return new_database()


@pytest.fixture
def clean(dsn: str) -> str:
    """The module's database with its growing tables empty: quicker than a new one each test."""
    _execute(dsn, "TRUNCATE ledger_head, ledger_entry, ledger_tile, ledger_checkpoint, worker")
    _execute(dsn, "TRUNCATE unreleased_document, unreleased_print, unreleased_version")
    return dsn
