"""A small agency for the tests: invented people, one model on the same host, one confirmation."""

from __future__ import annotations

import msgspec

from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose
from shenyong.registry import (
    Agency,
    ApiKey,
    Confirmation,
    Model,
    Person,
    Registry,
    Role,
    Scope,
    UseCase,
    secret_digest,
)

PEPPER = b"p" * 32
DAY = 86_400 * 1_000_000
NOW = 1_790_000_000 * 1_000_000
SECRET = "s3cret" * 7

AGENCY = Agency("moda-demo", "數位示範署", "Demonstration Agency")
OFFICIAL = Person("lin", "moda-demo", "林示範", Role.OFFICIAL)
SUPERVISOR = Person("chen", "moda-demo", "陳示範", Role.SUPERVISOR)
OPERATOR = Person("wu", "moda-demo", "吳示範", Role.OPERATOR)
CASE = UseCase("drafting", "moda-demo", "公文初稿", Purpose.GENERAL)
SCOPE = Scope("http://127.0.0.1:8081", "gemma-3-270m", "a" * 64, "llama.cpp b9000", "loopback")
MODEL = Model(
    id="local/gemma-3-270m",
    url="http://127.0.0.1:8081/v1",
    upstream_model="gemma-3-270m",
    environment=Environment.ONPREM_CONFIRMED,
    lineage=("gemma-3",),
    hosting_country="TW",
    scope=SCOPE,
)
CONFIRMATION = Confirmation(
    id="c1",
    model=MODEL.id,
    scope=SCOPE,
    max_class=DataClass.RESTRICTED,
    evidence=("弱掃 115-07",),
    confirmed_by="wu",
    approved_by="chen",
    valid_from=NOW - DAY,
    expires=NOW + DAY,
)
KEY = ApiKey(
    id="k1",
    agency="moda-demo",
    owner="lin",
    use_case="drafting",
    actor=Actor.OFFICIAL_NEED_TO_KNOW,
    secret_digest=secret_digest(SECRET, PEPPER),
    expires=NOW + DAY,
)


def registry(
    *,
    key: ApiKey = KEY,
    model: Model = MODEL,
    confirmations: tuple[Confirmation, ...] = (CONFIRMATION,),
) -> Registry:
    """A registry of the samples, with one part exchanged."""
    return Registry(
        1,
        agencies=[AGENCY],
        people=[OFFICIAL, SUPERVISOR, OPERATOR],
        use_cases=[CASE],
        keys=[key],
        models=[model],
        confirmations=confirmations,
    )


def changed(record, **fields):
    """A copy with other fields, its invariants checked again."""
    return type(record)(**{**msgspec.structs.asdict(record), **fields})
