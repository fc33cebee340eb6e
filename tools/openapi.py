"""Write ``docs/openapi.json``: the doors' field tables as an OpenAPI 3.1 description.

What a request may hold comes from the tables that read it (`shenyong.protocols`), so the document
can't say anything else than the gateway does; a test compares the two.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shenyong
from shenyong.gateway import looking, uploads
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose
from shenyong.protocols import (
    anthropic_fields,
    chat_fields,
    completions,
    embeddings,
    moderations,
    responses_fields,
)
from shenyong.protocols.shapes import (
    Choice,
    Dropped,
    Flag,
    Free,
    Keyed,
    Listed,
    Number,
    Record,
    Refused,
    Shape,
    StringOr,
    Tagged,
    Text,
)

PATH = Path(__file__).parent.parent / "docs" / "openapi.json"
Schema = dict[str, Any]
_MODEL: Schema = {"type": "string", "minLength": 1, "maxLength": 256}


def schema(shape: Shape) -> Schema:
    """The JSON Schema of what a shape takes."""
    match shape:
        case Text():
            return {"type": "string"}
        case Choice():
            return {"type": "string", "enum": sorted(shape.words)}
        case Number():
            kind = "integer" if shape.whole else "number"
            return {"type": kind, "minimum": shape.low, "maximum": shape.high}
        case Flag():
            return {"type": "boolean"}
        case Listed():
            return {"type": "array", "items": schema(shape.item), "minItems": shape.low,
                    "maxItems": shape.high}  # fmt: skip
        case Dropped():
            return {"description": "Left out, and named in x-shenyong-dropped."}
        case Record():
            return record(shape.fields, shape.required)
        case Tagged():
            return {"oneOf": [_tagged(shape.tag, word, each)
                              for word, each in shape.cases.items()
                              if not isinstance(each, Refused)]}  # fmt: skip
        case StringOr():
            return {"oneOf": [schema(shape.string), schema(shape.other)]}
        case Keyed():
            names = {"pattern": "^[0-9]{1,7}$"}
            return {"type": "object", "additionalProperties": schema(shape.item),
                    "propertyNames": names, "maxProperties": shape.high}  # fmt: skip
        case Free():
            return {"type": "object"}
        case _:
            raise TypeError(type(shape).__name__)


def record(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Schema:
    """An object. Fields that are refused are not among those that may be sent."""
    known = {name: schema(each) for name, each in fields.items() if not isinstance(each, Refused)}
    refused = {name: False for name, each in fields.items() if isinstance(each, Refused)}
    found: Schema = {"type": "object", "properties": {**known, **refused}}
    if required:
        found["required"] = list(required)
    return found


def _tagged(tag: str, word: str, shape: Shape) -> Schema:
    found = schema(shape)
    tagged = {**found.get("properties", {}), tag: {"const": word}}
    return {**found, "properties": tagged, "required": sorted({tag, *found.get("required", ())})}


def _bodies() -> dict[str, Schema]:
    """Path → the schema of its request."""
    blocks = {
        "user": anthropic_fields.USER_BLOCK,
        "assistant": anthropic_fields.ASSISTANT_BLOCK,
        "system": anthropic_fields.SYSTEM_BLOCK,
    }
    said: dict[str, Shape] = {
        role: Record({"role": Choice(role), "content": StringOr(Text(), Listed(block))},
                     required=("role", "content"))
        for role, block in blocks.items()
    }  # fmt: skip
    messages = {
        **anthropic_fields.FIELDS,
        "system": anthropic_fields.SYSTEM,
        "messages": Listed(Tagged("role", said), 1, anthropic_fields.MOST_MESSAGES),
    }
    items = Listed(responses_fields.ITEM, 1, responses_fields.ITEMS)
    prompt = StringOr(Text(), Listed(Text(), 1, 1))
    found = {
        "/v1/chat/completions": record(chat_fields.FIELDS, ("model", "messages")),
        "/v1/messages": record(messages, ("model", "messages", "max_tokens")),
        "/v1/responses": record(
            {**responses_fields.FIELDS, "input": StringOr(Text(), items)}, ("model", "input")
        ),
        "/v1/completions": record({**completions.FIELDS, "prompt": prompt}, ("model", "prompt")),
        "/v1/embeddings": record(embeddings.FIELDS, ("model", "input")),
        "/v1/moderations": record(
            {"input": StringOr(Text(), Listed(Text(), 1, moderations.INPUTS))}, ("input",)
        ),
        "/v1/shenyong/check": _lines(),
        "/v1/shenyong/redact": _lines(),
    }
    for each in found.values():
        if "model" in each.get("required", ()):
            each["properties"]["model"] = _MODEL
    return found


def _lines() -> Schema:
    line = {
        "type": "object",
        "properties": {
            "id": {},
            "text": {"type": "string"},
            "env": {"enum": list(Environment)},
            "env_max": {"enum": [each for each in DataClass if 1 <= each.rank <= 6]},
            "purpose": {"enum": list(Purpose)},
            "actor": {"enum": list(Actor)},
            "classification": {"enum": ["普通", "密", "機密", "極機密", "絕對機密"]},
        },
        "required": ["text"],
    }
    most = looking.ITEMS
    items = {"type": "array", "items": line, "minItems": 1, "maxItems": most}
    many = {"type": "object", "properties": {"items": items}, "required": ["items"]}
    return {"oneOf": [line, many]}


_ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            "required": ["message", "type"],
        }
    },
    "required": ["error"],
}
_REFUSALS = {
    "400": "It can't be read, or the guideline forbids it (content_filter).",
    "401": "No key, or one that opens nothing.",
    "403": "The key may not name this model.",
    "404": "There is no such model, or no such file.",
    "405": "Another method is meant.",
    "408": "It came too slowly.",
    "413": "It is too large.",
    "415": "Only JSON, and not compressed.",
    "429": "The key's budget is spent, or the model's server asks to wait.",
    "502": "The model's server failed.",
    "503": "It can't be recorded, or too much is going on: nothing was sent.",
    "504": "The model's server did not answer in time.",
}


def _answers(*statuses: str, said: Schema | None = None, kind: str = "application/json") -> Schema:
    found: Schema = {"200": {"description": "As asked.", "content": {kind: {"schema": said or {}}}}}
    for status in statuses:
        schema_of = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        found[status] = {"description": _REFUSALS[status], "content": schema_of}
    return found


def _asked(path: str, body: Schema) -> Schema:
    model = path not in looking.LOOKS
    statuses = [each for each in _REFUSALS if model or each not in ("403", "502", "504")]
    answers = _answers(*statuses, said={"type": "object"})
    streams = path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions")
    if streams:
        answers["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    operation: Schema = {
        "operationId": path.strip("/").replace("/", "_"),
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": answers,
    }
    if model:
        operation["parameters"] = [
            {"name": "x-shenyong-classification", "in": "header", "required": False,
             "description": "The declared class; it can only raise.",
             "schema": {"type": "string", "enum": [each.value for each in DataClass]}},
        ]  # fmt: skip
    return operation


def _files() -> dict[str, Schema]:
    at = {"name": "id", "in": "path", "required": True,
          "schema": {"type": "string", "pattern": "^file-[0-9a-f]{36}$"}}  # fmt: skip
    form = {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "purpose": {"type": "string", "enum": sorted(uploads.PURPOSES)},
        },
        "required": ["file"],
    }
    card = {"type": "object", "required": ["id", "object"]}
    refused = ("401", "404", "405", "503")
    return {
        "/v1/files": {
            "get": {"responses": _answers("401", "405", "503", said={"type": "object"})},
            "post": {
                "requestBody": {"required": True, "content": {uploads.FORM: {"schema": form}}},
                "responses": _answers("400", "401", "405", "408", "413", "415", "503", said=card),
            },
        },
        "/v1/files/{id}": {
            "parameters": [at],
            "get": {"responses": _answers(*refused, said=card)},
            "delete": {"responses": _answers(*refused, said=card)},
        },
        "/v1/files/{id}/content": {
            "parameters": [at],
            "get": {"responses": _answers(*refused, kind="text/plain")},
        },
    }


def document() -> Schema:
    """The whole description."""
    paths: dict[str, Schema] = {
        path: {"post": _asked(path, body)} for path, body in _bodies().items()
    }
    paths |= _files()
    name = {"name": "model", "in": "path", "required": True, "schema": _MODEL}
    paths["/v1/models"] = {"get": {"responses": _answers("401", "405", said={"type": "object"})}}
    paths["/v1/models/{model}"] = {
        "parameters": [name],
        "get": {"responses": _answers("401", "404", "405", said={"type": "object"})},
    }
    for path, kind in (("/healthz", "json"), ("/readyz", "json"), ("/version", "json"),
                       ("/metrics", "")):  # fmt: skip
        media = "application/json" if kind else "text/plain"
        answers = _answers("405", said={"type": "object"} if kind else None, kind=media)
        if path == "/readyz":
            answers["503"] = {"description": "A part is not ready.",
                              "content": {media: {"schema": {"type": "object"}}}}  # fmt: skip
        paths[path] = {"get": {"security": [], "responses": answers}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shenyong 審用",
            "version": shenyong.__version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def text() -> str:
    """The document as it is written."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
    sys.exit(0)
