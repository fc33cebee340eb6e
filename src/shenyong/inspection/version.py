"""Which inspection it was: the version and a digest of its rules, lists and code.

So an entry of the ledger tells apart two installations whose word lists differ.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

import shenyong

_PARTS = ("reading", "inspection", "redaction")
_SUFFIXES = (".py", ".toml", ".txt")


@functools.cache
def inspector_version() -> str:
    """``shenyong/0.1.0+`` and 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in _PARTS:
        for file in _files(resources.files(shenyong) / part):
            body = file.read_bytes()
            digest.update(f"{part}/{file.name} {len(body)}\n".encode() + body)
    return f"shenyong/{shenyong.__version__}+{digest.hexdigest()[:16]}"


def _files(folder: Traversable) -> list[Traversable]:
    """The files of a folder and of those inside it, by name."""
    found = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            found += _files(each)
        elif each.name.endswith(_SUFFIXES):
            found.append(each)
    return found
