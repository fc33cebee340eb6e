"""Places in a JSON document: ``messages[0].content``, ``tools[0].function.parameters.{2}#key``.

A path travels in errors, headers and logs, and a key may itself be personal data. So the name of a
key stands in a path only where the protocol defines it, or where it is a plain lower-case word
(``properties.unit``); every other key is called by its position: ``{2}`` is the value under the
third key, and ``{2}#key`` that key itself.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z][a-z_$]{0,31}\Z|\$(?:ref|defs|id|schema|anchor|comment)\Z")
_CAMEL = frozenset(
    {
        "additionalProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
        "prefixItems",
        "unevaluatedItems",
        "unevaluatedProperties",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "contentEncoding",
        "contentMediaType",
        "dependentRequired",
        "dependentSchemas",
        "readOnly",
        "writeOnly",
        "minContains",
        "maxContains",
    }
)


def member(path: str, name: str, position: int) -> str:
    """The path of the value under the key `name`, the `position`-th (0-based) of its object."""
    step = name if _PLAIN.match(name) or name in _CAMEL else f"{{{position}}}"
    return f"{path}.{step}" if path else step


def key_of(path: str, position: int) -> str:
    """The path of the `position`-th key (0-based) of the object at `path`."""
    return f"{path}.{{{position}}}#key" if path else f"{{{position}}}#key"
