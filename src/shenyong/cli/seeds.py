"""The demonstration agency: invented people, two keys, three models, two confirmations. Pure.

The three models are one server: as the agency's own closed one (E4, confirmed up to 密), as a
public cloud (E1), and as an on-premises one whose confirmation has lapsed (E3). So what the
guideline makes of an environment can be tried with the same words.

Source: issue (`shenyong demo`), ux.md 6 (seed data).
"""

from __future__ import annotations

import msgspec

from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose
from shenyong.registry import (
    Agency,
    ApiKey,
    Confirmation,
    Model,
    Person,
    Role,
    Scope,
    UseCase,
    secret_digest,
)
from shenyong.registry.model import origin
from shenyong.web.keys import drafting_keys

AGENCY = "moda-demo"
_DAY = 86_400 * 1_000_000
_CLOSED = Environment.ONPREM_CONFIRMED

PEOPLE = (
    Person("lin", AGENCY, "林佳穎（示範）", Role.OFFICIAL, unit="數位服務科", title="科員"),
    Person("chen", AGENCY, "陳科長（示範）", Role.SUPERVISOR, unit="數位服務科", title="科長"),
    Person("huang", AGENCY, "黃稽核（示範）", Role.AUDITOR, unit="政風室", title="稽核"),
    Person("wu", AGENCY, "吳資訊（示範）", Role.OPERATOR, unit="資訊室", title="分析師"),
    Person("kao", AGENCY, "高承辦（示範）", Role.OFFICIAL, unit="資料治理科", title="科員"),
    Person("su", AGENCY, "蘇科長（示範）", Role.SUPERVISOR, unit="資料治理科", title="科長"),
    Person("tang", AGENCY, "唐資安長（示範）", Role.CISO, unit="資訊室", title="資安長"),
    Person("yeh", AGENCY, "葉個資長（示範）", Role.DPO, unit="法制科", title="個資保護長"),
    Person("ho", AGENCY, "何採購（示範）", Role.PROCUREMENT, unit="秘書室", title="專員"),
    Person("hsu", AGENCY, "許管理（示範）", Role.ADMIN, unit="資訊室", title="系統管理師"),
)
"""Two units, so that what one of them does is not the other's to read."""


class Place(msgspec.Struct, frozen=True):
    """Where the bundled model runs, and what it is."""

    url: str
    upstream_model: str
    weights_sha256: str
    stack: str


class Secrets(msgspec.Struct, frozen=True):
    """The secrets of the two keys: an application's, and the official's own."""

    application: str
    official: str


Value = Agency | Person | UseCase | ApiKey | Model | Confirmation


def demonstration(place: Place, secrets: Secrets, pepper: bytes, at: int) -> tuple[Value, ...]:
    """The demonstration agency at `at` (UTC, microseconds), what is referred to first."""
    agency = Agency(AGENCY, "數位示範署", "Demonstration Agency for Digital Affairs")
    people = PEOPLE
    use_cases = (
        UseCase("reply-letters", AGENCY, "民眾信件回覆系統", Purpose.GENERAL),
        UseCase("daily-drafting", AGENCY, "日常文字整理", Purpose.GENERAL),
    )
    until = at + 365 * _DAY
    keys = (
        ApiKey(
            id="demoapp",
            agency=AGENCY,
            owner="lin",
            use_case="reply-letters",
            actor=Actor.APPLICATION,
            secret_digest=secret_digest(secrets.application, pepper),
            expires=until,
        ),
        ApiKey(
            id="demolin",
            agency=AGENCY,
            owner="lin",
            use_case="daily-drafting",
            actor=Actor.OFFICIAL_NEED_TO_KNOW,
            secret_digest=secret_digest(secrets.official, pepper),
            expires=until,
        ),
    )
    models = (
        _model("local/gemma-3-270m", place, _CLOSED, "TW"),
        _model("cloud/gemma-3-270m", place, Environment.PUBLIC_CLOUD, "US"),
        _model("onprem/gemma-3-270m", place, _CLOSED, "TW"),
    )
    valid = _confirmation("demo-local", models[0], at - _DAY, at + 180 * _DAY)
    lapsed = _confirmation("demo-onprem", models[2], at - 300 * _DAY, at - 20 * _DAY)
    desk = [each for person in people for each in drafting_keys(person, pepper, until)]
    return (agency, *people, *use_cases, *keys, *desk, *models, valid, lapsed)


def _model(name: str, place: Place, environment: Environment, country: str) -> Model:
    scope = Scope(
        host=origin(place.url),
        upstream_model=place.upstream_model,
        weights_sha256=place.weights_sha256,
        stack=place.stack,
        segment="loopback",
    )
    return Model(
        id=name,
        url=place.url,
        upstream_model=place.upstream_model,
        environment=environment,
        lineage=("gemma-3",),
        hosting_country=country,
        scope=scope,
    )


# guideline: ey-genai-2023:4
def _confirmation(name: str, model: Model, begin: int, end: int) -> Confirmation:
    return Confirmation(
        id=name,
        model=model.id,
        scope=model.scope,
        max_class=DataClass.RESTRICTED,
        evidence=("示範：弱點掃描報告 DEMO-001", "示範：對外連線測試 DEMO-002"),
        confirmed_by="wu",
        approved_by="chen",
        valid_from=begin,
        expires=end,
    )
