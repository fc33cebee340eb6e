"""Server-sent events without I/O: an incremental parser and a writer.

Lines end with LF, CR or CRLF, mixed as they like and cut anywhere; a byte order mark at the very
beginning is skipped; comments (``: …``) and unknown fields are ignored; an event that the stream
breaks off is dropped, never half delivered. A line or an event beyond the limit is a fault: a
server that never ends its line can't fill our memory.

Source: WHATWG HTML, 9.2.5-9.2.6 (parsing an event stream); reliability.md 2.4.
"""

from __future__ import annotations

import msgspec

DONE = b"data: [DONE]\n\n"
"""The event that ends a stream of OpenAI's."""

_BOM = b"\xef\xbb\xbf"
_LIMIT = 4 * 1024 * 1024


class SseError(ValueError):
    """The stream is not one of server-sent events that we take: a line or event beyond `limit`."""

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(f"an event of more than {limit} bytes")


class Event(msgspec.Struct, frozen=True):
    """One event: its data (lines joined by LF, as bytes; UTF-8 unchecked) and its type."""

    data: bytes
    type: bytes = b"message"

    @property
    def done(self) -> bool:
        """Whether this is OpenAI's end of the stream."""
        return self.data == b"[DONE]"


class Parser:
    """Reads events from bytes as they come; `limit` in bytes, for a line and for an event."""

    def __init__(self, limit: int = _LIMIT):
        self._limit = limit
        self._parts: list[bytes] = []  # of a line not yet ended
        self._size = 0
        self._data: list[bytes] = []  # of an event not yet ended
        self._held = 0
        self._type = b""
        self._first = True
        self._skip_lf = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `SseError` beyond the limit."""
        if self._skip_lf and data:
            self._skip_lf = False
            if data[:1] == b"\n":
                data = data[1:]
        if b"\r" in data:
            self._skip_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in data:
            self._keep(data)
            return []
        lines = data.split(b"\n")
        if self._parts:
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts.clear()
            self._size = 0
        rest = lines.pop()
        events: list[Event] = []
        for line in lines:
            self._line(line, events)
        self._keep(rest)
        return events

    def finish(self) -> bool:
        """Whether the stream ended in the middle of an event (which is dropped)."""
        return bool(self._data or self._parts)

    def _keep(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
            if self._size > self._limit:
                raise SseError(self._limit)

    def _line(self, line: bytes, events: list[Event]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(Event(b"\n".join(self._data), self._type or b"message"))
                self._data = []
                self._held = 0
            self._type = b""
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._held += len(value)
            if self._held > self._limit:
                raise SseError(self._limit)
            self._data.append(value)
        elif field == b"event":
            self._type = value.removeprefix(b" ")


def event(data: bytes) -> bytes:
    """One event holding `data`; line breaks in it can't begin another field or event."""
    if b"\n" in data or b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\ndata: ")
    return b"data: " + data + b"\n\n"


def comment(text: str) -> bytes:
    """A comment, which clients ignore: keeps a connection alive (``: inspecting``)."""
    return b": " + " ".join(text.split()).encode() + b"\n\n"
