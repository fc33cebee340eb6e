"""Building a chat completion out of another format, message by message, every string traced.

The doors use it: what a client's message becomes is written down here, and `Building.moves` knows
where each string of the client's document went.
"""

from __future__ import annotations

from typing import Any

from shenyong.protocols.moving import Moves
from shenyong.protocols.shapes import Slot

Placed = tuple[str, Slot]
"""A text, and where it stood in the client's document."""


class Building:
    """The messages as they grow; `bases` are the paths of the client's messages, one for each."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.bases: list[str] = []
        self.moves = Moves()

    @property
    def _last(self) -> Slot:
        return ("messages", len(self.messages) - 1)

    def said(self, role: str, base: str, texts: list[Placed], **more: Any) -> dict[str, Any]:
        """Add a message; one text alone is its content, several are its parts."""
        message: dict[str, Any] = {"role": role, "content": None, **more}
        self.messages.append(message)
        self.bases.append(base)
        slot: Slot = (*self._last, "content")
        if len(texts) == 1:
            message["content"] = texts[0][0]
            self.moves.move(texts[0][1], slot)
        elif texts:
            message["content"] = [{"type": "text", "text": text} for text, _ in texts]
            for number, (_, old) in enumerate(texts):
                self.moves.move(old, (*slot, number, "text"))
        elif role != "assistant":  # an assistant may say nothing but calls
            message["content"] = ""
        return message

    def result(self, base: str, call_id: Placed, texts: list[Placed]) -> None:
        """Add what a tool gave back."""
        self.said("tool", base, texts, tool_call_id=call_id[0])
        self.moves.move(call_id[1], (*self._last, "tool_call_id"))

    def call(self, old: Slot, item: dict[str, Any], names: dict[str, str], form: str) -> None:
        """Add a call to the last message, an assistant's.

        `names` are the client's names of ``id``, ``name`` and ``arguments`` (or ``input``, where
        `form` is ``custom``); `old` is where the call stood.
        """
        calls = self.messages[-1].setdefault("tool_calls", [])
        here: Slot = (*self._last, "tool_calls", len(calls))
        said = "input" if form == "custom" else "arguments"
        self.moves.move((*old, names["id"]), (*here, "id"))
        self.moves.move((*old, names["name"]), (*here, form, "name"))
        self.moves.move((*old, names[said]), (*here, form, said))
        inner = {"name": item[names["name"]], said: item[names[said]]}
        calls.append({"id": item[names["id"]], "type": form, form: inner})


def texts_of(taken: Any, slot: Slot, name: str = "text") -> list[Placed]:
    """The texts of a string, or of parts that hold theirs under `name`, each with its slot."""
    if isinstance(taken, str):
        return [(taken, slot)] if taken else []
    return [(part[name], (*slot, at, name)) for at, part in enumerate(taken) if part[name]]
