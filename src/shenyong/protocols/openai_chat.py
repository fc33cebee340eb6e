"""``POST /v1/chat/completions``: read once and strictly, written anew.

    body ──strict_json.parse──▶ document ──chat_fields──▶ Exchange ──.body()──▶ bytes for upstream
                                                     └─ sources: every string that would leave

Invariants:
    * Every string in ``Exchange.body()`` is a source, the model's name, or a word of
      `chat_fields` (tested on random requests and against OpenAI's description).
    * Upstream is asked for the usage of a stream, so that tokens can be recorded.

Source: ux.md 3.1-3.2, reliability.md 0.1, 0.2, 2.3, 2.4; ADR 0030. What it leaves to others:
whether it may be sent.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from typing import Any, cast

from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.chat_fields import FIELDS, MESSAGE, MESSAGES
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.shapes import Record, Taking, wrong_type
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits, parse

ROLES = {
    "developer": "system",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_IDENTITY = 512  # characters
_MODEL = 256
_REST = Record({name: shape for name, shape in FIELDS.items() if name not in ("messages", "model")})
_USAGE = {"include_usage": True}
_OVERTAKING = ("logprobs", "top_logprobs")  # tokens would overtake the text held back


def read(body: bytes, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in `body`. Raises `BadInputError`, which names the place at fault."""
    return take(parse(body, limits), limits)


def take(document: object, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in a document that `strict_json.parse` read."""
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    model = identity(document, "model", _MODEL)
    if not model:
        raise BadInputError("missing", "model")
    taking = Taking(limits.strings)
    messages = _messages(document, taking)
    rest = {name: value for name, value in document.items() if name not in ("messages", "model")}
    taken = cast(dict[str, Any], _REST.take(rest, "", (), taking)) if rest else {}
    stream = bool(taken.get("stream", False))
    options = taken.pop("stream_options", None) or {}
    written: dict[str, Any] = {"model": model, "messages": messages, **taken}
    if stream:
        written["stream_options"] = _USAGE
        for name in _OVERTAKING:
            if written.pop(name, None):
                taking.drop(name)
    return Exchange(
        model=model,
        document=written,
        sources=tuple(taking.sources),
        places=tuple(taking.places),
        dropped=tuple(taking.dropped),
        dropped_total=taking.dropped_total,
        stream=stream,
        include_usage=stream and bool(options.get("include_usage", False)),
        n=taken.get("n", 1),
        logprobs=bool(written.get("logprobs", False)),
        user=identity(document, "user", _IDENTITY),
        safety_identifier=identity(document, "safety_identifier", _IDENTITY),
    )


def newest_from(messages: list[Any]) -> int:
    """The index at which the newest turn begins: after the last answer of the assistant.

    An answer at the very end is one that the model is to go on with (a prefill); it belongs to the
    newest turn, with what stands before it back to the answer before.
    """
    last = len(messages)
    while last and _role(messages[last - 1]) == "assistant":
        last -= 1
    while last and _role(messages[last - 1]) != "assistant":
        last -= 1
    return last


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _messages(document: dict[str, Any], taking: Taking) -> list[Any]:
    messages = document.get("messages")
    if messages is None:
        raise BadInputError("missing", "messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "array")
    if not 1 <= len(messages) <= MESSAGES:
        raise BadInputError("too_many", "messages", params={"low": 1, "high": MESSAGES})
    newest = newest_from(messages)
    taken: list[Any] = []
    for number, message in enumerate(messages):
        role = _role(message)
        taking.role = ROLES.get(role, "") if isinstance(role, str) else ""
        taking.newest = number >= newest
        taken.append(MESSAGE.take(message, f"messages[{number}]", ("messages", number), taking))
    taking.role, taking.newest = "", True
    return taken


def identity(document: dict[str, Any], name: str, longest: int) -> str:
    """The string at `name`, or "" where it is absent or null."""
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong_type(name, "string")
    if len(value) > longest:
        raise BadInputError("text_too_long", name, params={"limit": longest})
    return value
