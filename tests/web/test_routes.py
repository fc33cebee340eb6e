"""Every route by everybody: another agency, unit or role neither reads nor changes a matter."""

from __future__ import annotations

import itertools
import re
import uuid

import pytest
from tests.web.office import PEOPLE, Office, Visitor

from shenyong.registry import Role
from shenyong.web.site import OPEN, PAGES

pytestmark = [pytest.mark.point("ey-genai-2023:2")]

SECRET = "只有一科可讀的案由"
_WHO = {each.id: each for each in PEOPLE}
_numbers = itertools.count(1)


def begin(visitor: Visitor, title: str = SECRET, **more: str) -> str:
    """A new matter of the visitor's; its id."""
    visitor.get("/m/new")
    told = {"number": f"R{next(_numbers)}-{uuid.uuid4().hex[:6]}", "title": title}
    visitor.post("/m/new", {**told, "template": "letter", "level": "普通", **more})
    found = re.search(r"/m/([0-9a-f-]{36})", str(visitor.page.url))  # type: ignore[union-attr]
    assert found is not None, visitor.text[:3000]
    return found[1]


@pytest.fixture(scope="module")
def matter(office: Office) -> str:
    """A matter of lin's with a text in it."""
    lin = office.visitor("lin")
    made = begin(lin)
    lin.post(f"/m/{made}/edit", {"text": "主旨：內文只有一科可讀。"})
    return made


@pytest.fixture(scope="module")
def visitors(office: Office) -> dict[str, Visitor]:
    return {each.id: office.visitor(each.id) for each in PEOPLE}


def state(office: Office, matter: str) -> list[tuple[object, ...]]:
    return office.rows("SELECT stage, version, sealed FROM matter WHERE id = %s", matter)


def allowed(person: str, method: str, path: str) -> bool:
    """By the guideline: the official alone changes; the unit's supervisors and the auditor read."""
    who = _WHO[person]
    same = who.agency == _WHO["lin"].agency
    if person == "lin":
        return not path.endswith("/countersign")
    if not same:
        return False
    if method == "GET":
        reads = who.role is Role.AUDITOR or (who.role is Role.SUPERVISOR and who.unit == "一科")
        return reads and not path.endswith("/edit")
    return False


ROUTES = [(method, path) for method, path, *_ in PAGES if "/m/{id}" in path]


def test_there_are_routes_of_matters() -> None:
    assert len(ROUTES) >= 12


@pytest.mark.parametrize("person", [each.id for each in PEOPLE if each.id != "lin"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_else_reads_or_changes_a_matter(
    office: Office,
    visitors: dict[str, Visitor],
    matter: str,
    person: str,
    method: str,
    path: str,
) -> None:
    visitor, before = visitors[person], state(office, matter)
    url = path.replace("{id}", matter)
    fields = {
        "prompt": "改掉", "text": "改掉", "model": "local/echo", "what": "approve",
        "digest": "x", "level": "L1", "reason": "x", "title": "x", "declared": "yes",
    }  # fmt: skip
    if method == "GET":
        visitor.get(url)
    else:
        visitor.get("/account")
        visitor.post(url, fields)
    page = visitor.page
    assert page is not None
    assert state(office, matter) == before
    if method == "POST" and person in ("chen", "tsai"):
        assert page.status_code in (404, 409)  # they may read it: the page says why not
    elif not allowed(person, method, path):
        assert page.status_code == 404, (person, path, page.status_code)
        assert SECRET not in page.text
        assert "內文只有一科可讀" not in page.text


@pytest.mark.parametrize("person", [each.id for each in PEOPLE if each.id != "lin"])
def test_no_list_shows_a_matter_of_others(
    visitors: dict[str, Visitor], matter: str, person: str
) -> None:
    visitor, who = visitors[person], _WHO[person]
    lists = [path for method, path, *_ in PAGES if method == "GET" and "{" not in path]
    assert len(lists) >= 6
    seen = {path for path in lists if matter in visitor.get(path).text}
    mine = who.role is Role.AUDITOR and who.agency == _WHO["lin"].agency
    assert bool(seen) == mine, seen


@pytest.mark.parametrize("person", [each.id for each in PEOPLE])
def test_every_page_asks_for_its_role(visitors: dict[str, Visitor], person: str) -> None:
    visitor, who = visitors[person], _WHO[person]
    for method, path, _, roles in PAGES:
        if "{" in path or path == "/signout" or "/account/" in path:
            continue
        if method == "GET":
            status = visitor.get(path).status_code
        else:
            visitor.get("/account")
            status = visitor.post(path, {}).status_code
        assert (status == 404) == (who.role not in roles), (path, status)
        assert status < 500, path


def test_who_is_not_signed_in_sees_nothing(office: Office, matter: str) -> None:
    stranger = office.visitor()
    for method, path, *_ in PAGES:
        url = path.replace("{id}", matter)
        if method == "GET":
            page = stranger.client.get(url, follow_redirects=False)
            assert page.status_code == 303, path
            assert page.headers["location"].startswith("/signin")
        else:
            page = stranger.client.post(url, data={"csrf": "guess"}, follow_redirects=False)
            assert page.status_code in (303, 401), path
        assert SECRET not in page.text


def test_a_form_without_its_token_does_nothing(office: Office, matter: str) -> None:
    lin, before = office.visitor("lin"), state(office, matter)
    for method, path, *_ in PAGES:
        if method != "POST":
            continue
        url = path.replace("{id}", matter)
        page = lin.client.post(url, data={"text": "改掉", "prompt": "改掉"}, follow_redirects=False)
        assert page.status_code in (303, 401), path
        page = lin.client.post(
            url, data={"csrf": lin.csrf, "text": "改掉"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert page.status_code == 403, path
    assert state(office, matter) == before


def test_all_open_routes_are_known() -> None:
    assert {path for _, path, _ in OPEN} == {
        "/signin", "/signin/code", "/signin/challenge", "/signin/passkey", "/demo/switch",
        "/demo/tour", "/lang", "/signin/oidc", "/signin/oidc/back",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["%2e%2e", "../../etc", "00000000-0000-0000-0000-000000000000", "x"]
)
def test_an_unknown_matter_looks_like_another_s(office: Office, matter: str, name: str) -> None:
    kao = office.visitor("kao")
    unknown, other = kao.get(f"/m/{name}"), kao.get(f"/m/{matter}")
    assert unknown.status_code == other.status_code == 404
    if name.startswith("0"):
        strip = re.compile(r"next=[^\"]*|name=\"csrf\" value=\"[^\"]*\"")
        assert strip.sub("", unknown.text) == strip.sub("", other.text)
