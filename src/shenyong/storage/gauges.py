"""What the database says of how the house fares: read now and then, for the figures.

Each question is answered from an index or from one row an agency, so that it may be asked often.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable

import msgspec
import psycopg

_UNSIGNED = """
SELECT h.size - h.integrated, e.request_id
FROM ledger_head h LEFT JOIN ledger_entry e ON e.agency = h.agency AND e.idx = h.integrated
WHERE h.size > h.integrated
"""
_UNWITNESSED = """
SELECT min(next.at) FROM ledger_head h
CROSS JOIN LATERAL (
  SELECT coalesce(max(size), 0) AS size FROM cosignature c
  WHERE c.agency = h.agency AND c.witness = %s
) AS known
CROSS JOIN LATERAL (
  SELECT k.at FROM ledger_checkpoint k WHERE k.agency = h.agency AND k.size > known.size
  ORDER BY k.size LIMIT 1
) AS next
"""
_SERVER = """
SELECT (SELECT sum(numbackends) FROM pg_stat_database), current_setting('max_connections')
"""
_PLACE = """
SELECT setting FROM pg_settings WHERE name = 'data_directory' AND inet_server_addr() IS NULL
"""
_MATTERS = "SELECT count(*), coalesce(min(updated), 0) FROM matter WHERE stage = 'submitted'"
_TIMEOUT = "SELECT set_config('statement_timeout', '5s', false)"


class Gauges(msgspec.Struct, frozen=True):
    """Times are UTC in microseconds, 0 where there is none. `witnessed` is by witness: when the
    oldest checkpoint was signed that it has not cosigned. `disk` is free and whole, in bytes.
    """

    unsigned: int
    unsigned_since: int
    witnessed: dict[str, int]
    connections: int
    connections_limit: int
    matters: int
    matters_since: int
    disk: tuple[int, int] = (0, 0)


def read(dsn: str, witnesses: Iterable[str]) -> Gauges:
    """How it stands now. Raises psycopg.Error if the database does not answer."""
    with psycopg.connect(dsn, connect_timeout=2, autocommit=True) as connection:
        connection.execute(_TIMEOUT)
        unsigned = connection.execute(_UNSIGNED).fetchall()
        times = [_time(each) for _, each in unsigned]
        witnessed = {}
        for name in witnesses:
            row = connection.execute(_UNWITNESSED, [name]).fetchone()
            witnessed[name] = int(row[0] or 0) if row else 0
        server = connection.execute(_SERVER).fetchone()
        matters = connection.execute(_MATTERS).fetchone()
        place = connection.execute(_PLACE).fetchone()
        assert server is not None
        assert matters is not None
        return Gauges(
            unsigned=sum(int(count) for count, _ in unsigned),
            unsigned_since=min((each for each in times if each), default=0),
            witnessed=witnessed,
            connections=int(server[0] or 0),
            connections_limit=int(server[1]),
            matters=int(matters[0]),
            matters_since=int(matters[1]),
            disk=_disk(str(place[0])) if place and place[0] else (0, 0),
        )


def _time(request: object) -> int:
    """The time in a UUIDv7 (RFC 9562 5.7), in microseconds; 0 for what is none."""
    number = request.int if isinstance(request, uuid.UUID) and request.version == 7 else 0
    return (number >> 80) * 1000


def _disk(place: str) -> tuple[int, int]:
    """Free and whole bytes of the file system at a place of this machine; zeros without one."""
    with contextlib.suppress(OSError):
        found = os.statvfs(place)
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    return 0, 0
