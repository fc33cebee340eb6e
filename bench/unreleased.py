"""``python -m bench.unreleased``: the register of what is not released, with ten million passages.

A real PostgreSQL with 10 million fingerprints (random ones, and those of one draft); then: memory
and time of the filter, time of a lookup for 1,000 characters, what of edited copies is seen, and
what of the statutes is taken for the draft. Needs `../shared` for the statutes.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
import uuid
import zipfile
from pathlib import Path

import numpy as np
import opencc
import psycopg

from shenyong.inspection.fingerprints import Printer
from shenyong.inspection.register import Register, Registered, findings
from shenyong.registry import Agency
from shenyong.storage import unreleased
from shenyong.storage.migrate import engine_for, migrate
from shenyong.storage.registry import save
from shenyong.storage.server import EmbeddedServer

PRINTS, DOCUMENTS = 10_000_000, 2_000
LAWS = Path(__file__).parents[1] / "../shared/data/statutes/ChLaw.zip"


def _laws() -> list[str]:
    with zipfile.ZipFile(LAWS) as archive:
        laws = json.loads(archive.read("ChLaw.json").decode("utf-8-sig"))["Laws"]
    return ["\n".join(each["ArticleContent"] for each in law["LawArticles"]) for law in laws]


def _fill(dsn: str, printer: Printer, draft: str) -> Registered:
    engine = engine_for(dsn)
    with engine.begin() as writing:
        save(writing, Agency("a", "甲", "A"))
    engine.dispose()
    rng = np.random.default_rng(1)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(DOCUMENTS):
            values = rng.integers(-(2**63), 2**63 - 1, PRINTS // DOCUMENTS)
            document = Registered(str(uuid.uuid4()), "a", "x", "lin")
            unreleased.add(connection, document, values.tolist())
        mine = Registered(str(uuid.uuid4()), "a", "x", "lin")
        unreleased.add(connection, mine, [each.value for each in printer.prints(draft)])
        connection.execute("ANALYZE unreleased_print")
    return mine


def _seen(register: Register, connection: psycopg.Connection, text: str) -> int:
    suspects = register.suspects({"t": text})
    values = [each.value for each in suspects.get("t", [])]
    if not values:
        return 0
    rows = connection.execute(
        "SELECT print, document::text FROM unreleased_print WHERE print = ANY(%s) AND agency = %s",
        [values, "a"],
    ).fetchall()
    known: dict[int, list[Registered]] = {}
    for value, document in rows:
        known.setdefault(value, []).append(Registered(document, "a", "x", "lin"))
    return len(findings(suspects, known, 0))


def main() -> None:
    """Measure and print."""
    printer = Printer(b"k" * 32)
    laws = _laws()
    draft = "".join(random.Random(3).sample("".join(laws[:40]), 4000))
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            migrate(server.dsn)
            begun = time.perf_counter()
            _fill(server.dsn, printer, draft)
            print(f"registering {PRINTS:,} fingerprints: {time.perf_counter() - begun:.0f} s")
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                begun = time.perf_counter()
                register = Register(printer, unreleased.load_filter(connection, "a"))
                spent = time.perf_counter() - begun
                print(f"loading the filter: {spent:.1f} s, {register.filter.size / 1e6:.0f} MB")
                _measure(register, connection, laws, draft)
        finally:
            server.stop()


def _measure(
    register: Register, connection: psycopg.Connection, laws: list[str], draft: str
) -> None:
    prose = "".join(laws)[:1_000_000]
    for name, pieces in (
        ("ordinary text", [prose[at : at + 1000] for at in range(0, len(prose), 1000)]),
        ("text of the draft", [draft[at : at + 1000] for at in range(0, 3000, 10)]),
    ):
        spent, told = [], 0
        for piece in pieces:
            begun = time.perf_counter()
            told += _seen(register, connection, piece)
            spent.append(time.perf_counter() - begun)
        spent.sort()
        middle, late = spent[len(spent) // 2], spent[int(len(spent) * 0.99)]
        print(
            f"lookup of 1,000 characters, {name}: p50 {middle * 1e3:.2f} ms, "
            f"p99 {late * 1e3:.2f} ms; {told} findings in {len(pieces)}"
        )
    rng = random.Random(5)
    script = opencc.OpenCC("t2s")

    def part(length: int) -> str:
        at = rng.randrange(len(draft) - length)
        return draft[at : at + length]

    def edited(text: str, share: float) -> str:
        characters = list(text)
        for at in rng.sample(range(len(text)), round(len(text) * share)):
            characters[at] = rng.choice("某等其或及與")
        return "".join(characters)

    for name, make in (
        ("30 characters", lambda: part(30)),
        ("50 characters", lambda: part(50)),
        ("100 characters, simplified", lambda: script.convert(part(100))),
        ("100 characters, 2 % changed", lambda: edited(part(100), 0.02)),
        ("100 characters, 5 % changed", lambda: edited(part(100), 0.05)),
        ("100 characters, 10 % changed", lambda: edited(part(100), 0.10)),
        ("300 characters, 10 % changed", lambda: edited(part(300), 0.10)),
        ("300 characters in shuffled pieces of 40", lambda: "，".join(part(40) for _ in range(7))),
    ):
        seen = sum(bool(_seen(register, connection, make())) for _ in range(300))
        print(f"seen, of copies of {name}: {seen / 3:.1f} %")
    told = sum(_seen(register, connection, law) for law in laws)
    print(f"false findings in all statutes ({sum(map(len, laws)):,} characters): {told}")


if __name__ == "__main__":
    main()
