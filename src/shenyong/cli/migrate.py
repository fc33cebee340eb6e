"""``shenyong migrate``: the database brought to the schema of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, print_json, tell
from shenyong.cli.words import say


def migrate(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    dry_run: Annotated[bool, Parameter(help=say("migrate.dry_run"), negative=())] = False,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Bring the database up to date; with ``--dry-run`` only print the SQL for an empty one."""
    from shenyong.storage.migrate import dry_run as sql
    from shenyong.storage.migrate import head

    if dry_run:
        text = sql()
        if json:
            print_json({"revision": head(), "sql": text})
        else:
            tell(text)
        return Exit.FINE
    from shenyong.cli.database import opened
    from shenyong.settings import load

    with opened(load(file).settings, migrate=True):
        if json:
            print_json({"revision": head()})
        else:
            tell(say("migrate.done", revision=head()))
    return Exit.FINE
