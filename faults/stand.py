"""A stand: a whole installation that may be broken, with what its model got written down.

One or more hosts (`shenyong serve`, each with its workers) over one PostgreSQL, a model's server,
a load of requests and a person at the pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from tests.house import AGENCY, House, ModelServer, completion
from tests.web.office import PASSWORD

from faults.load import Desk, Load, told
from faults.postgres import Postgres, free_port
from shenyong.cli.installation import lay, settings_text
from shenyong.registry import Person, Role
from shenyong.storage.accounts import Accounts
from shenyong.storage.migrate import engine_for, migrate
from shenyong.storage.pool import Pool
from shenyong.storage.registry import save

START_SECONDS = 180.0
"""How long a start may take on a machine that does other things too."""
MOMENT = 0.015
"""How long the model thinks, in seconds: so that a fault meets requests at every stage."""


class Witnessed:
    """What the model got, and how long the ledger was at that moment, as far as it could be asked.

    An intent that is durable before the call has an index below that length.
    """

    def __init__(self, dsn: Callable[[], str]) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self.asks = True
        """Whether the ledger is asked; not while its server is frozen or cut off."""
        self.sizes: dict[str, int] = {}

    def note(self, body: dict[str, Any]) -> None:
        """Write down how long the ledger is, before anything is answered."""
        if not self.asks:
            return
        with self._lock, suppress(psycopg.Error, OSError):
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(
                    self._dsn(), autocommit=True, connect_timeout=2,
                    options="-c statement_timeout=2000",
                )  # fmt: skip
            row = self._connection.execute(
                "SELECT size FROM ledger_head WHERE agency = %s", [AGENCY]
            ).fetchone()
            if row is not None:
                self.sizes[told(json.dumps(body).encode())] = int(row[0])

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()


class Host(House):  # type: ignore[misc]  # tests have no types here
    """One `shenyong serve` of a stand; its settings are its own, the rest is shared."""

    def __init__(
        self,
        folder: Path,
        database: Any,
        *,
        workers: int = 2,
        public: bool = False,
        environment: Mapping[str, str] | None = None,
        settings: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.folder = folder
        self.server = database
        self.port = free_port()
        self.public_port = free_port() if public else 0
        self.environment = dict(environment or {})
        text = settings_text(port=self.port, workers=workers, public_port=self.public_port)
        text = text.replace('data_dir = "postgresql"', "")
        text = text.replace("checkpoint_seconds = 60", "checkpoint_seconds = 1")
        text = text.replace("refresh_seconds = 5", "refresh_seconds = 0.5")
        for old, new in settings:
            assert old in text, old
            text = text.replace(old, new)
        self.file = lay(folder, text)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The address of the database."""
        return str(self.server.dsn)

    def launch(self) -> None:
        """Start without waiting."""
        environment = {**os.environ, **self.environment, "SHENYONG__DATABASE__DSN": self.dsn}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [Path(sys.executable).parent / "shenyong", "serve", self.file],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.launch()
        self.wait()

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until it is ready. Raises RuntimeError."""
        until = time.monotonic() + seconds
        while not self.ready():
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text("utf-8", "replace")[-3000:])
            time.sleep(0.03)

    def running(self) -> bool:
        """Whether its first process lives."""
        return self.process is not None and self.process.poll() is None

    def workers(self) -> list[psutil.Process]:
        """The processes that serve: forked from the first, with its command line."""
        if self.process is None:
            return []
        with suppress(psutil.Error):
            main = psutil.Process(self.process.pid)
            return [
                each
                for each in main.children()
                if "sandbox" not in (line := " ".join(each.cmdline())) and "listener" not in line
                and each.status() != psutil.STATUS_ZOMBIE
            ]  # fmt: skip
        return []

    def listeners(self) -> list[psutil.Process]:
        """The public register's processes."""
        return [each for each in self._all() if "shenyong.web.listener" in _line(each)]

    def sandboxes(self) -> list[psutil.Process]:
        """The children that read documents."""
        return [each for each in self._all() if "shenyong.sandbox.child" in _line(each)]

    def _all(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            assert self.process is not None
            found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
            return found
        return []

    def ensure(self) -> None:
        """Started again where it has ended, as a service manager does."""
        if not self.running():
            self.sweep()
            self.launch()

    def sweep(self) -> None:
        """End what is left of a start that has ended, as a unit's control group is ended."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Stop it."""
        with suppress(subprocess.TimeoutExpired):
            self.stop()
        self.sweep()


def _line(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


class Stand:
    """Everything together. Close it at the end."""

    def __init__(
        self,
        *,
        hosts: int = 1,
        workers: int = 2,
        pages: bool = False,
        public: bool = False,
        clients: int = 6,
        load: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        settings: Sequence[tuple[str, str]] = (),
        postgres: Callable[[Path], Any] = Postgres,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="syf", dir="/tmp"))
        self.folder.chmod(0o755)
        self._closing = contextlib.ExitStack()
        self._closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
        with contextlib.ExitStack() as failing:
            failing.callback(self.close)  # a start that fails leaves nothing behind
            self.database = postgres(self.folder / "pg")
            self._closing.callback(getattr(self.database, "close", self.database.stop))
            self.database.start()
            migrate(self.database.dsn)
            self.model = ModelServer()
            self._closing.callback(self.model.close)
            self.thinks = MOMENT
            self.times = 1  # how often the round at hand brought its fault about
            self.hosts = [
                Host(
                    self._place(number),
                    self.database,
                    workers=workers,
                    public=public and number == 0,
                    environment=environment,
                    settings=settings,
                )
                for number in range(hosts)
            ]
            for each in self.hosts:
                each.model_server = self.model
            self.host = self.hosts[0]
            self.keys = self.host._seed()
            self.witnessed = Witnessed(lambda: self.host.dsn)
            self._closing.callback(self.witnessed.close)
            self.answers: Callable[[dict[str, Any]], Any] = self.echo
            self.model.script = self._script
            if pages:
                self._furnish()
            for each in self.hosts:
                self._closing.callback(each.close)
                each.launch()
            for each in self.hosts:
                each.wait()
            more: dict[str, Any] = {"clients": clients, **(load or {})}
            key = self.keys[more.pop("key", "official")]
            self.load = Load(self.bases, key, **more)
            self._closing.callback(self.load.close)
            self.desk = Desk(lambda: self.bases()[0].removesuffix("/v1"), "lin", PASSWORD) if (
                pages
            ) else None  # fmt: skip
            if self.desk is not None:
                self._closing.callback(self.desk.close)
            failing.pop_all()

    def _place(self, number: int) -> Path:
        """The folder of a host; all have the same keys, as hosts of one installation do."""
        folder = self.folder / f"host{number}"
        if number:
            shutil.copytree(self.folder / "host0" / "keys", folder / "keys")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def bases(self) -> list[str]:
        """Where clients may ask, in turn: the first that takes a connection serves."""
        urls = [each.base_url for each in self.hosts]
        turn = int(time.monotonic() * 50) % len(urls)
        return [*urls[turn:], *urls[:turn]]

    def _script(self, body: dict[str, Any]) -> Any:
        self.witnessed.note(body)
        return self.answers(body)

    def echo(self, body: dict[str, Any]) -> Any:
        """Say what was said, after a moment."""
        said = ModelServer.echo(body)
        if isinstance(said, list):
            return [self.thinks, *said[:3], self.thinks, *said[3:]]
        time.sleep(self.thinks)
        return said

    def _furnish(self) -> None:
        """A person with a password, who may work at the pages."""
        engine = engine_for(self.database.dsn)
        with engine.begin() as connection:
            save(connection, Person("lin", AGENCY, "林示範", Role.OFFICIAL, unit="一科"))
        engine.dispose()

        async def passwords() -> None:
            pool = Pool(self.database.dsn)
            await Accounts(pool).set_password("lin", PASSWORD, int(time.time()))
            await pool.close()

        asyncio.run(passwords())

    def go(self) -> None:
        """Load it."""
        self.load.go()
        if self.desk is not None:
            self.desk.go()

    def rest(self) -> None:
        """Let it come to rest."""
        if self.desk is not None:
            self.desk.rest()
        self.load.rest()

    def ready(self) -> bool:
        """Whether every host serves."""
        return all(each.ready() for each in self.hosts)

    def ensure(self) -> None:
        """What has ended is started again, as each host's service manager does."""
        self.database.ensure()
        for each in self.hosts:
            each.ensure()

    def close(self) -> None:
        """Stop everything and remove it."""
        self._closing.close()


__all__ = ["AGENCY", "Host", "Stand", "completion"]
