"""An installation for the benchmark: everything on, the instant upstream as a public cloud (E1)."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from bench.servers import BIN, UPSTREAM_PORT, WORK, Server
from shenyong.cli.installation import lay, settings_text
from shenyong.guideline.terms import Actor, Environment, Purpose
from shenyong.registry import (
    Agency,
    ApiKey,
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

PORT = 9105


def furnished(folder: Path, dsn: str, port: int, workers: int, url: str) -> str:
    """Lay an installation over the database at `dsn`, seeded; returns the key of its one caller."""
    migrate(dsn)
    text = settings_text(port=port, workers=workers).replace('data_dir = "postgresql"', "")
    text = text.replace("requests = true", "requests = false")
    lay(folder, text.replace("checkpoint_seconds = 60", "checkpoint_seconds = 1"))
    pepper = bytes.fromhex((folder / "keys" / "pepper.key").read_text().strip())
    key, secret = new_key("bench")
    scope = Scope(origin(url), "bench", "0" * 64, "bench", "loopback")
    now = time.time_ns() // 1000
    engine = engine_for(dsn)
    with engine.begin() as connection:
        save(
            connection,
            Agency("bench", "測試", "Bench"),
            Person("lin", "bench", "示範", Role.OFFICIAL),
            UseCase("load", "bench", "測試", Purpose.GENERAL),
            Model("bench", url, "bench", Environment.PUBLIC_CLOUD, ("gemma",), "TW", scope),
            ApiKey(
                id="bench",
                agency="bench",
                owner="lin",
                use_case="load",
                actor=Actor.APPLICATION,
                secret_digest=secret_digest(secret, pepper),
                expires=now + 86_400_000_000,
            ),
        )
    engine.dispose()
    return key


@contextlib.contextmanager
def installed(workers: int = 1) -> Iterator[tuple[Server, int]]:
    """The gateway's server and its PostgreSQL's process id, seeded and ready to start."""
    folder = WORK / "house"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = EmbeddedServer(folder / "pg")
    try:
        url = f"http://127.0.0.1:{UPSTREAM_PORT}/v1"
        key = furnished(folder, database.dsn, PORT, workers, url)
        server = Server(
            "Shenyong, everything on",
            PORT,
            (str(BIN / "shenyong"), "serve", str(folder / "shenyong.toml")),
            env={"SHENYONG__DATABASE__DSN": database.dsn},
            load={"BENCH_KEY": key},
        )
        yield server, database.pid
    finally:
        database.stop()
