"""Server-side request forgery: nobody here fetches an address that a caller or a model names.

A canary listens on the loopback. Over two hundred ways of writing its address go through every
field that could hold one; it must not be asked once. A model's server that redirects is not
followed, and the model's key goes nowhere else.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from attack.same import DOORS
from tests.attack.conftest import MODEL_KEY
from tests.attack.raw import RawModel
from tests.web.office import Office

from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.door import CHAT
from shenyong.protocols.strict_json import Limits
from shenyong.registry import Model, Scope

pytestmark = [pytest.mark.point("ey-genai-2023:4")]

HOSTS = (
    "127.0.0.1", "localhost", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
    "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "LOCALHOST", "localhost.",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "①②⑦.⓪.⓪.①", "１２７．０．０．１", "127。0。0。1", "localtest.me", "127.0.0.1.nip.io",
    "user@127.0.0.1", "evil.example@127.0.0.1", "127.0.0.1#@evil.example",
    "evil.example\\@127.0.0.1", "127.0.0.1%2523", "127.0.0.1%00.example", "ⓛocalhost",
    "127.0.0.1\t", "169.254.169.254", "metadata.google.internal", "[fe80::1%25lo]",
)  # fmt: skip
SCHEMES = ("http://", "https://", "HTTP://", "//", "http:\\\\", "http:/", "ftp://", "gopher://")
OTHERS = (
    "file:///etc/passwd", "file://localhost/etc/passwd", "data:text/html,<script>1</script>",
    "data:image/svg+xml;base64,PHN2ZyB4bWxuczp4PSJodHRwOi8vMTI3LjAuMC4xIi8+", "jar:http://x!/y",
    "ldap://127.0.0.1:@PORT@/", "dict://127.0.0.1:@PORT@/info", "tftp://127.0.0.1:@PORT@/x",
    "unix:///var/run/docker.sock", "javascript:fetch('http://127.0.0.1:@PORT@')",
    "http://127.0.0.1:@PORT@/?u=http://127.0.0.1:@PORT@", "\\\\127.0.0.1@@PORT@\\share",
)  # fmt: skip


def forms(port: int) -> list[str]:
    """The ways of writing an address."""
    made = [f"{scheme}{host}:{port}/x.png" for scheme, host in itertools.product(SCHEMES, HOSTS)]
    return [*made, *(each.replace("@PORT@", str(port)) for each in OTHERS)]


class Canary:
    """Counts who asks it."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(1)
                try:
                    self.asked.append(client.recv(4096))
                except OSError:
                    self.asked.append(b"")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    watching = Canary()
    yield watching
    watching.close()


def carriers(url: str) -> list[tuple[str, dict[str, Any]]]:
    """Door and request, for every field that could name an address."""
    user = {"role": "user", "content": "x"}
    image = {"type": "image_url", "image_url": {"url": url}}
    file = {"type": "file", "file": {"file_url": url, "filename": url}}
    part = {"type": "input_image", "image_url": url}
    input_file = {"type": "input_file", "file_url": url}
    source = {"type": "image", "source": {"type": "url", "url": url}}
    document = {"type": "document", "source": {"type": "url", "url": url}}
    mcp = {"type": "mcp", "server_label": "m", "server_url": url, "headers": {"x": "y"}}
    chat, responses, messages = "/v1/chat/completions", "/v1/responses", "/v1/messages"
    steering = ("api_base", "base_url", "azure_endpoint", "proxy", "webhook", "webhook_url",
                "callback_url", "extra_headers", "headers", "litellm_params")  # fmt: skip
    found: list[tuple[str, dict[str, Any]]] = [
        (chat, {"messages": [{"role": "user", "content": [image]}]}),
        (chat, {"messages": [{"role": "user", "content": [file]}]}),
        (responses, {"input": [{"role": "user", "content": [part]}]}),
        (responses, {"input": [{"role": "user", "content": [input_file]}]}),
        (responses, {"input": "x", "tools": [mcp]}),
        (messages, {"max_tokens": 5, "messages": [{"role": "user", "content": [source]}]}),
        (messages, {"max_tokens": 5, "messages": [{"role": "user", "content": [document]}]}),
        (messages, {"max_tokens": 5, "messages": [user], "mcp_servers": [{"url": url}]}),
        ("/v1/embeddings", {"input": [{"image_url": url}]}),
    ]
    return found + [(chat, {"messages": [user], name: url}) for name in steering]


def test_there_are_enough_forms() -> None:
    assert len(set(forms(1))) >= 200


