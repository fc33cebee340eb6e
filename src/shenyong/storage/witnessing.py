"""Asking witnesses: each new checkpoint is shown to hosts that this one does not rule.

A witness that was shown a state never cosigns another past; so who keeps a witness's word keeps
the log from being rewritten, by its own administrator too. Nothing waits for a witness: one that
does not answer is asked again later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

import aiohttp
import msgspec
import psycopg

from shenyong.ledger.checkpoint import NoteError
from shenyong.ledger.cosignature import WitnessKey, verify_line
from shenyong.ledger.merkle import ProofError, consistency_proof
from shenyong.ledger.tiles import subtree_from
from shenyong.ledger.witness import Request
from shenyong.storage.proofs import reader

_NEWEST = """
SELECT size, note FROM ledger_checkpoint WHERE agency = %s ORDER BY size DESC LIMIT 1
"""
_KNOWN = "SELECT coalesce(max(size), 0) FROM cosignature WHERE agency = %s AND witness = %s"
_STORE = """
INSERT INTO cosignature (agency, size, witness, line, at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (agency, size, witness) DO UPDATE SET line = excluded.line, at = excluded.at
"""
_LOGS = "SELECT agency FROM ledger_head ORDER BY agency"
_LOCK = 0x5359_0004
_TIMEOUT = 10.0
_CONFLICT, _FINE = 409, 200


class Witness(msgspec.Struct, frozen=True):
    """A witness: where it takes checkpoints, and its key."""

    url: str
    vkey: str

    @property
    def key(self) -> WitnessKey:
        """Its key. Raises NoteError."""
        return WitnessKey.parse(self.vkey)


class WitnessError(RuntimeError):
    """A witness that did not cosign: what it said. `status` is 0 where it did not answer."""

    def __init__(self, witness: str, status: int, said: str) -> None:
        super().__init__(f"{witness}: {status} {said}")
        self.witness, self.status, self.said = witness, status, said


def parsed(setting: Iterable[str]) -> tuple[Witness, ...]:
    """Witnesses as the settings write them: ``URL VKEY``, parted by a space. Raises NoteError."""
    found = []
    for each in setting:
        url, _, vkey = each.partition(" ")
        witness = Witness(url.rstrip("/"), vkey.strip())
        WitnessKey.parse(witness.vkey)
        found.append(witness)
    return tuple(found)


async def submit(dsn: str, agency: str, witness: Witness) -> int:
    """Show a witness the newest checkpoint of a log; returns the size that it cosigned (0: none).

    Raises:
        WitnessError: it refused, or did not answer.
        psycopg.Error: the database does not answer.
    """
    key = witness.key
    newest = await asyncio.to_thread(_newest, dsn, agency, key.name)
    if newest is None:
        return 0
    size, note, known = newest
    if known >= size:
        return known
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        status, said = await _asked(session, witness, await _body(dsn, agency, known, size, note))
        if status == _CONFLICT and said.strip().isdigit() and int(said) <= size:
            known = int(said)
            body = await _body(dsn, agency, known, size, note)
            status, said = await _asked(session, witness, body)
    if status != _FINE:
        raise WitnessError(key.name, status, said[:200])
    text = note.rpartition(b"\n\n")[0] + b"\n"
    for line in said.splitlines(keepends=True):
        with contextlib.suppress(NoteError):
            told = verify_line(line, text, key)
            await asyncio.to_thread(_store, dsn, agency, size, (key.name, line, told.at))
            return size
    raise WitnessError(key.name, status, "its cosignature is not good")


async def seen(note: bytes, witness: Witness) -> int:
    """How many entries of a log a witness has seen, by showing it a checkpoint without a proof.

    It then says its own size (409, C2SP tlog-witness) and changes nothing; one that has seen
    nothing yet takes this one for its first.

    Raises:
        WitnessError: it doesn't know the log, or did not answer.
    """
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        status, said = await _asked(session, witness, Request(0, (), note).body())
    if status == _CONFLICT and said.strip().isdigit():
        return int(said)
    if status == _FINE:
        return 0
    raise WitnessError(witness.key.name, status, said[:200])


async def _asked(session: aiohttp.ClientSession, witness: Witness, body: bytes) -> tuple[int, str]:
    try:
        async with session.post(f"{witness.url}/add-checkpoint", data=body) as answer:
            return answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
        raise WitnessError(witness.url, 0, type(error).__name__) from None


async def _body(dsn: str, agency: str, old: int, size: int, note: bytes) -> bytes:
    def prove() -> tuple[bytes, ...]:
        with psycopg.connect(dsn) as connection:
            return tuple(consistency_proof(subtree_from(reader(connection, agency)), old, size))

    try:
        proof = await asyncio.to_thread(prove) if old > 0 else ()
    except ProofError as error:
        raise WitnessError(agency, 0, str(error)) from None
    return Request(old, proof, note).body()


def _newest(dsn: str, agency: str, witness: str) -> tuple[int, bytes, int] | None:
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute(_NEWEST, [agency]).fetchone()
        known = connection.execute(_KNOWN, [agency, witness]).fetchone()
    return (int(row[0]), bytes(row[1]), int(known[0]) if known else 0) if row else None


def _store(dsn: str, agency: str, size: int, told: tuple[str, str, int]) -> None:
    name, line, at = told
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        connection.execute(_STORE, [agency, size, name, line, at * 1_000_000])


class Witnessing:
    """Shows all logs' newest checkpoints to the witnesses, every `every_seconds`.

    One worker of the installation does it at a time. `faults` holds, by witness and agency, why
    the last try failed; a refusal (409, 422) means that the log and the witness disagree about
    the past.
    """

    def __init__(self, dsn: str, witnesses: tuple[Witness, ...], every_seconds: float) -> None:
        self._dsn, self._witnesses, self._every = dsn, witnesses, every_seconds
        self.faults: dict[tuple[str, str], WitnessError] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._lead()
            await asyncio.sleep(self._every)

    async def _lead(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, connect_timeout=2
        )
        async with connection:
            row = await (
                await connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            ).fetchone()
            if row is None or not row[0]:
                return
            while True:
                agencies = await (await connection.execute(_LOGS)).fetchall()
                await self.once([str(each[0]) for each in agencies])
                await asyncio.sleep(self._every)

    async def once(self, agencies: Iterable[str]) -> None:
        """Ask every witness for every log once."""
        for agency in agencies:
            for witness in self._witnesses:
                place = (witness.key.name, agency)
                try:
                    await submit(self._dsn, agency, witness)
                except WitnessError as error:
                    self.faults[place] = error
                else:
                    self.faults.pop(place, None)
