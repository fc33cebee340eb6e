"""``POST /v1/moderations``: our findings in the shape of OpenAI's.

OpenAI's own categories are there, false and 0, since nobody looked for them; ours stand beside them
as ``shenyong/…``, with the greatest confidence of their findings, and the findings themselves under
``shenyong``. Source: OpenAI's OpenAPI description, CreateModerationRequest and -Response.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shenyong.inspection.finding import Finding
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.openai_chat import identity
from shenyong.protocols.refusal import CATEGORIES, category
from shenyong.protocols.shapes import wrong_type
from shenyong.protocols.strict_json import Limits, parse

INPUTS = 256
"""The most texts of one request."""
_OPENAI = (
    *("harassment", "harassment/threatening", "sexual", "sexual/minors", "hate"),
    *("hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent"),
    *("self-harm/instructions", "violence", "violence/graphic"),
)
_OURS = tuple(f"shenyong/{name}" for name in CATEGORIES)
_MODEL = 256
MODEL = "shenyong-inspection"
_encode = msgspec.json.Encoder().encode


def read(body: bytes, limits: Limits) -> tuple[list[str], str]:
    """The texts, and the model's name that was asked for (ours, where none was).

    Raises `BadInputError`; pictures are refused, for they can't be inspected.
    """
    document = parse(body, limits)
    if not isinstance(document, dict):
        raise BadInputError("not_object")
    given = document.get("input")
    if given is None:
        raise BadInputError("missing", "input")
    if isinstance(given, str):
        texts = [given]
    elif not isinstance(given, list):
        raise wrong_type("input", "string_or_list")
    elif not 1 <= len(given) <= INPUTS:
        raise BadInputError("too_many", "input", params={"low": 1, "high": INPUTS})
    else:
        texts = [_text(each, f"input[{number}]") for number, each in enumerate(given)]
    return texts, identity(document, "model", _MODEL) or MODEL


def _text(given: object, path: str) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, dict) and given.get("type") == "text":
        text = given.get("text")
        if not isinstance(text, str):
            raise wrong_type(f"{path}.text", "string")
        return text
    raise BadInputError("part_not_inspectable", path)


def result(findings: Sequence[Finding], checked: Mapping[str, Any]) -> dict[str, Any]:
    """One text's result; `checked` is its line out (`shenyong.gateway.checking`)."""
    scores = dict.fromkeys((*_OPENAI, *_OURS), 0.0)
    for each in findings:
        if each.data_class is not None and each.data_class.rank == 0:
            continue
        name = f"shenyong/{category(each)}"
        scores[name] = max(scores.get(name, 0.0), each.confidence)
    return {
        "flagged": any(scores.values()),
        "categories": {name: score > 0 for name, score in scores.items()},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in scores},
        "shenyong": {name: checked[name] for name in ("verdict", "points", "findings")},
    }


def answer(request_id: str, model: str, results: list[dict[str, Any]]) -> bytes:
    """The whole answer."""
    return _encode({"id": f"modr-{request_id}", "model": model, "results": results})
