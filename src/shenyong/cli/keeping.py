"""What `backup`, `restore`, `migrate` and `doctor` share: the keys of an installation, and places.

The settings' files travel in a backup under ``settings/``, by their place below the folder of
``shenyong.toml``; a pack that lies elsewhere travels under ``settings/packs/``.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from shenyong.cli.output import STANDARD_INPUT, Misused
from shenyong.cli.words import say
from shenyong.settings import Settings, SettingsError, key, secret

if TYPE_CHECKING:
    from shenyong.ledger.checkpoint import SigningKey
    from shenyong.storage.backup_archive import Archive

SUFFIX = ".shenyong.tar"
"""How the name of a backup ends."""
_TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


class Keys:
    """The keys of an installation, as far as they are there. Each is 64 hex digits in a file."""

    def __init__(self, signing: str = "", digest: str = "", pepper: str = "") -> None:
        self.signing, self.digest, self.pepper = signing, digest, pepper

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """Those that the settings name; "" for one that can't be used."""
        ledger, registry = settings.ledger, settings.registry
        return cls(
            _key(ledger.signing_key, ledger.signing_key_file),
            _key(ledger.digest_key, ledger.digest_key_file),
            _key(registry.pepper, registry.pepper_file),
        )

    @property
    def named(self) -> dict[str, bytes]:
        """Those that are there, by the names of their files."""
        found = {"signing": self.signing, "digest": self.digest, "pepper": self.pepper}
        return {f"{name}.key": f"{text}\n".encode() for name, text in found.items() if text}

    def backup_key(self) -> SigningKey | None:
        """The key that signs this installation's backups."""
        from shenyong.gateway.worker import derived
        from shenyong.ledger.checkpoint import SigningKey
        from shenyong.storage.backup import KEY_NAME

        if not self.signing:
            return None
        return SigningKey(KEY_NAME, derived(bytes.fromhex(self.signing), "backup", ""))

    def log_key(self, agency: str) -> SigningKey | None:
        """The key of an agency's log."""
        from shenyong.gateway.worker import log_key

        return log_key(bytes.fromhex(self.signing), agency) if self.signing else None

    def vault_key(self, agency: str) -> bytes:
        """The key under which an agency's content is sealed; the digest key must be there."""
        from shenyong.gateway.worker import derived

        return derived(bytes.fromhex(self.digest), "vault", agency)


def _key(value: str, file: str) -> str:
    try:
        return key(value, file, "key").hex() if value or file else ""
    except SettingsError:
        return ""


def secrets_of(settings: Settings) -> dict[str, bytes]:
    """Everything secret that an installation can't do without, by name."""
    found = Keys.of(settings).named
    oidc = settings.oidc
    if oidc.client_secret or oidc.client_secret_file:
        with contextlib.suppress(SettingsError):
            found["oidc.secret"] = secret(
                oidc.client_secret, oidc.client_secret_file, "oidc.client_secret"
            )
    return found


def settings_file(config: Path | None) -> Path:
    """The settings' file that a command reads."""
    named = os.environ.get("SHENYONG_CONFIG")
    return config or (Path(named) if named else Path("shenyong.toml"))


def settings_parts(config: Path | None, settings: Settings) -> dict[str, bytes]:
    """The files of the settings, by the names that they have in a backup."""
    file = settings_file(config)
    if not file.is_file():
        return {}  # all of it is in the environment
    folder = file.parent.resolve()
    found = {"shenyong.toml": file.read_bytes()}
    for each in map(Path, settings.policy.agency_packs):
        inside = each.is_relative_to(folder)
        name = each.relative_to(folder).as_posix() if inside else f"packs/{each.name}"
        with contextlib.suppress(OSError):  # a missing pack is the doctor's to say
            found[name] = each.read_bytes()
    return found


def laid_settings(archive: Archive, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Where the settings' files in a backup belong below `folder`; none leads out of it."""
    for name in sorted(archive.names):
        inside = PurePosixPath(name)
        if inside.parts[:1] != ("settings",) or inside.is_absolute() or ".." in inside.parts:
            continue
        yield folder.joinpath(*inside.parts[1:]), archive.read(name)


def passphrase(file: str | None, *, again: bool) -> str:
    """A passphrase from a file, from the standard input, or typed (twice where it is new)."""
    if file is None:
        if not sys.stdin.isatty():
            raise Misused(say("backup.no_passphrase"))
        given = getpass.getpass(f"{say('backup.passphrase')}: ")
        if again and getpass.getpass(f"{say('user.again')}: ") != given:
            raise Misused(say("user.differ"))
        return given
    if file in ("-", STANDARD_INPUT):
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return Path(file).read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise Misused(say("check.no_file", file=file, reason=error.strerror)) from None


def backups_in(folder: Path) -> list[Path]:
    """The backups in a folder, the newest last (their names hold their time)."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda each: each.name.split("-")[-1])


def stamp(at: int) -> str:
    """A time (UTC in microseconds) as it stands in names of files."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC):%Y%m%dT%H%M%SZ}"


def shown(at: int) -> str:
    """A time (UTC in microseconds) for a person in Taiwan."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, _TAIPEI):%Y-%m-%d %H:%M}"
