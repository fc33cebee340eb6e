"""One request of a client, taken to pieces: what would leave, and how to write it anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.shapes import Place, Slot
from shenyong.reading.passage import Source

_Changed = tuple[dict[str, Any], tuple[Source, ...], tuple[Place, ...]]
_MESSAGE = re.compile(r"messages\[(\d+)\]")
_encode = msgspec.json.Encoder().encode
CHAT, EMBEDDINGS = "chat", "embeddings"


class Exchange(msgspec.Struct, frozen=True):
    """A request for a chat completion, as values of known shape.

    `document` is what will be written, and holds nothing else than what is in `sources` and words
    and numbers from closed sets. `sources` are all strings that would leave, keys included, each
    with a path of its own; `places` (one for each source) say where it stands in `document`.
    `dropped` are the paths (at most 32, of `dropped_total`) of what the client sent and we leave
    out. `user` and `safety_identifier` say who asks, as the client put it; they never leave.
    `include_usage` is what the client asked for: upstream is always asked for the usage of a
    stream, and its chunk is passed on only if this is set. `bases` are the paths of the messages
    as the client wrote them, where the client speaks another format than OpenAI's chat (`door`);
    the arguments of calls may then be objects, which are written as JSON in a string. `task` is
    what the model is asked for; only a chat has messages.
    """

    model: str
    document: dict[str, Any]
    sources: tuple[Source, ...]
    places: tuple[Place, ...]
    dropped: tuple[str, ...] = ()
    dropped_total: int = 0
    stream: bool = False
    include_usage: bool = False
    n: int = 1
    logprobs: bool = False
    user: str = ""
    safety_identifier: str = ""
    bases: tuple[str, ...] = ()
    task: str = CHAT

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages as they will be written; not to be changed."""
        messages: list[dict[str, Any]] = self.document.get("messages", [])
        return messages

    @property
    def dropped_header(self) -> str:
        """The places left out, for a header: ``user, top_k``, with the number of those not named.

        ASCII without control characters, and empty where nothing was left out.
        """
        named = ", ".join(self.dropped[:12])
        more = self.dropped_total - min(len(self.dropped), 12)
        return f"{named}, +{more}" if more else named

    def message_of(self, path: str) -> int | None:
        """The index of the message that the client's `path` lies in, None outside of them."""
        if not self.bases:
            match = _MESSAGE.match(path)
            return int(match[1]) if match else None
        for source, place in zip(self.sources, self.places, strict=True):
            if source.path == path and place.slot[0] == "messages":
                return int(place.slot[1])
        return None

    def texts(self) -> dict[str, str]:
        """Path → text of all sources."""
        return {source.path: source.text for source in self.sources}

    def rewritten(self, texts: Mapping[str, str], model: str = "") -> Exchange:
        """The same request with other texts at some paths, and addressed to `model` upstream.

        A path that `texts` doesn't have keeps its text. Raises `BadInputError` (``keys_collide``)
        if two keys of an object become equal, and ``KeyError`` for a path that isn't a source's.
        """
        document, sources = self.document, self.sources
        places = self.places
        if texts:
            document, sources, places = self._changed(dict(texts))
        if model:
            document = {**document, "model": model}
        return msgspec.structs.replace(
            self, document=document, sources=sources, places=places, model=model or self.model
        )

    def _changed(self, texts: dict[str, str]) -> _Changed:
        values: dict[Slot, str] = {}
        names: dict[Slot, str] = {}
        sources: list[Source] = []
        for source, place in zip(self.sources, self.places, strict=True):
            text = texts.pop(source.path, source.text)
            if text != source.text:
                (names if place.is_key else values)[place.slot] = text
                sources.append(msgspec.structs.replace(source, text=text))
            else:
                sources.append(source)
        if texts:
            raise KeyError(f"{len(texts)} paths are not sources of this request")
        if not values and not names:
            return self.document, tuple(sources), self.places
        touched = {slot[:end] for slot in (*values, *names) for end in range(len(slot) + 1)}
        document = _copied(self.document, (), touched, values, names)
        places = self.places
        if names:  # later changes must find the renamed keys
            places = tuple(Place(_renamed(place.slot, names), place.is_key) for place in places)
        return document, tuple(sources), places

    def body(self) -> bytes:
        """The request as JSON, written anew from the document (ADR 0030)."""
        return _encode(self.written())

    def written(self) -> dict[str, Any]:
        """The document as it goes: arguments of calls are JSON in a string."""
        if not self.bases:
            return self.document
        return {**self.document, "messages": [_with_strings(each) for each in self.messages]}


def _with_strings(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    if not calls:
        return message
    return {**message, "tool_calls": [_with_string(call) for call in calls]}


def _with_string(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if function is None or isinstance(function["arguments"], str):
        return call
    arguments = _encode(function["arguments"]).decode()
    return {**call, "function": {**function, "arguments": arguments}}


def _renamed(slot: Slot, names: Mapping[Slot, str]) -> Slot:
    """The slot with the keys on its way called by their new names."""
    return tuple(names.get(slot[: end + 1], step) for end, step in enumerate(slot))


def _copied(
    value: Any,
    slot: Slot,
    touched: set[Slot],
    values: Mapping[Slot, str],
    names: Mapping[Slot, str],
) -> Any:
    """A copy of `value` with the new texts; what is not touched is shared, not copied."""
    if slot in values:
        return values[slot]
    if slot not in touched:
        return value
    if isinstance(value, list):
        return [
            _copied(inner, (*slot, number), touched, values, names)
            for number, inner in enumerate(value)
        ]
    if isinstance(value, dict):
        copy = {
            names.get((*slot, name), name): _copied(inner, (*slot, name), touched, values, names)
            for name, inner in value.items()
        }
        if len(copy) != len(value):
            raise BadInputError("keys_collide", ".".join(str(step) for step in slot[:2]))
        return copy
    return value
