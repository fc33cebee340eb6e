"""``python -m training.measure``: what the tagger finds, of each kind, and how fast.

On the open hand-written texts (those that training had are no measure: name by ``--only`` the ones
that were left out), on the shared sentences and on the treebank's test part. The locked texts are
not read here; ``make quality`` measures them. ``--missed`` shows what was missed or wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from shenyong.inspection.tagging import Weights, tag, weights
from shenyong.inspection.tagging.network import read_weights
from training.sources import KINDS, OPEN, PERSONS, Text, sentences, treebank, written

Place = tuple[int, int]


class Count:
    """Right, wrong and missed."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = 0

    def add(self, wanted: set[Place], found: set[Place]) -> None:
        """Count one text."""
        self.right += len(wanted & found)
        self.wrong += len(found - wanted)
        self.missed += len(wanted - found)

    def __str__(self) -> str:
        recall = self.right / max(1, self.right + self.missed)
        precision = self.right / max(1, self.right + self.wrong)
        both = 2 * recall * precision / max(1e-9, recall + precision)
        return (
            f"R {recall:.3f}  P {precision:.3f}  F1 {both:.3f}  ({self.right + self.missed} values)"
        )


def _shown(text: str, place: Place, what: str) -> str:
    start, end = place
    around = f"{text[max(0, start - 9) : start]}[{text[start:end]}]{text[end : end + 9]}"
    return f"    {what:6} " + around.replace("\n", "⏎")


def measured(texts: list[Text], learnt: Weights, nothing: float, show: bool) -> dict[str, Count]:
    """By kind; names of persons are right whatever the office, which is counted apart."""
    counts = {kind: Count() for kind in ("names", *KINDS)}
    for text, mentions, *_ in texts:
        found = tag(text, learnt, nothing)
        follow = [(a, b) for a, b, kind in mentions if kind == "FOLLOW"]
        wanted = {(a, b) for a, b, kind in mentions if kind in (*PERSONS, "NAME")}
        names = {(each.start, each.end) for each in found if each.kind.name in PERSONS}
        names -= {
            (a, b) for a, b in names - wanted for c, d in follow if a < d and c < b
        }  # part of a follow-up mention: neither right nor wrong
        counts["names"].add(wanted, names)
        for kind in KINDS:
            counts[kind].add(
                {(a, b) for a, b, each in mentions if each == kind},
                {(each.start, each.end) for each in found if each.kind.name == kind},
            )
        if show:
            for place in sorted(wanted ^ names):
                print(_shown(text, place, "missed" if place in wanted else "wrong"))
    return counts


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--weights", type=Path)
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--nothing", type=float, default=0.0)
    options.add_argument("--missed", action="store_true")
    chosen = options.parse_args()
    if chosen.weights:
        body = chosen.weights.read_bytes()
        learnt = read_weights(body, hashlib.sha256(body).hexdigest())
    else:
        learnt = weights()
    opened = written(OPEN)
    sets = {
        name: [each for each in opened if each.source == name]
        for name in sorted({each.source for each in opened})
    }
    if chosen.only:
        sets = {name: sets[name] for name in chosen.only}
    sets |= {name: sentences(name) for name in ("sentences-60", "sentences-36")}
    sets["gsd test"] = treebank("test")
    for name, texts in sets.items():
        show = chosen.missed and name[-1] in "ab"
        for kind, count in measured(texts, learnt, chosen.nothing, show).items():
            if kind == "names" or name[-1] in "ab":
                print(f"{name:14} {kind:9} {count}")
    text = "".join(each.text for each in opened)
    begun = time.perf_counter()
    for at in range(0, len(text) - 1000, 1000):
        tag(text[at : at + 1000], learnt)
    print(
        f"{(time.perf_counter() - begun) / (len(text) // 1000) * 1e3:.3f} ms per 1,000 characters"
    )


if __name__ == "__main__":
    main()
