"""The two places where this room reads files: the settings, and a secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shenyong.settings.parse import Parsed, parse
from shenyong.settings.problem import Problem, SettingsError
from shenyong.settings.sections import FILES

DEFAULT_FILE = Path("shenyong.toml")
KEY_BYTES = 32


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Parsed:
    """Settings of the file at `path` and the environment.

    Without `path`, the file is ``$SHENYONG_CONFIG`` or ``shenyong.toml`` here, and may be missing.
    Relative files that the settings name are taken from where the file stands.

    Raises:
        SettingsError: the file is not there, is not UTF-8, or something in it is wrong.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["SHENYONG_CONFIG"]) if environ.get("SHENYONG_CONFIG") else None)
    place = named or DEFAULT_FILE
    source = ""
    if named is not None or place.exists():
        try:
            source = place.read_text("utf-8")
        except UnicodeDecodeError:
            raise SettingsError([Problem("not_utf8", str(place))]) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(
                [Problem("unreadable", str(place), params={"reason": reason})]
            ) from None
    parsed = parse(source, environ, str(place))
    folder = place.parent.resolve()
    settings = parsed.settings
    for section, key in FILES:
        part: Any = getattr(settings, section)
        value = getattr(part, key)
        if isinstance(value, tuple):
            found: object = tuple(str(folder / each) for each in value)
        else:
            found = str(folder / value) if value else ""
        changed = msgspec.structs.replace(part, **{key: found})
        settings = msgspec.structs.replace(settings, **{section: changed})
    return Parsed(settings, parsed.origins)


def secret(value: str, file: str, name: str) -> bytes:
    """The bytes of a secret: of the environment's `value`, else of its `file`, as they are.

    Blanks around it are taken off. `name` is the setting's, for the error.

    Raises:
        SettingsError: neither is set, or the file can't be read, or is open to others.
    """
    text = value.strip()
    if not text and file:
        path = Path(file)
        try:
            mode = path.stat().st_mode
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problem = Problem("unreadable", str(path), params={"reason": reason})
            raise SettingsError([problem]) from None
        if mode & 0o007:
            raise SettingsError([Problem("open_secret", str(path), params={"name": name})])
    if not text:
        raise SettingsError([Problem("no_secret", name, params={"name": name})])
    return text.encode()


def key(value: str, file: str, name: str) -> bytes:
    """A key of 32 bytes, written as 64 hex digits where `secret` finds it.

    Raises:
        SettingsError: as `secret`, or it is not 64 hex digits.
    """
    try:
        found = bytes.fromhex(secret(value, file, name).decode())
    except ValueError as error:
        if isinstance(error, SettingsError):
            raise
        found = b""
    if len(found) != KEY_BYTES:
        raise SettingsError([Problem("bad_key", name, params={"name": name})])
    return found
