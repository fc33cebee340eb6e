"""Answers of a model's server, whole and in chunks: read, handed out for inspection, written anew.

Each text of an answer has a *channel* that is the same for the whole answer and for the pieces of
a stream: ``choices[0].content``, ``choices[0].tool_calls[1].function.arguments``. What is written
holds only texts that had a channel, numbers, and words of ours. Tokens with their likelihood are
texts too: they are kept in a whole answer as long as nothing of it was changed, and never in a
stream, where they would overtake the text held back for inspection.

Source: ux.md 3.2 (usage and leading chunks), reliability.md 2.3 (output side). What it leaves to
others: inspection, redaction and holding text back.
"""

from __future__ import annotations

# guideline: ey-genai-2023:5
import re
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from shenyong.protocols import sse
from shenyong.protocols.answer_types import (
    ChunkChoice,
    Custom,
    Delta,
    Function,
    Message,
    RawAnswer,
    RawChunk,
    ToolCall,
    Usage,
)

_decode_answer = msgspec.json.Decoder(RawAnswer).decode
_decode_chunk = msgspec.json.Decoder(RawChunk).decode
_encode = msgspec.json.Encoder().encode
_WORD = re.compile(r"[A-Za-z0-9_.:\-]{1,128}\Z")
_FINISH = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_LATEST = 2**53
_FORMS = frozenset({"function", "custom"})


class UpstreamFaultError(ValueError):
    """The model's server answered what is not an answer.

    `code` is ``upstream_malformed`` or ``upstream_error`` (it said itself that it failed). What it
    sent is never quoted: it may hold what the official wrote.
    """

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


UpstreamFault = UpstreamFaultError


class _Written(msgspec.Struct):
    """What whole answers and chunks have in common."""

    id: str
    object: str
    created: int
    model: str


class Answer(_Written):
    """A whole answer, of known shape."""

    choices: list[_Choice]
    usage: Usage | UnsetType | None = UNSET
    system_fingerprint: str | UnsetType = UNSET
    service_tier: str | UnsetType = UNSET

    def texts(self) -> dict[str, str]:
        """Channel → text, of everything that the client would read."""
        found: dict[str, str] = {}
        for choice in self.choices:
            base = f"choices[{choice.index}]"
            found.update(_texts(choice.message, base))
            if choice.logprobs is not None:
                found.update(_tokens(choice, f"{base}.logprobs"))
        return found

    def rewritten(self, texts: Mapping[str, str]) -> Answer:
        """The same answer with other texts in some channels.

        Tokens are left out of a choice of which any text changed.
        """
        mine = self.texts()
        changed = {name: text for name, text in texts.items() if mine.get(name) != text}
        if not changed:
            return self
        choices = []
        for choice in self.choices:
            base = f"choices[{choice.index}]"
            if any(name.startswith(base + ".") for name in changed):
                message = cast(Message, _said(choice.message, base, changed))
                choice = msgspec.structs.replace(choice, message=message, logprobs=None)  # noqa: PLW2901
            choices.append(choice)
        return msgspec.structs.replace(self, choices=choices)

    def stopped(self, texts: Mapping[int, str]) -> Answer:
        """The answer with the choices at these indexes replaced by a text and stopped.

        Their ``finish_reason`` becomes ``content_filter`` (ux.md 3.3).
        """
        choices = [
            _Choice(choice.index, Message(content=texts[choice.index]), None, "content_filter")
            if choice.index in texts
            else choice
            for choice in self.choices
        ]
        return msgspec.structs.replace(self, choices=choices)

    def body(self) -> bytes:
        """The answer as JSON, written anew."""
        return _encode(self)


class _Choice(msgspec.Struct):
    index: int
    message: Message
    logprobs: object
    finish_reason: str | None


