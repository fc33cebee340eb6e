"""Which families of models are banned, as data (`lineage.toml`), and whether a name is of one.

Source: guideline.md reading 3, domain.md 5.4 (資通安全管理法).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources

import msgspec

_LONG = 6
"""From this length on a name is looked for inside words too (``r1deepseekdistill``)."""


class Bans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The banned families and hosting places (ISO 3166-1). `version` is the list's edition.

    `distinctive` names are looked for in any name; `declared` ones, which are also common words,
    only in a declared lineage.
    """

    version: str
    countries: frozenset[str]
    distinctive: frozenset[str]
    declared: frozenset[str]


@cache
def bans() -> Bans:
    """The list that comes with the program, read once."""
    text = resources.files("shenyong.registry").joinpath("lineage.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Bans)


# guideline: ey-genai-2023:7
def of_banned_family(name: str, *, declared: bool) -> bool:
    """Whether `name` is, or is derived from, a banned family.

    `declared` says that it is a declared lineage and not just the name of a model.
    """
    families = bans().distinctive | (bans().declared if declared else frozenset())
    words = re.findall(r"[a-z]+", unicodedata.normalize("NFKC", name).casefold())
    joined = "".join(words)
    return any(
        family in words or (len(family) >= _LONG and family in joined) for family in families
    )
