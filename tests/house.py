"""A whole installation to test against: PostgreSQL, a scripted model server, the real gateway.

The model server is a real HTTP server whose answers a test chooses; it keeps every body it gets, so
a test can say what reached a model. The gateway is the real one, in processes of its own.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from shenyong.cli.installation import lay, settings_text
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
    new_key,
    secret_digest,
)
from shenyong.registry.model import origin
from shenyong.storage.migrate import engine_for, migrate
from shenyong.storage.registry import save
from shenyong.storage.server import EmbeddedServer

AGENCY = "house"
DAY = 86_400 * 1_000_000
Script = Callable[[dict[str, Any]], Any]


def completion(content: str, **more: Any) -> dict[str, Any]:
    """A whole answer."""
    message = {"role": "assistant", "content": content, **more}
    return {
        "id": "chatcmpl-house",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    }


def chunks(*pieces: str, finish: str = "stop") -> list[dict[str, Any]]:
    """A stream of these pieces."""
    base = {"id": "chatcmpl-house", "object": "chat.completion.chunk", "created": 1_700_000_000}

    def one(delta: dict[str, Any], end: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        return {**base, "model": "scripted", "choices": [choice]}

    usage = {"prompt_tokens": 7, "completion_tokens": len(pieces), "total_tokens": 7 + len(pieces)}
    return [
        one({"role": "assistant", "content": ""}),
        *(one({"content": piece}) for piece in pieces),
        one({}, finish),
        {**base, "model": "scripted", "choices": [], "usage": usage},
    ]


def embedded(texts: list[str], form: str) -> dict[str, Any]:
    """A vector of two numbers for each text: its length, and a half; and a word too many."""

    def vector(text: str) -> Any:
        numbers = [float(len(text)), 0.5]
        packed = struct.pack("<2f", *numbers)
        return base64.b64encode(packed).decode() if form == "base64" else numbers

    return {
        "object": "list",
        "model": "scripted",
        "data": [
            {"object": "embedding", "index": at, "embedding": vector(text), "said": text}
            for at, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }


class ModelServer:
    """An OpenAI-compatible server that answers what `script` says and keeps what it got.

    A script returns a dict (a whole answer), a list of chunks (a stream; a number among them is a
    pause in seconds), an int (an error status), or bytes (sent as they are and then cut off).
    """

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.aborted = threading.Event()
        self.script: Script = self.echo
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.received.append(body)
                try:
                    self.answer(outer.script(json.loads(body)))
                except (BrokenPipeError, ConnectionResetError):
                    outer.aborted.set()
                    self.close_connection = True

            def answer(self, said: Any) -> None:
                if isinstance(said, int):
                    self.whole(said, b'{"error":{"message":"no"}}')
                elif isinstance(said, dict):
                    self.whole(200, json.dumps(said).encode())
                elif isinstance(said, bytes):
                    self.wfile.write(said)
                    self.wfile.flush()
                    self.close_connection = True
                else:
                    self.stream(said)

            def whole(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def stream(self, said: Any) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for each in said:
                    if isinstance(each, int | float):
                        time.sleep(each)
                        continue
                    self.part(b"data: " + json.dumps(each).encode() + b"\n\n")
                self.part(b"data: [DONE]\n\n")
                self.part(b"")

            def part(self, data: bytes) -> None:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, *_: object) -> None:
                """A client that breaks off is part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @staticmethod
    def echo(body: dict[str, Any]) -> Any:
        """Say what the last message said; of texts to be embedded, their lengths."""
        if "input" in body:
            texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return embedded(texts, body.get("encoding_format", "float"))
        content = body["messages"][-1].get("content") or ""
        if isinstance(content, list):
            content = "".join(part["text"] for part in content)
        if body.get("stream"):
            return chunks(*(content[i : i + 3] for i in range(0, len(content), 3)))
        return completion(content)

    def reset(self) -> None:
        """Forget what was received and answer by echo again."""
        self.received.clear()
        self.aborted.clear()
        self.script = self.echo

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()


