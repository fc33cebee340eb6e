"""The answer of a model's server, as far as we know it; what we don't know is left out.

The structs are OpenAI's, for whole answers and for the chunks of a stream. A field of the server's
own (timings, prompt filters, provider data) has no place here and so is never passed on.

Source: OpenAI's OpenAPI description, CreateChatCompletionResponse and …StreamResponse; ux.md 3.2.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Maybe = str | None | UnsetType


class Function(msgspec.Struct):
    """The function that the model calls; in a chunk the pieces of its arguments."""

    name: Maybe = UNSET
    arguments: Maybe = UNSET


class Custom(msgspec.Struct):
    """The custom tool that the model calls."""

    name: Maybe = UNSET
    input: Maybe = UNSET


class ToolCall(msgspec.Struct):
    """One call of a tool; `index` tells the calls of a stream apart."""

    index: int | UnsetType = UNSET
    id: Maybe = UNSET
    type: Maybe = UNSET
    function: Function | UnsetType | None = UNSET
    custom: Custom | UnsetType | None = UNSET


class Alternative(msgspec.Struct):
    """A token that the model might have written."""

    token: str
    logprob: float | None = None


class Token(msgspec.Struct):
    """A token of the answer. Its bytes are not passed on: they would be text nobody inspected."""

    token: str
    logprob: float | None = None
    top_logprobs: list[Alternative] = []


class Logprobs(msgspec.Struct):
    """The tokens of the answer and of its refusal, with their likelihood."""

    content: list[Token] | None = None
    refusal: list[Token] | None = None


class Details(msgspec.Struct, omit_defaults=True):
    """How many tokens were of which kind."""

    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None


class Usage(msgspec.Struct):
    """Tokens used by a request."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_tokens_details: Details | UnsetType | None = UNSET
    completion_tokens_details: Details | UnsetType | None = UNSET


class Message(msgspec.Struct):
    """What the model says, whole (``message``)."""

    role: Maybe = "assistant"
    content: str | None = None
    refusal: str | None = None
    reasoning_content: Maybe = UNSET
    reasoning: Maybe = UNSET
    tool_calls: list[ToolCall] | UnsetType | None = UNSET
    function_call: Function | UnsetType | None = UNSET


class Delta(msgspec.Struct):
    """What the model says, a piece of it (``delta``)."""

    role: Maybe = UNSET
    content: Maybe = UNSET
    refusal: Maybe = UNSET
    reasoning_content: Maybe = UNSET
    reasoning: Maybe = UNSET
    tool_calls: list[ToolCall] | UnsetType | None = UNSET
    function_call: Function | UnsetType | None = UNSET


class Choice(msgspec.Struct):
    """One of the answers asked for with ``n``."""

    message: Message
    index: int = 0
    logprobs: Logprobs | None = None
    finish_reason: str | None = None


class ChunkChoice(msgspec.Struct):
    """A piece of one of the answers."""

    index: int = 0
    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class RawAnswer(msgspec.Struct):
    """A whole answer as it came."""

    choices: list[Choice]
    id: str = ""
    object: str = ""
    created: float = 0
    model: str = ""
    usage: Usage | UnsetType | None = UNSET
    system_fingerprint: Maybe = UNSET
    service_tier: Maybe = UNSET


class RawChunk(msgspec.Struct):
    """A chunk as it came; `error` is set where the server says that it failed."""

    choices: list[ChunkChoice] = []
    id: str = ""
    object: str = ""
    created: float = 0
    model: str = ""
    usage: Usage | UnsetType | None = UNSET
    system_fingerprint: Maybe = UNSET
    service_tier: Maybe = UNSET
    error: Any = None
