from __future__ import annotations

import json

from tests.cli.running import run


def test_it_measures_different_texts():
    found = json.loads(run("bench", "--seconds", "0.4", "--json").stdout)
    assert found["texts"] >= 10
    inspect = found["inspect_ms_per_1000_characters"]
    assert 0 < inspect < 50
    assert 0 < found["check_ms_per_1000_characters"] < 50
