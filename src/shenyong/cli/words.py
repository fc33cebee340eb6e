"""The language of the person at the terminal, by the locale."""

from __future__ import annotations

import os
from functools import cache

from shenyong.wording import Lang, text


@cache
def lang() -> Lang:
    """English where ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` (the first that is set) asks for it.

    zh-TW otherwise, also for ``C`` and unset: it is the product's first language.
    """
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "zh_TW"
    return "zh_TW"


def say(key: str, **params: object) -> str:
    """The entry ``cli.<key>`` of the catalogue in the terminal's language."""
    return text(f"cli.{key}", lang(), **params)


def told(key: str, **params: object) -> str:
    """Words that pages and commands share, by their whole key."""
    return text(key, lang(), **params)
