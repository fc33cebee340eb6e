"""What goes over the pipes: a length of eight bytes, then a message; nothing else is understood."""

from __future__ import annotations

import msgspec

from shenyong.reading.documents import Document, DocumentError, Fault, Limits

HEAD = 8
LARGEST = 512 * 1024 * 1024
"""Bytes of a message; a longer one ends the conversation."""


class Ask(msgspec.Struct, frozen=True):
    """Read this. `seconds` of processor time may go into it.

    `shown` asks what a released document shows and which marks it bears (`disclosure.visible`).
    """

    name: str
    data: bytes
    limits: Limits
    seconds: int
    shown: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A document, or why there is none."""

    document: Document | None = None
    fault: Fault | None = None
    place: str = ""

    def opened(self) -> Document:
        """The document. Raises DocumentError where there is none."""
        if self.document is None:
            raise DocumentError(self.fault or Fault.DAMAGED, self.place)
        return self.document


ASKS = msgspec.msgpack.Decoder(Ask)
ANSWERS = msgspec.msgpack.Decoder(Answer)


def framed(message: Ask | Answer) -> bytes:
    """The message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(HEAD, "big") + body
