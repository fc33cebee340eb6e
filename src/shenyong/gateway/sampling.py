"""Figures that nobody's request counts: looked up every few seconds, beside the requests."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import psycopg

import shenyong
from shenyong.gateway.journal import Line, place_of, timestamp
from shenyong.storage import gauges

if TYPE_CHECKING:
    from shenyong.gateway.worker import Worker

EVERY_SECONDS = 5.0
_REFUSALS = (409, 422)
"""What a witness says that was shown another past."""


async def run(worker: Worker) -> None:
    """Until cancelled."""
    metrics = worker.metrics
    metrics.known()
    metrics.starts.inc()
    metrics.workers.set(1)
    metrics.open_limit.set(worker.settings.limits.concurrent)
    metrics.build.labels(shenyong.__version__, worker.settings.policy.pack).set(1)
    while True:
        try:
            await sample(worker)
        except Exception as error:  # a fault here must not end the looking
            worker.journal.write(Line(timestamp(), "figures_not_read", error=place_of(error)))
        await asyncio.sleep(EVERY_SECONDS)


async def sample(worker: Worker) -> None:
    """Look once. A database that does not answer is a figure too."""
    metrics = worker.metrics
    metrics.waiting.set(worker.writer.waiting)
    metrics.damaged.set(worker.damaged_logs)
    names = worker.witnesses
    refusing = {
        witness for (witness, _), fault in worker.witness_faults.items() if fault in _REFUSALS
    }
    for name in names:
        metrics.witness_refuses.labels(name).set(int(name in refusing))
    for look in worker.looks:
        look()
    now = time.time()
    registry = worker.world.registry
    for model in registry.models.values():
        if registry.confirmations(model.id):
            until = registry.confirmed_until(model, int(now * 1e6)) or 0
            metrics.confirmation_end.labels(model.id).set(until / 1e6)
    try:
        found = await asyncio.to_thread(gauges.read, worker.settings.database.dsn, names)
    except psycopg.Error:
        metrics.database_up.set(0)
        return
    metrics.database_up.set(1)
    metrics.unsigned.set(found.unsigned)
    metrics.checkpoint_lag.set(_age(found.unsigned_since, now))
    for name, since in found.witnessed.items():
        metrics.witness_lag.labels(name).set(_age(since, now))
    metrics.database_connections.set(found.connections)
    metrics.database_connections_limit.set(found.connections_limit)
    metrics.matters.set(found.matters)
    metrics.matters_wait.set(_age(found.matters_since, now))
    free, whole = found.disk
    metrics.disk_free.set(free)
    metrics.disk_size.set(whole)


def _age(since: int, now: float) -> float:
    """Seconds since a time in microseconds; 0 where there is none."""
    return max(0.0, now - since / 1e6) if since else 0.0
