"""Runs commands as a person would: another process, or this one with what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = (sys.executable, "-c", "from shenyong.cli.main import main; main()")


def run(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; English unless told otherwise."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "en_US.UTF-8", **environ},
        timeout=120,
        check=False,
    )
