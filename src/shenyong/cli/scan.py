"""``shenyong scan``: thousands of files, resumable, with a report; one bad file stops nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell, warn
from shenyong.cli.words import lang, say

if TYPE_CHECKING:
    from shenyong.cli.attesting import Attesting
    from shenyong.cli.scanning import Row

Preset = Literal["prompt", "open-data"]


# guideline: ey-genai-2023:4
# guideline: ey-genai-2023:8
def scan(
    paths: Annotated[tuple[Path, ...], Parameter(help=say("scan.paths"), negative=())],
    *,
    report: Annotated[tuple[Path, ...], Parameter(help=say("scan.report"), negative=())] = (),
    preset: Annotated[Preset, Parameter(help=say("scan.preset"))] = "prompt",
    workers: Annotated[int, Parameter(help=say("scan.workers"))] = 0,
    state: Annotated[Path | None, Parameter(help=say("scan.state"))] = None,
    ray: Annotated[str | None, Parameter(help=say("scan.ray"))] = None,
    attest: Annotated[Path | None, Parameter(help=say("scan.attest"))] = None,
    terms: Annotated[Path | None, Parameter(help=say("contract.terms"))] = None,
    key: Annotated[Path | None, Parameter(help=say("contract.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Scan files and folders; exit code 1 if anything was found (or could not be read, for
    open data).

    With `attest`, `terms` and `key` a contractor's signed summary is written, which tells counts
    and versions and neither names nor content; its opening, ``<attest>.opening``, stays here.
    """
    from shenyong.cli.scan_report import SUFFIXES
    from shenyong.cli.scan_report import report as made
    from shenyong.cli.scanning import Rules, each_by_ray, each_scanned

    for each in report:
        if each.suffix not in SUFFIXES:
            raise Misused(say("scan.bad_report", suffixes=" ".join(SUFFIXES)))
    attesting = _attesting(attest, terms, key)  # before hours are spent
    files = list(_files(paths))
    rules = Rules(unreadable=preset == "open-data")
    done = dict(_done(state)) if state else {}
    rows: list[Row] = []
    left: list[str] = []
    for file in files:
        row = done.get(file)
        if row is not None and _unchanged(row):
            rows.append(row)
        else:
            left.append(file)
    count = workers if workers > 0 else os.cpu_count() or 1
    try:
        coming = each_by_ray(left, rules, ray, count) if ray else each_scanned(left, rules, count)
        begun = time.monotonic()
        rows += _kept(_watched(coming, left, quiet=json), state)
        spent = time.monotonic() - begun
    except ImportError:
        raise Unavailable(say("scan.no_ray")) from None
    rows.sort(key=lambda row: row.file)
    title = say(f"scan.title.{preset}")
    for each in report:
        try:
            each.write_bytes(made(rows, each.suffix, lang(), title))
        except OSError as error:
            raise Unavailable(f"{each}: {error.strerror}") from None
    if attesting is not None:
        kept = attesting.write(rows, paths, preset)
        if not json:
            tell(say("scan.attested", file=attest, opening=kept))
    found = sum(row.status == "found" for row in rows)
    refused = sum(row.status == "refused" for row in rows)
    size = sum(row.size for row in rows)
    if json:
        print_json({"files": len(rows), "bytes": size, "found": found, "refused": refused,
                    "seconds": round(spent, 3), "scanned": len(left)})  # fmt: skip
    else:
        findings = sum(sum(row.kinds.values()) for row in rows)
        tell(
            say(
                "scan.summary",
                files=len(rows),
                megabytes=f"{size / 1e6:,.1f}",
                found=found,
                findings=findings,
                refused=refused,
            )
        )
        if len(left) < len(rows):
            tell(say("scan.resumed", count=len(rows) - len(left)))
    return Exit.FOUND if found or (rules.unreadable and refused) else Exit.FINE


def _attesting(attest: Path | None, terms: Path | None, key: Path | None) -> Attesting | None:
    if attest is None and terms is None and key is None:
        return None
    if attest is None or terms is None or key is None:
        raise Misused(say("scan.attest_needs"))
    from shenyong.cli.attesting import Attesting
    from shenyong.cli.contract import signing_key, terms_of

    return Attesting(attest, terms_of(terms), signing_key(key))


def _files(paths: Iterable[Path]) -> Iterator[str]:
    """Every file below the paths, links aside, each once, in order."""
    seen: set[str] = set()
    for path in paths:
        if not path.exists():
            raise Misused(say("check.no_file", file=path, reason=os.strerror(2)))
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for each in inside:
            name = str(each)
            if name not in seen and each.is_file() and not each.is_symlink():
                seen.add(name)
                yield name


def _done(state: Path) -> Iterator[tuple[str, Row]]:
    """The rows that an earlier run kept, if the same inspection made them."""
    import msgspec

    from shenyong.cli.scanning import Row, digest

    if not state.exists():
        return
    rows = msgspec.json.Decoder(Row)
    with state.open("rb") as lines:
        if lines.readline().strip().decode("utf-8", "replace") != digest():
            return
        for line in lines:
            try:
                row = rows.decode(line)
            except msgspec.MsgspecError:
                continue  # cut off where the run was
            yield row.file, row


def _unchanged(row: Row) -> bool:
    try:
        now = Path(row.file).stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (row.size, row.mtime)


def _kept(rows: Iterable[Row], state: Path | None) -> Iterator[Row]:
    """The rows, each written down as it comes."""
    import msgspec

    from shenyong.cli.scanning import digest

    if state is None:
        yield from rows
        return
    known = list(dict(_done(state)).values())
    try:
        with state.open("wb") as kept:
            kept.write(digest().encode() + b"\n")
            for row in known:
                kept.write(msgspec.json.encode(row) + b"\n")
            for row in rows:
                kept.write(msgspec.json.encode(row) + b"\n")
                kept.flush()
                yield row
    except OSError as error:
        raise Unavailable(f"{state}: {error.strerror}") from None


def _watched(rows: Iterable[Row], files: list[str], *, quiet: bool) -> Iterator[Row]:
    """The rows, with a bar of progress at a terminal: files, bytes, findings, time left."""
    if quiet or not sys.stderr.isatty():
        for row in rows:
            if row.status == "refused" and not quiet:
                warn(f"{row.file}: {_why(row)}")
            yield row
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[megabytes]} MB"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    size = findings = 0
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(files), megabytes="0", told="")
        for row in rows:
            size += row.size
            findings += sum(row.kinds.values())
            bar.update(
                task,
                advance=1,
                megabytes=f"{size / 1e6:.1f}",
                told=say("scan.findings", count=findings),
            )
            yield row


def _why(row: Row) -> str:
    from shenyong.cli.scan_report import name

    return name(f"document.{row.fault}", lang())
