"""Signing in by OpenID Connect: a real provider, and one that lies."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from tests.compat.install import NODE
from tests.house import _free_port
from tests.web.office import PEOPLE, Office

from shenyong.registry.oidc import TokenRefusedError, claims
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save

SECRET = "a-secret-of-the-test"


def changed(person: str, **more: Any) -> Any:
    return msgspec.structs.replace(next(each for each in PEOPLE if each.id == person), **more)


class Setting:
    """An office whose people sign in at a provider."""

    def __init__(self, issuer: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="sy", dir="/tmp")
        self.office = Office(Path(self.folder.name))
        self.office.public_port = _free_port()
        text = self.office.file.read_text("utf-8").replace(
            "port = 0\n", f"port = {self.office.public_port}\n"
        )
        (Path(self.folder.name) / "oidc.secret").write_text(SECRET)
        (Path(self.folder.name) / "oidc.secret").chmod(0o600)
        more = f'\n[oidc]\nissuer = "{issuer}"\nclient_id = "shenyong"\n'
        more += 'client_secret_file = "oidc.secret"\n'
        self.office.file.write_text(text + more, "utf-8")
        self.office.furnish()
        engine = engine_for(self.office.dsn)
        with engine.begin() as connection:
            save(connection, changed("lin", subject="lin@agency"),
                 changed("kao", subject="kao@agency", active=False))  # fmt: skip
        engine.dispose()

    def close(self) -> None:
        self.office.close()
        self.folder.cleanup()


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    port = _free_port()
    setting = Setting(f"http://127.0.0.1:{port}")
    script = Path(__file__).parent / "provider.mjs"
    back = f"{setting.office.url}/signin/oidc/back"
    node = subprocess.Popen(
        [NODE / "node", script, str(port), back], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert node.stdout is not None
        for line in node.stdout:
            if b"ready" in line:
                break
        threading.Thread(target=node.stdout.read, daemon=True).start()
        setting.office.start()
        yield setting.office
    finally:
        node.kill()
        setting.close()


def signed_in(office: Office, login: str) -> httpx.Response:
    """All the way: to the provider, its forms, and back."""
    client = httpx.Client(base_url=office.url, follow_redirects=True, timeout=30)
    page = client.get("/signin")
    assert "以機關帳號登入" in page.text
    page = client.get("/signin/oidc?next=/mine")
    for _ in range(3):
        action = re.search(r'action="([^"]+)"', page.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
        if action is None or prompt is None or page.url.host != "127.0.0.1":
            break
        if "interaction" not in str(page.url):
            break
        page = client.post(
            urllib.parse.urljoin(str(page.url), action[1]),
            data={"prompt": prompt[1], "login": login, "password": "any"},
        )
    return page


def test_by_a_real_provider(office: Office) -> None:
    page = signed_in(office, "lin@agency")
    assert page.status_code == 200, page.text[:500]
    assert page.url.path == "/mine"
    assert "林示範" in page.text


def test_strangers_and_who_has_left_are_told(office: Office) -> None:
    for login in ("nobody@agency", "kao@agency", "chen"):
        page = signed_in(office, login)
        assert page.status_code == 403
        assert "尚未登載" in page.text


def test_a_code_for_another_window_is_refused(office: Office) -> None:
    client = httpx.Client(base_url=office.url, follow_redirects=False, timeout=30)
    asked = client.get("/signin/oidc")
    assert asked.status_code == 303
    query = urllib.parse.parse_qs(urllib.parse.urlparse(asked.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    state = query["state"][0]
    assert client.get("/signin/oidc/back?code=x&state=wrong").status_code == 400
    # It counts once: the right state comes too late then.
    assert client.get(f"/signin/oidc/back?code=x&state={state}").status_code == 400
    other = httpx.Client(base_url=office.url, timeout=30)
    assert other.get(f"/signin/oidc/back?code=x&state={state}").status_code == 400


class Liar:
    """A provider that gives whatever token a test wants."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "a"}, private=True)
        self.nonce = ""
        self.token = lambda nonce: ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                if self.path.startswith("/.well-known"):
                    said: Any = {
                        "issuer": outer.issuer, "jwks_uri": f"{outer.issuer}/jwks",
                        "authorization_endpoint": f"{outer.issuer}/auth",
                        "token_endpoint": f"{outer.issuer}/token",
                    }  # fmt: skip
                else:
                    said = KeySet([outer.key]).as_dict(private=False)
                self.answer(said)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.answer({"id_token": outer.token(outer.nonce), "access_token": "x"})

            def answer(self, said: Any) -> None:
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.issuer, "aud": "shenyong", "sub": "lin@agency", "iat": now,
                "exp": now + 300, "nonce": self.nonce, **changes}  # fmt: skip

    def signed(self, told: dict[str, Any], key: Any = None, alg: str = "RS256") -> str:
        return jwt.encode({"alg": alg, "kid": "a"}, told, key or self.key, algorithms=[alg])


