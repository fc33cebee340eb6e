"""The rule for every field of ``POST /v1/chat/completions``: data, in one place.

Each field of OpenAI's description is taken (with a shape), left out and named (`Dropped`), or
refused with a reason (`Refused`). A field that is not here is left out and named. A test compares
this table with OpenAI's own description: every place there that can hold a string is inspected,
left out, refused, or one of a closed set of words.

Source: OpenAI's OpenAPI description, CreateChatCompletionRequest; ux.md 3.1; reliability.md 2.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from shenyong.protocols.shapes import (
    Choice,
    Dropped,
    Flag,
    FreeObject,
    Keyed,
    Listed,
    Number,
    Record,
    Refused,
    Shape,
    StringOr,
    Tagged,
    Text,
    TokenId,
)

_TEXT = Text()
_DROPPED = Dropped()
_NOT_YET = "part_not_inspectable"
_STEERING = Refused("steering_field")
_OPAQUE = Refused("opaque_field")
_UNSEEN = Refused(_NOT_YET)
_WHOLE = 2**31 - 1
MESSAGES = 4096
"""The most messages of a request."""

# --- the parts of a message -------------------------------------------------------------------

_TEXT_PART = Record(
    {"type": Choice("text"), "text": _TEXT, "prompt_cache_breakpoint": _DROPPED},
    required=("type", "text"),
)
_REFUSAL_PART = Record({"type": Choice("refusal"), "refusal": _TEXT}, required=("type", "refusal"))
# image_url, input_audio, file and any other part: refused, never passed on unread
_PARTS = Listed(Tagged("type", {"text": _TEXT_PART}, _NOT_YET), low=1)
_ASSISTANT_PARTS = Listed(
    Tagged("type", {"text": _TEXT_PART, "refusal": _REFUSAL_PART}, _NOT_YET), low=1
)
_CONTENT = StringOr(_TEXT, _PARTS)

_CALLED = Record({"name": _TEXT, "arguments": _TEXT}, required=("name", "arguments"))
_TOOL_CALL = Tagged(
    "type",
    {
        "function": Record(
            {"id": _TEXT, "type": Choice("function"), "function": _CALLED},
            required=("id", "function"),
        ),
        "custom": Record(
            {
                "id": _TEXT,
                "type": Choice("custom"),
                "custom": Record({"name": _TEXT, "input": _TEXT}, required=("name", "input")),
            },
            required=("id", "custom"),
        ),
    },
)

# --- the messages -----------------------------------------------------------------------------


def _plain(role: str) -> Record:
    return Record(
        {"role": Choice(role), "content": _CONTENT, "name": _TEXT}, required=("role", "content")
    )


MESSAGE = Tagged(
    "role",
    {
        "developer": _plain("developer"),
        "system": _plain("system"),
        "user": _plain("user"),
        "assistant": Record(
            {
                "role": Choice("assistant"),
                "content": StringOr(_TEXT, _ASSISTANT_PARTS),
                "refusal": _TEXT,
                "name": _TEXT,
                "audio": _UNSEEN,
                "tool_calls": Listed(_TOOL_CALL, high=128),
                "function_call": _CALLED,
            },
            required=("role",),
            filled={"content": None},  # servers ask for the key where a tool was called
        ),
        "tool": Record(
            {"role": Choice("tool"), "content": _CONTENT, "tool_call_id": _TEXT, "name": _TEXT},
            required=("role", "content", "tool_call_id"),
        ),
        "function": Record(
            {"role": Choice("function"), "content": _TEXT, "name": _TEXT},
            required=("role", "name"),
            filled={"content": None},
        ),
    },
)

# --- tools ------------------------------------------------------------------------------------

_FUNCTION = Record(
    {"name": _TEXT, "description": _TEXT, "parameters": FreeObject(), "strict": Flag()},
    required=("name",),
)
_FORMAT = Tagged(
    "type",
    {
        "text": Record({"type": Choice("text")}),
        "grammar": Record(
            {
                "type": Choice("grammar"),
                "grammar": Record(
                    {"definition": _TEXT, "syntax": Choice("lark", "regex")},
                    required=("definition", "syntax"),
                ),
            },
            required=("grammar",),
        ),
    },
)
_TOOL = Tagged(
    "type",
    {
        "function": Record(
            {"type": Choice("function"), "function": _FUNCTION}, required=("function",)
        ),
        "custom": Record(
            {
                "type": Choice("custom"),
                "custom": Record(
                    {"name": _TEXT, "description": _TEXT, "format": _FORMAT}, required=("name",)
                ),
            },
            required=("custom",),
        ),
    },
)
_NAMED = Record({"name": _TEXT}, required=("name",))
_NAMED_FUNCTION = Record({"type": Choice("function"), "function": _NAMED}, required=("function",))
_NAMED_CUSTOM = Record({"type": Choice("custom"), "custom": _NAMED}, required=("custom",))
_TOOL_CHOICE = StringOr(
    Choice("none", "auto", "required"),
    Tagged(
        "type",
        {
            "function": _NAMED_FUNCTION,
            "custom": _NAMED_CUSTOM,
            "allowed_tools": Record(
                {
                    "type": Choice("allowed_tools"),
                    "allowed_tools": Record(
                        {
                            "mode": Choice("auto", "required"),
                            "tools": Listed(
                                Tagged(
                                    "type", {"function": _NAMED_FUNCTION, "custom": _NAMED_CUSTOM}
                                ),
                                high=128,
                            ),
                        },
                        required=("mode", "tools"),
                    ),
                },
                required=("allowed_tools",),
            ),
        },
    ),
)

# --- the answer's form ------------------------------------------------------------------------

_RESPONSE_FORMAT = Tagged(
    "type",
    {
        "text": Record({"type": Choice("text")}),
        "json_object": Record({"type": Choice("json_object")}),
        "json_schema": Record(
            {
                "type": Choice("json_schema"),
                "json_schema": Record(
                    {
                        "name": _TEXT,
                        "description": _TEXT,
                        "schema": FreeObject(),
                        "strict": Flag(),
                    },
                    required=("name",),
                ),
            },
            required=("json_schema",),
        ),
    },
)

# --- the request ------------------------------------------------------------------------------

FIELDS: dict[str, Shape] = {
    "model": _TEXT,  # replaced by the name that the model's own server knows it by
    "messages": Listed(MESSAGE, low=1, high=MESSAGES),
    "tools": Listed(_TOOL, high=128),
    "tool_choice": _TOOL_CHOICE,
    "parallel_tool_calls": Flag(),
    "functions": Listed(_FUNCTION, low=1, high=128),
    "function_call": StringOr(Choice("none", "auto"), _NAMED),
    "response_format": _RESPONSE_FORMAT,
    "stream": Flag(),
    "stream_options": Record({"include_usage": Flag(), "include_obfuscation": _DROPPED}),
    "n": Number(1, 128, whole=True),
    "temperature": Number(0, 2),
    "top_p": Number(0, 1),
    "max_tokens": Number(1, _WHOLE, whole=True),
    "max_completion_tokens": Number(1, _WHOLE, whole=True),
    "stop": StringOr(_TEXT, Listed(_TEXT, high=16)),
    "seed": Number(-(2**53), 2**53, whole=True),
    "presence_penalty": Number(-2, 2),
    "frequency_penalty": Number(-2, 2),
    "logit_bias": Keyed(Number(-100, 100), TokenId(), high=1024),
    "logprobs": Flag(),
    "top_logprobs": Number(0, 20, whole=True),
    "reasoning_effort": Choice("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "verbosity": Choice("low", "medium", "high"),
    "service_tier": Choice("auto", "default", "flex", "scale", "priority", "fast"),
    "modalities": Listed(Choice("text"), low=1, high=1),
    "prediction": Record(
        {"type": Choice("content"), "content": _CONTENT}, required=("type", "content")
    ),
    "prompt_cache_key": _TEXT,
    "store": Flag(forced=False),  # nothing of ours is to be kept at the provider
    # Read for who asks (`Exchange.user`), never passed on: they may name an official.
    "user": _DROPPED,
    "safety_identifier": _DROPPED,
    # Only of use with `store`, or to the provider alone.
    "metadata": _DROPPED,
    "prompt_cache_retention": _DROPPED,
    "prompt_cache_options": _DROPPED,
    "moderation": _DROPPED,
    # Content that we can't see.
    "audio": _UNSEEN,
    "web_search_options": _OPAQUE,
    "previous_response_id": _OPAQUE,
    "conversation": _OPAQUE,
    "thread_id": _OPAQUE,
    "attachments": _OPAQUE,
    "files": _OPAQUE,
    "file_ids": _OPAQUE,
    "data_sources": _OPAQUE,
    "plugins": _OPAQUE,
    "mcp_servers": _OPAQUE,
    # What other gateways let a caller steer with (reliability.md 2.1: CVE-2024-6587 and others).
    "api_base": _STEERING,
    "base_url": _STEERING,
    "api_key": _STEERING,
    "api_version": _STEERING,
    "api_type": _STEERING,
    "azure_endpoint": _STEERING,
    "custom_llm_provider": _STEERING,
    "provider": _STEERING,
    "deployment_id": _STEERING,
    "organization": _STEERING,
    "headers": _STEERING,
    "extra_headers": _STEERING,
    "extra_body": _STEERING,
    "extra_query": _STEERING,
    "default_headers": _STEERING,
    "proxy": _STEERING,
    "proxies": _STEERING,
    "mock_response": _STEERING,
    "mock_tool_calls": _STEERING,
    "model_list": _STEERING,
    "models": _STEERING,
    "route": _STEERING,
    "fallbacks": _STEERING,
    "context_window_fallbacks": _STEERING,
    "guardrails": _STEERING,
    "disable_global_guardrails": _STEERING,
    "callbacks": _STEERING,
    "success_callback": _STEERING,
    "failure_callback": _STEERING,
    "litellm_params": _STEERING,
    "litellm_metadata": _STEERING,
    "litellm_logging_obj": _STEERING,
    "standard_logging_object": _STEERING,
    "proxy_server_request": _STEERING,
    "user_config": _STEERING,
    "chat_template": _STEERING,
    "webhook": _STEERING,
    "webhook_url": _STEERING,
    "callback_url": _STEERING,
}
"""Field of the request → its shape."""

REQUEST = Record(FIELDS, required=("model", "messages"))
"""The request as a whole."""
