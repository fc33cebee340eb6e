"""The pack, its judge and the decision table, once for all tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st

from shenyong.decision import Facts, Judge, read_table
from shenyong.decision.table import Row
from shenyong.guideline import Pack, load_pack
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose

TABLE = Path(__file__).parents[2] / "../shared/spec/decision_table.json"

TAGS = [tag for tag in DataClass if tag is not DataClass.PUBLIC]

# `st.from_type(Facts)` in the tests of this room: any facts that `gather` can give.
st.register_type_strategy(
    Facts,
    st.builds(
        Facts,
        purpose=st.sampled_from(Purpose),
        data=st.frozensets(st.sampled_from(TAGS), max_size=3),
        environment=st.sampled_from(Environment),
        env_max=st.sampled_from([None, *TAGS]),
        actor=st.sampled_from(Actor),
        question_personal=st.sampled_from(Likelihood),
        question_confidential=st.sampled_from(Likelihood),
        question_confirmed=st.booleans(),
        production=st.sampled_from([Likelihood.NONE, Likelihood.POSSIBLE]),
        production_confirmed=st.booleans(),
        unreadable=st.booleans(),
        kinds=st.frozensets(st.sampled_from(["ubn", "person_name", "email"])),
        model=st.sampled_from(["", "taide", "qwen-72b"]),
        use_case=st.sampled_from(["", "negotiation"]),
    ),
)


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack()


@pytest.fixture(scope="session")
def judge(pack: Pack) -> Judge:
    return Judge(pack)


@pytest.fixture(scope="session")
def rows() -> tuple[Row, ...]:
    if not TABLE.exists():
        pytest.skip("the conformance table stands beside the checkout, not in it")
    return read_table(TABLE.read_bytes())


@pytest.fixture(scope="session")
def data() -> Path:
    return Path(__file__).parent / "data"
