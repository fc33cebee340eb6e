"""Shapes: what a value of a request may be, and how its strings become sources.

A protocol is a table of shapes (`chat_fields`). Taking a value through its shape builds a new one
that holds only what the shape knows; every string in it that a caller could have chosen is handed
to the `Taking` as a source. What a shape doesn't know is left out and its place noted. So nothing
can leave that was neither inspected nor written by us, whatever fields a client invents.

Source: reliability.md 0.1 and 0.2 (an unknown field is never passed on), ADR 0030.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from shenyong.protocols import paths
from shenyong.protocols.bad_input import BadInputError
from shenyong.reading.passage import Source

Step = str | int
Slot = tuple[Step, ...]
"""Where a source stands in the new document; a key is at the slot of its object, marked."""

_NOTED = 32
_LONG_NUMBER = 7  # characters; shorter ones can't hold an identifier


class Place(NamedTuple):
    """Where a source is to be written back: the steps to it, and whether it is a key."""

    slot: Slot
    is_key: bool


class Taking:
    """One pass over one request: what was gathered so far."""

    __slots__ = ("dropped", "dropped_total", "limit", "newest", "places", "role", "sources")

    def __init__(self, limit: int):
        self.limit = limit
        self.sources: list[Source] = []
        self.places: list[Place] = []
        self.dropped: list[str] = []
        self.dropped_total = 0
        self.role = ""
        self.newest = True

    def source(self, path: str, text: str, slot: Slot, *, is_key: bool = False) -> None:
        """Note a string that would leave."""
        if text:
            if len(self.sources) >= self.limit:
                raise BadInputError("too_many_strings", params={"limit": self.limit})
            self.sources.append(Source(path, text, self.role, self.newest))
            self.places.append(Place(slot, is_key))

    def drop(self, path: str) -> None:
        """Note a value that is left out."""
        self.dropped_total += 1
        if len(self.dropped) < _NOTED:
            self.dropped.append(path)


class Shape(Protocol):
    """What a value may be."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The value written anew; raises `BadInputError` if it is not of this shape."""
        ...


def wrong_type(path: str, expected: str) -> BadInputError:
    """The error for a value that is not `expected`, a name under ``bad_input.wrong_type``."""
    return BadInputError("wrong_type", path, f"bad_input.wrong_type.{expected}")


class Text:
    """A string that would leave: always a source."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The string as it is."""
        if type(value) is not str:
            raise wrong_type(path, "string")
        taking.source(path, value, slot)
        return value


class Choice:
    """One of a closed set of words; no other string passes, so none needs inspection."""

    def __init__(self, *words: str):
        self.words = frozenset(words)

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The word as it is."""
        if type(value) is not str:
            raise wrong_type(path, "string")
        if value not in self.words:
            raise BadInputError("not_allowed_value", path)
        return value


class Number:
    """A number between two bounds; whole numbers only where `whole` is set."""

    def __init__(self, low: float, high: float, *, whole: bool = False):
        self.low, self.high, self.whole = low, high, whole

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The number as it is; a float without a fraction counts as whole."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(path, "integer" if self.whole else "number")
        if self.whole and isinstance(value, float):
            if not value.is_integer():
                raise wrong_type(path, "integer")
            value = int(value)
        if not self.low <= value <= self.high:
            bounds = {"low": f"{self.low:g}", "high": f"{self.high:g}"}
            raise BadInputError("out_of_range", path, params=bounds)
        return value


class Flag:
    """True or false; with `forced`, always that value, and a different wish is noted."""

    def __init__(self, forced: bool | None = None):
        self.forced = forced

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The flag as it is, or as it must be."""
        if not isinstance(value, bool):
            raise wrong_type(path, "boolean")
        if self.forced is not None and value is not self.forced:
            taking.drop(path)
            return self.forced
        return value


class Listed:
    """An array of one shape, with a bounded number of items."""

    def __init__(self, item: Shape, low: int = 0, high: int = 100_000):
        self.item, self.low, self.high = item, low, high

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """A new array of the items taken."""
        if not isinstance(value, list):
            raise wrong_type(path, "array")
        if not self.low <= len(value) <= self.high:
            raise BadInputError("too_many", path, params={"low": self.low, "high": self.high})
        item = self.item
        return [
            item.take(inner, f"{path}[{number}]", (*slot, number), taking)
            for number, inner in enumerate(value)
        ]


