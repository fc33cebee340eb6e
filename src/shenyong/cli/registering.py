"""Writing to the registry by a command: each change is an entry in the log first (no record, no
change)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shenyong.cli.output import Misused
from shenyong.cli.recording import record_changes
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.registry import Agency, Model, Registry, UseCase
    from shenyong.settings import Settings


@contextmanager
def registry_of(config: Path | None) -> Iterator[tuple[Settings, Registry]]:
    """The settings with a database that answers, and the registry as it is now."""
    from shenyong.cli.database import opened
    from shenyong.settings import load
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    with opened(load(config).settings) as ready:
        engine = engine_for(ready.database.dsn)
        with engine.connect() as connection:
            known = registry.load(connection)
        engine.dispose()
        yield ready, known


def save(settings: Settings, agency: str, action: str, value: Agency | Model | UseCase) -> None:
    """The entry in the agency's log, then the change. The log is begun if there is none yet."""
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    record_changes(settings, agency, [(action, value.id)])
    engine = engine_for(settings.database.dsn)
    with engine.begin() as connection:
        registry.save(connection, value)
    engine.dispose()


def whose(known: Registry, agency: str | None) -> str:
    """The agency in whose log a change is recorded: the one named, or the only one."""
    if agency is not None:
        if agency not in known.agencies:
            raise Misused(say("unreleased.no_agency", agency=agency))
        return agency
    if len(known.agencies) != 1:
        raise Misused(say("agency.which"))
    return next(iter(known.agencies))
