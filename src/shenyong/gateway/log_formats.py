"""A line of the journal as others read it: JSON, CEF, and a message of syslog (RFC 5424). Pure.

Whatever a field holds, it stays one field of one line: everything that is sent is printable ASCII,
and the rest is written as an escape. So no line break, no bar, no control character and no
direction mark can end a line, begin a field, or make a terminal show something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec

import shenyong
from shenyong.gateway.line import Line, weight

FACILITIES = {"daemon": 3, **{f"local{each}": 16 + each for each in range(8)}}
_SEVERITIES = {"error": 3, "warning": 4, "info": 6}
_CEF_SEVERITIES = {"error": 8, "warning": 6, "info": 3}
_REFUSED = 5
"""The weight in CEF of a request that was refused or held: worth a look, and no fault."""
LONGEST = 128
"""So many characters of a field are sent at most, and so many items of a list."""
_ODD = re.compile(r"[^ -~]")
_NOT_A_NAME = re.compile(r"[^!-~]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_encode = msgspec.json.Encoder().encode
_SEQUENCE = 2**31 - 1
_CUSTOM = ("agency", "key", "model", "environment", "points", "kinds")
"""What ArcSight has no key of its own for: cs1 to cs6, each with its label."""
_COUNTED = ("status", "inspect_us", "total_us")
"""Numbers without a key of their own: cn1 to cn3, which is as many as CEF has."""


def json_line(line: Line) -> str:
    """The line as one JSON object in ASCII, without a line break."""
    try:
        text = _encode(line).decode()
    except UnicodeEncodeError:  # half a surrogate, which no encoding has
        text = _encode(_cut(line, LONGEST * 8)).decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return _ODD.sub(_json_escape, text)


def cef_line(line: Line) -> str:
    """The line as an event of ArcSight's Common Event Format, version 0."""
    name = f"{line.event} {line.verdict}".strip()
    grave = _CEF_SEVERITIES[weight(line)]
    if line.verdict in ("deny", "approve"):
        grave = max(grave, _REFUSED)
    signature = f"{line.event}.{line.verdict}" if line.verdict else line.event
    head = ("CEF:0", "Shenyong", "Gateway", shenyong.__version__)
    said = "|".join((*head, *map(_cef_header, (signature, name, str(grave)))))
    fields = " ".join(f"{key}={_cef_value(value)}" for key, value in _cef_fields(line))
    return f"{said}|{fields}"


def _cef_fields(line: Line) -> Iterator[tuple[str, str]]:
    """The keys of CEF with their values; those that say nothing are left out."""
    if _TIME.fullmatch(line.time):
        yield "rt", str(int(datetime.fromisoformat(line.time).timestamp() * 1000))
    for key, value in (
        ("externalId", line.request_id),
        ("act", line.verdict),
        ("outcome", line.outcome),
        ("reason", line.error or line.code),
        ("cat", line.event),
    ):
        if value:
            yield key, value
    for number, field in enumerate(_COUNTED, 1):
        if value := getattr(line, field):
            yield f"cn{number}", str(value)
            yield f"cn{number}Label", field
    for number, field in enumerate(_CUSTOM, 1):
        value = getattr(line, field)
        if isinstance(value, tuple):
            value = ",".join(value)
        if value:
            yield f"cs{number}", value
            yield f"cs{number}Label", field


def _cef_header(text: str) -> str:
    return _visible(text).replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(text: str) -> str:
    return _visible(text).replace("\\", "\\\\").replace("=", "\\=")


def _visible(text: str) -> str:
    """The text in printable ASCII; what is not is written as an escape of Python's."""
    return _ODD.sub(_escape, text) if _ODD.search(text) else text


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


BODIES: dict[str, Callable[[Line], str]] = {"json": json_line, "cef": cef_line}


class Syslog:
    """Messages of RFC 5424 from one process: who sends them, and the next one's number.

    The number (``meta sequenceId``, 7.3.1) counts what was `sent` and what was `skipped`, because
    it was lost on our side: so the collector sees what it did not get.
    """

    def __init__(self, *, facility: str, form: str, host: str, process: int) -> None:
        self._facility = FACILITIES[facility]
        self._body = BODIES[form]
        self._sender = f"{_header(host, 255)} shenyong {process}"
        self.sent = self.skipped = 0

    def message(self, line: Line) -> bytes:
        """One message, with no framing."""
        self.sent += 1
        number = (self.sent + self.skipped - 1) % _SEQUENCE + 1
        priority = self._facility * 8 + _SEVERITIES[weight(line)]
        at = line.time if _TIME.fullmatch(line.time) else "-"
        meta = f'[meta sequenceId="{number}"]'
        head = f"<{priority}>1 {at} {self._sender} {_header(line.event, 32)} {meta}"
        return f"{head} {self._body(_cut(line, LONGEST))}".encode("ascii")


def framed(message: bytes) -> bytes:
    """The message as it is sent over a stream: its length before it (RFC 6587 3.4.1, RFC 5425)."""
    return b"%d %s" % (len(message), message)


def _header(text: str, most: int) -> str:
    """A field of the header: visible ASCII without a space, ``-`` where there is none."""
    return _NOT_A_NAME.sub("", text)[:most] or "-"


def _cut(line: Line, most: int) -> Line:
    """The line with its fields no longer than `most`, and whole characters alone."""

    def fitting(value: Any) -> Any:
        if isinstance(value, str):
            return value[:most].encode("utf-8", "backslashreplace").decode()
        if isinstance(value, tuple):
            return tuple(fitting(each) for each in value[:most])
        return value

    return Line(**{name: fitting(getattr(line, name)) for name in line.__struct_fields__})
