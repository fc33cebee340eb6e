"""``python -m attack COMMAND``: attacks that run long. Short forms of them stand in the tests.

``same --count N --seed S [--jobs J] [--begin CHUNK] [--state FILE]``
    N generated requests through parse, inspect, forward: what would go is what was inspected.
``evade``
    The held-out evasions, and how many of them inspection reads; a table for docs/security.md.
``schema --examples N``
    schemathesis on docs/openapi.json against a real gateway, N examples for each operation.
``pages``
    Every hostile string in every form of every page, as each role sees it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path


def main() -> int:
    """Run one attack; 1 if it succeeded anywhere."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    options = argparse.ArgumentParser(
        prog="python -m attack", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = options.add_subparsers(dest="command", required=True)
    same = commands.add_parser("same")
    same.add_argument("--count", type=int, default=100_000)
    same.add_argument("--seed", type=int, default=1)
    same.add_argument("--jobs", type=int, default=1)
    same.add_argument("--begin", type=int, default=0)
    same.add_argument("--state", type=Path, default=None)
    commands.add_parser("evade")
    commands.add_parser("pages")
    schema = commands.add_parser("schema")
    schema.add_argument("--examples", type=int, default=200)
    chosen = options.parse_args()
    if chosen.command == "same":
        return _same(chosen)
    if chosen.command == "evade":
        from attack.evade import report

        return report()
    if chosen.command == "pages":
        from attack.pages import run as every_page

        return every_page()
    from attack.schema import run

    return run(chosen.examples)


def _same(chosen: argparse.Namespace) -> int:
    """Chunks of cases until the count is reached; the state is written after each."""
    from attack.same import CHUNK, chunk, one_of

    chunks = max(1, chosen.count // CHUNK)
    each = min(CHUNK, chosen.count)
    work = [(chosen.seed, chosen.begin + number, each) for number in range(chunks)]
    said, failed, began = Counter[str](), 0, time.monotonic()

    def told(number: int, part: Counter[str], wrong: list[str]) -> None:
        nonlocal failed
        said.update(part)
        failed += len(wrong)
        for line in wrong[:20]:
            print(line[:2000], file=sys.stderr, flush=True)
        done, spent = (number + 1) * each, time.monotonic() - began
        line = (
            f"{done - failed} passed, {failed} failed; {done / spent:.0f} a second; "
            f"{dict(sorted(said.items()))}"
        )
        print(line, flush=True)
        if chosen.state:
            state = {"seed": chosen.seed, "begin": chosen.begin, "chunks": number + 1,
                     "cases": done, "failed": failed, "seconds": round(spent), **said}  # fmt: skip
            chosen.state.write_text(json.dumps(state) + "\n", "utf-8")

    if chosen.jobs == 1:
        for number, one in enumerate(work):
            told(number, *chunk(*one))
    else:
        with multiprocessing.get_context("spawn").Pool(chosen.jobs) as pool:
            for number, (part, wrong) in enumerate(pool.imap(one_of, work)):
                told(number, part, wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
