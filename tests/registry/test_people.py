from __future__ import annotations

import pytest
from tests.registry.samples import KEY, changed

from shenyong.registry import Role


@pytest.mark.point("ey-genai-2023:2")
@pytest.mark.parametrize("field", ["owner", "use_case"])
def test_an_ownerless_key_can_not_be_built(field):
    with pytest.raises(ValueError):
        changed(KEY, **{field: ""})


def test_the_roles():
    assert {role.value for role in Role} == {
        "official", "supervisor", "auditor", "operator", "ciso", "dpo", "procurement", "admin"
    }  # fmt: skip
