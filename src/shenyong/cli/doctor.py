"""``shenyong doctor``: what is wrong with this machine and this installation, and what mends it.

Every fault is said by the fact that it is known by, and by the command that mends it. A look that
falls over is a finding too, never the end of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.diagnosis import Fault, Found, Place
from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.words import say
from shenyong.settings import SettingsError, load

SUBJECTS = (
    "python", "packages", "pack", "model", "sandbox", "fonts", "system",
    "settings", "files", "host", "keys", "network", "backup",
    "database", "schema", "tables", "registry", "ledger", "people", "content",
)  # fmt: skip
"""In the order in which they are looked at; from ``database`` on the database is needed."""


def doctor(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    only: Annotated[tuple[str, ...], Parameter(help=say("doctor.only"), negative=())] = (),
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Check everything; exit code 1 if something needs mending. Advice alone is fine."""
    wrong = sorted(set(only) - set(SUBJECTS))
    if wrong:
        raise Misused(say("doctor.unknown", names=", ".join(wrong), known=", ".join(SUBJECTS)))
    found = []
    for each in examined(file, only):
        found.append(each)
        if not json:
            mark = "△" if each.advice else "✓" if each.fine else "✗"
            fact = f"（{each.fact}）" if each.fact else ""
            tell(f"{mark} {say(f'doctor.{each.check}')}：{each.says}{fact}")
            if each.mend:
                tell(f"    → {each.mend}")
    if json:
        print_json([msgspec.to_builtins(each) for each in found])
    return Exit.FINE if all(each.fine for each in found) else Exit.FOUND


def examined(file: Path | None, only: Iterable[str] = ()) -> Iterator[Found]:
    """All subjects, or those of `only`, as far as settings and database let us look."""
    from shenyong.cli.diagnosis import machine
    from shenyong.cli.keeping import settings_file

    wanted = set(only) or set(SUBJECTS)
    for subject, looks in machine.SUBJECTS.items():
        if subject in wanted:
            yield from _looked(subject, looks)
    if not wanted & set(SUBJECTS[len(machine.SUBJECTS) :]):
        return
    try:
        settings = load(file).settings
    except SettingsError as error:
        places = ", ".join(f"{each.file}:{each.line} {each.code}" for each in error.problems)
        named = f" {file}" if file is not None else ""
        mend = f"shenyong config check{named}"
        yield _found("settings", Fault("settings_wrong", mend, places))
        return
    if "settings" in wanted:
        yield Found("settings", True, say("doctor.fine"))
    yield from _settled(Place(settings, settings_file(file)), wanted)


def _settled(at: Place, wanted: set[str]) -> Iterator[Found]:
    """What needs the settings, then what needs the database."""
    from shenyong.cli.diagnosis import backups, files, host, keys, network

    for subject, looks in (
        ("files", files.LOOKS), ("host", host.LOOKS), ("keys", keys.LOOKS),
        ("network", network.LOOKS), ("backup", backups.LOOKS),
    ):  # fmt: skip
        if subject in wanted:
            yield from _looked(subject, _at(at, looks))
    if wanted & set(SUBJECTS[SUBJECTS.index("database") :]):
        yield from _stored(at, wanted)


def _stored(at: Place, wanted: set[str]) -> Iterator[Found]:
    from shenyong.cli.diagnosis import content, database, ledger, people, registry
    from shenyong.cli.diagnosis.reach import reached, remote_without_tls

    with reached(at) as faults:
        plain = list(remote_without_tls(at))
        yield from (_found("database", each) for each in [*faults, *plain])
        if faults:
            return
        if "database" in wanted:
            found = list(_looked("database", _at(at, database.LOOKS)))
            yield from (each for each in found if not (each.fine and plain) or each.advice)
        # On a schema of another version, nothing in it can be asked for.
        before = list(_looked("schema", _at(at, database.SCHEMA)))
        yield from before
        if not before[-1].fine:
            return
        if "tables" in wanted:
            yield from _looked("tables", _at(at, database.TABLES))
        broken = list(_looked("registry", _at(at, registry.LOADS)))
        if not broken[-1].fine:
            yield from broken
        elif "registry" in wanted:
            yield from _looked("registry", _at(at, registry.LOOKS))
        for subject, looks in (
            ("ledger", ledger.LOOKS), ("people", people.LOOKS), ("content", content.LOOKS),
        ):  # fmt: skip
            if subject in wanted:
                yield from _looked(subject, _at(at, looks))


def _at(
    at: Place, looks: Iterable[Callable[[Place], Iterator[Fault]]]
) -> list[Callable[[], Iterator[Fault]]]:
    def bound(look: Callable[[Place], Iterator[Fault]]) -> Callable[[], Iterator[Fault]]:
        def looked() -> Iterator[Fault]:
            return look(at)

        looked.__name__ = look.__name__
        return looked

    return [bound(look) for look in looks]


def _looked(subject: str, looks: Iterable[Callable[[], Iterator[Fault]]]) -> Iterator[Found]:
    """The faults of a subject, and advice; where there is neither, that it is fine."""
    fine = True
    for look in looks:
        try:
            for fault in look():
                fine = False
                yield _found(subject, fault)
        except Exception as error:  # whatever it is, the other looks go on
            fine = False
            mend = "shenyong config show --origin"
            yield _found(subject, Fault("look_failed", mend, f"{look.__name__} {_named(error)}"))
    if fine:
        yield Found(subject, True, say("doctor.fine"))


def _named(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _found(subject: str, fault: Fault) -> Found:
    says = say(f"doctor.fault.{fault.code}", **fault.words)
    return Found(
        subject, fault.advice, says, fault.mend, fault.code, fault.fact, advice=fault.advice
    )
