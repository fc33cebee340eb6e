"""The list of models (ux.md 3.1)."""

from __future__ import annotations

import json

from shenyong.guideline.terms import DataClass, Environment
from shenyong.protocols import models

CONFIRMED = models.ModelCard(
    "local/gov", 1730000000, Environment.ONPREM_CONFIRMED, DataClass.RESTRICTED, "2027-01-31"
)
CLOUD = models.ModelCard("cloud/gpt", 1730000000, Environment.PUBLIC_CLOUD)


def test_list_and_one() -> None:
    body = json.loads(models.listed([CONFIRMED, CLOUD]))
    assert body["object"] == "list"
    assert body["data"][0] == json.loads(models.one(CONFIRMED))
    assert body["data"][0] == {
        "id": "local/gov",
        "object": "model",
        "created": 1730000000,
        "owned_by": "shenyong",
        "shenyong": {"environment": "E4", "max_level": "D4", "confirmed_until": "2027-01-31"},
    }
    assert body["data"][1]["shenyong"]["max_level"] is None
