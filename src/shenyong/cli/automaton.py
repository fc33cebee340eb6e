"""The detectors' automaton, kept between commands: compiling it takes seconds, loading it none.

The file is the person's own, in ``$XDG_CACHE_HOME/shenyong``: one that others could write is not
read, for who writes the automaton decides what is found. Without a place to keep it, it is compiled
each time, and nothing else changes.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import shenyong
from shenyong.inspection.engine import Engine
from shenyong.inspection.inspector import engine


def folder() -> Path:
    """The folder for what may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "shenyong"


def kept_engine() -> Engine:
    """The engine of this process, from the kept automaton if there is a good one."""
    try:
        path = folder() / f"automaton-{shenyong.__version__}"
    except RuntimeError:  # no home
        return engine()
    cached = _read(path)
    made = engine(cached)
    automaton = made.automaton()
    if automaton != cached:
        _write(path, automaton)
    return made


def _read(path: Path) -> bytes:
    try:
        for each in (path, path.parent):
            found = each.lstat()
            others = stat.S_IMODE(found.st_mode) & 0o022
            if found.st_uid != os.getuid() or others or stat.S_ISLNK(found.st_mode):
                return b""
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, automaton: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)  # 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(automaton)
        Path(name).replace(path)
    except OSError:
        return  # a full or read-only disk: compiled again next time