def test_no_door_takes_an_address_in_any_form(canary: Canary) -> None:
    """At the doors themselves: 290 forms in 19 places, each refused with the place's name."""
    doors, tried = {each.path: each for each in DOORS}, 0
    for url in forms(canary.port):
        for path, body in carriers(url):
            with pytest.raises(BadInputError) as refused:
                doors[path].read(json.dumps({"model": "m", **body}).encode(), Limits())
            assert url not in refused.value.message
            tried += 1
    assert tried >= 200 * 15
    assert canary.asked == []


def test_nothing_is_fetched_by_the_running_gateway(
    office: Office, raw: RawModel, canary: Canary
) -> None:
    """Each form once over HTTP, at a place of its own in turn; the attachments' reader included."""
    headers = {"authorization": f"Bearer {office.keys['official']}"}
    with httpx.Client(base_url=office.url, headers=headers, timeout=60) as client:
        for number, url in enumerate(forms(canary.port)):
            many = carriers(url)
            path, body = many[number % len(many)]
            answer = client.post(path, json={"model": "raw/model", **body})
            assert answer.status_code == 400, (path, url, answer.text)
    assert canary.asked == []
    assert raw.received == []


def test_an_address_in_words_is_only_words(office: Office, raw: RawModel, canary: Canary) -> None:
    """The model is told of an address, and names one: the gateway fetches neither."""
    link = f"http://127.0.0.1:{canary.port}/a.png"
    said = json.loads(raw.default.partition(b"\r\n\r\n")[2])
    said["choices"][0]["message"]["content"] = f"![a]({link}) [b][1]\n\n[1]: {link}"
    body = json.dumps(said).encode()
    top = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    raw.answer = top % len(body) + body
    answer = _asked(office, f"請說明 {link} 這張圖。")
    assert answer.status_code == 200
    assert link in answer.json()["choices"][0]["message"]["content"]
    assert canary.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_stays(
    office: Office, raw: RawModel, canary: Canary, status: int
) -> None:
    raw.answer = (
        b"HTTP/1.1 %d Moved\r\nlocation: http://127.0.0.1:%d/v1/chat/completions\r\n"
        b"refresh: 0; url=http://127.0.0.1:%d/\r\nlink: <http://127.0.0.1:%d/x>; rel=preload\r\n"
        b"content-length: 0\r\n\r\n" % (status, canary.port, canary.port, canary.port)
    )
    answer = _asked(office, f"公告 {status}")
    assert answer.status_code == 502
    assert "127.0.0.1" not in answer.text
    assert len(raw.received) == 1
    assert canary.asked == []


def test_the_model_s_key_is_told_to_the_model_alone(office: Office, raw: RawModel) -> None:
    answer = _asked(office, "公告")
    assert answer.status_code == 200
    assert b"Bearer sk-of-the-model" in raw.received[0]
    assert "sk-of-the-model" not in answer.text + str(answer.headers)
    log = office.log.read_text("utf-8")
    assert "sk-of-the-model" not in log
    assert office.keys["official"] not in log
    assert MODEL_KEY not in answer.text


def _asked(office: Office, text: str) -> httpx.Response:
    until = time.monotonic() + 20
    while True:  # the model is new: the gateway learns of it within half a second
        answer = httpx.post(
            f"{office.base_url}/chat/completions",
            json={"model": "raw/model", "messages": [{"role": "user", "content": text}]},
            headers={"authorization": f"Bearer {office.keys['official']}"},
            timeout=60,
        )
        if answer.status_code != 404 or time.monotonic() > until:
            return answer
        time.sleep(0.1)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://h/v1", "unix:///run/x", "//h/v1", "h/v1", "http:///v1",
        "http://user:pass@h/v1", "http://h/v1?u=x", "http://h/v1#x", "javascript:1", "",
        "http://h:99999/v1", "gopher://h/v1",
    ],
)  # fmt: skip
def test_a_model_s_address_is_plain_http_without_more(url: str) -> None:
    """What officers register: no other scheme, no credentials, no query."""
    from shenyong.guideline.terms import Environment

    scope = Scope("http://h", "m", "0" * 64, "s/1", "net")
    with pytest.raises(ValueError):
        Model("a/b", url, "m", Environment.PUBLIC_CLOUD, ("gemma",), "TW", scope)


def test_chat_knows_of_no_address() -> None:
    """No field of the doors is meant for one: what looks like one is words."""
    body = {"model": "m", "messages": [{"role": "user", "content": "http://127.0.0.1/"}]}
    assert CHAT.read(json.dumps(body).encode(), Limits()).texts() == {
        "messages[0].content": "http://127.0.0.1/"
    }
