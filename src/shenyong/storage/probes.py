"""Probes in the database: their keys, their newest looks, and whether an environment holds."""

from __future__ import annotations

import msgspec
import psycopg

from shenyong.registry.probe import Probed, Report

Connection = psycopg.Connection[tuple[object, ...]]
_KEYS = "SELECT model, public_key, every_seconds FROM probe_key"
_STATES = """
SELECT k.model, k.every_seconds,
  coalesce((SELECT max(received) FROM probe p WHERE p.model = k.model AND passed), 0),
  coalesce((SELECT max(received) FROM probe p WHERE p.model = k.model AND NOT passed), 0),
  (SELECT p.report FROM probe p WHERE p.model = k.model ORDER BY received DESC LIMIT 1)
FROM probe_key k
"""
_REGISTER = """
INSERT INTO probe_key (model, public_key, every_seconds, holding) VALUES (%s, %s, %s, false)
ON CONFLICT (model) DO UPDATE
SET public_key = excluded.public_key, every_seconds = excluded.every_seconds
"""
_LAST = "SELECT report FROM probe WHERE model = %s ORDER BY at DESC LIMIT 1"
_SAVE = """
INSERT INTO probe (model, at, received, passed, report) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (model, at) DO NOTHING
"""
_FORGET = "DELETE FROM probe WHERE model = %s AND received < %s AND passed"
_TURN = "UPDATE probe_key SET holding = %s WHERE model = %s AND holding <> %s"
_KEEP = 30 * 86_400_000_000


class Kept(msgspec.Struct, frozen=True):
    """A look as it is kept: as it was sent, and what was found wrong with it."""

    sent: bytes
    number: int
    faults: tuple[str, ...]


class ProbeKey(msgspec.Struct, frozen=True):
    """A probe's public key (base64), and how often it looks."""

    public: str
    every_seconds: int


def register(connection: Connection, model: str, public: str, every_seconds: int) -> None:
    """Take a probe's key for a model; from then on the environment holds only while it passes."""
    connection.execute(_REGISTER, [model, public, every_seconds])


def keys(connection: Connection) -> dict[str, ProbeKey]:
    """The probes' keys by model."""
    rows = connection.execute(_KEYS).fetchall()
    return {str(model): ProbeKey(str(key), int(str(every))) for model, key, every in rows}


def last_number(connection: Connection, model: str) -> int:
    """The number of a model's newest look, -1 if there is none."""
    row = connection.execute(_LAST, [model]).fetchone()
    return _kept(row[0]).number if row else -1


def save(
    connection: Connection, report: Report, sent: bytes, received: int, faults: tuple[str, ...]
) -> None:
    """Keep a look. Those that passed are forgotten after thirty days, the others stay."""
    kept = msgspec.msgpack.encode(Kept(sent, report.number, faults))
    connection.execute(_SAVE, [report.model, report.at, received, not faults, kept])
    connection.execute(_FORGET, [report.model, received - _KEEP])


def states(connection: Connection) -> dict[str, Probed]:
    """What is known of each model's probe."""
    found = {}
    for model, every, passed, failed, raw in connection.execute(_STATES).fetchall():
        kept = _kept(raw) if raw else None
        found[str(model)] = Probed(
            int(str(every)), int(str(passed)), int(str(failed)), kept.faults if kept else ()
        )
    return found


def turned(connection: Connection, model: str, holds: bool) -> bool:
    """Note whether an environment holds; True for the one who noted it first."""
    return connection.execute(_TURN, [holds, model, holds]).rowcount == 1


def _kept(raw: object) -> Kept:
    assert isinstance(raw, bytes)
    return msgspec.msgpack.decode(raw, type=Kept)
