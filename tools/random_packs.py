"""Random agency packs over the whole schema: that none loosens a row of the decision table.

    python -m tools.random_packs [--packs 10000] [--rows 40] [--seed 1] [--table FILE]

Each pack has one to four ``forbid`` rules whose conditions use every attribute of the schema,
negated and joined at random, some of which err when evaluated. Each is loaded by the loader that
agencies' packs go through, and decided over ``--rows`` rows of the table (0: all), by turns,
so that every row is met as often as the others. Prints counts; exit 1 if a row got looser.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from shenyong.decision import Judge, load_agency_pack
from shenyong.decision.table import read_table
from shenyong.guideline import load_pack
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose

TABLE = Path(__file__).parents[2] / "shared" / "spec" / "decision_table.json"
_SETS = {
    "data": tuple(each.value for each in DataClass),
    "kinds": ("person_name", "tw_national_id", "ubn", "secret", "marking"),
    "lineage": ("gemma", "qwen", "llama"),
}
_TEXTS = {
    "purpose": tuple(each.value for each in Purpose),
    "environment": tuple(each.value for each in Environment),
    "questionPersonal": tuple(each.value for each in Likelihood),
    "questionConfidential": tuple(each.value for each in Likelihood),
    "production": ("none", "possible"),
    "model": ("", "local/m", "qwen-72b"),
    "useCase": ("", "letters"),
    "unit": ("", "一科"),
    "country": ("", "TW", "US"),
}
_NUMBERS = {"confirmed": (-2, 8), "hour": (0, 24), "weekday": (1, 8)}
_FLAGS = ("questionConfirmed", "productionConfirmed", "unreadable", "trained")
_ACTIONS = ("send", "sendRedacted", "sendApproved")
ATTRIBUTES = (*_SETS, *_TEXTS, *_NUMBERS, *_FLAGS)


def _condition(chance: random.Random, depth: int = 0) -> str:
    if depth < 3 and chance.random() < 0.45:
        one = _condition(chance, depth + 1)
        if chance.random() < 0.3:
            return f"!({one})"
        return f"({one} {chance.choice(('&&', '||'))} {_condition(chance, depth + 1)})"
    name = chance.choice(ATTRIBUTES)
    if name in _SETS:
        some = ", ".join(f'"{each}"' for each in chance.sample(_SETS[name], 2))
        return chance.choice((
            f'context.{name}.contains("{chance.choice(_SETS[name])}")',
            f"context.{name}.containsAny([{some}])", f"context.{name}.containsAll([{some}])",
            f"context.{name}.isEmpty()",
        ))  # fmt: skip
    if name in _TEXTS:
        told = chance.choice(_TEXTS[name])
        return chance.choice((f'context.{name} == "{told}"', f'context.{name} like "*{told[:2]}*"'))
    if name in _NUMBERS:
        if chance.random() < 0.1:  # overflows when evaluated: the judge must refuse, not skip it
            return f"context.{name} * 9223372036854775807 > {chance.randint(1, 9)}"
        return (
            f"context.{name} {chance.choice(('<', '<=', '=='))} {chance.randint(*_NUMBERS[name])}"
        )
    return f"context.{name}"


def pack_text(chance: random.Random) -> str:
    """A pack's Cedar text."""
    rules = []
    for number in range(chance.randint(1, 4)):
        who = chance.choice(
            ("principal", f'principal == Actor::"{chance.choice(list(Actor)).value}"')
        )
        some = ", ".join(
            f'Action::"{each}"' for each in chance.sample(_ACTIONS, chance.randint(1, 3))
        )
        rules.append(
            f'@id("random.{number}") @reason_zh("隨機規定{number}")\n'
            f"forbid ({who}, action in [{some}], resource) "
            f"{chance.choice(('when', 'unless'))} {{ {_condition(chance)} }};"
        )
    return "\n".join(rules)


def main() -> int:
    """Try the packs and print what came of it."""
    options = argparse.ArgumentParser(prog="python -m tools.random_packs")
    options.add_argument("--packs", type=int, default=10_000)
    options.add_argument("--rows", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--table", type=Path, default=TABLE)
    chosen = options.parse_args()
    floor, rows = load_pack(), read_table(chosen.table.read_bytes())
    chance, began = random.Random(chosen.seed), time.monotonic()
    stricter = looser = same = 0
    step = max(1, len(rows) // chosen.rows) if chosen.rows else 1
    for number in range(chosen.packs):
        text = pack_text(chance)
        judge = Judge(floor, [load_agency_pack("random", text, floor)])
        for row in rows[number % step :: step]:
            verdict = judge.decide(row.facts).verdict
            stricter += verdict > row.verdict
            same += verdict is row.verdict
            if verdict < row.verdict:
                looser += 1
                print(text, row, sep="\n", file=sys.stderr)
    took = time.monotonic() - began
    print(f"{chosen.packs} packs, {stricter + same + looser} decisions in {took:.0f} s: "
          f"{stricter} stricter, {same} the same, {looser} looser")  # fmt: skip
    return 1 if looser else 0


if __name__ == "__main__":
    sys.exit(main())
