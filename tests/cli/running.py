"""Runs commands as a person would: in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.warm import Warm

PROGRAM = (sys.executable, "-c", "from shenyong.cli.main import main; main()")


_warm = Warm()


def run(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; English unless told otherwise."""
    whole = {**os.environ, "LC_ALL": "en_US.UTF-8", **environ}
    done = _warm.run(arguments, stdin, cwd, whole, 120)
    return done or cold(*arguments, stdin=stdin, cwd=cwd, **environ)


def cold(
    *arguments: str, stdin: str = "", cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The same, by a new interpreter."""
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
