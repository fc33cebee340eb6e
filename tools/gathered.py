"""Wheels in a folder, a lock of hashes, and which of the wheels a project needs. No network.

A lock is a file for ``pip --require-hashes``. A wheel that the lock does not name by its hash is
refused, so what is gathered is what was locked.
"""

from __future__ import annotations

import email
import hashlib
import re
import zipfile
from collections.abc import Iterable
from email.message import Message
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class GatheringError(ValueError):
    """The wheels and the lock do not fit together."""


class Wheel(msgspec.Struct, frozen=True):
    """One wheel: its file, what its metadata say, and the digest of its bytes."""

    path: Path
    name: str
    version: str
    sha256: str
    licence: str
    licence_files: tuple[str, ...]
    requires: tuple[str, ...]
    bills: tuple[str, ...] = ()
    """Bills of material inside the wheel (PEP 770): what was compiled into it."""
    libraries: tuple[str, ...] = ()
    """Shared libraries of other projects that the wheel carries."""


def locked(text: str) -> dict[str, frozenset[str]]:
    """``name==version`` → the digests that the lock allows for it.

    Raises:
        GatheringError: a line is not pinned, or has no hash.
    """
    found: dict[str, frozenset[str]] = {}
    logical = re.sub(r"\\\n", " ", text)
    for line in logical.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pinned, hashes = _PINNED.match(line), _HASH.findall(line)
        if not pinned or not hashes:
            raise GatheringError(f"not pinned by hash: {line[:60]}")
        found[f"{canonicalize_name(pinned[1])}=={pinned[2]}"] = frozenset(hashes)
    return found


def read(path: Path) -> Wheel:
    """What one wheel says of itself."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        (place,) = (each for each in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", each))
        metadata = email.message_from_bytes(archive.read(place))
    folder = place.partition("/")[0]
    name, version, _, _ = parse_wheel_filename(path.name)
    return Wheel(
        path=path,
        name=name,
        version=str(version),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence=_licence(metadata),
        licence_files=tuple(metadata.get_all("License-File", [])),
        requires=tuple(metadata.get_all("Requires-Dist", [])),
        bills=tuple(sorted(each for each in names if each.startswith(f"{folder}/sboms/"))),
        libraries=tuple(sorted(each for each in names if ".libs/" in each and ".so" in each)),
    )


def _licence(metadata: Message) -> str:
    """The SPDX expression if there is one; else the classifiers; else what is written, if short."""
    if metadata["License-Expression"]:
        return str(metadata["License-Expression"])
    classified = [
        each.rpartition("::")[2].strip()
        for each in metadata.get_all("Classifier", [])
        if each.startswith("License ::") and each.count("::") > 1
    ]
    if classified:
        return " / ".join(classified)
    written = " ".join(str(metadata["License"] or "").split())
    return written if len(written) <= 80 else ""


def fit(wheels: Iterable[Wheel], lock: dict[str, frozenset[str]]) -> None:
    """Every wheel is one that the lock allows.

    Raises:
        GatheringError: one is not, and which.
    """
    for each in wheels:
        if each.sha256 not in lock.get(f"{each.name}=={each.version}", frozenset()):
            raise GatheringError(f"not in the lock: {each.path.name}")


def needed(
    own: Wheel, others: Iterable[Wheel], extras: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Names of the wheels that `own` needs on this interpreter, each with what it needs itself.

    `own` is among them. What nobody needs (the tools that built it) is not.

    Raises:
        GatheringError: something that is needed is not there.
    """
    known = {each.name: each for each in others} | {own.name: own}
    graph: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    open_ = [(own.name, extra) for extra in ("", *extras)]
    while open_:
        name, extra = open_.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        wheel = known.get(name)
        if wheel is None:
            raise GatheringError(f"needed, and not there: {name}")
        mine = graph.setdefault(name, set())
        for text in wheel.requires:
            wanted = Requirement(text)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
                continue
            other = canonicalize_name(wanted.name)
            if other in known and not wanted.specifier.contains(
                known[other].version, prereleases=True
            ):
                raise GatheringError(f"{name} needs {text}, there is {known[other].version}")
            if other != name:
                mine.add(other)
            open_ += [(other, each) for each in ("", *sorted(wanted.extras))]
    return {name: tuple(sorted(graph[name])) for name in sorted(graph)}


def requirements(wheels: Iterable[Wheel]) -> str:
    """A lock of just these wheels: each with its one hash, in the order of names."""
    lines = [
        f"{each.name}=={each.version} \\\n    --hash=sha256:{each.sha256}\n"
        for each in sorted(wheels, key=lambda wheel: wheel.name)
    ]
    return "".join(lines)
