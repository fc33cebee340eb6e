"""What the settings ask of this machine: room, memory, open files, a clock."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from shenyong.cli.diagnosis.found import Fault, Look, Place

_LEAST_FREE, _LEAST_SHARE = 1 << 30, 0.05
_WORKER = 200 << 20
"""Bytes that a worker may take (design.md)."""
_DATABASE = 256 << 20
_BESIDE = 256
"""Descriptors that a worker has open beside its requests."""


def descriptors_low(at: Place) -> Iterator[Fault]:
    """A worker may have as many files open as it serves requests, twice: client and model."""
    wanted = 2 * at.settings.limits.concurrent + _BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        yield Fault("descriptors_low", f"systemctl edit shenyong  # LimitNOFILE={4 * wanted}",
                    f"{soft}/{hard}", {"wanted": wanted})  # fmt: skip
    elif soft != resource.RLIM_INFINITY and soft < wanted:
        yield Fault("descriptors_low", f"ulimit -n {4 * wanted}", f"{soft}", {"wanted": wanted})


def memory_low(at: Place) -> Iterator[Fault]:
    """There is memory for all workers, and for the embedded database."""
    wanted = at.settings.server.workers * _WORKER
    wanted += _DATABASE if at.settings.database.data_dir else 0
    have = _memory()
    if have and have < wanted:
        cores = os.cpu_count() or 1
        yield Fault("memory_low", f"SHENYONG__SERVER__WORKERS={cores} shenyong serve",
                    f"{have >> 20} MiB", {"wanted": wanted >> 20})  # fmt: skip


def _memory() -> int:
    """Bytes that this machine, or this container, has at most; 0 where that isn't told."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        found += [int(each.split()[1]) * 1024 for each in lines if each.startswith("MemTotal:")]
        bound = Path("/sys/fs/cgroup/memory.max").read_text("ascii").strip()
        found += [int(bound)] if bound.isdigit() else []
    except (OSError, ValueError):
        pass
    return min(found, default=0)


def workers_many(at: Place) -> Iterator[Fault]:
    """More workers than twice the cores only take from each other."""
    cores = len(os.sched_getaffinity(0))
    if at.settings.server.workers > 2 * cores:
        yield Fault("workers_many", f"SHENYONG__SERVER__WORKERS={cores} shenyong serve",
                    str(at.settings.server.workers), {"cores": cores}, advice=True)  # fmt: skip


def _folders(at: Place) -> dict[str, Path]:
    found = {"settings": at.folder}
    if at.settings.database.data_dir:
        found["database"] = _nearest(Path(at.settings.database.data_dir))
    if at.settings.backup.folder:
        found["backup"] = _nearest(Path(at.settings.backup.folder))
    return found


def _nearest(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not path.exists():
        path = path.parent
    return path


def disk_full(at: Place) -> Iterator[Fault]:
    """A gibibyte and a twentieth are free where something is written."""
    for name, folder in _folders(at).items():
        usage = shutil.disk_usage(folder)
        if usage.free < max(_LEAST_FREE, _LEAST_SHARE * usage.total):
            mend = f"du -xh --max-depth=1 {folder} | sort -h  # {name}"
            yield Fault("disk_full", mend, f"{folder}: {usage.free >> 20} MiB")


def inodes_low(at: Place) -> Iterator[Fault]:
    """New files can be made."""
    for folder in dict.fromkeys(_folders(at).values()):
        found = os.statvfs(folder)
        if found.f_files and found.f_favail < max(1000, found.f_files // 50):
            mend = f"find {folder} -xdev | cut -d/ -f1-4 | sort | uniq -c | sort -n"
            yield Fault("inodes_low", mend, f"{folder}: {found.f_favail}")


def data_in_memory(at: Place) -> Iterator[Fault]:
    """The embedded database lies on a disk: what is in memory is gone with the power."""
    data = at.settings.database.data_dir
    if data and _filesystem(_nearest(Path(data))) in ("tmpfs", "ramfs"):
        mend = f"mv {data} /var/lib/shenyong && shenyong config show --origin"
        yield Fault("data_in_memory", mend, data)


def _filesystem(folder: Path) -> str:
    """The kind of file system that holds the folder; the mount with the longest name does."""
    best, kind = "", ""
    for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, place, found = line.split(" ")[:3]
        if folder.resolve().is_relative_to(place) and len(place) >= len(best):
            best, kind = place, found
    return kind


LOOKS: tuple[Look, ...] = (
    descriptors_low, memory_low, workers_many, disk_full, inodes_low, data_in_memory,
)  # fmt: skip
