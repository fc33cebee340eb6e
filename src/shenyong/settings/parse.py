"""The file's text and the environment's variables → settings with their origins, or problems."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from shenyong.settings.locate import Place, locate
from shenyong.settings.problem import Problem, SettingsError
from shenyong.settings.sections import SECRETS, Settings

PREFIX = "SHENYONG__"
_SYNTAX = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_ONE_OF = {
    "database": (("dsn", "dsn_file", "data_dir"),),
    "ledger": (("signing_key", "signing_key_file"), ("digest_key", "digest_key_file")),
    "registry": (("pepper", "pepper_file"),),
    "telemetry": (("headers", "headers_file"),),
}
"""Keys that say the same in different ways: at most one of each group may be set."""

_Path = tuple[str, str]


class Parsed(msgspec.Struct, frozen=True):
    """Settings, and for each ``(section, key)`` where its value is from.

    An origin is ``default``, ``shenyong.toml:3:8`` or the name of the environment's variable.
    """

    settings: Settings
    origins: dict[_Path, str]


def parse(source: str, environ: Mapping[str, str], file: str = "shenyong.toml") -> Parsed:
    """Settings from the file's text (empty if there is none) and the environment.

    Raises:
        SettingsError: with all the problems found.
    """
    reading = _Reading(source, file)
    reading.file_values()
    reading.environment(environ)
    reading.exclusive()
    if reading.problems:
        raise SettingsError(reading.problems, source)
    return Parsed(msgspec.convert(reading.values, Settings), reading.origins)


def section_types() -> dict[str, dict[str, Any]]:
    """The type of every key, by section."""
    return {
        section: get_type_hints(kind, include_extras=True)
        for section, kind in get_type_hints(Settings).items()
    }


class _Reading:
    """One reading: the values so far, where they are from, and the problems."""

    def __init__(self, source: str, file: str) -> None:
        self.source, self.file = source, file
        self.types = section_types()
        self.values: dict[str, dict[str, object]] = {}
        self.origins: dict[_Path, str] = {
            (section, key): "default" for section, keys in self.types.items() for key in keys
        }
        self.problems: list[Problem] = []
        self.places: dict[tuple[str, ...], tuple[Place, Place]] = {}

    def file_values(self) -> None:
        """Take the values of the file."""
        try:
            document = tomllib.loads(self.source)
        except tomllib.TOMLDecodeError as error:
            self.problems.append(_syntax_problem(error, self.source, self.file))
            return
        self.places = locate(self.source)
        for section, content in document.items():
            if section not in self.types:
                self._problem("unknown_section", (section,), name=section, near=self.types)
            elif not isinstance(content, dict):
                self._problem("not_a_section", (section,), name=section)
            else:
                for key, value in content.items():
                    self._file_value(section, key, value)

    def _file_value(self, section: str, key: str, value: object) -> None:
        if key not in self.types[section]:
            elsewhere = [each for each, keys in self.types.items() if key in keys]
            if elsewhere:
                moved = f"[{elsewhere[0]}] {key}"
                self._problem("unknown_key", (section, key), name=key, section=section, say=moved)
            else:
                near = self.types[section]
                self._problem("unknown_key", (section, key), name=key, section=section, near=near)
        elif (section, key) in SECRETS:
            variable = f"{PREFIX}{section}__{key}".upper()
            self._problem(
                "secret_in_file", (section, key), name=key, variable=variable, say=f"{key}_file"
            )
        else:
            wrong = _wrong(value, self.types[section][key])
            if wrong:
                self._problem(
                    wrong.code, (section, key), at_value=True, near=wrong.near, **wrong.params
                )
                return
            self.values.setdefault(section, {})[key] = value
            place = self.places.get((section, key), (Place(1, 1, 1),))[0]
            self.origins[section, key] = f"{self.file}:{place.line}:{place.column}"

    def environment(self, environ: Mapping[str, str]) -> None:
        """Take the values of variables that begin with `PREFIX`; they override the file's."""
        for variable in sorted(environ):
            if not variable.startswith(PREFIX):
                continue
            section, _, key = variable[len(PREFIX) :].lower().partition("__")
            if key not in self.types.get(section, ()):
                known = [
                    f"{PREFIX}{s}__{k}".upper() for s, keys in self.types.items() for k in keys
                ]
                meant = _nearest(variable, known)
                self.problems.append(
                    Problem(
                        "unknown_variable", variable, params={"name": variable}, suggestion=meant
                    )
                )
                continue
            kind = self.types[section][key]
            value = _from_text(environ[variable], kind)
            wrong = _wrong(value, kind)
            if wrong:
                hidden = {"found": "…"} if (section, key) in SECRETS else {}
                params = {"name": variable, **wrong.params, **hidden}
                meant = _nearest(str(value), wrong.near)
                self.problems.append(Problem(wrong.code, variable, params=params, suggestion=meant))
                continue
            self.values.setdefault(section, {})[key] = value
            self.origins[section, key] = variable
            # A secret of the environment stands above the file that the settings name for it.
            for group in _ONE_OF.get(section, ()):
                for other in group if key in group else ():
                    if other != key and not self.origins[section, other].startswith(PREFIX):
                        self.values[section].pop(other, None)
                        self.origins[section, other] = "default"

    def exclusive(self) -> None:
        """At most one of the keys that say the same."""
        for section, groups in _ONE_OF.items():
            for group in groups:
                given = [key for key in group if self.values.get(section, {}).get(key)]
                if len(given) > 1:
                    names = ", ".join(given)
                    self._problem("exclusive", (section, given[1]), names=names, name=given[1])

    def _problem(
        self,
        code: str,
        path: tuple[str, ...],
        *,
        at_value: bool = False,
        near: Iterable[str] = (),
        say: str = "",
        **params: str,
    ) -> None:
        places = self.places.get(path) or self.places.get(path[:1])
        place = places[1 if at_value else 0] if places else Place(0, 0, 1)
        meant = say or _nearest(
            str(params.get("found") or params.get("name", "")).strip("\"'"), near
        )
        self.problems.append(
            Problem(
                code,
                self.file,
                place.line,
                place.column,
                place.length,
                params={"name": path[-1], **params},
                suggestion=meant,
            )
        )