class Dropped:
    """A field that we know and never pass on; its place is noted."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """None, which a record leaves out."""
        taking.drop(path)
        return None


class Refused:
    """A field that makes the whole request unacceptable; `code` says why (`BadInputError`)."""

    def __init__(self, code: str):
        self.code = code

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """Never returns."""
        raise BadInputError(self.code, path)


class Record:
    """An object with known fields. Others are left out and noted; null counts as absent."""

    def __init__(
        self,
        fields: Mapping[str, Shape],
        required: tuple[str, ...] = (),
        filled: Mapping[str, object] | None = None,
    ):
        self.fields, self.required, self.filled = dict(fields), required, dict(filled or {})

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """A new object of the known fields."""
        if not isinstance(value, dict):
            raise wrong_type(path, "object")
        taken: dict[str, object] = {}
        fields = self.fields
        for position, (name, inner) in enumerate(value.items()):
            if inner is None:
                continue
            shape = fields.get(name)
            if shape is None:
                taking.drop(paths.member(path, name, position))
                continue
            place = f"{path}.{name}" if path else name
            new = shape.take(inner, place, (*slot, name), taking)
            if new is not None:
                taken[name] = new
        for name in self.required:
            if name not in taken:
                raise BadInputError("missing", f"{path}.{name}" if path else name)
        for name, default in self.filled.items():
            taken.setdefault(name, default)
        return taken


class Tagged:
    """An object whose shape is named by one of its fields (``type`` or ``role``)."""

    def __init__(self, tag: str, cases: Mapping[str, Shape], otherwise: str = "not_allowed_value"):
        self.tag, self.cases, self.otherwise = tag, dict(cases), otherwise

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The object as the shape that its tag names takes it."""
        if not isinstance(value, dict):
            raise wrong_type(path, "object")
        place = f"{path}.{self.tag}"
        word = value.get(self.tag)
        if word is None:
            raise BadInputError("missing", place)
        if type(word) is not str:
            raise wrong_type(place, "string")
        shape = self.cases.get(word)
        if shape is None:
            inspectable = self.otherwise == "not_allowed_value"
            raise BadInputError(self.otherwise, place if inspectable else path)
        return shape.take(value, path, slot, taking)


class StringOr:
    """Either a string (of shape `string`) or something else (of shape `other`)."""

    def __init__(self, string: Shape, other: Shape):
        self.string, self.other = string, other

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The value as the shape that fits its type takes it."""
        if type(value) is str:
            return self.string.take(value, path, slot, taking)
        if isinstance(value, (dict, list)):
            return self.other.take(value, path, slot, taking)
        raise wrong_type(path, "string_or_list")


class Keyed:
    """An object with keys of the caller's choice, all of one shape; the keys are sources."""

    def __init__(self, item: Shape, key: Shape, high: int):
        self.item, self.key, self.high = item, key, high

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """A new object of the items taken."""
        if not isinstance(value, dict):
            raise wrong_type(path, "object")
        if len(value) > self.high:
            raise BadInputError("too_many", path, params={"low": 0, "high": self.high})
        taken: dict[str, object] = {}
        for position, (name, inner) in enumerate(value.items()):
            self.key.take(name, paths.key_of(path, position), slot, taking)
            taking.source(paths.key_of(path, position), name, (*slot, name), is_key=True)
            taken[name] = self.item.take(
                inner, paths.member(path, name, position), (*slot, name), taking
            )
        return taken


class TokenId:
    """The key of a token in a vocabulary: at most seven digits."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """The digits as they are."""
        if not (isinstance(value, str) and len(value) <= 7 and value.isascii() and value.isdigit()):
            raise BadInputError("not_allowed_value", path)
        return value


class Free:
    """Any JSON (a JSON Schema): every key, string and long number is a source."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """A copy of the value."""
        if isinstance(value, str):
            taking.source(path, value, slot)
            return value
        if isinstance(value, dict):
            taken: dict[str, object] = {}
            for position, (name, inner) in enumerate(value.items()):
                here = (*slot, name)
                taking.source(paths.key_of(path, position), name, here, is_key=True)
                taken[name] = self.take(inner, paths.member(path, name, position), here, taking)
            return taken
        if isinstance(value, list):
            return [
                self.take(inner, f"{path}[{number}]", (*slot, number), taking)
                for number, inner in enumerate(value)
            ]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            digits = repr(value)
            if len(digits) >= _LONG_NUMBER:
                taking.source(path, digits, slot)
        return value


class FreeObject(Free):
    """Any JSON object."""

    def take(self, value: object, path: str, slot: Slot, taking: Taking) -> object:
        """A copy of the object, with its keys, strings and long numbers as sources."""
        if path and not slot:
            raise ValueError("a free object stands under a field")
        if not isinstance(value, dict):
            raise wrong_type(path, "object")
        return _FREE.take(value, path, slot, taking)


_FREE = Free()