class House:
    """PostgreSQL, model server and gateway of one test session."""

    def __init__(self, folder: Path, *, workers: int = 1) -> None:
        self.folder = folder
        self.model_server = ModelServer()
        self.database = EmbeddedServer(folder / "pg")
        self.dsn = self.database.dsn
        migrate(self.dsn)
        self.port = _free_port()
        text = settings_text(port=self.port, workers=workers)
        text = text.replace('data_dir = "postgresql"', "")
        text = text.replace("checkpoint_seconds = 60", "checkpoint_seconds = 1")
        text = text.replace("refresh_seconds = 5", "refresh_seconds = 0.5")
        self.file = lay(folder, text)
        self.keys = self._seed()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """What a client is pointed at."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log(self) -> Path:
        """Everything that the gateway wrote."""
        return self.folder / "gateway.log"

    def start(self) -> None:
        """Start the gateway and wait until it is ready."""
        log = self.log.open("ab")
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "shenyong", "serve", str(self.file)],
            env={**os.environ, "SHENYONG__DATABASE__DSN": self.dsn},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        until = time.monotonic() + 240
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text()[-3000:])
            time.sleep(0.05)

    def ready(self) -> bool:
        """Whether /readyz answers 200."""
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, bytes]:
        """GET a path; status 0 if nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9 of the gateway and its workers, at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the gateway as an operator would."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def close(self) -> None:
        """Stop everything."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.stop()
        self.database.stop()
        self.model_server.close()

    def _seed(self) -> dict[str, str]:
        pepper = bytes.fromhex((self.folder / "keys" / "pepper.key").read_text().strip())
        now = time.time_ns() // 1000
        keys: dict[str, str] = {}
        api_keys = []
        for name, actor, more in (
            ("official", Actor.OFFICIAL_NEED_TO_KNOW, {}),
            ("application", Actor.APPLICATION, {}),
            ("message", Actor.OFFICIAL_NEED_TO_KNOW, {"denial_style": "message"}),
            ("rerouting", Actor.OFFICIAL_NEED_TO_KNOW, {"reroute": True}),
            ("narrow", Actor.OFFICIAL_NEED_TO_KNOW, {"models": ("cloud/echo",)}),
            ("expired", Actor.OFFICIAL_NEED_TO_KNOW, {"expires": now - 1}),
            ("revoked", Actor.OFFICIAL_NEED_TO_KNOW, {"revoked": True}),
        ):
            key, secret = new_key(name)
            keys[name] = key
            fields: dict[str, Any] = {"expires": now + DAY, **more}
            api_keys.append(
                ApiKey(
                    id=name,
                    agency=AGENCY,
                    owner="lin",
                    use_case="work",
                    actor=actor,
                    secret_digest=secret_digest(secret, pepper),
                    **fields,
                )
            )
        url = self.model_server.url
        scope = Scope(origin(url), "scripted", "0" * 64, "house/1", "loopback")
        models = [
            Model(name, url, "scripted", environment, ("gemma",), "TW", scope)
            for name, environment in (
                ("cloud/echo", Environment.PUBLIC_CLOUD),
                ("local/echo", Environment.ONPREM_CONFIRMED),
                ("onprem/echo", Environment.ONPREM_CONFIRMED),
            )
        ]
        banned = Model(
            "banned/echo", url, "scripted", Environment.ONPREM_CONFIRMED, ("qwen",), "TW", scope
        )
        confirmation = Confirmation(
            "house-1", "local/echo", scope, DataClass.RESTRICTED, ("test",), "wu", "chen",
            now - DAY, now + 30 * DAY,
        )  # fmt: skip
        engine = engine_for(self.dsn)
        with engine.begin() as connection:
            save(
                connection,
                Agency(AGENCY, "測試機關", "House"),
                Person("lin", AGENCY, "林示範", Role.OFFICIAL),
                Person("chen", AGENCY, "陳示範", Role.SUPERVISOR),
                Person("wu", AGENCY, "吳示範", Role.OPERATOR),
                UseCase("work", AGENCY, "測試", Purpose.GENERAL),
                *models,
                banned,
                confirmation,
                *api_keys,
            )
        engine.dispose()
        return keys


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_house(*, workers: int = 1) -> Iterator[House]:
    """A house whose gateway is ready."""
    with tempfile.TemporaryDirectory(prefix="sy", dir="/tmp") as folder:
        house = House(Path(folder), workers=workers)
        try:
            house.start()
            yield house
        finally:
            house.close()
