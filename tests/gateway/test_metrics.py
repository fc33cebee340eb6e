"""Figures for Prometheus: they count what was decided, and their labels name no one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shenyong.gateway.metrics import Metrics
from shenyong.ledger import Outcome, OutcomeKind

pytestmark = pytest.mark.point("ey-genai-2023:4")


def figures(page: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of a page, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def figure(page: bytes, name: str, **labels: str) -> float:
    return figures(page)[name, tuple(sorted(labels.items()))]


class TestCounts:
    def test_a_decision_counts_under_each_point_that_it_cites(self):
        metrics = Metrics()
        metrics.decided("redact", ("3", "4"))
        metrics.decided("redact", ("4",))
        page = metrics.page()
        assert figure(page, "shenyong_decisions_total", decision="redact", point="3") == 1
        assert figure(page, "shenyong_decisions_total", decision="redact", point="4") == 2

    def test_one_that_cites_none_counts_once(self):
        metrics = Metrics()
        metrics.decided("allow", ())
        assert figure(metrics.page(), "shenyong_decisions_total", decision="allow", point="") == 1

    def test_findings_count_as_many_as_they_are(self):
        metrics = Metrics()
        metrics.found("person_name", 3)
        metrics.found("person_name", 2)
        assert figure(metrics.page(), "shenyong_findings_total", kind="person_name") == 5

    def test_outcomes_and_failures_count(self):
        metrics = Metrics()
        metrics.outcomes.labels("answered").inc()
        metrics.failures.labels("404", "not_proxied").inc()
        page = metrics.page()
        assert figure(page, "shenyong_outcomes_total", outcome="answered") == 1
        assert figure(page, "shenyong_failures_total", code="404", reason="not_proxied") == 1

    def test_a_call_counts_its_outcome_its_tokens_and_its_time(self):
        metrics = Metrics()
        metrics.ended(
            Outcome("moda", "r", 1, 0, OutcomeKind.TIMEOUT, tokens_in=7, tokens_out=5), 1.5
        )
        metrics.ended(Outcome("moda", "r", 1, 0, OutcomeKind.ANSWERED), 0.004)
        page = metrics.page()
        assert figure(page, "shenyong_outcomes_total", outcome="timeout") == 1
        assert figure(page, "shenyong_tokens_total", direction="input") == 7
        assert figure(page, "shenyong_tokens_total", direction="output") == 5
        assert figure(page, "shenyong_model_seconds_bucket", le="0.005") == 1
        assert figure(page, "shenyong_model_seconds_sum") == 1.504

    def test_times_are_in_seconds_and_counted(self):
        metrics = Metrics()
        metrics.inspect.observe(0.0007)
        metrics.record.observe(2.0)
        page = metrics.page()
        assert figure(page, "shenyong_inspect_seconds_count") == 1
        assert figure(page, "shenyong_inspect_seconds_bucket", le="0.0005") == 0
        assert figure(page, "shenyong_inspect_seconds_bucket", le="0.001") == 1
        assert figure(page, "shenyong_record_seconds_bucket", le="1.0") == 0
        assert figure(page, "shenyong_record_seconds_sum") == 2.0

    def test_requests_that_are_open_are_told(self):
        metrics = Metrics()
        metrics.open.set(3)
        assert figure(metrics.page(), "shenyong_open_requests") == 3

    def test_two_workers_figures_do_not_meet_in_one_process(self):
        one, other = Metrics(), Metrics()
        one.decided("allow", ("5",))
        assert ("shenyong_decisions_total", (("decision", "allow"), ("point", "5"))) not in figures(
            other.page()
        )


def test_a_label_is_a_decision_a_point_a_kind_or_a_code_and_nothing_else():
    metrics = Metrics()
    metrics.decided("deny", ("4",))
    metrics.found("secret", 1)
    metrics.outcomes.labels("stopped").inc()
    metrics.failures.labels("400", "invalid_json").inc()
    for gauge in (metrics.environment, metrics.confirmation_end):
        gauge.labels("local/model").set(1)
    metrics.witness_lag.labels("witness.example").set(1)
    metrics.build.labels("1.0", "ey-genai-2023").set(1)
    metrics.log_lost_by("full", 1)
    metrics.telemetry_lost_by("traces", 1)
    names = {name for _, labels in figures(metrics.page()) for name, _ in labels}
    assert names == {
        "decision", "point", "kind", "outcome", "code", "reason", "le",
        "direction", "model", "witness", "signal", "version", "pack",
    }  # fmt: skip


def test_the_page_is_what_prometheus_reads():
    page = Metrics().page().decode()
    families = {family.name for family in text_string_to_metric_families(page)}
    assert all(family.startswith("shenyong_") for family in families)
    assert families >= {
        "shenyong_decisions",
        "shenyong_findings",
        "shenyong_outcomes",
        "shenyong_failures",
        "shenyong_inspect_seconds",
        "shenyong_record_seconds",
        "shenyong_open_requests",
    }


WORKER = """
import sys
from shenyong.gateway.metrics import Metrics
from shenyong.ledger import Outcome, OutcomeKind
metrics = Metrics()
metrics.decided("allow", ("5",))
metrics.found("person_name", int(sys.argv[1]))
metrics.open.set(1)
metrics.database_up.set(int(sys.argv[1]) - 1)
if sys.argv[1] == "2":
    sys.stdout.buffer.write(metrics.page())
    sys.stdout.flush()
"""


def as_worker(number: int, environment: Mapping[str, str]) -> bytes:
    run = subprocess.run(
        [sys.executable, "-c", WORKER, str(number)],
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    return run.stdout


def test_any_worker_tells_the_figures_of_all(tmp_path: Path):
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    assert as_worker(1, shared) == b""
    page = as_worker(2, shared)
    assert figure(page, "shenyong_decisions_total", decision="allow", point="5") == 2
    assert figure(page, "shenyong_findings_total", kind="person_name") == 3
    assert "pid" not in {name for _, labels in figures(page) for name, _ in labels}


def test_a_worker_that_died_is_no_part_of_the_present_but_of_what_was_counted(tmp_path: Path):
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    as_worker(1, shared)
    as_worker(1, shared)
    page = as_worker(2, shared)
    assert figure(page, "shenyong_open_requests") == 1, "only its own is open"
    assert figure(page, "shenyong_database_up") == 1, "whom the dead did not reach, they don't say"
    assert figure(page, "shenyong_decisions_total", decision="allow", point="5") == 3


def test_every_figure_has_a_name_by_prometheus_rules_and_says_what_it_is():
    units = ("_seconds", "_bytes", "_total", "_info")
    plain = {
        "shenyong_open_requests", "shenyong_open_requests_limit", "shenyong_ledger_waiting_entries",
        "shenyong_checkpoint_unsigned_entries", "shenyong_ledger_damaged_logs",
        "shenyong_witness_refuses", "shenyong_environment_confirmed", "shenyong_database_up",
        "shenyong_database_connections", "shenyong_database_connections_limit",
        "shenyong_database_pool_in_use", "shenyong_database_pool_size", "shenyong_matters_waiting",
        "shenyong_workers",
    }  # fmt: skip
    for family in Metrics().registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert name.endswith(units) or name in plain, name
        assert family.documentation[0].isupper() or family.documentation[0] == "1"
        assert not family.documentation.endswith("."), name
