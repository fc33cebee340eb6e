"""How long a trial of revised rules takes over a million past decisions, read from PostgreSQL.

    python tools/trial_bench.py [COUNT] [SORTS]

The decisions are made at random from SORTS sorts of facts (0: every one drawn anew), so that the
worst case is measured too. Prints the figures that docs/revision.md quotes.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.storage.past_work import AGENCY, entries, fill
from tests.storage.test_past import AFTER, BEFORE

from shenyong.decision.trial import try_out
from shenyong.storage.migrate import migrate
from shenyong.storage.past import past_decisions
from shenyong.storage.server import EmbeddedServer


def main() -> None:
    """Fill a ledger, try the rules, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    sorts = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "pg")
    try:
        migrate(server.dsn)
        fill(server.dsn, entries(count, BEFORE, sorts=sorts))
        began = time.perf_counter()
        with psycopg.connect(server.dsn) as connection:
            past = past_decisions(connection, AGENCY, 0, 2**60)
        read = time.perf_counter() - began
        trial = try_out(past.pasts, BEFORE, AFTER)
        whole = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{trial.decided:,} decisions, {trial.distinct:,} sorts of facts: "
            f"read {read:.1f} s, whole {whole:.1f} s; {trial.stricter:,} stricter, "
            f"{trial.looser} looser, {trial.people} people; {peak} MB at most"
        )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
