"""JSON read once and strictly, so that what is inspected is what is sent.

Parsers differ: eight of Python's disagree on 43 of 318 files of a public suite, and all keep the
last of two equal keys in silence (reliability.md 0.1). A request that two readers could understand
differently is refused here: one encoding (UTF-8 without a byte order mark), no equal keys (also
when one is written with escapes), no lone surrogates, no NaN or infinity, integers that every
reader holds exactly, bounded depth and size, nothing after the document.

Source: RFC 8259 (JSON), RFC 7493 (I-JSON) 2.1-2.3; reliability.md 0.1 and 2.4.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from shenyong.protocols import paths
from shenyong.protocols.bad_input import BadInputError

EXACT_INTEGER = 2**53
"""The largest integer (both signs) that a double holds exactly (RFC 7493 2.2)."""

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Limits(msgspec.Struct, frozen=True):
    """How large a body may be: `body_bytes` in bytes, `depth` in levels, `strings` in number.

    `depth` counts arrays and objects inside each other; `strings` all strings and keys that would
    leave (a bound on work, not on text).
    """

    body_bytes: int = 4 * 1024 * 1024
    depth: int = 64
    strings: int = 20_000


DEFAULT_LIMITS = Limits()


class _Fault:
    """Stands in the parsed document for a value that is not allowed, so its place can be named."""

    __slots__ = ("code",)

    def __init__(self, code: str):
        self.code = code


class _Reader:
    """One reading: the decoder's hooks and the faults that they met."""

    __slots__ = ("decoder", "faulty")

    def __init__(self) -> None:
        self.faulty = False
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._number,
            parse_constant=self._constant,
        )

    def _fault(self, code: str) -> _Fault:
        self.faulty = True
        return _Fault(code)

    def _object(self, pairs: list[tuple[str, Any]]) -> object:
        members = dict(pairs)
        return members if len(members) == len(pairs) else self._fault("duplicate_key")

    def _integer(self, digits: str) -> object:
        if len(digits) <= 17 and -EXACT_INTEGER <= (value := int(digits)) <= EXACT_INTEGER:
            return value
        return self._fault("integer_too_large")

    def _number(self, digits: str) -> object:
        value = float(digits)
        return value if math.isfinite(value) else self._fault("number_not_finite")

    def _constant(self, name: str) -> object:
        return self._fault("number_not_finite")


def parse(body: bytes, limits: Limits = DEFAULT_LIMITS) -> object:
    """The document in `body`, as dicts, lists, strings, numbers, booleans and None.

    Raises `BadInputError` with one of the codes ``body_too_large`` (status 413), ``empty_body``,
    ``not_utf8``, ``byte_order_mark``, ``invalid_json``, ``too_deep``, ``duplicate_key``,
    ``integer_too_large``, ``number_not_finite``, ``lone_surrogate``; the last four name the place.
    """
    if len(body) > limits.body_bytes:
        size = limits.body_bytes // 1024
        raise BadInputError("body_too_large", params={"limit": size}, status=413)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError("not_utf8", params={"position": error.start + 1}) from None
    if text.startswith("\ufeff"):
        raise BadInputError("byte_order_mark")
    reader = _Reader()
    try:
        document: object = reader.decoder.decode(text)
    except json.JSONDecodeError as error:
        if not text.strip(" \t\r\n"):
            raise BadInputError("empty_body") from None
        place = {"line": error.lineno, "column": error.colno}
        raise BadInputError("invalid_json", params=place) from None
    except RecursionError:
        raise BadInputError("too_deep", params={"limit": limits.depth}) from None
    if body.count(b"[") + body.count(b"{") > limits.depth:
        _check_depth(document, limits.depth)
    if reader.faulty:
        for path, value in _values(document):
            if isinstance(value, _Fault):
                raise BadInputError(value.code, path)
    if _SURROGATE_ESCAPE.search(body):
        for path, value in _values(document):
            if isinstance(value, str) and _SURROGATE.search(value):
                raise BadInputError("lone_surrogate", path)
    return document


def _check_depth(document: object, limit: int) -> None:
    """Go down level by level; more than `limit` levels of containers are too deep."""
    level = [document] if isinstance(document, (dict, list)) else []
    for _ in range(limit):
        level = [
            value
            for container in level
            for value in (container.values() if isinstance(container, dict) else container)
            if isinstance(value, (dict, list))
        ]
        if not level:
            return
    raise BadInputError("too_deep", params={"limit": limit})


def _values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value and key of the document with its path (depth already bounded)."""
    yield path, value
    if isinstance(value, dict):
        for position, (name, inner) in enumerate(value.items()):
            yield paths.key_of(path, position), name
            yield from _values(inner, paths.member(path, name, position))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _values(inner, f"{path}[{position}]")
