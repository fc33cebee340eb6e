"""``POST /v1/completions``: the legacy format, read as a chat completion of one message.

The prompt becomes what the user says, and the answer's words the completion's text: models of today
answer messages, and what is inspected, decided and recorded is the same. One prompt a request; a
prompt of tokens can't be read, and is refused.

Source: OpenAI's OpenAPI description, CreateCompletionRequest. What it leaves to others: whether it
may be sent.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from typing import Any, cast

import msgspec

from shenyong.protocols import sse
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.building import Building
from shenyong.protocols.chat_fields import FIELDS as CHAT_FIELDS
from shenyong.protocols.door import Writer
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.openai_answer import Answer, Chunk
from shenyong.protocols.openai_chat import identity
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.shapes import (
    Dropped,
    Listed,
    Record,
    Refused,
    Shape,
    StringOr,
    Taking,
    Text,
)
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits, parse

_MODEL, _IDENTITY = 256, 512
_DROPPED = Dropped()
_PROMPT = StringOr(Text(), Listed(Text(), low=1, high=1))
_ALIKE = (
    *("frequency_penalty", "logit_bias", "max_tokens", "n", "presence_penalty", "seed", "stop"),
    *("stream", "stream_options", "temperature", "top_p"),
)
FIELDS: dict[str, Shape] = {
    **{name: CHAT_FIELDS[name] for name in _ALIKE},
    "best_of": _DROPPED,
    "echo": _DROPPED,
    "logprobs": _DROPPED,
    "suffix": Refused("suffix_not_supported"),
    "user": _DROPPED,
}
"""What a request may hold beside the model and the prompt."""
_REST = Record(FIELDS)
_encode = msgspec.json.Encoder().encode


def take(document: object, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in a document that `strict_json.parse` read."""
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    model = identity(document, "model", _MODEL)
    if not model:
        raise BadInputError("missing", "model")
    prompt = document.get("prompt")
    if prompt is None:
        raise BadInputError("missing", "prompt")
    taking, chat = Taking(limits.strings), Building()
    taking.role = "user"
    if isinstance(prompt, list) and any(not isinstance(each, str) for each in prompt):
        raise BadInputError("part_not_inspectable", "prompt")
    taken = cast("str | list[str]", _PROMPT.take(prompt, "prompt", ("prompt",), taking))
    text, slot = (taken, ("prompt",)) if isinstance(taken, str) else (taken[0], ("prompt", 0))
    chat.said("user", "prompt", [(text, slot)])
    taking.role = ""
    rest = {name: value for name, value in document.items() if name not in ("model", "prompt")}
    more = cast(dict[str, Any], _REST.take(rest, "", (), taking))
    for name in more:
        chat.moves.move((name,), (name,))
    stream = bool(more.get("stream", False))
    options = more.pop("stream_options", None) or {}
    written: dict[str, Any] = {"model": model, "messages": chat.messages, **more}
    if stream:
        written["stream_options"] = {"include_usage": True}
    return Exchange(
        model=model,
        document=written,
        sources=tuple(taking.sources),
        places=chat.moves.places(taking.places),
        dropped=tuple(taking.dropped),
        dropped_total=taking.dropped_total,
        stream=stream,
        include_usage=stream and bool(options.get("include_usage", False)),
        n=more.get("n", 1),
        user=identity(document, "user", _IDENTITY),
        bases=tuple(chat.bases),
    )


def _said(said: Answer | Chunk, choices: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "id": said.id.replace("chatcmpl-", "cmpl-"),
        "object": "text_completion",
        "created": said.created,
        "model": said.model,
        "choices": choices,
    }
    if said.usage:
        whole["usage"] = said.usage
    return whole


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


class _Writer:
    """A streamed completion."""

    def chunk(self, chunk: Chunk) -> bytes:
        """One event; none for a chunk that says nothing in this format."""
        choices = [
            _choice(each.index, each.delta.content or "", each.finish_reason)
            for each in chunk.choices
            if each.delta.content or each.finish_reason
        ]
        if not choices and not chunk.usage:
            return b""
        return b"data: " + _encode(_said(chunk, choices)) + b"\n\n"

    def end(self) -> bytes:
        """``[DONE]``."""
        return sse.DONE


class Completions:
    """The door for clients of the legacy completions."""

    path = "/v1/completions"

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`. Raises `BadInputError`, which names the place at fault."""
        return take(parse(body, limits), limits)

    def answer(self, answer: Answer) -> bytes:
        """A text completion; calls of tools have no place in it and can't have been asked for."""
        choices = [
            _choice(each.index, each.message.content or "", each.finish_reason)
            for each in answer.choices
        ]
        return _encode(_said(answer, choices))

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """A writer of text completions."""
        return _Writer()

    def error(self, rendered: Rendered) -> Rendered:
        """As it is: the shape is OpenAI's."""
        return rendered

    def event(self, rendered: Rendered) -> bytes:
        """One event with an error object."""
        return b"data: " + rendered.body + b"\n\n"


COMPLETIONS = Completions()
