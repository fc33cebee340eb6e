"""``POST /v1/responses``: OpenAI's newer format, read strictly into a chat completion.

    instructions, input, tools ──responses_fields──▶ sources with the client's own paths
                               └────── Moves ──────▶ the chat completion that is sent

Calls that follow an assistant's words belong to them; a call's output becomes a tool's message. No
state is kept: the whole conversation stands in ``input``, and is inspected, each time.

Source: OpenAI's OpenAPI description, CreateResponse; ux.md 3.1. What it leaves to others: the
answer (`responses_answer`), and whether it may be sent.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from typing import Any, cast

from shenyong.protocols import responses_answer
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.building import Building, Placed, texts_of
from shenyong.protocols.door import Writer
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.openai_answer import Answer
from shenyong.protocols.openai_chat import ROLES, identity, newest_from
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.responses_fields import FIELDS, ITEM, ITEMS
from shenyong.protocols.shapes import Record, Slot, Taking, wrong_type
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits, parse

_MODEL = 256
_IDENTITY = 512
_REST = Record(FIELDS)
_CALLS = {"function_call": "function", "custom_tool_call": "custom"}
_CALLED = {"id": "call_id", "name": "name", "arguments": "arguments", "input": "input"}


class Responses:
    """The door for clients of the Responses API."""

    path = "/v1/responses"

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`. Raises `BadInputError`, which names the place at fault."""
        return take(parse(body, limits), limits)

    def answer(self, answer: Answer) -> bytes:
        """A response."""
        return responses_answer.whole(answer)

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """A writer of the response's events."""
        return responses_answer.ResponseWriter(exchange.model)

    def error(self, rendered: Rendered) -> Rendered:
        """As it is: the shape is OpenAI's."""
        return rendered

    def event(self, rendered: Rendered) -> bytes:
        """An ``error`` event."""
        return responses_answer.failed(rendered)


