"""Our own description: what the gateway reads, no more, and what schemathesis makes of it.

The long form is `python -m attack schema --examples N`.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attack.same import DOORS
from attack.schema import tried
from tests.web.office import Office
from tools.openapi import PATH, schema, text

from shenyong.gateway.app import UNAUDITED
from shenyong.gateway.looking import LOOKS
from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.chat_fields import FIELDS
from shenyong.protocols.door import CHAT
from shenyong.protocols.shapes import Refused
from shenyong.protocols.strict_json import Limits

pytestmark = [pytest.mark.point("ey-genai-2023:4")]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return found


def test_it_is_as_the_tables_are() -> None:
    assert PATH.read_text("utf-8") == text(), "run `make openapi`"


def test_every_door_is_described() -> None:
    paths = set(document()["paths"])
    assert {each.path for each in DOORS} | set(LOOKS) | UNAUDITED <= paths
    assert "/v1/models" in paths


def test_what_is_refused_is_not_described_as_taken() -> None:
    body = document()["paths"]["/v1/chat/completions"]["post"]["requestBody"]
    known = body["content"]["application/json"]["schema"]["properties"]
    for name, shape in FIELDS.items():
        assert (known[name] is False) == isinstance(shape, Refused), name
        if isinstance(shape, Refused):
            request = {"model": "m", "messages": [{"role": "user", "content": "x"}], name: "x"}
            with pytest.raises(BadInputError):
                CHAT.read(json.dumps(request).encode(), Limits())


def test_a_shape_that_is_not_known_is_a_fault_of_the_build() -> None:
    with pytest.raises(TypeError):
        schema(object())  # type: ignore[arg-type]


@pytest.mark.slow
def test_schemathesis_finds_nothing(office: Office) -> None:
    done = tried(office.url, office.keys["official"], 5, phases="fuzzing")
    assert done.returncode == 0, done.stdout[-6000:]
    operations = [
        name for path in document()["paths"].values() for name in path if name != "parameters"
    ]
    assert f"Tested: {len(operations)}" in done.stdout
    assert office.ready()


class _Failing(BaseHTTPRequestHandler):
    """A server whose every answer is a fault."""

    def _fail(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(500)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_DELETE = _fail  # noqa: N815 - named by the protocol

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.slow
def test_schemathesis_finds_a_server_that_fails() -> None:
    """A check that can't fail would prove nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Failing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = tried(f"http://127.0.0.1:{server.server_port}", "sk", 1, phases="fuzzing")
    server.shutdown()
    assert done.returncode == 1
    assert "Server error" in done.stdout
