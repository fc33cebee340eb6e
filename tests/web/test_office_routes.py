"""Every record of officers by everybody: who may not read learns nothing, who may not act can't."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from tests.web.office import PEOPLE, Office, Visitor

from shenyong.cli.demo_office import stories
from shenyong.governance import KINDS, Kind
from shenyong.governance.form import Values
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save

pytestmark = [pytest.mark.point("ey-genai-2023:7")]
_WHO = {each.id: each for each in PEOPLE}
_MINE = _WHO["lin"].agency
_AT = time.time_ns() // 1000


def examples(model: str) -> dict[str, tuple[str, Values]]:
    """For each kind who opens one, and its answers."""
    found = {each.kind: (each.actor, each.values) for each in stories(_AT)}
    until = str(found["training"][1]["until"])
    found["confirmation"] = ("wu", {**found["confirmation"][1], "model": model})
    found["exemption"] = (
        "wu",
        {"model": model, "reason": "無替代產品", "alternatives": "無", "authority_letter": "示字1",
         "until": until},
    )  # fmt: skip
    found["likeness"] = (
        "lin",
        {
            "what": "voice",
            "person": "示範人",
            "use": "導覽語音",
            "consent": "同意書",
            "until": until,
        },
    )
    found["reservation"] = (
        "tang", {"applies": "準用", "point": "6", "text": "保留", "instead": "替代作法"},
    )  # fmt: skip
    found["revision"] = ("tang", {"edition": "0" * 64, "reason": "試行"})
    return found


def opened(visitor: Visitor, kind: str, values: Values) -> str:
    until = time.monotonic() + 60
    while True:  # the pages learn of the agency's change within seconds
        visitor.get(f"/office/{kind}/new")
        visitor.post(f"/office/{kind}/new", dict(values))
        assert visitor.page is not None
        if visitor.page.status_code == 200 or time.monotonic() > until:
            break
        time.sleep(0.5)
    assert visitor.page.status_code == 200, (kind, visitor.text[:3000])
    return str(visitor.page.url.path)


@pytest.fixture(scope="module")
def visitors(office: Office) -> dict[str, Visitor]:
    return {each.id: office.visitor(each.id) for each in PEOPLE}


@pytest.fixture(scope="module")
def records(office: Office, visitors: dict[str, Visitor]) -> dict[str, tuple[str, str]]:
    """A record of each kind: who opened it, and its path."""
    told = msgspec.structs.replace(office.registry().agencies[_MINE], applicability="準用")
    engine = engine_for(office.dsn)
    with engine.begin() as connection:  # only who applies 準用 holds something in reserve
        save(connection, told)
    engine.dispose()
    model = next(iter(office.registry().models))
    return {
        kind: (who, opened(visitors[who], kind, values))
        for kind, (who, values) in examples(model).items()
    }


def state(office: Office, path: str) -> list[tuple[Any, ...]]:
    number = path.rpartition("/")[2]
    return office.rows("SELECT state, version, sealed FROM record WHERE id = %s", number)


def reads(kind: Kind, person: str, opener: str) -> bool:
    who = _WHO[person]
    return who.agency == _MINE and (bool(kind.read_by & who.roles) or person == opener)


def test_there_is_a_record_of_every_kind(records: dict[str, tuple[str, str]]) -> None:
    assert records.keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("person", _WHO)
def test_who_may_not_read_it_learns_nothing(
    visitors: dict[str, Visitor], records: dict[str, tuple[str, str]], person: str, name: str
) -> None:
    kind, visitor = KINDS[name], visitors[person]
    opener, path = records[name]
    status = visitor.get(path).status_code
    assert (status == 200) == reads(kind, person, opener)
    assert status in (200, 404)
    listed = visitor.get(f"/office/{name}")
    assert (path in listed.text) == reads(kind, person, opener)
    assert path not in visitor.get("/office").text


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("person", _WHO)
def test_who_may_not_act_changes_nothing(
    office: Office,
    visitors: dict[str, Visitor],
    records: dict[str, tuple[str, str]],
    person: str,
    name: str,
) -> None:
    kind, visitor, who = KINDS[name], visitors[person], _WHO[person]
    opener, path = records[name]
    before = state(office, path)
    for action in kind.actions:
        may = reads(kind, person, opener) and action.roles & who.roles
        if may and before[0][0] in action.before and not (action.own and person != opener):
            continue  # who may is the subject of test_office.py
        visitor.get("/account")
        given = {each.name: "x" for each in action.fields}
        visitor.post(f"{path}/do", {"action": action.name, **given})
        assert visitor.page is not None
        code = visitor.page.status_code
        assert code == 404 if not reads(kind, person, opener) else code in (400, 409), action.name
        assert state(office, path) == before
    if not reads(kind, person, opener):
        visitor.get("/account")
        assert visitor.post(f"{path}/unmask", {"reason": "x"}).status_code == 404
