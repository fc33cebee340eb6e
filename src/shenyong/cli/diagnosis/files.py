"""The settings' files: who may change them, what must not stand in them, the agency's own packs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from shenyong.cli.diagnosis.found import Fault, Look, Place

_SECRETS = (
    re.compile(r"postgres(?:ql)?://[^\s:/@]+:[^\s@/]+@"),
    re.compile(r"\bsk-sy-[a-z0-9-]+-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b[0-9a-f]{64}\b"),
)


def settings_open(at: Place) -> Iterator[Fault]:
    """Only the operator changes the settings."""
    if at.file.exists() and at.file.stat().st_mode & 0o022:
        mode = stat.S_IMODE(at.file.stat().st_mode)
        yield Fault("settings_open", f"chmod go-w {at.file}", f"{mode:04o}")


def folder_open(at: Place) -> Iterator[Fault]:
    """Nobody else puts files where the settings and keys lie."""
    mode = stat.S_IMODE(at.folder.stat().st_mode)
    if mode & 0o002 and not mode & stat.S_ISVTX:
        yield Fault("folder_open", f"chmod o-w {at.folder}", f"{mode:04o}")


def secret_in_text(at: Place) -> Iterator[Fault]:
    """No secret stands in the settings, in a comment either."""
    if not at.file.exists():
        return
    for number, line in enumerate(at.file.read_text("utf-8").splitlines(), 1):
        if any(each.search(line) for each in _SECRETS):
            mend = f"sed -i {number}d {at.file}"
            yield Fault("secret_in_text", mend, f"{at.file.name}:{number}")


def packs(at: Place) -> Iterator[Fault]:
    """The agency's own packs are there, are Cedar, and only tighten."""
    from shenyong.decision import load_agency_pack
    from shenyong.guideline import PackError, load_pack

    floor = load_pack(at.settings.policy.pack)
    for each in map(Path, at.settings.policy.agency_packs):
        try:
            load_agency_pack(each.stem, each.read_text("utf-8"), floor)
        except OSError as error:
            yield Fault("pack_missing", f"shenyong config check {at.file}",
                        f"{each}: {error.strerror}")  # fmt: skip
        except UnicodeDecodeError:
            yield Fault("pack_unreadable", f"iconv -t utf-8 {each}", str(each))
        except PackError as error:
            loosens = "permits" in str(error)
            code = "pack_loosens" if loosens else "pack_refused"
            yield Fault(code, f"$EDITOR {each}", str(error)[:200])


def unwritable(at: Place) -> Iterator[Fault]:
    """Who runs the gateway can write where it keeps its data."""
    for name in (at.settings.database.data_dir, at.settings.backup.folder):
        folder = Path(name)
        if name and folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            yield Fault("folder_closed", f"chown shenyong {folder}", str(folder))


LOOKS: tuple[Look, ...] = (settings_open, folder_open, secret_in_text, packs, unwritable)