def _syntax_problem(error: tomllib.TOMLDecodeError, source: str, file: str) -> Problem:
    place = _SYNTAX.search(str(error))
    reason = _SYNTAX.sub("", str(error)).strip()
    rows = source.splitlines() or [""]
    line, column = len(rows), len(rows[-1]) + 1
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    return Problem("syntax", file, line, column, 1, params={"reason": reason})


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), 1, 0.6)), "")


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def _from_text(text: str, kind: Any) -> object:
    """A variable's text as the value that its key's type asks for, or the text itself."""
    bare = _bare(kind)
    if bare is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        return words.get(text.strip().lower(), text)
    if get_origin(bare) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if bare in (int, float):
        try:
            return int(text) if bare is int else float(text)
        except ValueError:
            return text
    return text


class _Wrong(NamedTuple):
    """Why a value can't be: a code, its params, and words that may have been meant."""

    code: str
    params: dict[str, str]
    near: tuple[str, ...] = ()


def _wrong(value: object, kind: Any) -> _Wrong | None:
    """Why `value` can't be of `kind`, or None."""
    bare = _bare(kind)
    shown = msgspec.json.encode(value).decode() if _plain(value) else type(value).__name__
    if len(shown) > 60:
        shown = shown[:57] + "…"
    if get_origin(bare) is Literal:
        choices = get_args(bare)
        if value in choices:
            return None
        return _Wrong("not_a_choice", {"found": shown, "choices": ", ".join(choices)}, choices)
    try:
        msgspec.convert(value, bare, strict=True)
    except msgspec.ValidationError:
        return _Wrong("wrong_type", {"found": shown, "expected": _type_name(bare)})
    if isinstance(value, bool) and bare in (int, float):
        return _Wrong("wrong_type", {"found": shown, "expected": _type_name(bare)})
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError:
        return _Wrong("out_of_range", {"found": shown, "expected": _bounds(kind)})
    return None


def _plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool, list))


def _type_name(bare: Any) -> str:
    if get_origin(bare) is tuple:
        return '["…", "…"]'
    return {int: "8080", float: "1.5", bool: "true / false", str: '"…"'}[bare]


def _bounds(kind: Any) -> str:
    parts = []
    for meta in getattr(kind, "__metadata__", ()):
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            bound = getattr(meta, name, None)
            if bound is not None:
                parts.append(f"{sign} {bound}")
        if meta.min_length:
            parts.append(f"≥ {meta.min_length} characters")
        if meta.pattern:
            parts.append(meta.pattern)
    return ", ".join(parts)
