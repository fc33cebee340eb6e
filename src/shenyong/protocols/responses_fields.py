"""The rule for every field of OpenAI's ``POST /v1/responses``: data, in one place.

As `chat_fields`: taken with a shape, left out and named, or refused with a reason; a field that is
not here is left out and named. We keep no state, so what names an earlier response, a stored
conversation, prompt or file is refused: nobody could inspect what it stands for.

Source: OpenAI's OpenAPI description, CreateResponse; ux.md 3.1; reliability.md 2.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from shenyong.protocols.chat_fields import FIELDS as CHAT
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
_STATE = Refused("stateless")
_OPAQUE = Refused("opaque_field")
_NOT_YET = "part_not_inspectable"
_WHOLE = 2**31 - 1
ITEMS = 4096
"""The most items of an input."""

# --- the items of the input -------------------------------------------------------------------

_INPUT_TEXT = Record(
    {"type": Choice("input_text"), "text": _TEXT, "prompt_cache_breakpoint": _DROPPED},
    required=("type", "text"),
)
_PART = Tagged(
    "type",
    {
        "input_text": _INPUT_TEXT,
        "output_text": Record(
            {
                "type": Choice("output_text"),
                "text": _TEXT,
                "annotations": _DROPPED,
                "logprobs": _DROPPED,
            },
            required=("type", "text"),
        ),
        "refusal": Record(
            {"type": Choice("refusal"), "refusal": _TEXT}, required=("type", "refusal")
        ),
    },
    _NOT_YET,
)
_MESSAGE = Record(
    {
        "type": Choice("message"),
        "role": Choice("user", "system", "developer", "assistant"),
        "content": StringOr(_TEXT, Listed(_PART)),
        "id": _DROPPED,
        "status": _DROPPED,
        "phase": _DROPPED,
    },
    required=("role", "content"),
)
_OUTPUT = StringOr(_TEXT, Listed(Tagged("type", {"input_text": _INPUT_TEXT}, _NOT_YET)))


def _call(kind: str, said: str) -> Record:
    return Record(
        {
            "type": Choice(kind),
            "call_id": _TEXT,
            "name": _TEXT,
            said: _TEXT,
            "id": _DROPPED,
            "status": _DROPPED,
            "caller": _DROPPED,
            "namespace": _DROPPED,
        },
        required=("type", "call_id", "name", said),
    )


def _result(kind: str) -> Record:
    return Record(
        {
            "type": Choice(kind),
            "call_id": _TEXT,
            "output": _OUTPUT,
            "id": _DROPPED,
            "status": _DROPPED,
            "caller": _DROPPED,
        },
        required=("type", "call_id", "output"),
    )


ITEM = Tagged(
    "type",
    {
        "message": _MESSAGE,
        "function_call": _call("function_call", "arguments"),
        "function_call_output": _result("function_call_output"),
        "custom_tool_call": _call("custom_tool_call", "input"),
        "custom_tool_call_output": _result("custom_tool_call_output"),
        # Another server's thoughts, often sealed: of no use to this one.
        "reasoning": Record({"type": Choice("reasoning")}),
        "item_reference": _STATE,
    },
    _NOT_YET,
)
"""What an input may consist of; calls of tools that run at the provider are refused."""

# --- tools and the answer's form --------------------------------------------------------------

_TOOL = Tagged(
    "type",
    {
        "function": Record(
            {
                "type": Choice("function"),
                "name": _TEXT,
                "description": _TEXT,
                "parameters": FreeObject(),
                "strict": Flag(),
                "defer_loading": _DROPPED,
                "output_schema": _DROPPED,
                "allowed_callers": _DROPPED,
            },
            required=("name",),
        ),
        "custom": Record(
            {
                "type": Choice("custom"),
                "name": _TEXT,
                "description": _TEXT,
                "format": Tagged(
                    "type",
                    {
                        "text": Record({"type": Choice("text")}),
                        "grammar": Record(
                            {
                                "type": Choice("grammar"),
                                "definition": _TEXT,
                                "syntax": Choice("lark", "regex"),
                            },
                            required=("definition", "syntax"),
                        ),
                    },
                ),
                "defer_loading": _DROPPED,
                "allowed_callers": _DROPPED,
            },
            required=("name",),
        ),
    },
    "opaque_field",
)
_NAMED = Tagged(
    "type",
    {
        kind: Record({"type": Choice(kind), "name": _TEXT}, required=("name",))
        for kind in ("function", "custom")
    },
    "opaque_field",
)
_ALLOWED = Record(
    {
        "type": Choice("allowed_tools"),
        "mode": Choice("auto", "required"),
        "tools": Listed(_NAMED, high=128),
    },
    required=("mode", "tools"),
)
_TOOL_CHOICE = StringOr(
    Choice("none", "auto", "required"),
    Tagged("type", {**_NAMED.cases, "allowed_tools": _ALLOWED}, "opaque_field"),
)
_FORMAT = Tagged(
    "type",
    {
        "text": Record({"type": Choice("text")}),
        "json_object": Record({"type": Choice("json_object")}),
        "json_schema": Record(
            {
                "type": Choice("json_schema"),
                "name": _TEXT,
                "description": _TEXT,
                "schema": FreeObject(),
                "strict": Flag(),
            },
            required=("name", "schema"),
        ),
    },
)

FIELDS: dict[str, Shape] = {
    "instructions": _TEXT,
    "max_output_tokens": Number(1, _WHOLE, whole=True),
    "temperature": CHAT["temperature"],
    "top_p": CHAT["top_p"],
    "stream": Flag(),
    "stream_options": Record({"include_obfuscation": _DROPPED}),
    "tools": Listed(_TOOL, high=128),
    "tool_choice": _TOOL_CHOICE,
    "parallel_tool_calls": Flag(),
    "text": Record({"format": _FORMAT, "verbosity": CHAT["verbosity"]}),
    "reasoning": Record(
        {
            "effort": CHAT["reasoning_effort"],
            "summary": _DROPPED,
            "generate_summary": _DROPPED,
            "context": _DROPPED,
        }
    ),
    "service_tier": CHAT["service_tier"],
    "prompt_cache_key": _TEXT,
    "store": Flag(forced=False),  # nothing of ours is to be kept at the provider
    "background": Flag(forced=False),  # the answer is there when the call ends
    # Read for who asks, never passed on: they may name an official.
    "user": _DROPPED,
    "safety_identifier": _DROPPED,
    # Of use to the provider alone, or for tools that run there.
    "metadata": _DROPPED,
    "include": _DROPPED,
    "truncation": _DROPPED,
    "max_tool_calls": _DROPPED,
    "top_logprobs": _DROPPED,
    "prompt_cache_retention": _DROPPED,
    "prompt_cache_options": _DROPPED,
    "moderation": _DROPPED,
    # What we can't see.
    "previous_response_id": _STATE,
    "conversation": _STATE,
    "prompt": _STATE,
    "context_management": _OPAQUE,
    **{
        name: shape
        for name, shape in CHAT.items()
        if isinstance(shape, Refused) and shape.code == "steering_field"
    },
}
"""All fields but ``model`` and ``input``, which `responses` reads."""
