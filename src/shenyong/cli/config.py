"""``shenyong config check`` and ``config show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, print_json, tell
from shenyong.cli.words import lang, say


def check(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Read the settings and say all that is wrong with them; exit code 2 if anything is."""
    from shenyong.settings import SettingsError, load
    from shenyong.settings.problem import render

    try:
        place = load(file).settings.database
    except SettingsError as error:
        if not json:
            raise
        problems = [
            {**msgspec.to_builtins(each), "message": render(each, error.source, lang())}
            for each in error.problems
        ]
        print_json({"ok": False, "problems": problems})
        return Exit.USAGE
    if not (place.data_dir or place.dsn or place.dsn_file):
        if not json:
            raise Misused(say("no_database"))
        problem = {"code": "no_database", "message": say("no_database")}
        print_json({"ok": False, "problems": [problem]})
        return Exit.USAGE
    if json:
        print_json({"ok": True, "problems": []})
    else:
        tell(say("config.fine"))
    return Exit.FINE


def show(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    origin: Annotated[bool, Parameter(help=say("config.origin"), negative=())] = False,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Print every setting as it counts, secrets hidden, and where each is from."""
    from shenyong.settings import load
    from shenyong.settings.sections import SECRETS

    parsed = load(file)
    values = msgspec.to_builtins(parsed.settings)
    for section, key in SECRETS:
        if values[section][key]:
            values[section][key] = "***"
    if json:
        origins = {f"{section}.{key}": where for (section, key), where in parsed.origins.items()}
        print_json({"settings": values, "origins": origins} if origin else values)
        return Exit.FINE
    for section, keys in values.items():
        tell(f"[{section}]")
        for key, value in keys.items():
            where = f"  # {parsed.origins[section, key]}" if origin else ""
            tell(f"{key} = {msgspec.json.encode(value).decode()}{where}")
        tell("")
    return Exit.FINE
