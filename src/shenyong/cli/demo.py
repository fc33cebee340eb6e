"""``shenyong demo``: a whole small agency on this machine, by one command, offline.

PostgreSQL from its wheel, the bundled model behind its own server, and the gateway. What it keeps
is in one folder; Ctrl-C or SIGTERM ends every process that it started.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter, validators

from shenyong.cli.installation import lay, settings_text, write_private
from shenyong.cli.output import Exit, Misused, Unavailable, print_json, tell
from shenyong.cli.words import say

if TYPE_CHECKING:
    from shenyong.settings import Settings

_MARK = "shenyong-demo"
_READY_SECONDS = 60
_STOP_SECONDS = 10


class Keys(msgspec.Struct):
    """The demonstration's two API keys in full, kept in a file that only the owner reads."""

    application: str
    official: str


def demo(
    *,
    folder: Annotated[Path, Parameter(help=say("demo.folder"))] = Path(".demo"),
    port: Annotated[
        int, Parameter(help=say("demo.port"), validator=validators.Number(gte=1, lte=65535))
    ] = 8601,
    fresh: Annotated[bool, Parameter(help=say("demo.fresh"), negative=())] = False,
    statutes: Annotated[Path | None, Parameter(help=say("statutes.file"))] = None,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Start the demonstration and serve until it is ended."""
    from shenyong.cli.database import opened
    from shenyong.cli.statutes import take_in
    from shenyong.settings import key, load
    from shenyong.upstream.local_process import LocalModel, LocalModelError

    signal.signal(signal.SIGTERM, _end)
    if taken(port):
        raise Unavailable(say("demo.port_taken", port=port))
    file = prepared(folder.resolve(), port, fresh)
    keys = keys_in(file.parent)
    settings = load(file).settings
    with _quiet_end():
        model = LocalModel.start(file.parent / "model", free_port())
        with model, opened(settings, migrate=True, owner=True) as ready:
            pepper = key("", settings.registry.pepper_file, "registry.pepper")
            if statutes is not None:
                take_in(ready.database.dsn, statutes)
            seed(ready.database.dsn, model.base_url, keys, pepper)
            try:
                model.wait()
            except LocalModelError as error:
                raise Unavailable(say("demo.no_model", reason=error)) from None
            from shenyong.cli.automaton import kept_engine
            from shenyong.cli.serve import WORKBENCH
            from shenyong.gateway.serve import run
            from shenyong.web.listener import public_register

            kept_engine()  # before the workers are forked: they share it
            fill_work(ready, file.parent)
            threading.Thread(target=announce, args=(ready, keys, json), daemon=True).start()
            with public_register(ready):
                run(ready, WORKBENCH)
    return Exit.FINE


def prepared(folder: Path, port: int, fresh: bool) -> Path:
    """The demonstration's folder with its settings and keys; emptied first if `fresh`.

    Raises:
        Misused: the folder holds something that no demonstration made.
    """
    mark = folder / _MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise Misused(say("demo.not_ours", folder=folder))
    if fresh and mark.exists():
        stop_left_behind(folder / "postgresql")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    (folder / "shenyong.toml").unlink(missing_ok=True)  # the port may be another this time
    workers = max(1, min(2, (os.cpu_count() or 2) // 2))
    return lay(
        folder,
        settings_text(
            port=port,
            workers=workers,
            public_port=port + 1 if not taken(port + 1) else free_port(),
            demo=True,
        ),
    )


def stop_left_behind(data: Path) -> None:
    """Stop the PostgreSQL server in `data` that a killed demonstration left behind, if any."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return
    if str(data).encode() not in command:  # the number is another process's by now
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
    until = time.monotonic() + _STOP_SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)


def keys_in(folder: Path) -> Keys:
    """The API keys of the demonstration: made once, valid also after the next start."""
    from shenyong.registry import new_key

    file = folder / "keys" / "demo-api-keys.json"
    if not file.exists():
        keys = Keys(new_key("demoapp")[0], new_key("demolin")[0])
        write_private(file, msgspec.json.encode(keys).decode())
    return msgspec.json.decode(file.read_bytes(), type=Keys)


def seed(dsn: str, url: str, keys: Keys, pepper: bytes) -> None:
    """Write the demonstration agency into the database; what is there is replaced."""
    from shenyong.cli.seeds import Place, Secrets, demonstration
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.registry import load, save
    from shenyong.upstream.local import MODEL_NAME
    from shenyong.upstream.weights import expected_sha256, stack

    place = Place(url, MODEL_NAME, expected_sha256(), stack())
    secrets = Secrets(keys.application.split("-", 3)[3], keys.official.split("-", 3)[3])
    engine = engine_for(dsn)
    with engine.begin() as connection:
        save(connection, *demonstration(place, secrets, pepper, time.time_ns() // 1000))
        load(connection)  # raises, and so writes nothing, if anything contradicts
    engine.dispose()


def fill_work(settings: Settings, folder: Path) -> None:
    """Sixty days of invented work, once, and a copy of the ledger in which an entry was changed.

    In a process of its own: a worker that is forked later must not inherit half a thread pool.

    Raises:
        Unavailable: it could not be filled.
    """
    from shenyong.cli.demo_work import filled

    if filled(settings.database.dsn):
        return
    command = [sys.executable, "-m", "shenyong.cli.demo_work", str(folder)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:  # noqa: S603
        raise Unavailable(say("demo.not_filled"))


def announce(settings: Settings, keys: Keys, json: bool) -> None:
    """Wait until the gateway is ready, then say in at most 15 lines how to try it."""
    url, port = settings.server.url, settings.server.port
    until = time.monotonic() + _READY_SECONDS
    while not answers(port, "/readyz"):
        if time.monotonic() > until:
            return
        time.sleep(0.05)
    if json:
        print_json(
            {
                "pages": f"{url}/",
                "register": f"{settings.public.url}/",
                "base_url": f"{url}/v1",
                "api_key": keys.application,
                "personal_key": keys.official,
                "refused": curl(url, keys.official, REFUSED),
                "answered": curl(url, keys.official, ANSWERED),
            }
        )
    else:
        tell(
            say(
                "demo.ready",
                pages=f"{url}/",
                register=f"{settings.public.url}/",
                base=f"{url}/v1",
                application=keys.application,
                official=keys.official,
                refused=curl(url, keys.official, REFUSED),
                answered=curl(url, keys.official, ANSWERED),
            )
        )
    sys.stdout.flush()


REFUSED = ("cloud/gemma-3-270m", "請查詢王小明（身分證字號 A123456789）住在哪裡？")
ANSWERED = ("local/gemma-3-270m", "請說明為民服務的意義。")
"""A model and a question: the first is refused (point 4), the second answered."""


def curl(url: str, key: str, asked: tuple[str, str]) -> str:
    """The request as one line for a shell."""
    model, words = asked
    body = {"model": model, "messages": [{"role": "user", "content": words}]}
    return (
        f"curl -s {url}/v1/chat/completions -H 'Authorization: Bearer {key}'"
        f" -H 'Content-Type: application/json' -d '{msgspec.json.encode(body).decode()}'"
    )


def taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, path: str) -> bool:
    """Whether our gateway on a loopback port answers ``GET path`` with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _quiet_end() -> Iterator[None]:
    """An interrupt is how a demonstration ends: nothing to report."""
    try:
        yield
    except KeyboardInterrupt:
        return
