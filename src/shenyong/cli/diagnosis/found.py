"""What a look finds, and where it looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from shenyong.settings import Settings

DAY = 86_400 * 1_000_000
"""A day in microseconds."""
SOON = 30
"""Days before an end that are worth a word."""


class Fault(msgspec.Struct, frozen=True):
    """A fault: `fact` is what it is known by, `mend` the command that mends it.

    `words` fill the sentence of the code; with `advice` it is no fault but could be better.
    """

    code: str
    mend: str
    fact: str = ""
    words: dict[str, Any] = {}
    advice: bool = False


class Found(msgspec.Struct, frozen=True):
    """What is said of one subject: that all is fine, or one fault of it."""

    check: str
    fine: bool
    says: str
    mend: str = ""
    code: str = ""
    fact: str = ""
    advice: bool = False


class Place:
    """Where a doctor looks: the settings, and the database once it answers."""

    def __init__(self, settings: Settings, file: Path, now: int = 0) -> None:
        self.settings, self.file = settings, file
        self.now = now or time.time_ns() // 1000
        self.dsn = ""
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    @property
    def folder(self) -> Path:
        """The installation's folder."""
        return self.file.resolve().parent

    @property
    def connection(self) -> psycopg.Connection[tuple[object, ...]]:
        """The database; each statement by itself, and none may write."""
        if self._connection is None:
            self._connection = psycopg.connect(
                self.dsn, autocommit=True, connect_timeout=5,
                options="-c default_transaction_read_only=on",
            )  # fmt: skip
        return self._connection

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return self.connection.execute(query.encode(), values).fetchall()

    def one(self, query: str, *values: object) -> Any:
        """The first value that a query gives, None if there is none."""
        row = self.connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Let the database go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


Bare = Callable[[], Iterator[Fault]]
Look = Callable[[Place], Iterator[Fault]]


def days(until: int, now: int) -> int:
    """Whole days from now until then."""
    return (until - now) // DAY
