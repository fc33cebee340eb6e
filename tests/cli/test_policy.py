from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.running import run

TABLE = Path(__file__).parents[2] / "../shared/spec/decision_table.json"


@pytest.mark.point("ey-genai-2023:3")
@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.skipif(not TABLE.exists(), reason="the table lies beside the repository")
def test_the_table_agrees_and_one_changed_row_is_found(tmp_path):
    done = run("policy", "test", "--table", str(TABLE))
    assert done.returncode == 0
    assert done.stdout.startswith("3840 of 3840")
    table = json.loads(TABLE.read_text())
    row = table["rows"][17]
    row[5] = "allow" if row[5] != "allow" else "deny"
    changed = tmp_path / "table.json"
    changed.write_text(json.dumps(table))
    done = run("policy", "test", "--table", str(changed))
    assert done.returncode == 1
    assert done.stdout.startswith("3839 of 3840")
    assert "\n  18: " in done.stdout


def test_what_is_no_table_is_wrong_use(tmp_path):
    (tmp_path / "t").write_text("{}")
    assert run("policy", "test", "--table", str(tmp_path / "t")).returncode == 2
    assert run("policy", "test", "--table", str(tmp_path / "none")).returncode == 2
