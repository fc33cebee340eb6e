"""docs/architecture.md shows the code as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_is_drawn_from_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "tools/architecture.py", "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "run `make architecture`"
