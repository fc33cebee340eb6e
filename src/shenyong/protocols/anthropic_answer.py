"""Answers in Anthropic's format: a message, its events, its errors; each written anew.

Everything said here was inspected as a chat completion. Reasoning is left out: a ``thinking`` block
needs the signature of a server that did not write it. Blocks of a stream stay open until its end,
for text held back by the inspection may follow the call of a tool.

Source: Anthropic's Messages API, streaming messages; ux.md 3.3.
"""

from __future__ import annotations

# guideline: ey-genai-2023:5
from typing import Any

import msgspec

from shenyong.protocols.answer_types import Message, ToolCall, Usage
from shenyong.protocols.openai_answer import Answer, Chunk, UpstreamFault
from shenyong.protocols.rendered import Rendered

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_STOP = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def event(kind: str, said: dict[str, Any]) -> bytes:
    """One server-sent event of that type."""
    return b"event: " + kind.encode() + b"\ndata: " + _encode({"type": kind, **said}) + b"\n\n"


def whole(answer: Answer) -> bytes:
    """The first choice as a message. Raises `UpstreamFault` for a call that is no JSON object."""
    choice = answer.choices[0]
    usage = answer.usage if isinstance(answer.usage, Usage) else Usage()
    return _encode(
        {
            "id": _number(answer.id),
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": _blocks(choice.message),
            "stop_reason": _STOP.get(choice.finish_reason or "stop", "end_turn"),
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.prompt_tokens,
                "output_tokens": usage.completion_tokens,
            },
        }
    )


def _number(chat: str) -> str:
    return f"msg_{chat.removeprefix('chatcmpl-')}"


def _blocks(message: Message) -> list[dict[str, Any]]:
    said = "".join(each for each in (message.content, message.refusal) if each)
    blocks: list[dict[str, Any]] = [{"type": "text", "text": said}] if said else []
    for call in message.tool_calls or ():
        name, arguments = _called(call)
        try:
            given = _decode(arguments or "{}")
        except (msgspec.DecodeError, RecursionError):
            raise UpstreamFault("upstream_malformed") from None
        if not isinstance(given, dict) or not name:
            raise UpstreamFault("upstream_malformed")
        block = {"type": "tool_use", "id": _call_id(call, len(blocks)), "name": name}
        blocks.append({**block, "input": given})
    return blocks


def _called(call: ToolCall) -> tuple[str, str]:
    """Name and arguments of a call, or of the piece of one."""
    function = call.function or None
    if function is None:
        return "", ""
    return function.name or "", function.arguments or ""


def _call_id(call: ToolCall, number: int) -> str:
    return call.id or f"toolu_{number}"


class MessageWriter:
    """A streamed message. Only the first choice is written; there is no other to be asked for."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._begun = False
        self._open: dict[str, int] = {}  # text, or a call's index → the number of its block
        self._reason = "end_turn"
        self._usage = Usage()

    def chunk(self, chunk: Chunk) -> bytes:
        """The events that say this chunk."""
        out: list[bytes] = []
        if not self._begun:
            self._begun = True
            out.append(self._opening(chunk))
        if isinstance(chunk.usage, Usage):
            self._usage = chunk.usage
        for choice in chunk.choices:
            if choice.index:
                continue
            delta = choice.delta
            for text in (delta.content, delta.refusal):
                if text:
                    self._delta(out, "text", {"type": "text_delta", "text": text})
            for call in delta.tool_calls or ():
                self._call(out, call)
            if choice.finish_reason:
                self._reason = _STOP.get(choice.finish_reason, "end_turn")
        return b"".join(out)

    def end(self) -> bytes:
        """All blocks closed, why it ended, what it used."""
        out = [event("content_block_stop", {"index": number}) for number in self._open.values()]
        usage = {
            "input_tokens": self._usage.prompt_tokens,
            "output_tokens": self._usage.completion_tokens,
        }
        delta = {"stop_reason": self._reason, "stop_sequence": None}
        out.append(event("message_delta", {"delta": delta, "usage": usage}))
        out.append(event("message_stop", {}))
        return b"".join(out)

    def _opening(self, chunk: Chunk) -> bytes:
        message: dict[str, Any] = {
            "id": _number(chunk.id),
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        return event("message_start", {"message": message})

    def _call(self, out: list[bytes], call: ToolCall) -> None:
        key = f"call {call.index}"
        name, arguments = _called(call)
        if key not in self._open:
            if not name:
                raise UpstreamFault("upstream_malformed")
            block = {"type": "tool_use", "id": _call_id(call, len(self._open)), "name": name}
            self._begin(out, key, {**block, "input": {}})
        if arguments:
            self._delta(out, key, {"type": "input_json_delta", "partial_json": arguments})

    def _begin(self, out: list[bytes], key: str, block: dict[str, Any]) -> int:
        number = self._open[key] = len(self._open)
        out.append(event("content_block_start", {"index": number, "content_block": block}))
        return number

    def _delta(self, out: list[bytes], key: str, delta: dict[str, Any]) -> None:
        number = self._open.get(key)
        if number is None:
            number = self._begin(out, key, {"type": "text", "text": ""})
        out.append(event("content_block_delta", {"index": number, "delta": delta}))


def error_object(rendered: Rendered) -> dict[str, Any]:
    """OpenAI's error as Anthropic's, with all that it says; its kind goes by the status."""
    said = _decode(rendered.body)["error"]
    low, high = 400, 500
    kind = "invalid_request_error" if low <= rendered.status < high else "api_error"
    number = dict(rendered.headers).get("x-request-id", "")
    error = {**said, "type": _KINDS.get(rendered.status, kind)}
    return {"type": "error", "error": error, "request_id": number}


def error(rendered: Rendered) -> Rendered:
    """A refusal or failure in Anthropic's shape."""
    said = error_object(rendered)
    headers = (*rendered.headers, ("request-id", said["request_id"]))
    return Rendered(rendered.status, headers, _encode(said))
