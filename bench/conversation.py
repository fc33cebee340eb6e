"""What a conversation's turns cost: reading and inspection, with and without remembering.

Usage: ``python -m bench.conversation [--turns N] [--characters N]``. Prints one JSON object, times
in milliseconds of one core.
"""

from __future__ import annotations

import argparse
import json
import time

from bench.inspection import LETTER
from shenyong.gateway.consider import inspecting
from shenyong.inspection.inspector import Inspector
from shenyong.inspection.remembering import RememberingInspector
from shenyong.reading.passage import Source


def turns(count: int, characters: int) -> list[Source]:
    texts = [(LETTER.replace("115年", f"{n % 115 + 1}年") * 9)[:characters] for n in range(count)]
    roles = ("user", "assistant")
    return [
        Source(f"messages[{n}].content", f"第{n}則：{text}", roles[n % 2])
        for n, text in enumerate(texts)
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=50)
    options.add_argument("--characters", type=int, default=1000)
    chosen = options.parse_args()
    said = turns(2 * chosen.turns, chosen.characters)
    inspector = Inspector()
    inspector.inspect(())
    report: dict[str, object] = {"turns": chosen.turns, "characters a message": chosen.characters}
    for name, inspect in (
        ("anew", inspecting(inspector)),
        ("remembering", RememberingInspector(inspector).inspect),
    ):
        times = []
        for turn in range(1, chosen.turns + 1):
            begun = time.perf_counter()
            inspect(said[: 2 * turn - 1])
            times.append((time.perf_counter() - begun) * 1e3)
        report[name] = {"first turn": round(times[0], 2), "last turn": round(times[-1], 2)}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
