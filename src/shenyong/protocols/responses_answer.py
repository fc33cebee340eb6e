"""Answers in the format of OpenAI's Responses: a response, and its events; each written anew.

Everything said here was inspected as a chat completion. Nothing of the request is repeated. Items
of a stream stay open until its end, for text held back by the inspection may follow a call.

Source: OpenAI's OpenAPI description, Response and ResponseStreamEvent; ux.md 3.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:5
from typing import Any

import msgspec

from shenyong.protocols.answer_types import ToolCall, Usage
from shenyong.protocols.openai_answer import Answer, Chunk, UpstreamFault
from shenyong.protocols.rendered import Rendered

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_PART = {"output_text": "text", "refusal": "refusal"}
_SAID = {"function_call": "arguments", "custom_tool_call": "input"}
_EVENTS = {
    "output_text": "output_text",
    "refusal": "refusal",
    "function_call": "function_call_arguments",
    "custom_tool_call": "custom_tool_call_input",
}


def whole(answer: Answer) -> bytes:
    """The first choice as a response."""
    items = _Items(_tail(answer.id))
    choice = answer.choices[0]
    message = choice.message
    items.words("refusal", message.refusal or "")
    items.words("output_text", message.content or "")
    for call in message.tool_calls or ():
        items.call(call)
    usage = answer.usage if isinstance(answer.usage, Usage) else Usage()
    return _encode(
        _response(answer.id, answer.created, answer.model)
        | items.closed(choice.finish_reason or "stop")
        | {"usage": _usage(usage)}
    )


def _tail(number: str) -> str:
    return number.removeprefix("chatcmpl-")


def _response(number: str, created: int, model: str) -> dict[str, Any]:
    """A response that has only begun."""
    return {
        "id": f"resp_{_tail(number)}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    def detail(details: Any, name: str) -> int:
        return getattr(details, name, None) or 0

    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": detail(usage.prompt_tokens_details, "cached_tokens")
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {
            "reasoning_tokens": detail(usage.completion_tokens_details, "reasoning_tokens")
        },
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }


class _Items:
    """The items of one response, in the order in which they began, growing."""

    def __init__(self, tail: str) -> None:
        self._tail = tail
        self.items: list[dict[str, Any]] = []
        self._calls: dict[int, int] = {}  # a call's index → the number of its item
        self._message = -1

    def words(self, kind: str, text: str) -> tuple[int, int, bool, bool] | None:
        """Say words. Returns item, part, and whether each is new; None for no words."""
        if not text:
            return None
        begun = self._message < 0
        if begun:
            self._message = len(self.items)
            number = f"msg_{self._tail}"
            message = {"type": "message", "id": number, "status": "in_progress"}
            self.items.append({**message, "role": "assistant", "content": []})
        content = self.items[self._message]["content"]
        part = next((at for at, each in enumerate(content) if each["type"] == kind), len(content))
        fresh = part == len(content)
        if fresh:
            content.append(_empty(kind))
        content[part][_PART[kind]] += text
        return self._message, part, begun, fresh

    def call(self, call: ToolCall) -> tuple[int, str, bool]:
        """Call, or go on calling. Returns the item, what was added, and whether it is new."""
        form = call.custom if call.custom else call.function
        kind = "custom_tool_call" if call.custom else "function_call"
        name = (form.name if form else "") or ""
        index = call.index if isinstance(call.index, int) else len(self._calls)
        number = self._calls.get(index)
        fresh = number is None
        if number is None:
            if not name:
                raise UpstreamFault("upstream_malformed")
            number = self._calls[index] = len(self.items)
            item = {"type": kind, "id": f"fc_{self._tail}_{number}", "status": "in_progress"}
            self.items.append(
                {**item, "call_id": call.id or f"call_{number}", "name": name, _SAID[kind]: ""}
            )
        item = self.items[number]
        said = _SAID[item["type"]]
        added = (getattr(form, said, "") if form else "") or ""
        item[said] += added
        return number, added, fresh

    def closed(self, finish: str) -> dict[str, Any]:
        """What the response says of its end."""
        why = _INCOMPLETE.get(finish)
        for item in self.items:
            item["status"] = "incomplete" if why else "completed"
        return {
            "status": "incomplete" if why else "completed",
            "incomplete_details": {"reason": why} if why else None,
            "output": self.items,
        }


def _empty(kind: str) -> dict[str, Any]:
    if kind == "refusal":
        return {"type": kind, "refusal": ""}
    return {"type": kind, "text": "", "annotations": [], "logprobs": []}


class ResponseWriter:
    """A streamed response. Only the first choice is written; there is no other to be asked for."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._sequence = 0
        self._opened: dict[str, Any] = {}
        self._items = _Items("")
        self._finish = "stop"
        self._usage = Usage()

    def chunk(self, chunk: Chunk) -> bytes:
        """The events that say this chunk."""
        out: list[bytes] = []
        if not self._opened:
            self._opened = _response(chunk.id, chunk.created, self._model)
            self._items = _Items(_tail(chunk.id))
            for kind in ("created", "in_progress"):
                out.append(self._event(f"response.{kind}", response=self._opened))
        if isinstance(chunk.usage, Usage):
            self._usage = chunk.usage
        for choice in chunk.choices:
            if choice.index:
                continue
            self._words(out, "refusal", choice.delta.refusal or "")
            self._words(out, "output_text", choice.delta.content or "")
            for call in choice.delta.tool_calls or ():
                self._call(out, call)
            if choice.finish_reason:
                self._finish = choice.finish_reason
        return b"".join(out)

    def end(self) -> bytes:
        """All items closed, then the whole response."""
        closed = self._items.closed(self._finish)
        out: list[bytes] = []
        for number, item in enumerate(self._items.items):
            self._done(out, number, item)
        kind = f"response.{closed['status']}"
        whole_one = self._opened | closed | {"usage": _usage(self._usage)}
        out.append(self._event(kind, response=whole_one))
        return b"".join(out)

    def _event(self, kind: str, **said: Any) -> bytes:
        number = self._sequence
        self._sequence += 1
        data = _encode({"type": kind, "sequence_number": number, **said})
        return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"

    def _words(self, out: list[bytes], kind: str, text: str) -> None:
        told = self._items.words(kind, text)
        if told is None:
            return
        number, part, begun, fresh = told
        item = self._items.items[number]
        if begun:
            empty = {**item, "content": []}
            out.append(self._event("response.output_item.added", output_index=number, item=empty))
        where = {"item_id": item["id"], "output_index": number, "content_index": part}
        if fresh:
            out.append(self._event("response.content_part.added", **where, part=_empty(kind)))
        extra: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        out.append(self._event(f"response.{_EVENTS[kind]}.delta", **where, delta=text, **extra))

    def _call(self, out: list[bytes], call: ToolCall) -> None:
        number, added, fresh = self._items.call(call)
        item = self._items.items[number]
        said = _SAID[item["type"]]
        if fresh:
            empty = {**item, said: ""}
            out.append(self._event("response.output_item.added", output_index=number, item=empty))
        if added:
            kind = f"response.{_EVENTS[item['type']]}.delta"
            where = {"item_id": item["id"], "output_index": number}
            out.append(self._event(kind, **where, delta=added))

    def _done(self, out: list[bytes], number: int, item: dict[str, Any]) -> None:
        where: dict[str, Any] = {"item_id": item["id"], "output_index": number}
        if item["type"] == "message":
            for at, part in enumerate(item["content"]):
                kind, here = part["type"], {**where, "content_index": at}
                said = {_PART[kind]: part[_PART[kind]]}
                if kind == "output_text":
                    said["logprobs"] = []
                out.append(self._event(f"response.{_EVENTS[kind]}.done", **here, **said))
                out.append(self._event("response.content_part.done", **here, part=part))
        else:
            said_by = _SAID[item["type"]]
            kind = f"response.{_EVENTS[item['type']]}.done"
            out.append(self._event(kind, **where, **{said_by: item[said_by]}))
        out.append(self._event("response.output_item.done", output_index=number, item=item))


def failed(rendered: Rendered) -> bytes:
    """A failure inside a stream that has begun."""
    error = _decode(rendered.body)["error"]
    said = {
        "type": "error",
        "sequence_number": 0,
        "code": error["code"],
        "message": error["message"],
        "param": error["param"],
        "error": error,
    }
    return b"event: error\ndata: " + _encode(said) + b"\n\n"
