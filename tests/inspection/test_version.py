"""The inspection's version names its rules, not its number alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import shenyong
from shenyong.inspection.version import inspector_version


def test_it_is_the_same_each_time_and_names_the_version() -> None:
    assert re.fullmatch(
        rf"shenyong/{re.escape(shenyong.__version__)}\+[0-9a-f]{{16}}", inspector_version()
    )
    again = subprocess.run(
        [
            sys.executable,
            "-c",
            "from shenyong.inspection.version import inspector_version as v; print(v())",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == inspector_version()


def test_another_word_in_a_list_is_another_version(tmp_path: Path) -> None:
    import shutil

    package = tmp_path / "shenyong"
    shutil.copytree(
        Path(shenyong.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    with (package / "inspection/data/surnames.txt").open("a", encoding="utf-8") as file:
        file.write("\n")
    other = subprocess.run(
        [
            sys.executable,
            "-c",
            "from shenyong.inspection.version import inspector_version as v; print(v())",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert other.stdout.strip() != inspector_version()
