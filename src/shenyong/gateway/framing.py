"""Where a request ends must be told in one way only, or nobody can say which bytes belong to it.

What stands before us (a proxy, a balancer) reads the same bytes. Where the two could disagree about
a request's end or its host, a second request could hide in the first (request smuggling). So what
any common reader refuses is refused here too, and the connection ends: two lengths, even equal
ones; a length beside ``chunked``; any transfer coding but ``chunked``; no host, or two; methods
that turn a connection into something else.

Source: RFC 9112 3.2, 6.1, 6.3; reliability.md 0.14 and 2.4. What it leaves to the server below:
lines, chunks and control characters, which never reach us broken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from shenyong.gateway.ids import new_request_id
from shenyong.protocols import failure
from shenyong.protocols.bad_input import BadInputError

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_COUNTED = (b"host", b"content-length", b"transfer-encoding")


def sound(scope: MutableMapping[str, Any]) -> bool:
    """Whether every reader agrees on where this request ends and whom it is for."""
    if scope["method"] not in METHODS:
        return False
    host = length = coding = None
    for raw, value in scope["headers"]:
        name = raw.lower()
        if name not in _COUNTED:
            continue
        if name == b"host":
            if host is not None or not value:
                return False
            host = value
        elif name == b"content-length":
            if length is not None or not value.strip(b" \t").isdigit():
                return False
            length = value
        else:
            if coding is not None or value.strip().lower() != b"chunked":
                return False
            coding = value
    if length is not None and coding is not None:
        return False
    return host is not None or scope.get("http_version") == "1.0"


async def refuse(send: Callable[[MutableMapping[str, Any]], Awaitable[None]]) -> None:
    """Say so, read nothing more of it, and end the connection."""
    error = BadInputError("unsound_framing")
    rendered = failure.render_bad_input(error, new_request_id())
    pairs = [(name.encode(), value.encode()) for name, value in rendered.headers]
    pairs += [(b"connection", b"close"), (b"content-length", str(len(rendered.body)).encode())]
    await send({"type": "http.response.start", "status": rendered.status, "headers": pairs})
    await send({"type": "http.response.body", "body": rendered.body})
