"""A refused turn that comes back as history is replaced, so one refusal never ends a conversation.

Clients send the whole conversation each time, the refused turn included. Where only such turns
hold findings, each is replaced by a neutral sentence and the conversation goes on (ux.md 3.3,
conversation rule). Our own words of refusal (``message`` style) are replaced likewise: the model
has no use for them.

What it leaves to others: who was refused what (the gateway keeps keyed digests of `turn_text`).
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from shenyong.protocols import openai_chat, prose
from shenyong.protocols.chat_fields import MESSAGE
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.shapes import Place, Taking
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits
from shenyong.reading.passage import Source
from shenyong.wording import text

_OURS = re.compile(
    r"〔[^〔〕\n]{1,40}〕(?:這則提示沒有送出|模型的回覆在此停止)[^\n]{0,1000}\([^\n]{1,300}\)\s*\Z"
)


class Turn(msgspec.Struct, frozen=True):
    """One message of the conversation: its index, its texts joined, and whether it is new."""

    index: int
    role: str
    text: str
    newest: bool


def turns(exchange: Exchange) -> tuple[Turn, ...]:
    """The messages as turns, in order. `Turn.text` is what a digest of a refused turn is of."""
    newest = openai_chat.newest_from(exchange.messages)
    return tuple(
        Turn(index, str(message.get("role", "")), turn_text(message), index >= newest)
        for index, message in enumerate(exchange.messages)
    )


def turn_text(message: Mapping[str, Any]) -> str:
    """All that a message says: its content or the text of its parts, and the arguments of calls."""
    content = message.get("content")
    said: list[str] = []
    if isinstance(content, str):
        said.append(content)
    elif isinstance(content, list):
        said.extend(str(part.get("text") or part.get("refusal") or "") for part in content)
    for call in message.get("tool_calls") or ():
        called = call.get("function") or call.get("custom") or {}
        said.append(str(called.get("arguments") or called.get("input") or ""))
    legacy = message.get("function_call")
    if isinstance(legacy, Mapping):
        said.append(str(legacy.get("arguments") or ""))
    return "\n".join(said)


def placeholder(points: Sequence[str]) -> str:
    """``［此則訊息因第四點未送出，已移除］``."""
    named = prose.points(points) or text("refusal.rule")
    return text("history.placeholder", points=named)


def replaced(
    exchange: Exchange, refused: Mapping[int, Sequence[str]], limits: Limits = DEFAULT_LIMITS
) -> Exchange:
    """The request with the messages at these indexes replaced by a placeholder.

    `refused` maps the index of a message to the points (``("4",)``) under which it was refused.
    Of a replaced message only the role and the ids that tie tools to their calls are kept; the
    arguments of its calls become an empty object.
    """
    if not refused:
        return exchange
    messages, taking = list(exchange.messages), Taking(limits.strings)
    newest = openai_chat.newest_from(messages)
    spans: dict[int, slice] = {}
    claimed: set[str] = set()
    for index, points in sorted(refused.items()):
        taking.role = openai_chat.ROLES[messages[index]["role"]]
        taking.newest = index >= newest
        path = _unclaimed(
            exchange.bases[index] if exchange.bases else f"messages[{index}]", claimed
        )
        first = len(taking.sources)
        new = _emptied(messages[index], placeholder(points))
        messages[index] = cast(dict[str, Any], MESSAGE.take(new, path, ("messages", index), taking))
        spans[index] = slice(first, len(taking.sources))
    sources: list[Source] = []
    places: list[Place] = []
    for source, place in zip(exchange.sources, exchange.places, strict=True):
        index = int(place.slot[1]) if place.slot[0] == "messages" else -1
        if index in refused:  # what it said gives way to what is said instead, once
            span = spans.pop(index, slice(0))
            sources += taking.sources[span]
            places += taking.places[span]
        else:
            sources.append(source)
            places.append(place)
    return msgspec.structs.replace(
        exchange,
        document={**exchange.document, "messages": messages},
        sources=tuple(sources),
        places=tuple(places),
    )


def _unclaimed(base: str, claimed: set[str]) -> str:
    """The path of a message, told apart where one of the client's messages became several."""
    path, number = base, 1
    while path in claimed:
        number += 1
        path = f"{base}~{number}"
    claimed.add(path)
    return path


def without_our_words(exchange: Exchange) -> tuple[Exchange, tuple[int, ...]]:
    """The request without our own words of refusal in answers of the assistant.

    An answer that was stopped keeps its text up to the explanation; one that is nothing else gets
    the neutral sentence. Second, the indexes of the messages changed. The newest turn is left
    alone unless it is an assistant's.
    """
    texts: dict[str, str] = {}
    changed: list[int] = []
    for source, place in zip(exchange.sources, exchange.places, strict=True):
        if source.role != "assistant" or len(place.slot) != 3 or place.slot[2] != "content":
            continue
        match = _OURS.search(source.text)
        if match is None:
            continue
        texts[source.path] = source.text[: match.start()].rstrip() or text("history.our_words")
        changed.append(int(place.slot[1]))
    return exchange.rewritten(texts), tuple(changed)


def _emptied(message: Mapping[str, Any], said: str) -> dict[str, Any]:
    kept: dict[str, Any] = {"role": message["role"], "content": said}
    for name in ("tool_call_id",):
        if name in message:
            kept[name] = message[name]
    if message["role"] == "function":
        kept["name"] = message["name"]
    calls = message.get("tool_calls")
    if calls:
        kept["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": "{}"}}
            if call["type"] == "function"
            else {**call, "custom": {**call["custom"], "input": ""}}
            for call in calls
        ]
    return kept
