from __future__ import annotations

import pytest
from tests.registry.samples import CONFIRMATION, KEY, MODEL, NOW, changed, registry

from shenyong.guideline.terms import DataClass, Environment
from shenyong.registry import RegistryError


@pytest.mark.point("ey-genai-2023:2")
@pytest.mark.parametrize("field", ["owner", "use_case", "agency"])
def test_a_key_that_points_nowhere_can_not_be_in_a_snapshot(field):
    with pytest.raises(RegistryError):
        registry(key=changed(KEY, **{field: "nobody"}))


def test_a_key_may_be_limited_to_models_that_exist():
    assert registry().models_for(KEY) == (MODEL,)
    limited = changed(KEY, models=(MODEL.id,))
    assert registry(key=limited).models_for(limited) == (MODEL,)
    with pytest.raises(RegistryError):
        registry(key=changed(KEY, models=("none",)))


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    "fields",
    [
        {"approved_by": "lin"},  # an official, no supervisor
        {"approved_by": "nobody"},
        {"confirmed_by": "nobody"},
        {"model": "none"},
    ],
)
def test_a_confirmation_is_by_people_of_the_agency_and_approved_by_a_supervisor(fields):
    with pytest.raises(RegistryError):
        registry(confirmations=(changed(CONFIRMATION, **fields),))


def test_the_snapshot_says_where_a_model_is_now():
    snapshot = registry()
    assert snapshot.effective(MODEL, NOW) == (
        Environment.ONPREM_CONFIRMED,
        DataClass.RESTRICTED,
    )
    assert snapshot.confirmation_of(MODEL, NOW) == "c1"
    assert snapshot.confirmed_until(MODEL, NOW) == CONFIRMATION.expires
    late = CONFIRMATION.expires
    assert snapshot.effective(MODEL, late) == (Environment.ONPREM_UNCONFIRMED, None)
    assert snapshot.confirmation_of(MODEL, late) == ""
    assert snapshot.confirmed_until(MODEL, late) is None


def test_errors_name_ids_and_never_people():
    with pytest.raises(RegistryError) as caught:
        registry(confirmations=(changed(CONFIRMATION, approved_by="lin"),))
    assert "林" not in str(caught.value)
