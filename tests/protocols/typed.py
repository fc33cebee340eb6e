"""Requests made of a client's own types: every place that can hold a string, one at a time."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typing_extensions

MARK = "A123456789-標記"


def places(params: Any) -> tuple[tuple[str, Any], ...]:
    """Place and request, for every place of the type `params`."""
    found = {(place, json.dumps(value)): value for place, value in marked(params, "")}
    return tuple((place, value) for (place, _), value in found.items())


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def minimal(kind: Any) -> Any:
    """The least value of a type of the client's."""
    kind = bare(kind)
    if typing_extensions.is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        return {
            name: minimal(hint)
            for name, hint in hints.items()
            if get_origin(hint) is typing_extensions.Required
        }
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in (Union, types.UnionType):
        return minimal(inner[0])
    if kind is str:
        return "x"
    if kind in (int, float):
        return 1
    if kind is bool:
        return True
    if origin in (dict, Mapping):
        return {}
    return [minimal(inner[0])] if inner else []


def bare(kind: Any) -> Any:
    while get_origin(kind) in (
        typing_extensions.Required,
        typing_extensions.NotRequired,
    ) or hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    return kind


def marked(kind: Any, path: str, seen: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every value of the type with the mark at one place, and that place."""
    kind = bare(kind)
    if seen.count(kind) > 1 or len(path) > 200:
        return
    origin, inner = get_origin(kind), get_args(kind)
    if typing_extensions.is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        base = minimal(kind)
        for name, hint in hints.items():
            for place, value in marked(hint, f"{path}.{name}", (*seen, kind)):
                yield place, {**base, name: value}
    elif origin in (Union, types.UnionType):
        for each in inner:
            yield from marked(each, path, seen)
    elif kind is str:
        yield path, MARK
    elif kind is object:
        yield path, {"k": MARK}
    elif origin in (dict, Mapping):
        yield f"{path}.*", {"k": {"j": [MARK]}}
        yield f"{path}#key", {MARK: 1}
    elif inner and origin is not Literal:
        for place, value in marked(inner[0], f"{path}[]", seen):
            yield place, [value]
