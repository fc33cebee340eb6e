"""``GET /v1/models`` and ``/v1/models/{id}``: the models that a key may use, and up to what.

Source: ux.md 3.1 (extra keys ``shenyong`` are ignored by clients); OpenAI's ListModelsResponse.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shenyong.guideline.terms import DataClass, Environment


class ModelCard(msgspec.Struct, frozen=True):
    """What a client is told about a model.

    `created` in seconds since 1970; `max_level` is the highest class that the environment's
    confirmation covers and `confirmed_until` its last day (ISO 8601); None where there is none.
    """

    id: str
    created: int
    environment: Environment
    max_level: DataClass | None = None
    confirmed_until: str | None = None
    owned_by: str = "shenyong"


def card(model: ModelCard) -> dict[str, object]:
    """The model as OpenAI's object, with ``shenyong`` beside it."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "shenyong": {
            "environment": model.environment.value,
            "max_level": model.max_level.value if model.max_level else None,
            "confirmed_until": model.confirmed_until,
        },
    }


def one(model: ModelCard) -> bytes:
    """The body of ``GET /v1/models/{id}``."""
    return msgspec.json.encode(card(model))


def listed(models: Iterable[ModelCard]) -> bytes:
    """The body of ``GET /v1/models``, in the order given."""
    return msgspec.json.encode({"object": "list", "data": [card(model) for model in models]})
