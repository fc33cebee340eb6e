"""An HTTP answer of our own making, as values."""

from __future__ import annotations

import msgspec

Headers = tuple[tuple[str, str], ...]
JSON_TYPE = ("content-type", "application/json; charset=utf-8")


class Rendered(msgspec.Struct, frozen=True):
    """Status, headers (names in lower case) and body, ready to be sent."""

    status: int
    headers: Headers
    body: bytes
