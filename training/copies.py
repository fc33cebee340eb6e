"""Copies of a text with other names in it, so that contexts are learnt and not names.

One name that stands twice has one new name; a follow-up mention (王小姐) follows the new surname.
Firms, agencies and addresses change places with others now and then. A few names are written with
blanks between their characters, or broken by a line's end.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from training.names import SURNAMES, Namer
from training.sources import PERSONS, Mention, Text

_KEPT = 0.1  # of the copies keep their own names
_ODD = 0.02  # of usual names become one in another script
_SWAPPED = 0.25  # of firms, agencies and addresses
_SPACED, _BROKEN = 0.01, 0.02


def usual_form(name: str) -> bool:
    """Whether a name has two to four Han characters, so that another can stand in its place."""
    return 2 <= len(name) <= 4 and all(0x3400 <= ord(each) < 0xA000 for each in name)


class Copier:
    """Makes copies; `texts` give the names in other scripts, and what changes places."""

    def __init__(self, texts: Iterable[Text], namer: Namer, random: Random) -> None:
        self._namer, self._random = namer, random
        self._pools: dict[str, list[str]] = {"COMPANY": [], "AGENCY": [], "ADDRESS": []}
        self._odd: list[str] = []
        for text in texts:
            for start, end, kind in text.mentions:
                value = text.text[start:end]
                if kind in self._pools:
                    self._pools[kind].append(value)
                elif kind in PERSONS and not usual_form(value):
                    self._odd.append(value)

    def copy(self, text: Text) -> Text:
        """One copy."""
        if self._random.random() < _KEPT:
            return text
        out, at = "", 0
        names: dict[str, str] = {}
        surnames: dict[str, str] = {}
        mentions = []
        for start, end, kind in text.mentions:
            out += text.text[at:start]
            value = text.text[start:end]
            if kind in (*PERSONS, "NAME"):
                value = self._name(value, kind, names, surnames)
            elif kind == "FOLLOW":
                value = self._follow(value, surnames)
            elif self._pools[kind] and self._random.random() < _SWAPPED:
                value = self._random.choice(self._pools[kind])
            mentions.append(Mention(len(out), len(out) + len(value), kind))
            out += value
            at = end
        return text._replace(text=out + text.text[at:], mentions=tuple(mentions))

    def _name(self, value: str, kind: str, names: dict[str, str], surnames: dict[str, str]) -> str:
        draw = self._random.random
        strange = bool(self._odd) and kind != "NAME"
        if not usual_form(value):
            if strange and draw() < 0.3:
                return names.setdefault(value, self._random.choice(self._odd))
            return value
        if value not in names:
            odd = strange and draw() < _ODD
            names[value] = self._random.choice(self._odd) if odd else self._namer.name()
            surnames[value[0]] = names[value][0]
        name, fate = names[value], draw()
        if fate < _SPACED:
            return self._random.choice((" ", "　")).join(name)
        if fate < _BROKEN:
            place = self._random.randrange(1, len(name))
            return f"{name[:place]}\n{name[place:]}"
        return name

    def _follow(self, value: str, surnames: dict[str, str]) -> str:
        if value[0] in surnames:
            return surnames[value[0]] + value[1:]
        if value[0] in SURNAMES and self._random.random() < 0.7:
            return self._namer.surname()[0] + value[1:]
        return value
