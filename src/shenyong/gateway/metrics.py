"""Figures for Prometheus. Labels hold decisions and kinds, never people, keys or text (ux.md 5).

A label's values come from closed sets: verdicts, points, kinds, codes, and the names of models and
witnesses that the agency itself registered. docs/telemetry.md tells each figure.
"""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from shenyong.ledger import Outcome, OutcomeKind
from shenyong.protocols.failure import FORMS

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 240.0)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """One worker's figures; `page` gathers those of all workers.

    Workers share a folder of memory-mapped files when ``PROMETHEUS_MULTIPROC_DIR`` is set, which
    `serve` does before it starts them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests()
        self._ledger()
        self._house()
        # Label lookups cost as much as the increment: keep the handles.
        self._decision_handles: dict[tuple[str, str], Counter] = {}
        self._finding_handles: dict[str, Counter] = {}
        self._tokens_in = self.tokens.labels("input")
        self._tokens_out = self.tokens.labels("output")

    def _requests(self) -> None:
        """What becomes of requests, and how long it takes."""
        self.decisions = self._counter(
            "decisions", "Decisions, under each point that they cite", "decision", "point"
        )
        self.findings = self._counter("findings", "Findings of inspection", "kind")
        self.outcomes = self._counter("outcomes", "How calls of models ended", "outcome")
        self.failures = self._counter(
            "failures", "Requests not served, by HTTP status and error code", "code", "reason"
        )
        self.tokens = self._counter("tokens", "Tokens that models counted", "direction")
        self.inspect = self._histogram(
            "inspect_seconds", "Reading, inspecting and deciding a request", _SECONDS
        )
        self.record = self._histogram(
            "record_seconds", "Until an entry of the ledger is durable", _SECONDS
        )
        self.request = self._histogram(
            "request_seconds", "A whole request for a model, to the end of its answer", _WAITS
        )
        self.model = self._histogram(
            "model_seconds", "A call of a model, to the end of its answer", _WAITS
        )
        self.open = self._gauge("open_requests", "Requests now served", "livesum")
        self.open_limit = self._gauge(
            "open_requests_limit", "Requests that may be served at once", "livesum"
        )

    def _ledger(self) -> None:
        """How the ledger and its witnesses fare."""
        self.waiting = self._gauge(
            "ledger_waiting_entries", "Entries that wait to be made durable", "livesum"
        )
        self.unsigned = self._gauge(
            "checkpoint_unsigned_entries", "Durable entries that no checkpoint covers yet"
        )
        self.checkpoint_lag = self._gauge(
            "checkpoint_lag_seconds", "Age of the oldest entry that no checkpoint covers yet"
        )
        self.damaged = self._gauge(
            "ledger_damaged_logs", "Logs found damaged: nothing is forwarded for them", "livemax"
        )
        self.witness_lag = self._gauge(
            "witness_lag_seconds", "Age of the oldest checkpoint not cosigned", "", "witness"
        )
        self.witness_refuses = self._gauge(
            "witness_refuses",
            "1 while a witness refuses a log: it was shown another past",
            "livemax",
            "witness",
        )

    def _house(self) -> None:
        """Environments, the database, the workers, and what waits for people."""
        self.environment = self._gauge(
            "environment_confirmed", "1 while a closed environment's probe passes", "", "model"
        )
        self.confirmation_end = self._gauge(
            "confirmation_end_timestamp_seconds",
            "When a model's confirmation ends; 0 where none is in force",
            "",
            "model",
        )
        self.database_up = self._gauge(
            "database_up", "1 while the database answers to every worker", "livemin"
        )
        self.database_connections = self._gauge(
            "database_connections", "Connections that the database's server has open"
        )
        self.database_connections_limit = self._gauge(
            "database_connections_limit", "Connections that the database's server allows"
        )
        self.pool_in_use = self._gauge(
            "database_pool_in_use", "Connections that the pages use now", "livesum"
        )
        self.pool_size = self._gauge(
            "database_pool_size", "Connections that the pages may use at once", "livesum"
        )
        self.disk_free = self._gauge(
            "disk_free_bytes", "Free space where an embedded database lies"
        )
        self.disk_size = self._gauge("disk_size_bytes", "Size of that file system")
        self.refreshed = self._gauge(
            "registry_refreshed_timestamp_seconds",
            "When the worker that is latest took the registry's state",
            "livemin",
        )
        self.matters = self._gauge("matters_waiting", "Matters that wait for a second person")
        self.matters_wait = self._gauge(
            "matters_oldest_wait_seconds", "How long the oldest of them has waited"
        )
        self.workers = self._gauge("workers", "Workers that serve", "livesum")
        self.starts = self._counter("worker_starts", "Starts of workers")
        self.build = self._gauge(
            "build_info", "1 for the version and the pack that serve", "livemax", "version", "pack"
        )
        self.log_lost = self._counter(
            "log_lines_lost", "Lines that the collector of logs did not get", "reason"
        )
        self.telemetry_lost = self._counter(
            "telemetry_lost", "Spans and exports of figures that did not leave", "signal"
        )

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"shenyong_{name}", said, labels, registry=self.registry)

    def _histogram(self, name: str, said: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"shenyong_{name}", said, registry=self.registry, buckets=buckets)

    def _gauge(self, name: str, said: str, mode: str = "", *labels: str) -> Gauge:
        """A gauge; `mode` says how workers' values become one, "" that the newest counts."""
        return Gauge(
            f"shenyong_{name}",
            said,
            labels,
            registry=self.registry,
            multiprocess_mode=mode or "mostrecent",  # type: ignore[arg-type]
        )

    def known(self) -> None:
        """Show at 0 what may come: the first time that it does is a rise then, not a beginning."""
        for failure, form in FORMS.items():
            self.failures.labels(str(form.status), failure.value)
        for kind in OutcomeKind:
            self.outcomes.labels(kind.value)
        for reason in ("full", "unsent"):
            self.log_lost.labels(reason)
        for signal in ("traces", "metrics"):
            self.telemetry_lost.labels(signal)

    def decided(self, verdict: str, points: tuple[str, ...]) -> None:
        """Count one decision, under each point that it cites."""
        for point in points or ("",):
            label = (verdict, point)
            handle = self._decision_handles.get(label)
            if handle is None:
                handle = self._decision_handles[label] = self.decisions.labels(*label)
            handle.inc()

    def found(self, kind: str, count: int) -> None:
        """Count findings of one kind."""
        handle = self._finding_handles.get(kind)
        if handle is None:
            handle = self._finding_handles[kind] = self.findings.labels(kind)
        handle.inc(count)

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """Count how a call of a model ended, its tokens, and how long it took."""
        self.outcomes.labels(outcome.outcome.value).inc()
        self.model.observe(seconds)
        if outcome.tokens_in:
            self._tokens_in.inc(outcome.tokens_in)
        if outcome.tokens_out:
            self._tokens_out.inc(outcome.tokens_out)

    def log_lost_by(self, reason: str, count: int) -> None:
        """Count lines that the collector of logs did not get."""
        self.log_lost.labels(reason).inc(count)

    def telemetry_lost_by(self, signal: str, count: int) -> None:
        """Count what did not leave for the collector of telemetry."""
        self.telemetry_lost.labels(signal).inc(count)

    def page(self) -> bytes:
        """The figures of all workers in Prometheus' text format."""
        folder = os.environ.get(_FOLDER)
        if folder is None:
            return generate_latest(self.registry)
        bury(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def bury(folder: Path) -> None:
    """Forget what workers that have died said of the present: what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not _lives(int(number)):
            mark_process_dead(int(number), str(folder))  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
