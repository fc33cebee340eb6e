"""``shenyong doctor``: what is wrong with this machine and this installation, and what mends it.

Each check says whether it is fine; one that isn't names the command that mends it. A check that
falls over is a finding too, never the end of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli import diagnosis
from shenyong.cli.diagnosis import Found
from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say
from shenyong.settings import Settings, SettingsError, load


def doctor(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Check everything; exit code 1 if something needs mending."""
    found = []
    for each in examined(file):
        found.append(each)
        if not json:
            mark = "✓" if each.fine else "✗"
            tell(f"{mark} {say(f'doctor.{each.check}')}：{each.says}")
            if not each.fine:
                tell(f"    → {each.mend}")
    if json:
        print_json([msgspec.to_builtins(each) for each in found])
    return Exit.FINE if all(each.fine for each in found) else Exit.FOUND


def examined(file: Path | None) -> Iterator[Found]:
    """All checks, those that need the settings only if these can be read."""
    yield from _safely("python", diagnosis.python)
    yield from _safely("packages", diagnosis.packages)
    yield from _safely("pack", diagnosis.pack)
    yield from _safely("model", diagnosis.model)
    try:
        settings = load(file).settings
    except SettingsError as error:
        places = ", ".join(f"{each.file}:{each.line} {each.code}" for each in error.problems)
        yield Found("settings", False, places, "shenyong config check")
        return
    yield Found("settings", True, say("doctor.fine"))
    for check, examine in (
        ("keys", diagnosis.keys),
        ("port", diagnosis.port),
        ("database", diagnosis.database),
    ):
        yield from _safely(check, _with(settings, examine))


def _with(
    settings: Settings, examine: Callable[[Settings], Iterator[Found]]
) -> Callable[[], Iterator[Found]]:
    return lambda: examine(settings)


def _safely(check: str, examine: Callable[[], Iterator[Found]]) -> Iterator[Found]:
    try:
        yield from examine()
    except (Misused, Unavailable) as error:
        yield Found(check, False, str(error), "shenyong config show --origin")
    except Exception as error:  # whatever it is, the other checks go on
        yield Found(check, False, type(error).__name__, "shenyong config show --origin")
