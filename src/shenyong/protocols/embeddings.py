"""``POST /v1/embeddings``: texts in, numbers out; the texts are read as any other.

    input ──▶ Exchange (task "embeddings") ──▶ the model's own /embeddings ──▶ numbers, written anew

What comes back may hold nothing but numbers: an index, a vector as numbers or as base64 of 32-bit
floats, and the usage. Anything else of the answer is left out.

Source: OpenAI's OpenAPI description, CreateEmbeddingRequest. What it leaves to others: whether it
may be sent.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import binascii
from typing import Any, cast

import msgspec

from shenyong.protocols.answer_types import Usage
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.door import Writer
from shenyong.protocols.exchange import EMBEDDINGS as TASK
from shenyong.protocols.exchange import Exchange
from shenyong.protocols.openai_answer import Answer, UpstreamFaultError
from shenyong.protocols.openai_chat import identity
from shenyong.protocols.rendered import Rendered
from shenyong.protocols.shapes import (
    Choice,
    Dropped,
    Listed,
    Number,
    Record,
    Shape,
    StringOr,
    Taking,
    Text,
)
from shenyong.protocols.strict_json import DEFAULT_LIMITS, Limits, parse

_MODEL, _IDENTITY = 256, 512
INPUTS = 2048
"""The most texts of a request."""
FIELDS: dict[str, Shape] = {
    "input": StringOr(Text(), Listed(Text(), low=1, high=INPUTS)),
    "dimensions": Number(1, 65_536, whole=True),
    "encoding_format": Choice("float", "base64"),
    "user": Dropped(),
}
_SHAPE = Record(FIELDS, required=("input",))
_encode = msgspec.json.Encoder().encode


class _Row(msgspec.Struct):
    index: int
    embedding: list[float] | str


class _Raw(msgspec.Struct):
    data: list[_Row]
    usage: Usage | None = None


_decode = msgspec.json.Decoder(_Raw).decode


def take(document: object, limits: Limits = DEFAULT_LIMITS) -> Exchange:
    """The request in a document that `strict_json.parse` read."""
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    model = identity(document, "model", _MODEL)
    if not model:
        raise BadInputError("missing", "model")
    given = document.get("input")
    if isinstance(given, list) and any(not isinstance(each, str) for each in given):
        raise BadInputError("part_not_inspectable", "input")  # tokens: unreadable
    taking = Taking(limits.strings)
    taking.role = "user"
    rest = {name: value for name, value in document.items() if name != "model"}
    taken = cast(dict[str, Any], _SHAPE.take(rest, "", (), taking))
    return Exchange(
        model=model,
        document={"model": model, **taken},
        sources=tuple(taking.sources),
        places=tuple(taking.places),
        dropped=tuple(taking.dropped),
        dropped_total=taking.dropped_total,
        user=identity(document, "user", _IDENTITY),
        task=TASK,
    )


def vectors(body: bytes, model: str) -> tuple[bytes, int]:
    """The model's answer written anew, and the tokens that it counted.

    Raises `UpstreamFaultError` for what is no list of vectors.
    """
    try:
        raw = _decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise UpstreamFaultError("upstream_malformed") from None
    rows = []
    for row in raw.data:
        if isinstance(row.embedding, str) and not _of_floats(row.embedding):
            raise UpstreamFaultError("upstream_malformed")
        rows.append({"object": "embedding", "index": row.index, "embedding": row.embedding})
    tokens = raw.usage.prompt_tokens if raw.usage else 0
    said = {
        "object": "list",
        "data": rows,
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return _encode(said), tokens


def _of_floats(text: str) -> bool:
    try:
        return len(binascii.a2b_base64(text, strict_mode=True)) % 4 == 0
    except (binascii.Error, ValueError):
        return False


class Embeddings:
    """The door for texts that become vectors."""

    path = "/v1/embeddings"

    def read(self, body: bytes, limits: Limits) -> Exchange:
        """The request in `body`. Raises `BadInputError`, which names the place at fault."""
        return take(parse(body, limits), limits)

    def answer(self, answer: Answer) -> bytes:
        """Never asked for: there are no words to answer with."""
        raise UpstreamFaultError("upstream_malformed")

    def writer(self, exchange: Exchange, request_id: str) -> Writer:
        """Never asked for: vectors are not streamed."""
        raise UpstreamFaultError("upstream_malformed")

    def error(self, rendered: Rendered) -> Rendered:
        """As it is: the shape is OpenAI's."""
        return rendered

    def event(self, rendered: Rendered) -> bytes:
        """One event with an error object; never asked for."""
        return b"data: " + rendered.body + b"\n\n"


VECTORS = Embeddings()
