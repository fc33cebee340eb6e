"""A door: one wire format at the front, over the one canonical `Exchange` behind it.

    client's body ──read──▶ Exchange (a chat completion, paths as the client wrote them) ──▶ model
    client ◀──answer, Writer, error── Answer, Chunks, errors (OpenAI's shape) ◀── model, or us

Behind the door everything is a chat completion: what is inspected, decided, sent and recorded does
not depend on how it was asked. A door only reads strictly and writes anew; it decides nothing.

Source: ux.md 3.1-3.3. What it leaves to others: who asks, and whether it may be sent.
"""

from __future__ import annotations

from typing import Protocol

from shenyong.protocols import openai_chat, sse
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.openai_answer import Answer, Chunk
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.strict_json import Limits


class Writer(Protocol):
    """Writes one streamed answer. Chunks come in order, inspected; what it returns is sent."""

    def chunk(self, chunk: Chunk) -> bytes:
        """The events that say this chunk, and nothing that it does not."""

    def end(self) -> bytes:
        """The events that end the stream; written once, after the outcome is recorded."""


class Door(Protocol):
    """One wire format."""

    path: str
    """Where a client asks, e.g. ``/v1/chat/completions``."""

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`. Raises `BadInputError`, which names the place at fault."""

    def answer(self, answer: Answer) -> bytes:
        """A whole answer's body."""

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """A writer for one streamed answer to `exchange`."""

    def error(self, rendered: Rendered) -> Rendered:
        """A refusal or failure, made in OpenAI's shape, in this format's."""

    def event(self, rendered: Rendered) -> bytes:
        """A failure (in OpenAI's shape) said inside a stream that has begun; then nothing."""


class ChatWriter:
    """A streamed chat completion, as it comes."""

    def chunk(self, chunk: Chunk) -> bytes:
        """One event."""
        return chunk.event()

    def end(self) -> bytes:
        """``[DONE]``."""
        return sse.DONE


class Chat:
    """``POST /v1/chat/completions``: what the others are read into."""

    path = "/v1/chat/completions"

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`."""
        return openai_chat.read(body, limits)

    def answer(self, answer: Answer) -> bytes:
        """The answer as it is."""
        return answer.body()

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """A writer of chunks."""
        return ChatWriter()

    def error(self, rendered: Rendered) -> Rendered:
        """As it is."""
        return rendered

    def event(self, rendered: Rendered) -> bytes:
        """One event with an error object."""
        return b"data: " + rendered.body + b"\n\n"


CHAT = Chat()