class Chunk(_Written):
    """A piece of an answer, of known shape."""

    choices: list[ChunkChoice]
    usage: Usage | UnsetType | None = UNSET
    system_fingerprint: str | UnsetType = UNSET
    service_tier: str | UnsetType = UNSET

    def texts(self) -> dict[str, str]:
        """Channel → the piece of text that this chunk adds to it."""
        choices = self.choices
        if len(choices) == 1:
            choice = choices[0]
            return dict(_texts(choice.delta, f"choices[{choice.index}]"))
        found: dict[str, str] = {}
        for choice in choices:
            found.update(_texts(choice.delta, f"choices[{choice.index}]"))
        return found

    def rewritten(self, texts: Mapping[str, str]) -> Chunk:
        """The same chunk with other texts in channels that it has; others are not added."""
        choices = [
            ChunkChoice(
                choice.index,
                cast(Delta, _said(choice.delta, f"choices[{choice.index}]", texts)),
                choice.finish_reason,
            )
            for choice in self.choices
        ]
        return Chunk(
            self.id,
            self.object,
            self.created,
            self.model,
            choices,
            self.usage,
            self.system_fingerprint,
            self.service_tier,
        )

    def speaking(self, texts: Mapping[str, str], *, finish: str | None = None) -> Chunk:
        """A new chunk of the same stream that says `texts` (channel → text) and nothing else.

        For text that was held back. Channels are those of `texts()`; with `finish`, each choice
        that speaks ends with that reason. Raises ``ValueError`` for an unknown channel.
        """
        deltas: dict[int, Delta] = {}
        for channel, text in texts.items():
            _speak(deltas, channel, text)
        choices = [ChunkChoice(index, delta, finish) for index, delta in sorted(deltas.items())]
        return Chunk(self.id, self.object, self.created, self.model, choices)

    def ending(self, index: int, finish: str) -> Chunk:
        """A new chunk of the same stream that only ends the choice `index` with that reason."""
        choices = [ChunkChoice(index, Delta(), finish)]
        return Chunk(self.id, self.object, self.created, self.model, choices)

    @property
    def finished(self) -> dict[int, str]:
        """Index of a choice → why it ended, for the choices that end in this chunk."""
        return {
            choice.index: choice.finish_reason
            for choice in self.choices
            if choice.finish_reason is not None
        }

    @property
    def silent(self) -> bool:
        """Whether nothing would be lost if this chunk were not sent."""
        return (
            all(
                choice.finish_reason is None
                and not choice.delta.role
                and not choice.delta.tool_calls
                and not choice.delta.function_call
                and not any(text for _, text in _texts(choice.delta, ""))
                for choice in self.choices
            )
            and not self.usage
        )

    def without_usage(self) -> Chunk:
        """The chunk for a client that didn't ask for the usage."""
        return msgspec.structs.replace(self, usage=UNSET) if self.usage is not UNSET else self

    def event(self) -> bytes:
        """The chunk as one server-sent event, written anew."""
        return b"data: " + _encode(self) + b"\n\n"


def saying(text: str, finish: str, *, id: str, created: int, model: str, n: int = 1) -> Answer:
    """An answer of our own making: each of `n` choices says `text` and ends with `finish`.

    `created` in seconds since 1970.
    """
    choices = [_Choice(index, Message(content=text), None, finish) for index in range(n)]
    return Answer(id, "chat.completion", created, model, choices, Usage())


