from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shenyong.decision import Facts


@given(st.from_type(Facts))
def test_equal_facts_are_one_key(some):
    again = Facts(**{name: getattr(some, name) for name in Facts.__struct_fields__})
    assert hash(again) == hash(some)
    assert {some: 1}[again] == 1
