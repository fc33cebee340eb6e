"""Signing in: wrong words look alike, five of them lock, a second factor is asked for."""

from __future__ import annotations

import re
import time

import httpx
import pyotp
import pytest
from tests.web.office import PASSWORD, Office, Visitor

pytestmark = [pytest.mark.point("ey-genai-2023:2")]


def tried(office: Office, person: str, password: str) -> Visitor:
    visitor = Visitor(office.url)
    visitor.get("/signin")
    visitor.post("/signin", {"person": person, "password": password, "next": "/"})
    return visitor


def plain(text: str) -> str:
    return re.sub(r'value="[^"]*"', "", text)


def test_wrong_names_and_wrong_passwords_look_alike(office: Office) -> None:
    unknown, wrong = tried(office, "nobody", "x"), tried(office, "kao", "x")
    assert unknown.page is not None
    assert wrong.page is not None
    assert unknown.page.status_code == wrong.page.status_code == 401
    assert plain(unknown.text) == plain(wrong.text)
    assert "帳戶名稱或密碼不正確" in wrong.text


def test_both_take_as_long(office: Office) -> None:
    def took(person: str) -> float:
        began = time.perf_counter()
        tried(office, person, "wrong")
        return time.perf_counter() - began

    took("nobody")
    unknown, known = min(took(f"nobody{i}") for i in range(3)), min(took("su") for _ in range(3))
    assert known < 4 * unknown
    assert unknown < 4 * known
    office.execute("UPDATE account SET failures = 0, locked_until = 0")


def test_five_failures_lock_for_a_quarter_of_an_hour(office: Office) -> None:
    for _ in range(5):
        tried(office, "tsai", "wrong")
    assert "已暫時鎖定" in tried(office, "tsai", PASSWORD).text
    office.execute("UPDATE account SET locked_until = 1 WHERE person = 'tsai'")
    assert "登出" in tried(office, "tsai", PASSWORD).text


def test_a_second_factor(office: Office) -> None:
    wu = office.visitor("wu")
    wu.get("/account")
    wu.post("/account/totp", {"what": "begin"})
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", wu.text)
    assert secret is not None
    totp = pyotp.TOTP(secret[1])
    wu.post("/account/totp", {"code": "000000"})
    assert "驗證碼不正確" in wu.text
    wu.get("/account")
    wu.post("/account/totp", {"what": "begin"})
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", wu.text)
    assert secret is not None
    totp = pyotp.TOTP(secret[1])
    wu.post("/account/totp", {"code": totp.now()})
    assert "已啟用" in wu.text

    again = tried(office, "wu", PASSWORD)
    assert "六位數字" in again.text
    assert again.client.get("/", follow_redirects=False).status_code == 303
    again.post("/signin/code", {"code": "123456"})
    assert "驗證碼不正確" in again.text
    again.post("/signin/code", {"code": totp.now()})
    assert "登出" in again.text
    sealed = office.rows("SELECT totp FROM account WHERE person = 'wu'")[0][0]
    assert secret[1].encode() not in bytes(sealed)
    again.get("/account")
    again.post("/account/totp", {"what": "end", "password": PASSWORD})
    assert "已停用" in again.text


def test_a_new_password_ends_other_sessions(office: Office) -> None:
    one, other = office.visitor("su"), office.visitor("su")
    one.get("/account")
    one.post("/account/password", {"password": "wrong", "new": "another long phrase"})
    assert "目前的密碼不正確" in one.text
    one.post("/account/password", {"password": PASSWORD, "new": "short"})
    assert "至少需要 12 個字元" in one.text
    one.post("/account/password", {"password": PASSWORD, "new": "another long phrase"})
    assert "密碼已變更" in one.text
    assert other.client.get("/", follow_redirects=False).status_code == 303
    one.post("/account/password", {"password": "another long phrase", "new": PASSWORD})
    assert "密碼已變更" in one.text


def test_signing_out_ends_the_session(office: Office) -> None:
    lin = office.visitor("lin")
    cookies = dict(lin.client.cookies)
    lin.get("/account")
    lin.post("/signout")
    assert httpx.get(f"{office.url}/", cookies=cookies).status_code == 303


def test_roles_are_switched_in_the_demonstration_only(office: Office) -> None:
    stranger = Visitor(office.url)
    stranger.get("/signin")
    assert "/demo/switch" not in stranger.text
    stranger.post("/demo/switch", {"person": "lin"})
    assert stranger.client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(office: Office, target: str) -> None:
    visitor = Visitor(office.url)
    visitor.get("/signin")
    answer = visitor.client.post(
        "/signin",
        data={"csrf": visitor.csrf, "person": "lin", "password": PASSWORD, "next": target},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/"
    assert (
        visitor.client.get("/lang", params={"next": target}, follow_redirects=False).headers[
            "location"
        ]
        == "/"
    )


def test_nothing_of_a_password_or_session_is_kept_in_the_clear(office: Office) -> None:
    lin = office.visitor("lin")
    token = lin.client.cookies["shenyong"]
    for table in ("account", "web_session"):
        rows = "".join(str(each) for each in office.rows(f"SELECT * FROM {table}"))
        assert PASSWORD not in rows
        assert token not in rows
    assert PASSWORD not in office.log.read_text()
    assert token not in office.log.read_text()


def test_passkeys_ask_for_a_challenge_of_ours(office: Office) -> None:
    visitor = Visitor(office.url)
    visitor.get("/signin")
    csrf = visitor.csrf
    options = visitor.client.post("/signin/challenge", data={"csrf": csrf}).json()
    assert options["challenge"]
    assert options["rpId"] == "127.0.0.1"
    visitor.post("/signin/passkey", {"csrf": csrf, "credential": "{}"})
    assert "無法以通行金鑰登入" in visitor.text
