"""Figures for Prometheus. Labels hold decisions and kinds, never people, keys or text (ux.md 5)."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """One worker's figures; `page` gathers those of all workers.

    Workers share a folder of memory-mapped files when ``PROMETHEUS_MULTIPROC_DIR`` is set, which
    `serve` does before it starts them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter(
            "shenyong_decisions", "Decisions", ["decision", "point"], registry=self.registry
        )
        self.findings = Counter("shenyong_findings", "Findings", ["kind"], registry=self.registry)
        self.outcomes = Counter(
            "shenyong_outcomes", "How calls of models ended", ["outcome"], registry=self.registry
        )
        self.failures = Counter(
            "shenyong_failures", "Requests not served", ["code"], registry=self.registry
        )
        self.inspect = Histogram(
            "shenyong_inspect_seconds",
            "Reading, inspecting and deciding",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.record = Histogram(
            "shenyong_record_seconds",
            "Until an entry of the ledger is durable",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.open = Gauge(
            "shenyong_open_requests",
            "Requests now served",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.environment = Gauge(
            "shenyong_environment_confirmed",
            "1 while a closed environment's probe passes",
            ["model"],
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        # Label lookups cost as much as the increment: keep the handles.
        self._decision_handles: dict[tuple[str, str], Counter] = {}
        self._finding_handles: dict[str, Counter] = {}

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

    def page(self) -> bytes:
        """The figures of all workers in Prometheus' text format."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self.registry)
