"""``python -m training.fit``: trains the tagger and writes its weights and their sha256.

Seeded; minutes on two cores. ``--without sentences-b`` leaves files of the open texts out of
training, to measure on them; ``--out`` writes elsewhere. See docs/tagger.md.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from random import Random

from shenyong.inspection.tagging.network import packed
from training import network
from training.copies import Copier
from training.names import Namer
from training.sources import (
    OPEN,
    ROOT,
    Marked,
    Text,
    dictionary,
    english,
    statutes,
    treebank,
    written,
)
from training.streams import Rows, rows
from training.tables import tables

SEED, EPOCHS, COPIES = 2026, 40, 3
NOTHING = 0.0
"""Taken from the logit of nothing. Chosen on texts left out of training."""
_TREEBANK, _STATUTES, _ENGLISH = 1500, 1000, 150  # texts of each in an epoch
_DATA = ROOT / "src/shenyong/inspection/data/tagger.npz"
_HEAD = (
    "# The tagger's weights (tagger.npz), written by training.fit; see docs/tagger.md.\n[sha256]\n"
)


def main() -> None:
    """Train, write, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--epochs", type=int, default=EPOCHS)
    options.add_argument("--copies", type=int, default=COPIES)
    options.add_argument("--width", type=int, default=network.WIDTH)
    options.add_argument("--nothing", type=float, default=NOTHING)
    options.add_argument("--without", nargs="*", default=[])
    options.add_argument("--out", type=Path, default=_DATA)
    chosen = options.parse_args()
    begun = time.monotonic()

    def tell(said: str) -> None:
        print(f"{time.monotonic() - begun:5.0f} s  {said}", flush=True)

    random = Random(chosen.seed)
    words = dictionary()
    namer = Namer(words, random)
    prose = list(statutes())
    random.shuffle(prose)
    half = len(prose) // 2
    texts = written() + [each for each in written(OPEN) if each.source not in chosen.without]
    foreign = english()
    others = treebank("train") + treebank("dev")
    known = tables(words, prose[half:], prose[:half], texts)
    copier = Copier(texts, namer, random)

    def epoch(_: int) -> Rows:
        some = [
            copier.copy(text)
            for text in texts
            for _ in range(chosen.copies if text.marked is Marked.ALL else 1)
        ]
        some += [
            copier.copy(text) if random.random() < 0.7 else text
            for text in random.sample(others, _TREEBANK)
        ]
        some += [
            Text(article[:300], (), "statutes", Marked.NOBODY)
            for article in random.sample(prose[:half], _STATUTES)
        ]
        some += [
            Text(said[:300], (), "english", Marked.NOBODY)
            for said in random.sample(foreign, _ENGLISH)
        ]
        random.shuffle(some)
        return rows(some, known)

    tell(f"{len(texts)} texts, {sum(len(each.text) for each in texts)} characters, "
         f"{sum(len(each.mentions) for each in texts)} mentions")  # fmt: skip
    p = network.begin(known, chosen.seed, chosen.width)
    p = network.train(p, epoch, chosen.epochs, chosen.seed, tell)
    body = packed(network.weights(p, known, chosen.nothing))
    digest = hashlib.sha256(body).hexdigest()
    chosen.out.write_bytes(body)
    chosen.out.with_suffix(".txt").write_text(f"{_HEAD}{digest}\n", "utf-8")
    tell(f"{len(body)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
