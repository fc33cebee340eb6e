"""Scanning one file, and many at once: what a report's row is made of.

A row holds places, kinds and masked values, never what was found. A file that can not be read is a
row too, with its reason; no file stops the others.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

SHOWN = 20
"""So many findings of a file are named; all are counted."""
_AHEAD = 8  # files that wait for each worker


class Shown(msgspec.Struct, frozen=True):
    """One finding of a file, as far as a report tells it."""

    path: str
    start: int
    end: int
    kind: str
    data_class: str
    masked: str


class Row(msgspec.Struct, frozen=True):
    """What became of one file. `status` is clean, found or refused; `fault` says why refused.

    `size` in bytes, `mtime` in nanoseconds; `kinds` and `classes` count findings.
    """

    file: str
    size: int
    mtime: int
    status: str
    format: str = ""
    characters: int = 0
    verdict: str = ""
    fault: str = ""
    kinds: dict[str, int] = {}
    classes: dict[str, int] = {}
    shown: tuple[Shown, ...] = ()


class Rules(msgspec.Struct, frozen=True):
    """What counts: findings of this class rank or higher; `unreadable` files are not fine."""

    rank: int = 1
    environment: str = "E1"
    unreadable: bool = False


# guideline: ey-genai-2023:4
def scanned(file: str, rules: Rules) -> Row:
    """Read, inspect and decide one file. Never raises for what a file holds."""
    from shenyong.cli.check import by_path
    from shenyong.cli.checking import inspector
    from shenyong.reading import read
    from shenyong.reading.documents import DEFAULT_LIMITS, DocumentError, Fault
    from shenyong.reading.passage import Source
    from shenyong.sandbox import readers

    path = Path(file)
    size = mtime = 0
    try:
        status = path.stat()
        size, mtime = status.st_size, status.st_mtime_ns
        if size > DEFAULT_LIMITS.file:
            raise DocumentError(Fault.TOO_LARGE)
        document = readers().read(path.name, path.read_bytes())
    except DocumentError as error:
        return Row(file, size, mtime, "refused", fault=error.fault.value)
    except OSError:
        return Row(file, size, mtime, "refused", fault="not_there")
    texts = by_path(document)
    found = inspector().inspect(read([Source(*each) for each in texts.items()]))
    counted = [each for each in found if each.data_class and each.data_class.rank >= rules.rank]
    kinds: dict[str, int] = {}
    classes: dict[str, int] = {}
    for each in counted:
        assert each.data_class is not None
        kinds[each.kind] = kinds.get(each.kind, 0) + 1
        classes[each.data_class.value] = classes.get(each.data_class.value, 0) + 1
    return Row(
        file,
        size,
        mtime,
        "found" if counted else "clean",
        document.format,
        sum(map(len, texts.values())),
        kinds=kinds,
        classes=classes,
        shown=tuple(
            Shown(
                e.path, e.start, e.end, e.kind, e.data_class.value if e.data_class else "", e.masked
            )
            for e in counted[:SHOWN]
        ),
    )


def each_scanned(files: Iterable[str], rules: Rules, workers: int) -> Iterator[Row]:
    """Rows as they come, from `workers` processes; from this one, where it is one."""
    if workers <= 1:
        yield from (scanned(file, rules) for file in files)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_alone) as pool:
        yield from _ahead(files, lambda file: pool.submit(scanned, file, rules), workers * _AHEAD)


def _alone() -> None:
    """A worker's numpy keeps to one thread: there are as many workers as processors."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def _ahead(files: Iterable[str], submit: Callable[[str], Future[Row]], most: int) -> Iterator[Row]:
    """Rows as they come, with `most` files on their way; a worker that dies is its file's fault."""
    waiting: dict[Future[Row], str] = {}
    rest = iter(files)
    while True:
        while len(waiting) < most and (file := next(rest, None)) is not None:
            waiting[submit(file)] = file
        if not waiting:
            return
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            file = waiting.pop(future)
            if future.exception() is None:
                yield future.result()
            else:
                yield Row(file, 0, 0, "refused", fault="worker_died")


def each_by_ray(files: Iterable[str], rules: Rules, address: str, workers: int) -> Iterator[Row]:
    """Rows as they come, from a Ray cluster at `address` (``local`` starts one here).

    Every node must see the files under the same paths, and have this program.
    """
    import ray

    if address == "local":
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    else:
        ray.init(address=address, log_to_driver=False)
    try:
        task: Any = ray.remote(num_cpus=1)(scanned)
        rest = iter(files)
        waiting: dict[Any, str] = {}
        while True:
            while len(waiting) < workers * _AHEAD and (file := next(rest, None)) is not None:
                waiting[task.remote(file, rules)] = file
            if not waiting:
                return
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            file = waiting.pop(done)
            try:
                yield ray.get(done)
            except ray.exceptions.RayError:
                yield Row(file, 0, 0, "refused", fault="worker_died")
    finally:
        ray.shutdown()


@cache
def digest() -> str:
    """Which inspection it is: rows of another are made anew."""
    from shenyong.inspection.version import inspector_version

    return inspector_version()
