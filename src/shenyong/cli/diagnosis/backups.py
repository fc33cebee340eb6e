"""Backups: there, new, closed, whole, and proved by a restore."""

from __future__ import annotations

import datetime
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from shenyong.cli.diagnosis.found import Fault, Look, Place
from shenyong.cli.keeping import Keys, backups_in
from shenyong.cli.restore import PROVED

_HOUR = 3_600_000_000


def _newest(at: Place) -> Path | None:
    folder = at.settings.backup.folder
    found = backups_in(Path(folder)) if folder and Path(folder).is_dir() else []
    return found[-1] if found else None


def there(at: Place) -> Iterator[Fault]:
    """There is a place for backups, and one in it that is new."""
    from shenyong.storage.backup import manifest_of, signed_by
    from shenyong.storage.backup_archive import Archive, ArchiveError

    folder = at.settings.backup.folder
    if not folder:
        yield Fault("backup_nowhere", f"sed -i 's|^# folder = |folder = |' {at.file}")
        return
    newest = _newest(at)
    again = f"shenyong backup --config {at.file}"
    if newest is None:
        yield Fault("backup_none", again, folder)
        return
    try:
        with Archive(newest) as archive:
            manifest = manifest_of(archive)
            key = Keys.of(at.settings).backup_key()
            own = signed_by(archive, key.verifying) if key is not None else None
    except (ArchiveError, OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        yield Fault("backup_broken", again, f"{newest.name}: {error}"[:120])
        return
    if own is False:
        yield Fault("backup_foreign", again, newest.name)
    hours = (at.now - manifest.taken) // _HOUR
    if hours > at.settings.backup.hours:
        yield Fault("backup_old", again, newest.name, {"hours": hours})


def closed(at: Place) -> Iterator[Fault]:
    """Nobody else reads them."""
    folder = at.settings.backup.folder
    if not folder or not Path(folder).is_dir():
        return
    for each in backups_in(Path(folder)):
        if each.stat().st_mode & 0o007:
            mode = stat.S_IMODE(each.stat().st_mode)
            yield Fault("backup_open", f"chmod 600 {each}", f"{each.name} {mode:04o}")


def apart(at: Place) -> Iterator[Fault]:
    """They are not where the data and the keys are lost together with them."""
    folder = at.settings.backup.folder
    if not folder or not Path(folder).exists():
        return
    mend = f"$EDITOR {at.file}  # backup.folder"
    data = at.settings.database.data_dir
    same = data and Path(data).exists() and Path(data).stat().st_dev == Path(folder).stat().st_dev
    if same:
        yield Fault("backup_beside", mend, folder, advice=True)
    if any(Path(folder).rglob("signing.key")):
        yield Fault("backup_with_keys", mend, folder)


def proved(at: Place) -> Iterator[Fault]:
    """A restore of one was proved lately, and was good."""
    folder = at.settings.backup.folder
    if not folder or _newest(at) is None:
        return
    mend = f"shenyong restore {folder} --verify --config {at.file}"
    told = [each for each in map(_told, Path(folder).glob(f"*{PROVED}")) if each is not None]
    if not told:
        yield Fault("backup_unproved", mend, "-", {"days": "-"})
        return
    newest = max(told, key=lambda each: str(each["at"]))
    if not newest["ok"]:
        yield Fault("backup_proof_failed", mend, Path(str(newest["file"])).name)
    when = datetime.datetime.fromisoformat(str(newest["at"])).timestamp()
    days = int((at.now / 1e6 - when) // 86_400)
    if days > at.settings.backup.verify_days:
        yield Fault("backup_unproved", mend, str(newest["at"]), {"days": days})


def _told(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and {"ok", "at", "file"} <= set(found)
    return found if whole else None


LOOKS: tuple[Look, ...] = (there, closed, apart, proved)
