"""What pages are written with: the catalogue, dates as people read them, and safe HTML."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2

from shenyong.governance.form import day as read_day
from shenyong.protocols import prose
from shenyong.wording import Lang, keys, text

TAIPEI = datetime.timezone(datetime.timedelta(hours=8))


@cache
def environment() -> jinja2.Environment:
    """The templates. Everything that is put into one is escaped."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("shenyong.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        day=day,
        iso_day=iso_day,
        roc_day=typed_day,
        clock=clock,
        moment=moment,
        iso=iso,
        points=points,
    )
    made.globals["named"] = named
    return made


def named(lang: Lang, kind: str, *parts: str) -> str:
    """A word of a kind of record, ``gov.<kind>.<parts>``; else the one that all kinds share.

    What is shared is ``gov.any.<parts>``, of a choice ``gov.choice.<choice>``; a choice that has no
    word (a number, a code) stands for itself.
    """
    own = ".".join(("gov", kind, *parts))
    for key in (own, f"gov.any.{'.'.join(parts)}", f"gov.choice.{parts[-1]}"):
        if key in keys():
            return text(key, lang)
    return text(own, lang) if len(parts) < 2 or parts[0] in ("state", "do") else parts[-1]


def translator(lang: Lang) -> Callable[..., str]:
    """The catalogue in one language: ``t('web.home')``."""

    def translate(key: str, **params: Any) -> str:
        return text(key, lang, **params)

    return translate


def local(at: int) -> datetime.datetime:
    """A time in microseconds UTC as Taipei's."""
    return datetime.datetime.fromtimestamp(at / 1e6, TAIPEI)


def day(at: int, lang: Lang = "zh_TW") -> str:
    """``115 年 11 月 24 日``; in English ``24 November 2026``."""
    when = local(at)
    if lang == "en":
        return f"{when.day} {when:%B %Y}"
    return f"{when.year - 1911} 年 {when.month} 月 {when.day} 日"


def iso_day(told: str, lang: Lang = "zh_TW") -> str:
    """``2026-11-24`` as `day` writes it; what is no such day stays as it is."""
    try:
        when = datetime.datetime.fromisoformat(told).replace(tzinfo=TAIPEI)
    except ValueError:
        return told
    return day(int(when.timestamp() * 1_000_000), lang)


def typed_day(told: str, lang: Lang = "zh_TW") -> str:
    """A day as somebody typed it into a form, ISO or 民國, as `day` writes it."""
    found = read_day(told)
    return iso_day(found.isoformat(), lang) if found is not None else told


def clock(at: int) -> str:
    """``10:07``."""
    return local(at).strftime("%H:%M")


def moment(at: int, lang: Lang = "zh_TW") -> str:
    """Day and clock."""
    return f"{day(at, lang)} {clock(at)}"


def iso(at: int) -> str:
    """ISO 8601 with its offset, for machines."""
    return local(at).isoformat(timespec="seconds")


def points(keys: tuple[str, ...], lang: Lang = "zh_TW") -> str:
    """第四點、第五點."""
    return prose.points(keys, lang)


def rendered(name: str, values: Mapping[str, Any]) -> str:
    """A template with its values."""
    return environment().get_template(name).render(values)
