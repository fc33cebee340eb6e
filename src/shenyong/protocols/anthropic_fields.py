"""The rule for every field of Anthropic's ``POST /v1/messages``: data, in one place.

As `chat_fields` for OpenAI's: taken with a shape, left out and named, or refused with a reason; a
field that is not here is left out and named.

Source: Anthropic's Messages API; ux.md 3.1; reliability.md 2.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from shenyong.protocols.chat_fields import MESSAGES
from shenyong.protocols.shapes import (
    Choice,
    Dropped,
    Flag,
    FreeObject,
    Listed,
    Number,
    Record,
    Refused,
    Shape,
    StringOr,
    Tagged,
    Text,
)

_TEXT = Text()
_DROPPED = Dropped()
_OPAQUE = Refused("opaque_field")
_NOT_YET = "part_not_inspectable"
_WHOLE = 2**31 - 1

TEXT_BLOCK = Record(
    {"type": Choice("text"), "text": _TEXT, "cache_control": _DROPPED, "citations": _DROPPED},
    required=("type", "text"),
)
SYSTEM_BLOCK = Tagged("type", {"text": TEXT_BLOCK}, _NOT_YET)
"""What instructions may consist of."""

_TEXTS = Listed(SYSTEM_BLOCK, low=1)

SYSTEM = StringOr(_TEXT, _TEXTS)
"""The system prompt: a string or blocks of text."""

_DOCUMENT = Record(
    {
        "type": Choice("document"),
        "source": Tagged(
            "type",
            {
                "text": Record(
                    {
                        "type": Choice("text"),
                        "media_type": Choice("text/plain"),
                        "data": _TEXT,
                    },
                    required=("data",),
                )
            },
            _NOT_YET,
        ),
        "title": _TEXT,
        "context": _TEXT,
        "cache_control": _DROPPED,
        "citations": _DROPPED,
    },
    required=("source",),
)
RESULT = Record(
    {
        "type": Choice("tool_result"),
        "tool_use_id": _TEXT,
        "content": StringOr(_TEXT, _TEXTS),
        "is_error": Flag(),
        "cache_control": _DROPPED,
    },
    required=("tool_use_id",),
)
"""What a tool gave back."""

USER_BLOCK = Tagged(
    "type", {"text": TEXT_BLOCK, "document": _DOCUMENT, "tool_result": RESULT}, _NOT_YET
)
"""What a user's message may consist of; pictures and files are refused, never passed on unread."""

_THOUGHT = Record({"type": Choice("thinking", "redacted_thinking")})
ASSISTANT_BLOCK = Tagged(
    "type",
    {
        "text": TEXT_BLOCK,
        "tool_use": Record(
            {
                "type": Choice("tool_use"),
                "id": _TEXT,
                "name": _TEXT,
                "input": FreeObject(),
                "cache_control": _DROPPED,
                "caller": _DROPPED,
            },
            required=("id", "name", "input"),
        ),
        # Signed by another server, of no use to this one: the words are left out and named.
        "thinking": _THOUGHT,
        "redacted_thinking": _THOUGHT,
    },
    _NOT_YET,
)
"""What an assistant's message may consist of."""

_TOOL = Record(
    {
        "type": Choice("custom"),  # the others run at the provider, where nobody here looks
        "name": _TEXT,
        "description": _TEXT,
        "input_schema": FreeObject(),
        "strict": Flag(),
        "cache_control": _DROPPED,
    },
    required=("name", "input_schema"),
)
_TOOL_CHOICE = Tagged(
    "type",
    {
        **{
            word: Record({"type": Choice(word), "disable_parallel_tool_use": Flag()})
            for word in ("auto", "any", "none")
        },
        "tool": Record(
            {"type": Choice("tool"), "name": _TEXT, "disable_parallel_tool_use": Flag()},
            required=("name",),
        ),
    },
)
_EFFORT = Choice("low", "medium", "high", "xhigh", "max")
_FORMAT = Record(
    {"type": Choice("json_schema"), "schema": FreeObject()}, required=("type", "schema")
)

FIELDS: dict[str, Shape] = {
    "max_tokens": Number(1, _WHOLE, whole=True),
    "stop_sequences": Listed(_TEXT, high=16),
    "stream": Flag(),
    "temperature": Number(0, 1),
    "top_p": Number(0, 1),
    "tools": Listed(_TOOL, high=128),
    "tool_choice": _TOOL_CHOICE,
    "output_config": Record({"format": _FORMAT, "effort": _EFFORT}),
    # `user_id` is read for who asks, never passed on: it may name an official.
    "metadata": _DROPPED,
    "top_k": _DROPPED,
    "thinking": _DROPPED,
    "service_tier": _DROPPED,
    "inference_geo": _DROPPED,
    "cache_control": _DROPPED,
    # Content that we can't see.
    "container": _OPAQUE,
    "context_management": _OPAQUE,
    "mcp_servers": _OPAQUE,
}
"""All fields but ``model``, ``system`` and ``messages``, which `anthropic_messages` reads."""

MOST_MESSAGES = MESSAGES
