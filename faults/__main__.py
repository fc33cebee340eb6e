"""`python -m faults matrix [--times N] [--only LINE]…` and `python -m faults soak [--minutes M]`.

Both add their figures to faults/figures.json and write docs/reliability.md from it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from faults import figures, report, soak
from faults import lines as _lines
from faults.line import LINES
from faults.lines.writers import previous
from faults.matrix import Round, run, say, stand_of

assert _lines


def main() -> int:
    """Run what was asked for; 1 where anything was wrong."""
    options = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    commands = options.add_subparsers(dest="command", required=True)
    matrix = commands.add_parser("matrix")
    matrix.add_argument("--times", type=int, default=1)
    matrix.add_argument("--only", action="append", default=[])
    matrix.add_argument("--minutes", type=float, default=0.0, help="end after so long")
    matrix.add_argument("--seed", type=int, default=int(time.time()))
    matrix.add_argument("--dry", action="store_true", help="keep no figures")
    matrix.add_argument("--skip", action="append", default=[])
    soaking = commands.add_parser("soak")
    soaking.add_argument("--minutes", type=float, default=60.0)
    commands.add_parser("forget").add_argument("line")
    commands.add_parser("list")
    commands.add_parser("write")
    chosen = options.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # starts are measured as they are in service
    if chosen.command == "list":
        for each in LINES.values():
            print(f"{each.name:22} {each.en}")
        print(f"the upgrade is from {previous()[0] or 'no version: none has this schema'}")
        return 0
    if chosen.command == "forget":
        figures.forget(chosen.line)
    if chosen.command == "soak":
        soaked = soak.run(chosen.minutes, soak.say)
        report.write()
        soak.say("; ".join(soaked.violations) or "nothing amiss")
        return int(bool(soaked.violations))
    if chosen.command != "matrix":
        report.write()
        return 0
    rounds: list[Round] = []

    def told(each: Round) -> None:
        rounds.append(each)
        say(each)
        if not chosen.dry:
            figures.add(each)

    wanted = [
        each
        for name, each in LINES.items()
        if name not in chosen.skip and (not chosen.only or name in chosen.only)
    ]
    wanted.sort(key=stand_of)  # those of one stand together
    until = time.monotonic() + chosen.minutes * 60 if chosen.minutes else None
    run(wanted, chosen.times, told, seed=chosen.seed, until=until)
    if not chosen.dry:
        report.write()
    return int(any(each.violations for each in rounds))


if __name__ == "__main__":
    sys.exit(main())
