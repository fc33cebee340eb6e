"""``shenyong migrate``: the database brought to the schema of this version, or one version back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.settings import Settings
    from shenyong.storage.migrate_back import Loss
    from shenyong.storage.migrate_effects import Effect


def migrate(
    file: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    *,
    dry_run: Annotated[bool, Parameter(help=say("migrate.dry_run"), negative=())] = False,
    back: Annotated[bool, Parameter(help=say("migrate.back"), negative=())] = False,
    lose: Annotated[bool, Parameter(help=say("migrate.lose"), negative=())] = False,
    no_backup: Annotated[bool, Parameter(help=say("migrate.no_backup"), negative=())] = False,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Bring the database up to date, after a backup; ``--dry-run`` prints the SQL and its effect.

    With ``--back`` it goes one version back, for the program of that version. It is one
    transaction: killed half-way, nothing was changed.
    """
    from shenyong.settings import SettingsError, load

    if lose and not back:
        raise Misused(say("migrate.lose_what"))
    try:
        settings: Settings | None = load(file).settings
    except SettingsError:
        if not dry_run or back or file is not None:
            raise
        settings = None
    if dry_run:
        return _shown(settings, back=back, json=json)
    assert settings is not None
    return _done(settings, file, back=back, lose=lose, backup=not no_backup, json=json)


def _done(
    settings: Settings, file: Path | None, *, back: bool, lose: bool, backup: bool, json: bool
) -> Exit:
    from shenyong.cli.database import opened
    from shenyong.storage.migrate import SchemaError
    from shenyong.storage.migrate import migrate as bring_up
    from shenyong.storage.migrate_back import BackError
    from shenyong.storage.migrate_back import back as bring_back

    kept = ""
    with opened(settings, schema=False) as ready:
        dsn = ready.database.dsn
        before = _revision(dsn)  # raises where it is newer
        if backup and before is not None and (back or _outdated(before)):
            kept = _backed_up(ready, file, before)
            if not json:
                tell(say("migrate.backed_up", file=kept))
        try:
            after = bring_back(dsn, lose=lose).after if back else bring_up(dsn)[1]
        except BackError as error:
            if json:
                print_json({"refused": error.code, "losses": _plain(error.losses)})
            else:
                tell(say(f"migrate.cannot_{error.code}"))
                _tell_losses(error.losses)
            return Exit.FOUND
        except SchemaError as error:
            raise Unavailable(str(error)) from error
    if json:
        print_json({"revision": after, "backup": kept})
    else:
        tell(say("migrate.done", revision=after))
    return Exit.FINE


def _shown(settings: Settings | None, *, back: bool, json: bool) -> Exit:
    """What would be done; nothing is, and no database is made for it."""
    from shenyong.cli.database import opened
    from shenyong.storage.migrate import dry_run as sql_since
    from shenyong.storage.migrate import head
    from shenyong.storage.migrate_back import BackError, way_back
    from shenyong.storage.migrate_effects import effects

    before: str | None = None
    losses: tuple[Loss, ...] = ()
    place = settings.database if settings is not None else None
    empty = place is not None and place.data_dir and not _there(place.data_dir)
    if place is not None and not empty and (place.data_dir or place.dsn or place.dsn_file):
        assert settings is not None
        with opened(settings, schema=False) as ready:
            before = _revision(ready.database.dsn)
            if back:
                try:
                    way = way_back(ready.database.dsn)
                except BackError as error:
                    raise Misused(say(f"migrate.cannot_{error.code}")) from None
                text, found, losses, after = way.sql, way.effects, way.losses, way.after
    elif back:
        raise Misused(say("migrate.cannot_nothing"))
    if not back:
        text = sql_since(before) if before != head() else ""
        found, after = effects(text), head()
    if json:
        print_json({"from": before, "revision": after, "sql": text, "effects": _plain(found),
                    "losses": _plain(losses)})  # fmt: skip
        return Exit.FINE
    if text:
        tell(text)
    tell("-- " + say("migrate.from_to", before=before or "-", after=after))
    for each in found:
        where = f"{each.name}.{each.column}" if each.column else each.name
        tell(f"-- {say(f'migrate.effect.{each.code}', name=where)}")
    _tell_losses(losses)
    return Exit.FINE


def _there(data_dir: str) -> bool:
    return (Path(data_dir) / "PG_VERSION").exists()


def _revision(dsn: str) -> str | None:
    from shenyong.storage.migrate import SchemaError, current, engine_for, refuse_newer

    engine = engine_for(dsn)
    try:
        with engine.connect() as connection:
            found = current(connection)
    finally:
        engine.dispose()
    try:
        refuse_newer(found)
    except SchemaError as error:
        raise Unavailable(str(error)) from error
    return found


def _outdated(revision: str) -> bool:
    from shenyong.storage.migrate import head

    return revision != head()


def _backed_up(ready: Settings, file: Path | None, revision: str) -> str:
    """A backup of what is there before it is changed: in the settings' folder for backups."""
    from shenyong.cli.backup import write
    from shenyong.cli.keeping import settings_file

    own = ready.backup.folder
    place = Path(own) if own else settings_file(file).resolve().parent / "backups"
    return str(write(ready, place, file, name=f"before-migrate-{revision}").path)


def _tell_losses(losses: tuple[Loss, ...]) -> None:
    for each in losses:
        where = f"{each.table}.{each.column}" if each.column else each.table
        tell("-- " + say("migrate.loses", name=where, rows=each.rows))


def _plain(values: tuple[Loss, ...] | list[Effect]) -> Any:
    import msgspec

    return msgspec.to_builtins(values)
