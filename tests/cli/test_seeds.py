from __future__ import annotations

import pytest

from shenyong.cli.seeds import Place, Secrets, demonstration
from shenyong.guideline.terms import DataClass, Environment
from shenyong.registry import (
    Agency,
    ApiKey,
    Caller,
    Confirmation,
    Model,
    Person,
    Registry,
    Role,
    UseCase,
    authenticate,
)

NOW = 1_795_000_000 * 1_000_000
PEPPER = b"p" * 32


def registry() -> Registry:
    place = Place("http://127.0.0.1:5000/v1", "gemma-3-270m", "a" * 64, "xllamacpp 1")
    values = demonstration(place, Secrets("s" * 40, "t" * 40), PEPPER, NOW)

    def of(kind):
        return [each for each in values if isinstance(each, kind)]

    return Registry(
        1,
        agencies=of(Agency),
        people=of(Person),
        use_cases=of(UseCase),
        keys=of(ApiKey),
        models=of(Model),
        confirmations=of(Confirmation),
    )


@pytest.mark.point("ey-genai-2023:4")
def test_three_models_of_one_server_in_three_environments():
    found = {each.id: registry().effective(each, NOW) for each in registry().models.values()}
    assert found == {
        "local/gemma-3-270m": (Environment.ONPREM_CONFIRMED, DataClass.RESTRICTED),
        "cloud/gemma-3-270m": (Environment.PUBLIC_CLOUD, None),
        "onprem/gemma-3-270m": (Environment.ONPREM_UNCONFIRMED, None),
    }
    assert len({each.url for each in registry().models.values()}) == 1


@pytest.mark.point("ey-genai-2023:2")
def test_people_in_every_role_and_two_keys_with_their_owner():
    assert {each.role for each in registry().people.values()} == set(Role)
    for key_id, secret in (("demoapp", "s" * 40), ("demolin", "t" * 40)):
        caller = authenticate(registry(), f"Bearer sk-sy-{key_id}-{secret}", NOW, PEPPER)
        assert isinstance(caller, Caller)
        assert caller.key.owner == "lin"
