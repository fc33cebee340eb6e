"""Every fault that the doctor knows is planted by a test; there are more than fifty."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.diagnosis import (
    test_backups,
    test_database,
    test_files,
    test_host,
    test_keys,
    test_ledger,
    test_machine,
    test_network,
    test_people,
    test_reach,
    test_registry,
)

from shenyong import wording

HERE = Path(__file__).parent
CODES = Path(__file__).parents[3] / "src/shenyong/cli/diagnosis"
UNPLANTED = {
    "pack_broken": "the program's own files would have to be damaged",
    "database_starting": "a state of seconds; told by the server's own words",
    "database_certificate": "needs a server with TLS and a foreign authority",
    "look_failed": "a fault of the doctor's own",
}


def test_each_fault_is_planted() -> None:
    tables = [
        test_backups.PLANTS, test_database.PLANTS, test_files.PLANTS, test_host.PLANTS,
        test_keys.PLANTS, test_ledger.PLANTS, test_machine.PLANTS, test_network.PLANTS,
        test_network.STACKED, test_people.PLANTS, test_reach.PLANTS, test_reach.GUARDED,
        test_registry.PLANTS,
    ]  # fmt: skip
    planted = {code for table in tables for code in table}
    assert len(planted) >= 50, len(planted)
    known = {
        key.rpartition(".")[2]
        for key in sorted(wording.keys())
        if key.startswith("cli.doctor.fault.")
    }
    tests = "".join(each.read_text() for each in HERE.glob("test_*.py"))
    named = {code for code in known if f'"{code}"' in tests}
    assert planted <= known
    assert known - named - set(UNPLANTED) == set()


def test_each_code_in_the_source_has_words() -> None:
    written = "".join(each.read_text() for each in CODES.glob("*.py"))
    codes = set(re.findall(r'Fault\(\s*"([a-z_]+)"', written))
    assert len(codes) >= 80
    there = wording.keys()
    for code in codes:
        assert f"cli.doctor.fault.{code}" in there, code