def take(document: object, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in a document that `strict_json.parse` read."""
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    model = identity(document, "model", _MODEL)
    if not model:
        raise BadInputError("missing", "model")
    taking, chat = Taking(limits.strings), _Chat()
    instructions = document.get("instructions")
    if instructions is not None:
        taking.role = "system"
        FIELDS["instructions"].take(instructions, "instructions", ("instructions",), taking)
        chat.said("system", "instructions", texts_of(instructions, ("instructions",)))
    _input(document, taking, chat)
    taking.role, taking.newest = "", True
    read = ("model", "input", "instructions")
    rest = {name: value for name, value in document.items() if name not in read}
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
        user=identity(document, "user", _IDENTITY),
        safety_identifier=identity(document, "safety_identifier", _IDENTITY),
        bases=tuple(chat.bases),
    )


def _input(document: dict[str, Any], taking: Taking, chat: _Chat) -> None:
    given = document.get("input")
    if given is None:
        raise BadInputError("missing", "input")
    if isinstance(given, str):
        taking.role = "user"
        taking.source("input", given, ("input",))
        chat.said("user", "input", texts_of(given, ("input",)))
        return
    if not isinstance(given, list):
        raise wrong_type("input", "string_or_list")
    if not 1 <= len(given) <= ITEMS:
        raise BadInputError("too_many", "input", params={"low": 1, "high": ITEMS})
    items = [_typed(item) for item in given]
    newest = newest_from([{"role": _role(item)} for item in items])
    for number, item in enumerate(items):
        path, slot = f"input[{number}]", ("input", number)
        role = _role(item)
        taking.role, taking.newest = ROLES.get(role, ""), number >= newest
        taken = cast(dict[str, Any], ITEM.take(item, path, slot, taking))
        chat.item(taken, path, slot)
    if not chat.messages:
        raise BadInputError("missing", "input")


def _typed(item: object) -> object:
    """A message may leave out that it is one."""
    if isinstance(item, dict) and "type" not in item and "role" in item:
        return {"type": "message", **item}
    return item


def _role(item: object) -> str:
    """Who an item is of, in a chat completion's words; "" for what is none."""
    if not isinstance(item, dict):
        return ""
    kind = item.get("type")
    if kind == "message":
        role = item.get("role")
        return role if isinstance(role, str) else ""
    if not isinstance(kind, str):
        return ""
    return "tool" if kind.endswith("_output") else "assistant"


class _Chat(Building):
    """The chat completion as it grows, and where everything in it came from."""

    def item(self, item: dict[str, Any], base: str, slot: Slot) -> None:
        """Add what an item becomes."""
        kind = item["type"]
        if kind == "message":
            self.said(item["role"], base, _spoken(item["content"], (*slot, "content")))
        elif kind in _CALLS:
            if not self.messages or self.messages[-1]["role"] != "assistant":
                self.said("assistant", base, [])
            self.call(slot, item, _CALLED, _CALLS[kind])
        elif kind.endswith("_output"):
            given = texts_of(item["output"], (*slot, "output"))
            self.result(base, (item["call_id"], (*slot, "call_id")), given)

    def options(self, taken: dict[str, Any]) -> dict[str, Any]:
        """The other fields, under their names in a chat completion."""
        same = ("temperature", "top_p", "stream", "parallel_tool_calls", "service_tier", "store")
        out: dict[str, Any] = {name: taken[name] for name in same if name in taken}
        if out.get("stream"):
            out["stream_options"] = {"include_usage": True}
        if "max_output_tokens" in taken:
            out["max_completion_tokens"] = taken["max_output_tokens"]
        if "prompt_cache_key" in taken:
            out["prompt_cache_key"] = taken["prompt_cache_key"]
            self.moves.move(("prompt_cache_key",), ("prompt_cache_key",))
        if "effort" in taken.get("reasoning", {}):
            out["reasoning_effort"] = taken["reasoning"]["effort"]
        if "verbosity" in taken.get("text", {}):
            out["verbosity"] = taken["text"]["verbosity"]
        if "format" in taken.get("text", {}):
            out["response_format"] = self._format(taken["text"]["format"])
        if taken.get("tools"):
            out["tools"] = [
                self._tool(tool, ("tools", at), ("tools", at))
                for at, tool in enumerate(taken["tools"])
            ]
        if "tool_choice" in taken:
            out["tool_choice"] = self._choice(taken["tool_choice"], ("tool_choice",))
        return out

    def _format(self, form: dict[str, Any]) -> dict[str, Any]:
        if form["type"] != "json_schema":
            return form
        inner = {name: value for name, value in form.items() if name != "type"}
        self.moves.move(("text", "format"), ("response_format", "json_schema"))
        return {"type": "json_schema", "json_schema": inner}

    def _tool(self, tool: dict[str, Any], old: Slot, new: Slot) -> dict[str, Any]:
        kind = tool["type"]
        inner = {name: value for name, value in tool.items() if name not in ("type", "format")}
        self.moves.move(old, (*new, kind))
        form = tool.get("format")
        if form:
            inner["format"] = form
            if form["type"] == "grammar":
                grammar = {"definition": form["definition"], "syntax": form["syntax"]}
                inner["format"] = {"type": "grammar", "grammar": grammar}
                here = (*new, kind, "format", "grammar", "definition")
                self.moves.move((*old, "format", "definition"), here)
        return {"type": kind, kind: inner}

    def _choice(self, choice: Any, here: Slot) -> Any:
        if isinstance(choice, str):
            return choice
        kind = choice["type"]
        if kind != "allowed_tools":
            self.moves.move((*here, "name"), (*here, kind, "name"))
            return {"type": kind, kind: {"name": choice["name"]}}
        tools = []
        for at, tool in enumerate(choice["tools"]):
            inner = (*here, "allowed_tools", "tools", at, tool["type"], "name")
            self.moves.move((*here, "tools", at, "name"), inner)
            tools.append({"type": tool["type"], tool["type"]: {"name": tool["name"]}})
        return {"type": kind, kind: {"mode": choice["mode"], "tools": tools}}


def _spoken(content: Any, slot: Slot) -> list[Placed]:
    """The texts of a message; what an assistant refused with is words like others."""
    if isinstance(content, str):
        return texts_of(content, slot)
    found = []
    for at, part in enumerate(content):
        name = "refusal" if part["type"] == "refusal" else "text"
        found += texts_of(part[name], (*slot, at, name))
    return found


RESPONSES = Responses()
