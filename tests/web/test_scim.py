"""Provisioning by SCIM 2.0: a real client and a conformance tester against the running site."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import EnterpriseUser, PatchOp, PatchOperation, SearchRequest, User
from scim2_models import Role as ScimRole
from scim2_tester import Status, check_server
from tests.house import AGENCY, _free_port
from tests.web.office import ELSEWHERE, Office

from shenyong.web.scim import token_of

pytestmark = [pytest.mark.point("ey-genai-2023:2")]
Full = User[EnterpriseUser]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as folder:
        running = Office(Path(folder))
        running.public_port = _free_port()
        text = running.file.read_text("utf-8").replace(
            "port = 0\n", f"port = {running.public_port}\n"
        )
        running.file.write_text(text + "\n[scim]\nenabled = true\n", "utf-8")
        try:
            running.furnish()
            running.start()
            yield running
        finally:
            running.close()


def token(office: Office, agency: str = AGENCY) -> str:
    pepper = bytes.fromhex((office.folder / "keys" / "pepper.key").read_text().strip())
    return token_of(pepper, agency, 1)


@pytest.fixture(scope="module")
def client(office: Office) -> Iterator[SyncSCIMClient]:
    with Client(
        base_url=f"{office.url}/scim/v2/{AGENCY}",
        headers={"authorization": f"Bearer {token(office)}"}, timeout=30,
    ) as http:  # fmt: skip
        scim = SyncSCIMClient(http)
        scim.discover()
        yield scim


def test_a_conformance_tester_finds_nothing_wrong(client: SyncSCIMClient) -> None:
    results = check_server(client)
    wrong = [
        f"{each.title}: {each.reason}" for each in results
        if each.status in (Status.ERROR, Status.CRITICAL)
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert sum(each.status is Status.SUCCESS for each in results) > 20


def test_a_person_from_the_directory_to_the_desk_and_out(
    office: Office, client: SyncSCIMClient
) -> None:
    user = Full(user_name="fang@agency", display_name="方示範", title="科員", active=True,
                roles=[ScimRole(value="supervisor"), ScimRole(value="official")])  # fmt: skip
    user[EnterpriseUser] = EnterpriseUser(department="一科")
    made = client.create(user)
    person = office.registry().people[made.id]
    assert (person.name, person.unit, person.role.value) == ("方示範", "一科", "supervisor")
    assert [each.value for each in person.also] == ["official"]
    found = client.query(Full, query_parameters=SearchRequest(filter='userName eq "fang@agency"'))
    assert [each.id for each in found.resources] == [made.id]
    patch = PatchOp[Full](
        operations=[PatchOperation[Full](op=PatchOperation.Op.replace_, path="active", value=False)]
    )
    client.modify(Full, made.id, patch)
    assert office.registry().people[made.id].active is False
    client.delete(Full, made.id)
    assert made.id in office.registry().people  # the ledger names people for years
    with pytest.raises(Exception, match=r"(?i)no such user|404"):
        client.query(Full, made.id, raise_scim_errors=True)


def test_who_is_set_inactive_is_signed_out_and_has_no_key(
    office: Office, client: SyncSCIMClient
) -> None:
    kao = office.visitor("kao")
    assert kao.get("/mine").status_code == 200
    patch = PatchOp[Full](
        operations=[PatchOperation[Full](op=PatchOperation.Op.replace_, path="active", value=False)]
    )
    client.modify(Full, "kao", patch)
    until = time.monotonic() + 60
    while "登出" in kao.get("/mine").text and time.monotonic() < until:
        time.sleep(0.2)
    assert "登出" not in kao.text


def test_only_the_agency_s_own_token_opens_its_people(office: Office) -> None:
    url = f"{office.url}/scim/v2/{AGENCY}/Users"
    for told in ("", "Bearer x", f"Bearer {token(office, ELSEWHERE)}", f"Basic {token(office)}"):
        answer = httpx.get(url, headers={"authorization": told} if told else {})
        assert answer.status_code == 401
        assert "示範" not in answer.text
    mine = httpx.get(url, headers={"authorization": f"Bearer {token(office)}"})
    assert mine.status_code == 200
    assert "遠示範" not in mine.text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"userName": 5}', b'{"schemas":[]}', b"\xff", b"{}" * 9]
)
def test_what_is_no_user_is_refused_in_scim_s_shape(office: Office, body: bytes) -> None:
    answer = httpx.post(
        f"{office.url}/scim/v2/{AGENCY}/Users", content=body,
        headers={"authorization": f"Bearer {token(office)}"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
