"""Figures of a running gateway that no request counts: the database, the workers, what waits."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.house import House, running_house

import shenyong
from shenyong.gateway.metrics import Metrics

pytestmark = [
    pytest.mark.slow,
    pytest.mark.point("ey-genai-2023:4"),
]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


def figures(house: House) -> dict[tuple[str, str], float]:
    status, page = house.get("/metrics")
    assert status == 200
    return {
        (sample.name, ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.1)


def test_they_are_there_from_the_first_look_on(house: House) -> None:
    until(lambda: figures(house).get(("shenyong_database_up", "")) == 1)
    found = figures(house)
    version = f"pack=ey-genai-2023,version={shenyong.__version__}"
    assert found["shenyong_build_info", version] == 1
    assert found["shenyong_workers", ""] == 1
    assert found["shenyong_worker_starts_total", ""] == 1
    assert found["shenyong_open_requests_limit", ""] == 512
    assert found["shenyong_ledger_waiting_entries", ""] == 0
    assert found["shenyong_ledger_damaged_logs", ""] == 0
    until(lambda: figures(house).get(("shenyong_database_connections_limit", ""), 0) > 0)
    found = figures(house)
    in_use = found["shenyong_database_connections", ""]
    assert 0 < in_use <= found["shenyong_database_connections_limit", ""]
    assert found["shenyong_database_pool_size", ""] == 16
    assert found["shenyong_database_pool_in_use", ""] == 0
    assert 0 < found["shenyong_disk_free_bytes", ""] < found["shenyong_disk_size_bytes", ""]
    assert found["shenyong_matters_waiting", ""] == 0
    ends = found["shenyong_confirmation_end_timestamp_seconds", "model=local/echo"]
    assert time.time() < ends < time.time() + 31 * 86400
    until(
        lambda: (
            time.time() - figures(house)["shenyong_registry_refreshed_timestamp_seconds", ""] < 10
        )
    )


def test_every_family_stands_on_the_page(house: House) -> None:
    """Also those that nothing happened to yet, or their first rise would be no rise."""
    _, page = house.get("/metrics")
    shown = page.decode()
    labelled = {"shenyong_witness_lag_seconds", "shenyong_witness_refuses"}
    labelled |= {"shenyong_findings", "shenyong_decisions", "shenyong_environment_confirmed"}
    for family in Metrics().registry.collect():
        if family.name not in labelled:
            assert f"# HELP {family.name}" in shown, family.name
    found = figures(house)
    assert found["shenyong_failures_total", "code=503,reason=audit_unavailable"] == 0
    assert found["shenyong_outcomes_total", "outcome=timeout"] == 0
    assert found["shenyong_log_lines_lost_total", "reason=full"] == 0


def test_a_worker_that_is_killed_and_comes_back_is_counted(house: House) -> None:
    before = figures(house)["shenyong_worker_starts_total", ""]
    assert house.process is not None
    workers = [
        each
        for each in psutil.Process(house.process.pid).children(recursive=True)
        if "postgres" not in each.name()
    ]
    serving = max(workers, key=lambda each: each.memory_info().rss)
    os.kill(serving.pid, signal.SIGKILL)
    until(lambda: house.get("/readyz")[0] == 200 and not psutil.pid_exists(serving.pid))
    until(lambda: figures(house)["shenyong_worker_starts_total", ""] == before + 1)
    found = figures(house)
    assert found["shenyong_workers", ""] == 1, "the dead one serves no more"
    assert found["shenyong_open_requests_limit", ""] == 512


def test_a_database_that_goes_and_comes_back_is_seen(house: House) -> None:
    house.database.stop()
    until(lambda: figures(house)["shenyong_database_up", ""] == 0)
    assert house.get("/readyz")[0] == 503
    assert house.get("/healthz")[0] == 200, "the process lives"
    house.database.start()
    until(lambda: figures(house)["shenyong_database_up", ""] == 1)
    until(lambda: house.get("/readyz")[0] == 200)