def parse_answer(body: bytes, model: str) -> Answer:
    """The whole answer in `body`, said to be of `model` (the name that the client knows).

    Raises `UpstreamFaultError`.
    """
    try:
        raw = _decode_answer(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UpstreamFaultError("upstream_malformed") from None
    if not raw.choices:
        raise UpstreamFaultError("upstream_malformed")
    seen: set[int] = set()
    choices: list[_Choice] = []
    for choice in raw.choices:
        if choice.index in seen or choice.index < 0:
            raise UpstreamFaultError("upstream_malformed")
        seen.add(choice.index)
        message = choice.message
        _tidy(message)
        message.role = "assistant"
        for call in message.tool_calls or ():
            call.index = UNSET
        reason = choice.finish_reason or "stop"
        finish = reason if reason in _FINISH else "stop"
        choices.append(_Choice(choice.index, message, choice.logprobs, finish))
    return Answer(
        raw.id if _WORD.match(raw.id) else "chatcmpl-0",
        "chat.completion",
        int(raw.created) if 0 <= raw.created < _LATEST else 0,
        model,
        choices,
        raw.usage,
        _word(raw.system_fingerprint),
        _tier(raw.service_tier),
    )


def parse_chunk(data: bytes, model: str) -> Chunk:
    """The chunk in an event's `data`, said to be of `model`. Raises `UpstreamFaultError`."""
    try:
        raw = _decode_chunk(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UpstreamFaultError("upstream_malformed") from None
    if raw.error is not None:
        raise UpstreamFaultError("upstream_error")
    choices = raw.choices
    if len(choices) > 1 and len({choice.index for choice in choices}) < len(choices):
        raise UpstreamFaultError("upstream_malformed")
    for choice in choices:
        if choice.index < 0:
            raise UpstreamFaultError("upstream_malformed")
        reason = choice.finish_reason
        if reason is not None and reason not in _FINISH:
            choice.finish_reason = "stop" if reason else None
        _tidy(choice.delta)
    return Chunk(
        raw.id if _WORD.match(raw.id) else "chatcmpl-0",
        "chat.completion.chunk",
        int(raw.created) if 0 <= raw.created < _LATEST else 0,
        model,
        choices,
        raw.usage,
        UNSET if raw.system_fingerprint is UNSET else _word(raw.system_fingerprint),
        UNSET if raw.service_tier is UNSET else _tier(raw.service_tier),
    )


def finished(chunks_id: str, created: int, model: str, usage: Usage) -> bytes:
    """The event with the usage that ends a stream, for a client that asked for it."""
    return sse.event(_encode(Chunk(chunks_id, "chat.completion.chunk", created, model, [], usage)))


def _word(value: str | UnsetType | None) -> str | UnsetType:
    return value if isinstance(value, str) and _WORD.match(value) else UNSET


def _tier(value: str | UnsetType | None) -> str | UnsetType:
    return value if isinstance(value, str) and value in _TIERS else UNSET


def _tidy(said: Message | Delta) -> None:
    """Close what could carry words that no channel shows; one name for reasoning."""
    if said.role:
        said.role = "assistant"
    if said.reasoning is not UNSET:
        if not said.reasoning_content:
            said.reasoning_content = said.reasoning
        said.reasoning = UNSET
    if said.tool_calls:
        numbers: set[int] = set()
        for position, call in enumerate(said.tool_calls):
            if call.index is UNSET:
                call.index = position
            if call.index in numbers or call.index < 0:
                raise UpstreamFaultError("upstream_malformed")
            numbers.add(call.index)
            if call.type and call.type not in _FORMS:
                raise UpstreamFaultError("upstream_malformed")


def _texts(said: Message | Delta, base: str) -> Iterator[tuple[str, str]]:
    """Channel and text of all that is said."""
    if said.content:
        yield f"{base}.content", said.content
    if said.refusal:
        yield f"{base}.refusal", said.refusal
    if said.reasoning_content:
        yield f"{base}.reasoning_content", said.reasoning_content
    if said.function_call:
        yield from _called(said.function_call, f"{base}.function_call")
    if said.tool_calls:
        for position, call in enumerate(said.tool_calls):
            at = f"{base}.tool_calls[{position if call.index is UNSET else call.index}]"
            if call.id:
                yield f"{at}.id", call.id
            if call.function:
                yield from _called(call.function, f"{at}.function")
            if call.custom:
                if call.custom.name:
                    yield f"{at}.custom.name", call.custom.name
                if call.custom.input:
                    yield f"{at}.custom.input", call.custom.input


def _called(function: Function, base: str) -> Iterator[tuple[str, str]]:
    if function.name:
        yield f"{base}.name", function.name
    if function.arguments:
        yield f"{base}.arguments", function.arguments


def _said(said: Message | Delta, base: str, texts: Mapping[str, str]) -> Message | Delta:
    """A copy with other texts."""
    new: dict[str, object] = {}
    for name, old in (
        ("content", said.content),
        ("refusal", said.refusal),
        ("reasoning_content", said.reasoning_content),
    ):
        if old and (text := texts.get(f"{base}.{name}")) is not None:
            new[name] = text
    if said.function_call:
        new["function_call"] = _function(said.function_call, f"{base}.function_call", texts)
    if said.tool_calls:
        new["tool_calls"] = [
            _call(call, f"{base}.tool_calls[{i if call.index is UNSET else call.index}]", texts)
            for i, call in enumerate(said.tool_calls)
        ]
    return msgspec.structs.replace(said, **new) if new else said


def _function(function: Function, base: str, texts: Mapping[str, str]) -> Function:
    return Function(
        _other(function.name, f"{base}.name", texts),
        _other(function.arguments, f"{base}.arguments", texts),
    )


def _call(call: ToolCall, base: str, texts: Mapping[str, str]) -> ToolCall:
    function, custom = call.function, call.custom
    if function:
        function = _function(function, f"{base}.function", texts)
    if custom:
        custom = Custom(
            _other(custom.name, f"{base}.custom.name", texts),
            _other(custom.input, f"{base}.custom.input", texts),
        )
    return ToolCall(call.index, _other(call.id, f"{base}.id", texts), call.type, function, custom)


def _other(
    old: str | UnsetType | None, channel: str, texts: Mapping[str, str]
) -> str | UnsetType | None:
    return texts.get(channel, old) if isinstance(old, str) and old else old


def _tokens(choice: _Choice, base: str) -> Iterator[tuple[str, str]]:
    """The tokens as text: those chosen joined, and those not chosen joined by rank."""
    logprobs = choice.logprobs
    for name in ("content", "refusal"):
        tokens = getattr(logprobs, name, None)
        if not tokens:
            continue
        yield f"{base}.{name}", "".join(token.token for token in tokens)
        for rank in range(max(len(token.top_logprobs) for token in tokens)):
            yield (
                f"{base}.{name}.top[{rank}]",
                "".join(t.top_logprobs[rank].token for t in tokens if rank < len(t.top_logprobs)),
            )


_CHANNEL = re.compile(
    r"choices\[(?P<choice>\d+)\]\.(?:(?P<plain>content|refusal|reasoning_content)"
    r"|function_call\.(?P<legacy>name|arguments)"
    r"|tool_calls\[(?P<call>\d+)\]\.(?:(?P<id>id)|function\.(?P<function>name|arguments)"
    r"|custom\.(?P<custom>name|input)))\Z"
)


def _speak(deltas: dict[int, Delta], channel: str, text: str) -> None:
    """Put `text` into the delta of the choice that `channel` names."""
    match = _CHANNEL.match(channel)
    if match is None:
        raise ValueError("not a channel of an answer")
    delta = deltas.setdefault(int(match["choice"]), Delta())
    if match["plain"]:
        setattr(delta, match["plain"], text)
        return
    if match["legacy"]:
        called = delta.function_call or Function()
        setattr(called, match["legacy"], text)
        delta.function_call = called
        return
    number = int(match["call"])
    calls = delta.tool_calls or []
    call = next((call for call in calls if call.index == number), None)
    if call is None:
        call = ToolCall(index=number)
        calls.append(call)
    delta.tool_calls = calls
    if match["id"]:
        call.id = text
    elif match["function"]:
        function = call.function or Function()
        setattr(function, match["function"], text)
        call.function = function
    else:
        custom = call.custom or Custom()
        setattr(custom, match["custom"], text)
        call.custom = custom
