"""``shenyong backup``: one consistent state of all that is kept, while the gateway serves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter, validators

from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.recording import now
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.settings import Settings
    from shenyong.storage.backup import Taken


# guideline: ey-genai-2023:2
def backup(
    place: Annotated[Path | None, Parameter(help=say("backup.place"))] = None,
    *,
    with_keys: Annotated[bool, Parameter(help=say("backup.with_keys"), negative=())] = False,
    passphrase_file: Annotated[str | None, Parameter(help=say("backup.passphrase_file"))] = None,
    recipient: Annotated[Path | None, Parameter(help=say("backup.recipient"))] = None,
    keep: Annotated[
        int | None, Parameter(help=say("backup.keep"), validator=validators.Number(gte=1))
    ] = None,
    config: Annotated[Path | None, Parameter(help=say("config.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Write a backup into a folder or file: the database, the settings, and what proves them.

    The keys are in it only with ``--with-keys``, sealed under a passphrase or for a recipient.
    """
    from shenyong.cli.database import opened
    from shenyong.cli.keeping import backups_in, secrets_of
    from shenyong.settings import load

    settings = load(config).settings
    own = settings.backup
    where = place or (Path(own.folder) if own.folder else None)
    if where is None:
        raise Misused(say("backup.no_place"))
    if not with_keys and (passphrase_file is not None or recipient is not None):
        raise Misused(say("backup.not_with_keys"))
    sealed, by = b"", ""
    if with_keys:
        chosen = recipient or (Path(own.recipient_file) if own.recipient_file else None)
        if passphrase_file is not None and recipient is not None:
            raise Misused(say("backup.both"))
        if passphrase_file is not None:
            chosen = None
        sealed, by = _sealed(secrets_of(settings), chosen, passphrase_file)
    begun = time.monotonic()
    with opened(settings, schema=False) as ready:  # of whatever version
        done = write(ready, where, config, keys=sealed, keys_by=by)
    seconds = round(time.monotonic() - begun, 2)
    removed = []
    if keep or (own.keep and place is None):
        for old in backups_in(done.path.parent)[: -(keep or own.keep)]:
            old.unlink()
            removed.append(str(old))
    if json:
        told = msgspec.to_builtins(done.manifest)
        print_json(
            {"file": str(done.path), "bytes": done.size, "seconds": seconds, "signed": done.signed,
             "removed": removed, "manifest": told}
        )  # fmt: skip
        return Exit.FINE
    tell(say("backup.done", file=done.path, bytes=f"{done.size:,}", seconds=seconds))
    for log in done.manifest.logs:
        tell(say("backup.log", agency=log.agency, entries=log.entries, signed=log.signed))
    tell(say(f"backup.keys_{by or 'none'}"))
    if not done.signed:
        tell(say("backup.unsigned"))
    return Exit.FINE


def write(
    ready: Settings,
    place: Path,
    config: Path | None,
    *,
    name: str = "shenyong",
    keys: bytes = b"",
    keys_by: str = "",
) -> Taken:
    """Write a backup of the database that `ready` names into a folder, or to a file.

    Raises:
        Misused: the file is there already.
        Unavailable: it can't be written, or PostgreSQL's programs don't do it.
    """
    import shenyong
    from shenyong.cli.keeping import SUFFIX, Keys, settings_parts, stamp
    from shenyong.storage.backup import BackupError, take
    from shenyong.storage.postgres_tools import ToolError

    at = now()
    if place.is_dir() or not place.suffix:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = place / f"{name}-{stamp(at)}{SUFFIX}"
    if place.exists():
        raise Misused(say("backup.exists", file=place))
    try:
        return take(
            ready.database.dsn, place, program_version=shenyong.__version__, at=at,
            settings=settings_parts(config, ready), keys=keys, keys_by=keys_by,
            signing=Keys.of(ready).backup_key(),
        )  # fmt: skip
    except BackupError as error:
        raise Misused(say(f"backup.{error.code}")) from None
    except ToolError as error:
        raise Unavailable(str(error)) from None
    except OSError as error:
        raise Unavailable(f"{place}: {error.strerror}") from None


def _sealed(
    secrets: dict[str, bytes], recipient: Path | None, passphrase_file: str | None
) -> tuple[bytes, str]:
    from shenyong.cli.keeping import passphrase
    from shenyong.storage.backup_keys import KeysError, seal_for_passphrase, seal_for_recipient

    try:
        if recipient is not None:
            return seal_for_recipient(secrets, recipient.read_bytes()), "recipient"
        return seal_for_passphrase(secrets, passphrase(passphrase_file, again=True)), "passphrase"
    except KeysError as error:
        raise Misused(say(f"backup.{error.code}")) from None
    except OSError as error:
        raise Misused(say("check.no_file", file=recipient, reason=error.strerror)) from None
