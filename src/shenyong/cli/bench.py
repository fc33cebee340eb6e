"""``shenyong bench``: how fast this machine inspects and decides. No server, no database.

Every text is different, so no cache helps. The comparison with other gateways is `make bench`.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Annotated

from cyclopts import Parameter

from shenyong.cli.output import Exit, print_json, tell
from shenyong.cli.words import say

_SENTENCE = "本案業經會勘，擬請承辦單位於第{number}週前提出改善計畫，並副知相關機關配合辦理。"


def bench(
    *,
    seconds: Annotated[float, Parameter(help=say("bench.seconds"))] = 3.0,
    json: Annotated[bool, Parameter(help=say("json"), negative=())] = False,
) -> Exit:
    """Measure reading and inspection for 1,000 characters, and whole checks of a line."""
    from shenyong.cli.checking import check_line, inspector, judge
    from shenyong.reading import read
    from shenyong.reading.passage import Source

    inspect, _ = inspector(), judge()
    number = 0

    def text() -> str:
        nonlocal number
        number += 1
        return "".join(_SENTENCE.format(number=number * 31 + each) for each in range(27))[:1000]

    def timed(work: object) -> float:
        assert callable(work)
        until = time.monotonic() + seconds / 2
        taken: list[int] = []
        while time.monotonic() < until or len(taken) < 5:
            words = text()
            begun = time.process_time_ns()
            work(words)
            taken.append(time.process_time_ns() - begun)
        return median(taken) / 1e6

    found = {
        "inspect_ms_per_1000_characters": timed(
            lambda words: inspect.inspect(read((Source("text", words),)))
        ),
        "check_ms_per_1000_characters": timed(lambda words: check_line({"text": words})),
        "texts": number,
    }
    if json:
        print_json(found)
    else:
        tell(
            say(
                "bench.result",
                inspect=f"{found['inspect_ms_per_1000_characters']:.3f}",
                check=f"{found['check_ms_per_1000_characters']:.3f}",
                texts=number,
            )
        )
    return Exit.FINE
