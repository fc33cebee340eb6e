"""Alert rules and the dashboard: tried by promtool, and every figure that they name is there.

Promtool comes with Debian's package ``prometheus``; without it those tests are left out, and say
so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.house import House, running_house

from shenyong.gateway.metrics import Metrics
from shenyong.ledger import OutcomeKind
from shenyong.protocols.failure import FORMS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/monitoring"
HANDBOOKS = (ROOT / "docs/handbook.md", ROOT / "docs/handbook.zh-TW.md")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
BOARD: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = [each for each in BOARD["panels"] if each["type"] != "row"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


def promtool(*arguments: str | Path, folder: Path = FOLDER) -> str:
    run = subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def plain(expression: str) -> str:
    """An expression of the dashboard with its variables filled in."""
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


@needs_promtool
def test_the_rules_are_rules() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.yml")
    promtool("check", "config", "prometheus.yml")


@needs_promtool
def test_each_rule_fires_when_it_should_and_is_silent_when_it_should_be() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


@needs_promtool
def test_a_rule_that_is_wrong_is_found(tmp_path: Path) -> None:
    """That promtool's tests can fail at all: a threshold is moved, and it is told."""
    moved = "(shenyong_ledger_damaged_logs) > "
    for name in ("alerts.yml", "alerts_test.yml"):
        text = (FOLDER / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace(f"{moved}0", f"{moved}1"), "utf-8")
    run = subprocess.run(
        ["promtool", "test", "rules", "alerts_test.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "ShenyongLedgerDamaged" in run.stdout + run.stderr


def test_each_rule_is_tried_both_ways() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text("utf-8"))["tests"]
    tried = {
        (case["alertname"], bool(case["exp_alerts"]))
        for test in tests
        for case in test["alert_rule_test"]
    }
    assert tried == {(rule["alert"], fires) for rule in RULES for fires in (True, False)}


@needs_promtool
def test_every_expression_of_the_dashboard_is_one(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:expression:{number}", "expr": plain(expression)}
        for number, expression in enumerate(EXPRESSIONS)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with running_house() as running:
        yield running


def named(expression: str) -> set[str]:
    return set(re.findall(r"shenyong_[a-z_]+", expression))


UNTIL_SOMETHING_HAPPENS = {
    "shenyong_witness_lag_seconds", "shenyong_witness_refuses", "shenyong_environment_confirmed",
    "shenyong_decisions_total", "shenyong_findings_total",
}  # fmt: skip
"""What a fresh gateway without witnesses and probes has no sample of yet."""


@pytest.mark.slow
def test_every_figure_named_is_on_the_page_of_a_running_gateway(house: House) -> None:
    _, page = house.get("/metrics")
    shown = {
        sample.name
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }
    may_come = {
        name
        for family in Metrics().registry.collect()
        for name in (family.name, f"{family.name}_total")
    }
    asked = {name for expression in EXPRESSIONS for name in named(expression)}
    assert may_come >= UNTIL_SOMETHING_HAPPENS
    assert asked - shown - UNTIL_SOMETHING_HAPPENS == set()
    assert len(asked) > 30


def test_the_codes_and_outcomes_that_they_ask_for_exist() -> None:
    codes = {failure.value for failure in FORMS}
    outcomes = {kind.value for kind in OutcomeKind}
    for expression in EXPRESSIONS:
        for value in re.findall(r'reason=~?"([^"]*)"', expression):
            assert set(value.split("|")) <= codes, value
        for value in re.findall(r'outcome=~?"([^"]*)"', expression):
            assert set(value.split("|")) <= outcomes, value
        for value in re.findall(r'code=~?"([^"]*)"', expression):
            assert int(value) in {form.status for form in FORMS.values()}


def test_every_figure_is_on_the_dashboard() -> None:
    shown = {name for panel in PANELS for each in panel["targets"] for name in named(each["expr"])}
    for family in Metrics().registry.collect():
        counter = f"{family.name}_total" if family.type == "counter" else family.name
        name = f"{family.name}_bucket" if family.type == "histogram" else counter
        assert name in shown, name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_in_both_languages_what_it_is_and_where_its_step_stands(
    rule: dict[str, Any],
) -> None:
    said = rule["annotations"]
    assert re.search("[\u4e00-\u9fff]", said["summary_zh_TW"])
    assert said["summary"].isascii()
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    for key, page in zip(("runbook", "runbook_zh_TW"), HANDBOOKS, strict=True):
        place, _, anchor = said[key].partition("#")
        assert ROOT / place == page
        assert page.read_text("utf-8").count(f'<a id="{anchor}"></a>') == 1, (place, anchor)


class TestBoard:
    def test_it_is_a_dashboard_as_grafana_reads_one(self) -> None:
        assert BOARD["schemaVersion"] >= 36
        assert BOARD["uid"] == "shenyong"
        assert "id" not in BOARD, "that is the server's own number"
        variables = {each["name"]: each for each in BOARD["templating"]["list"]}
        assert set(variables) == {"datasource", "instance"}
        ids = [panel["id"] for panel in BOARD["panels"]]
        assert len(ids) == len(set(ids))

    def test_its_panels_lie_side_by_side_and_none_on_another(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in BOARD["panels"]:
            at = panel["gridPos"]
            assert 0 <= at["x"] < at["x"] + at["w"] <= 24
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken, panel["title"]
            taken |= cells

    @pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["id"]))
    def test_a_panel_asks_our_instances_by_the_source_that_is_chosen(
        self, panel: dict[str, Any]
    ) -> None:
        assert panel["type"] in {"timeseries", "stat", "table"}
        assert re.search("[\u4e00-\u9fff]", panel["title"])
        assert re.search("[A-Za-z]", panel["title"])
        assert panel["fieldConfig"]["defaults"]["unit"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) >= 1
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            for selector in re.findall(r"(?:shenyong_\w+|\bup)(\{[^}]*\})?", target["expr"]):
                assert 'job="shenyong"' in selector, target["expr"]
                assert 'instance=~"$instance"' in selector