@pytest.fixture(scope="module")
def liar() -> Iterator[tuple[Liar, Office]]:
    provider = Liar()
    setting = Setting(provider.issuer)
    try:
        setting.office.start()
        yield provider, setting.office
    finally:
        provider.server.shutdown()
        setting.close()


def came_back(provider: Liar, office: Office, token: Any) -> httpx.Response:
    client = httpx.Client(base_url=office.url, follow_redirects=False, timeout=30)
    asked = client.get("/signin/oidc")
    query = urllib.parse.parse_qs(urllib.parse.urlparse(asked.headers["location"]).query)
    provider.nonce = query["nonce"][0]
    provider.token = token
    return client.get(f"/signin/oidc/back?code=x&state={query['state'][0]}")


def unsigned(told: dict[str, Any]) -> str:
    import base64

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(told)}."


def test_hostile_tokens_let_nobody_in(liar: tuple[Liar, Office]) -> None:
    provider, office = liar
    assert (
        came_back(provider, office, lambda _: provider.signed(provider.told())).status_code == 303
    )
    other = RSAKey.generate_key(2048, {"kid": "a"}, private=True)
    shared = OctKey.import_key(SECRET)
    hostile: dict[str, Any] = {
        "nonce": lambda _: provider.signed(provider.told(nonce="other")),
        "no nonce": lambda _: provider.signed({**provider.told(), "nonce": None}),
        "issuer": lambda _: provider.signed(provider.told(iss="https://evil.example")),
        "audience": lambda _: provider.signed(provider.told(aud="other")),
        "two audiences": lambda _: provider.signed(provider.told(aud=["shenyong", "other"])),
        "expired": lambda _: provider.signed(provider.told(exp=int(time.time()) - 600)),
        "not yet": lambda _: provider.signed(provider.told(iat=int(time.time()) + 600)),
        "another key": lambda _: provider.signed(provider.told(), other),
        "none": lambda _: unsigned(provider.told()),
        "shared secret": lambda _: provider.signed(provider.told(), shared, "HS256"),
        "no subject": lambda _: provider.signed(provider.told(sub="")),
        "rubbish": lambda _: "a.b.c",
    }
    for name, token in hostile.items():
        answer = came_back(provider, office, token)
        assert answer.status_code in (401, 403), name
        assert "林示範" not in answer.text


def test_the_provider_changes_its_keys(liar: tuple[Liar, Office]) -> None:
    provider, office = liar
    provider.key = RSAKey.generate_key(2048, {"kid": "b"}, private=True)
    told = lambda _: jwt.encode({"alg": "RS256", "kid": "b"}, provider.told(), provider.key)  # noqa: E731
    assert came_back(provider, office, told).status_code == 303


def test_claims_are_pure() -> None:
    key = RSAKey.generate_key(2048, {"kid": "a"}, private=True)
    keys = KeySet([key]).as_dict(private=False)
    told = {"iss": "i", "aud": "c", "sub": "s", "iat": 100, "exp": 200, "nonce": "n"}
    token = jwt.encode({"alg": "RS256", "kid": "a"}, told, key)
    assert claims(token, keys, issuer="i", client="c", nonce="n", now=150)["sub"] == "s"
    for now, code in ((10, "expired"), (10_000, "expired")):
        with pytest.raises(TokenRefusedError) as refused:
            claims(token, keys, issuer="i", client="c", nonce="n", now=now)
        assert refused.value.code == code
