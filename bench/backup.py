"""How long a backup and the proof of its restore take, and how large it is.

``python -m bench.backup [ENTRIES]`` fills a log with intents and outcomes as the gateway writes
them, backs the database up, and proves the backup in a throw-away database by the command's own
code. Times are of the wall and of the processor (this process and its children; the servers of the
databases are not in it).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psycopg

from shenyong.cli.installation import lay, settings_text
from shenyong.cli.keeping import Keys
from shenyong.ledger import Intent, Outcome, OutcomeKind
from shenyong.ledger.entry import Entry, encode
from shenyong.ledger.merkle import leaf_hash
from shenyong.settings import load
from shenyong.storage.backup import take
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.ledger import APPEND, LedgerWriter
from shenyong.storage.migrate import migrate
from shenyong.storage.server import EmbeddedServer

AGENCY = "bench"
BATCH = 2_000


def request_id(at: int, number: int) -> str:
    """A UUIDv7 as the gateway makes them."""
    value = (at // 1000) << 80 | 0x7 << 76 | 0b10 << 62 | number
    return str(uuid.UUID(int=value | int.from_bytes(os.urandom(4)) << 24))


def pair(number: int, index: int, at: int) -> tuple[Entry, Entry]:
    """An intent and its outcome, with fields as long as in production."""
    request = request_id(at, number)

    intent = Intent(
        agency=AGENCY, request=request, at=at, key="drafts", owner="lin", use_case="drafting",
        purpose="general", actor="official_need_to_know", model="local/gemma-3-27b",
        environment="E4", verdict="redact", pack=os.urandom(32).hex(), inspector="shenyong/0.1.0",
        received=os.urandom(32).hex(), forwarded=os.urandom(32).hex(), size=1024,
        confirmation="c-115-01", points=("4",), rules=("g4-personal",),
        kinds={"tw_national_id": 1, "person_name": 2}, worker="1",
    )  # fmt: skip
    outcome = Outcome(
        agency=AGENCY, request=request, at=at + 900_000, intent=index,
        outcome=OutcomeKind.ANSWERED, verdict="allow", status=200, answer=os.urandom(32).hex(),
        delivered=812, tokens_in=220, tokens_out=180,
    )  # fmt: skip
    return intent, outcome


def fill(dsn: str, entries: int) -> None:
    """Append so many entries, two thousand in a transaction, as they come in order."""
    at = time.time_ns() // 1000 - entries * 1_000_000
    with psycopg.connect(dsn, autocommit=True) as connection:
        for start in range(0, entries, BATCH):
            batch: list[Entry] = []
            for index in range(start, min(entries, start + BATCH), 2):
                at += 1_000_000
                batch += pair(index, index, at)
            leaves = [encode(each) for each in batch]
            connection.execute(
                APPEND.encode(),
                {
                    "agency": AGENCY, "count": len(batch),
                    "requests": [each.request for each in batch],
                    "attempts": [each.attempt for each in batch],
                    "types": [str(each.__struct_config__.tag) for each in batch],
                    "leaves": leaves, "hashes": [leaf_hash(each) for each in leaves],
                },
            )  # fmt: skip


def spent() -> tuple[float, float]:
    """Seconds: the wall's, and those of the processor."""
    found = os.times()
    return time.monotonic(), sum(found[:4])


def main() -> None:
    """Measure, and print one JSON document."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "pg")
    try:
        migrate(server.dsn)
        os.environ["SHENYONG__DATABASE__DSN"] = server.dsn
        file = lay(folder, settings_text().replace('data_dir = "postgresql"', ""))
        keys = Keys.of(load(file).settings)
        key = keys.log_key(AGENCY)
        assert key is not None
        print(json.dumps(measured(server.dsn, file, entries, keys), indent=1))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def measured(dsn: str, file: Path, entries: int, keys: Keys) -> dict[str, object]:
    """The figures of one size."""
    from shenyong.cli.restore import opened_archive, proved, read_manifest

    key = keys.log_key(AGENCY)
    assert key is not None

    async def begin() -> None:
        writer = LedgerWriter(dsn, started=1)
        await writer.start({AGENCY: str(key.verifying)})
        await writer.stop()

    asyncio.run(begin())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO agency (id, name_zh, name_en, applicability, parent) "
            "VALUES (%s, 'x', 'x', 'mandatory', '')", [AGENCY],
        )  # fmt: skip
    fill(dsn, entries)
    asyncio.run(Checkpointer(dsn, {AGENCY: key}).once(AGENCY))
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    began = spent()
    done = take(dsn, file.parent / "b.shenyong.tar", program_version="bench",
                at=time.time_ns() // 1000, signing=keys.backup_key())  # fmt: skip
    backed = spent()
    with opened_archive(done.path) as archive:
        outcome = proved(archive, read_manifest(archive), file, (), sealed=(None, None), work=None)
    ended = spent()
    assert outcome.ok, outcome.told()
    return {
        "entries": entries,
        "database_bytes": row[0] if row else 0,
        "backup_bytes": done.size,
        "backup_seconds": round(backed[0] - began[0], 2),
        "backup_cpu_seconds": round(backed[1] - began[1], 2),
        "verify_seconds": round(ended[0] - backed[0], 2),
        "verify_cpu_seconds": round(ended[1] - backed[1], 2),
    }


if __name__ == "__main__":
    main()
