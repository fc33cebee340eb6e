"""Taking probes' reports, and telling when an environment lapses or holds again."""

from __future__ import annotations

# guideline: ey-genai-2023:4
import asyncio
from typing import TYPE_CHECKING

import msgspec
import psycopg

from shenyong.gateway.commands import Reply
from shenyong.gateway.ids import new_request_id, now_us
from shenyong.gateway.journal import Line, timestamp
from shenyong.ledger.entry import Admin
from shenyong.registry import Model, Registry
from shenyong.registry.probe import Probed, ProbeError, faults, model_of, opened
from shenyong.storage import probes

if TYPE_CHECKING:
    from shenyong.gateway.worker import Worker

PATH = "/v1/shenyong/probes"
MOST_BYTES = 256 * 1024
_JSON = ("content-type", "application/json")


async def take(worker: Worker, body: bytes, request_id: str) -> Reply:
    """Take a report: 202 and whether it passed; 400 what can't be read, 403 what isn't signed."""
    at = now_us()
    try:
        model = worker.world.registry.models.get(model_of(body))
    except ProbeError as error:
        return _said(400, request_id, {"error": str(error)})
    if model is None:
        return _said(403, request_id, {"error": "no probe is registered for the model"})
    try:
        found = await asyncio.to_thread(_kept, worker, model, body, at)
    except ProbeError as error:
        return _said(403, request_id, {"error": str(error)})
    await worker.look_at_probes()
    return _said(202, request_id, {"passed": not found, "faults": list(found)})


def _said(status: int, request_id: str, body: dict[str, object]) -> Reply:
    return Reply(status, (_JSON, ("x-request-id", request_id)), msgspec.json.encode(body))


def _kept(worker: Worker, model: Model, body: bytes, at: int) -> tuple[str, ...]:
    with psycopg.connect(worker.settings.database.dsn, connect_timeout=2) as connection:
        key = probes.keys(connection).get(model.id)
        if key is None:
            raise ProbeError("no probe is registered for the model")
        report = opened(body, key.public)
        last = probes.last_number(connection, model.id)
        found = tuple(
            each.value for each in faults(report, model.scope, model.id, now=at, last=last)
        )
        if "replayed" in found:  # an old report says nothing of now: it changes nothing
            return found
        probes.save(connection, report, body, at, found)
    return found


def states(dsn: str) -> dict[str, Probed]:
    """The probes' states as the database has them."""
    with psycopg.connect(dsn, connect_timeout=2) as connection:
        return probes.states(connection)


async def tell(worker: Worker, registry: Registry) -> None:
    """Write down and tell where an environment lapsed, or holds again: once for each change."""
    at = now_us()
    for name, probed in registry.probes.items():
        holds = probed.holds(at)
        worker.metrics.environment.labels(name).set(int(holds))
        if worker.told_probes.get(name) is holds:
            continue
        worker.told_probes[name] = holds
        first = await asyncio.to_thread(_turned, worker.settings.database.dsn, name, holds)
        if not first:
            continue
        event = "environment.restored" if holds else "environment.lapsed"
        worker.journal.write(Line(timestamp(), event.replace(".", "_"), model=name))
        for agency in _agencies(registry, name):
            digest = ",".join(probed.faults)[:200]
            await worker.writer.append(
                Admin(agency, new_request_id(), at, "probe", event, name, digest)
            )


def _turned(dsn: str, model: str, holds: bool) -> bool:
    with psycopg.connect(dsn, connect_timeout=2) as connection:
        return probes.turned(connection, model, holds)


def _agencies(registry: Registry, model: str) -> list[str]:
    """The agencies whose officers confirmed the environment, for their ledgers."""
    people = registry.people
    found = {
        people[each.confirmed_by].agency
        for each in registry.confirmations(model)
        if each.confirmed_by in people
    }
    return sorted(found)
