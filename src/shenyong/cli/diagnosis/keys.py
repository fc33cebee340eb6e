"""The keys: there, strong, nobody else's to read, and no two alike."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from shenyong.cli.diagnosis.found import Fault, Look, Place
from shenyong.settings import SettingsError, key, secret

_FEW = 8
"""A random key of 32 bytes has more different bytes than this."""


def _wanted(at: Place) -> tuple[tuple[str, str, str], ...]:
    ledger, registry = at.settings.ledger, at.settings.registry
    return (
        ("signing", ledger.signing_key, ledger.signing_key_file),
        ("digest", ledger.digest_key, ledger.digest_key_file),
        ("pepper", registry.pepper, registry.pepper_file),
    )


def unusable(at: Place) -> Iterator[Fault]:
    """Each is there, 64 hex digits, and closed to others."""
    newest = at.settings.backup.folder or "BACKUP"
    for name, value, file in _wanted(at):
        try:
            key(value, file, name)
        except SettingsError as error:
            code = error.problems[0].code
            put_back = f"shenyong restore {newest} --into {at.folder} --passphrase-file -"
            if code == "open_secret":
                mode = stat.S_IMODE(Path(file).stat().st_mode)
                yield Fault("key_open", f"chmod 600 {file}", f"{mode:04o}", {"name": name})
            elif code == "bad_key":
                yield Fault("key_bad", put_back, file or "environment", {"name": name})
            else:
                anew = not at.folder.joinpath("keys").exists()
                mend = f"shenyong init {at.folder}" if anew else put_back
                yield Fault("key_missing", mend, file or "-", {"name": name})


def group_open(at: Place) -> Iterator[Fault]:
    """A key's group reads it only where the service's account needs that; nobody's to write."""
    for name, value, file in _wanted(at):
        if value or not Path(file).exists():
            continue
        mode = stat.S_IMODE(Path(file).stat().st_mode)
        if mode & 0o020:
            yield Fault("key_writable", f"chmod 600 {file}", f"{mode:04o}", {"name": name})


def folder_open(at: Place) -> Iterator[Fault]:
    """Others can't even list the keys."""
    for folder in {Path(file).parent for _, _, file in _wanted(at) if file}:
        if folder.exists() and folder.stat().st_mode & 0o007:
            mode = stat.S_IMODE(folder.stat().st_mode)
            yield Fault("key_folder_open", f"chmod 700 {folder}", f"{mode:04o}")


def foreign(at: Place) -> Iterator[Fault]:
    """The keys belong to who owns the installation, or to root."""
    owners = {0, os.geteuid(), at.folder.stat().st_uid}
    for name, _, file in _wanted(at):
        if file and Path(file).exists() and Path(file).stat().st_uid not in owners:
            who = Path(file).stat().st_uid
            yield Fault("key_foreign", f"chown --reference {at.folder} {file}", f"uid {who}",
                        {"name": name})  # fmt: skip


def weak(at: Place) -> Iterator[Fault]:
    """They are random, and each is its own."""
    found: dict[bytes, str] = {}
    for name, value, file in _wanted(at):
        try:
            made = key(value, file, name)
        except SettingsError:
            continue
        if len(set(made)) < _FEW:
            yield Fault("key_weak", f"openssl rand -hex 32 > {file}", file, {"name": name})
        if made in found:
            yield Fault("key_same", f"openssl rand -hex 32 > {file}",
                        f"{found[made]} = {name}")  # fmt: skip
        found.setdefault(made, name)


def others(at: Place) -> Iterator[Fault]:
    """The other secrets that the settings name are there and closed to others."""
    oidc, database = at.settings.oidc, at.settings.database
    wanted = [("oidc.client_secret", oidc.client_secret, oidc.client_secret_file)] * bool(
        oidc.issuer
    )
    if database.dsn_file:
        wanted.append(("database.dsn", "", database.dsn_file))
    for name, value, file in wanted:
        try:
            secret(value, file, name)
        except SettingsError as error:
            code = error.problems[0].code
            opened = code == "open_secret"
            mend = f"chmod 600 {file}" if opened else f"install -m 600 /dev/stdin {file or 'FILE'}"
            yield Fault("secret_open" if opened else "secret_missing", mend, file or "-",
                        {"name": name})  # fmt: skip


def recipient(at: Place) -> Iterator[Fault]:
    """The key for which backups seal the keys is a public one, and usable."""
    from shenyong.storage.backup_keys import KeysError, seal_for_recipient

    file = at.settings.backup.recipient_file
    if not file:
        return
    try:
        seal_for_recipient({}, Path(file).read_bytes())
    except (KeysError, OSError) as error:
        fact = getattr(error, "strerror", None) or "PEM"
        mend = f"openssl pkey -in PRIVATE.pem -pubout -out {file}"
        yield Fault("recipient_bad", mend, f"{file}: {fact}")


LOOKS: tuple[Look, ...] = (unusable, group_open, folder_open, foreign, weak, others, recipient)
