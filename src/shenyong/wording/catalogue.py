"""Loads the catalogues (gettext PO, symbolic msgids) once, when the first word is asked for."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from babel.messages.pofile import read_po

Lang = Literal["zh_TW", "en"]
"""The two languages of every string: Traditional Chinese as used in Taiwan, and English."""


class UnknownKeyError(KeyError):
    """A key that the catalogue of a language doesn't have (a fault of the program)."""

    def __init__(self, key: str, lang: str):
        self.key, self.lang = key, lang
        super().__init__(f"no entry {key} in {lang}.po")


@cache
def _catalogue(lang: Lang) -> dict[str, str]:
    file = resources.files("shenyong.wording").joinpath(f"{lang}.po")
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=lang, abort_invalid=True)
    entries: dict[str, str] = {}
    for message in catalogue:
        if isinstance(message.id, str) and message.id and isinstance(message.string, str):
            entries[message.id] = message.string
    return entries


def text(key: str, lang: Lang = "zh_TW", **params: object) -> str:
    """The entry `key` in `lang`, with its ``{placeholders}`` filled from `params`.

    Values of `params` are put in as they are; braces inside them are not read again.
    Raises `UnknownKeyError` for a missing or empty entry and ``KeyError`` for a missing parameter.
    """
    template = _catalogue(lang).get(key, "")
    if not template:
        raise UnknownKeyError(key, lang)
    return template.format(**params)


def both(key: str, **params: object) -> str:
    """The entry in zh-TW, then in English in parentheses: ``找不到模型。 (Unknown model.)``."""
    return f"{text(key, 'zh_TW', **params)} ({text(key, 'en', **params)})"


def keys(lang: Lang = "zh_TW") -> frozenset[str]:
    """All keys that the catalogue of `lang` has, translated or not."""
    return frozenset(_catalogue(lang))
