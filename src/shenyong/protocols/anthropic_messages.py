"""``POST /v1/messages``: Anthropic's format, read strictly into a chat completion.

    system, messages, tools ──anthropic_fields──▶ sources with Anthropic's paths
                            └─────── Moves ─────▶ the chat completion that is sent

Blocks become parts; a ``tool_use`` becomes a call, its input (inspected as an object, key by key)
the JSON of its arguments; a ``tool_result`` becomes a tool's message before the user's words.

Source: Anthropic's Messages API; ux.md 3.1. What it leaves to others: the answer
(`anthropic_answer`), and whether it may be sent.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from typing import Any, cast

from shenyong.protocols import anthropic_answer, paths
from shenyong.protocols.anthropic_fields import (
    ASSISTANT_BLOCK,
    FIELDS,
    MOST_MESSAGES,
    SYSTEM,
    SYSTEM_BLOCK,
    USER_BLOCK,
)
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.building import Building, Placed, texts_of
from shenyong.protocols.door import Writer
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.openai_answer import Answer
from shenyong.protocols.openai_chat import identity, newest_from
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.shapes import Record, Shape, Slot, Taking, wrong_type
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits, parse

_MODEL = 256
_IDENTITY = 512
_REST = Record(FIELDS, required=("max_tokens",))
_BLOCKS: dict[str, Shape] = {
    "user": USER_BLOCK,
    "assistant": ASSISTANT_BLOCK,
    "system": SYSTEM_BLOCK,
}
_CALLED = {"id": "id", "name": "name", "arguments": "input"}
_READ = ("model", "system", "messages")


class Messages:
    """The door for Anthropic's clients."""

    path = "/v1/messages"

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`. Raises `BadInputError`, which names the place at fault."""
        return take(parse(body, limits), limits)

    def answer(self, answer: Answer) -> bytes:
        """A message."""
        return anthropic_answer.whole(answer)

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """A writer of Anthropic's events."""
        return anthropic_answer.MessageWriter(exchange.model)

    def error(self, rendered: Rendered) -> Rendered:
        """Anthropic's error object around OpenAI's."""
        return anthropic_answer.error(rendered)

    def event(self, rendered: Rendered) -> bytes:
        """An ``error`` event."""
        return anthropic_answer.event("error", anthropic_answer.error_object(rendered))


def take(document: object, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in a document that `strict_json.parse` read."""
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    model = identity(document, "model", _MODEL)
    if not model:
        raise BadInputError("missing", "model")
    taking, chat = Taking(limits.strings), _Chat()
    if document.get("system") is not None:
        taking.role = "system"
        taken = SYSTEM.take(document["system"], "system", ("system",), taking)
        chat.system(taken)
    _messages(document, taking, chat)
    taking.role, taking.newest = "", True
    rest = {name: value for name, value in document.items() if name not in _READ}
    taken = cast(dict[str, Any], _REST.take(rest, "", (), taking))
    written = {"model": model, "messages": chat.messages, **chat.options(taken)}
    return Exchange(
        model=model,
        document=written,
        sources=tuple(taking.sources),
        places=chat.moves.places(taking.places),
        dropped=tuple(taking.dropped),
        dropped_total=taking.dropped_total,
        stream=bool(taken.get("stream", False)),
        include_usage=True,
        user=_user(document),
        bases=tuple(chat.bases),
    )


def _user(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    return identity(metadata, "user_id", _IDENTITY) if isinstance(metadata, dict) else ""


def _messages(document: dict[str, Any], taking: Taking, chat: _Chat) -> None:
    messages = document.get("messages")
    if messages is None:
        raise BadInputError("missing", "messages")
    if not isinstance(messages, list):
        raise wrong_type("messages", "array")
    if not 1 <= len(messages) <= MOST_MESSAGES:
        raise BadInputError("too_many", "messages", params={"low": 1, "high": MOST_MESSAGES})
    newest = newest_from(messages)
    for number, message in enumerate(messages):
        taking.newest = number >= newest
        _message(message, number, taking, chat)


def _message(message: object, number: int, taking: Taking, chat: _Chat) -> None:
    path, slot = f"messages[{number}]", ("messages", number)
    if not isinstance(message, dict):
        raise wrong_type(path, "object")
    role = message.get("role")
    if not isinstance(role, str) or role not in _BLOCKS:
        raise BadInputError("not_allowed_value" if role else "missing", f"{path}.role")
    for position, name in enumerate(message):
        if name not in ("role", "content"):
            taking.drop(paths.member(path, name, position))
    content = message.get("content")
    if content is None:
        raise BadInputError("missing", f"{path}.content")
    taking.role = role
    if isinstance(content, str):
        taking.source(f"{path}.content", content, (*slot, "content"))
        chat.said(role, path, [(content, (*slot, "content"))])
        return
    if not isinstance(content, list):
        raise wrong_type(f"{path}.content", "string_or_list")
    blocks: list[tuple[dict[str, Any], Slot]] = []
    for position, block in enumerate(content):
        given = isinstance(block, dict) and block.get("type") == "tool_result"
        taking.role = "tool" if given else role
        here: Slot = (*slot, "content", position)
        taken = _BLOCKS[role].take(block, f"{path}.content[{position}]", here, taking)
        blocks.append((cast(dict[str, Any], taken), here))
    chat.blocks(role, path, blocks)


class _Chat(Building):
    """The chat completion as it grows, and where everything in it came from."""

    def system(self, taken: Any) -> None:
        """Add the system prompt."""
        self.said("system", "system", texts_of(taken, ("system",)))

    def blocks(self, role: str, base: str, blocks: list[tuple[dict[str, Any], Slot]]) -> None:
        """Add what a message's blocks become."""
        texts: list[Placed] = []
        calls: list[tuple[dict[str, Any], Slot]] = []
        results = False
        for block, slot in blocks:
            kind = block["type"]
            if kind == "text":
                texts += texts_of(block["text"], (*slot, "text"))
            elif kind == "document":
                for name in ("title", "context"):
                    texts += texts_of(block.get(name, ""), (*slot, name))
                texts += texts_of(block["source"]["data"], (*slot, "source", "data"))
            elif kind == "tool_use":
                calls.append((block, slot))
            elif kind == "tool_result":
                results = True
                given = texts_of(block.get("content", ""), (*slot, "content"))
                self.result(base, (block["tool_use_id"], (*slot, "tool_use_id")), given)
        if texts or calls or not results:
            message = self.said(role, base, texts)
            if not texts and not calls:
                message["content"] = ""
        for block, slot in calls:
            self.call(slot, block, _CALLED, "function")

    def options(self, taken: dict[str, Any]) -> dict[str, Any]:
        """The other fields, under their names in a chat completion."""
        out: dict[str, Any] = {
            name: taken[name]
            for name in ("max_tokens", "temperature", "top_p", "stream")
            if name in taken
        }
        if out.get("stream"):
            out["stream_options"] = {"include_usage": True}
        if taken.get("stop_sequences"):
            out["stop"] = taken["stop_sequences"]
            self.moves.move(("stop_sequences",), ("stop",))
        if taken.get("tools"):
            out["tools"] = [self._tool(tool, at) for at, tool in enumerate(taken["tools"])]
        choice = taken.get("tool_choice")
        if choice:
            out.update(self._choice(choice))
        config = taken.get("output_config", {})
        if "effort" in config:
            out["reasoning_effort"] = config["effort"]
        form = config.get("format")
        if form:
            schema = {"name": "answer", "schema": form["schema"]}
            out["response_format"] = {"type": "json_schema", "json_schema": schema}
            self.moves.move(
                ("output_config", "format", "schema"), ("response_format", "json_schema", "schema")
            )
        return out

    def _tool(self, tool: dict[str, Any], at: int) -> dict[str, Any]:
        function = {"name": tool["name"]}
        for old, new in (
            ("name", "name"),
            ("description", "description"),
            ("input_schema", "parameters"),
        ):
            if old in tool:
                function[new] = tool[old]
                self.moves.move(("tools", at, old), ("tools", at, "function", new))
        if "strict" in tool:
            function["strict"] = tool["strict"]
        return {"type": "function", "function": function}

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        words = {"auto": "auto", "any": "required", "none": "none"}
        if choice["type"] in words:
            out["tool_choice"] = words[choice["type"]]
        else:
            out["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
            self.moves.move(("tool_choice", "name"), ("tool_choice", "function", "name"))
        if choice.get("disable_parallel_tool_use"):
            out["parallel_tool_calls"] = False
        return out


MESSAGES = Messages()
