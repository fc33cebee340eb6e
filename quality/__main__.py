"""``python -m quality``: how well inspection finds what is there; writes docs/quality.md.

Options: ``--only open`` measures the hand-written texts that tuning may see and writes nothing;
``--missed N`` prints that many values missed and findings wrong. The locked texts are read only by
the whole run, and their misses are never printed: who tunes must not learn from them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from quality import evasions, made, peers
from quality.marks import Sample, read
from quality.score import Said, Score, Sheet, named

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "tests" / "quality"
PAGE = ROOT / "docs" / "quality.md"
SEED, MADE, HIDDEN = 2026, 2000, 50
_SHOWN = ("PERSON", "FOLLOW", "ADDRESS", "COMPANY")


def hand_written(folder: str) -> list[Sample]:
    """The texts of a folder of tests/quality."""
    return [each for file in sorted((TEXTS / folder).glob("*.txt")) for each in read(file)]


def sheet(samples: Sequence[Sample], inspect: peers.Inspect) -> Sheet:
    """One inspector over some samples."""
    out = Sheet()
    said: list[list[Said]] = inspect([sample.text for sample in samples])
    for sample, each in zip(samples, said, strict=True):
        out.add(sample, each)
    return out


def row(name: str, score: Score) -> str:
    """A line of a table."""
    if not score.values:
        return f"| {name} | 0 | | | {score.said - score.right} wrong | |"

    def share(value: float) -> str:
        return "–" if value != value else f"{value:.3f}"  # noqa: PLR0124 - nan is not itself

    replaced = score.replaced / score.values
    return (
        f"| {name} | {score.values} | {share(score.recall)} | {share(score.precision)} "
        f"| {share(score.f1)} | {replaced:.3f} |"
    )


def table(found: Sheet) -> list[str]:
    """All kinds of one run."""
    lines = ["| kind | values | recall | precision | F1 | replaced |", "|---|---|---|---|---|---|"]
    kinds = [kind for kind in found.kinds if kind not in ("AGENCY", "AGENCY_ADDRESS", "OFFICIAL")]
    ordered = [*(kind for kind in _SHOWN if kind in kinds), *(k for k in kinds if k not in _SHOWN)]
    lines += [row(kind, found.score(kind)) for kind in ordered]
    numbers = [found.score(kind) for kind in ordered if kind not in _SHOWN]
    if numbers:
        totals = Score(*(sum(column) for column in zip(*numbers, strict=True)))
        lines.append(row("**identifiers, all**", totals))
    return lines


def hidden_table(inspect: peers.Inspect) -> list[str]:
    """Evasions: the share of hidden values that are replaced or make the request refused."""
    lines = ["| evasion | values | recall |", "|---|---|---|"]
    for way, samples in evasions.hidden(SEED, HIDDEN).items():
        said = inspect([sample.text for sample in samples])
        caught = sum(
            any(one.start <= mark.start and mark.end <= one.end for one in each)
            for sample, each in zip(samples, said, strict=True)
            for mark in sample.marks
        )
        lines.append(f"| {way} | {len(samples)} | {caught / len(samples):.3f} |")
    return lines


def told(found: Sheet, count: int) -> None:
    """Print what was missed and what was wrong, for who tunes."""
    for sample, mark in found.missed[:count]:
        around = sample.text[max(0, mark.start - 12) : mark.end + 12].replace("\n", "⏎")
        print(f"missed {mark.kind:18} {sample.text[mark.start : mark.end]:14} …{around}…")
    for sample, each in found.wrong[:count]:
        around = sample.text[max(0, each.start - 12) : each.end + 12].replace("\n", "⏎")
        print(f"wrong  {each.kind:18} {sample.text[each.start : each.end]:14} …{around}…")


def speed(inspect: peers.Inspect, samples: Sequence[Sample]) -> float:
    """Milliseconds per 1,000 characters over the samples, each seen for the first time."""
    texts = [sample.text for sample in samples]
    begun = time.perf_counter()
    inspect(texts)
    return (time.perf_counter() - begun) * 1e6 / sum(map(len, texts))


def main() -> None:
    """Measure, print, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=("open",))
    options.add_argument("--missed", type=int, default=0)
    chosen = options.parse_args()
    mine, every = peers.ours(), peers.ours(public=True)
    opened = hand_written("open")
    if chosen.only:
        found = sheet(opened, mine)
        print("\n".join(table(found)))
        told(found, chosen.missed)
        return
    generated, locked = made.made(SEED, MADE), hand_written("locked")
    parts = [
        ("Written by hand, locked away from tuning", locked),
        ("Written by hand, open to tuning; the tagger learnt from them too", opened),
        ("Made by a seeded source, with hard negatives", generated),
    ]
    page = [PAGE.read_text("utf-8").partition("<!-- measured -->")[0] + "<!-- measured -->"]
    for title, samples in parts:
        characters = sum(len(sample.text) for sample in samples)
        page += ["", f"## {title}", "", f"{len(samples)} texts, {characters:,} characters.", ""]
        page += table(sheet(samples, mine))
        names = named(samples, every([sample.text for sample in samples]))
        page.append(row("names of citizens and officials, exact", names))
    page += ["", "## Evasions", "", *hidden_table(mine)]
    page += ["", "## Beside others", ""]
    page += ["The locked texts, which none of us has seen: recall / precision.", ""]
    page += beside(locked, mine)
    page += ["", "Not measured here:"]
    page += [f"- {name}: {why}" for name, why in peers.NOT_MEASURED.items()]
    PAGE.write_text("\n".join(page) + "\n", "utf-8")
    print("\n".join(page))


_COMPARED = ("PERSON", "ADDRESS", "tw_national_id", "tw_mobile", "tw_landline", "email")


def beside(samples: Sequence[Sample], mine: peers.Inspect) -> list[str]:
    """A table of inspectors."""
    lines = [
        "| inspector | " + " | ".join(_COMPARED) + " | ms per 1,000 characters |",
        "|---|" + "---|" * (len(_COMPARED) + 1),
    ]
    lines.append(_line("Shenyong", mine, samples))
    for peer in peers.PEERS:
        inspect = peers.theirs(peer)
        if inspect is not None:
            lines.append(_line(f"{peer.package} ({peer.what})", inspect, samples))
    return lines


def _line(name: str, inspect: peers.Inspect, samples: Sequence[Sample]) -> str:
    found = sheet(samples, inspect)
    cells = []
    for kind in _COMPARED:
        score = found.score(kind)
        precision = "–" if not score.said else f"{score.precision:.2f}"
        cells.append(f"{score.recall:.2f} / {precision}")
    return f"| {name} | {' | '.join(cells)} | {speed(inspect, samples):.2f} |"


if __name__ == "__main__":
    main()
