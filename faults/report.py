"""docs/reliability.md: the tables between its marks are written from the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from faults import figures
from faults.figures import Figures, Soaked, Tally
from faults.line import LINES

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"


def write() -> None:
    """Write the tables anew."""
    text = PAGE.read_text("utf-8")
    known = figures.read()
    for name, body in (
        ("summary", _summary(known)),
        ("matrix", _matrix(known)),
        ("soak", _soak(known.soak)),
    ):
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        _, _, after = rest.partition(f"<!-- /{name} -->\n")
        text = f"{before}<!-- {name} -->\n\n{body}\n<!-- /{name} -->\n{after}"
    PAGE.write_text(text, "utf-8")


def _counted(known: Figures) -> tuple[int, int, int, int, float]:
    tallies = [known.matrix.get(name, Tally()) for name in LINES]
    kills = ("kill-storm", "kill-worker", "kill-gateway", "kill-main", "memory-killed")
    return (
        sum(each.times for each in tallies),
        sum(each.violations for each in tallies),
        sum(each.calls for each in tallies),
        sum(known.matrix.get(name, Tally()).times for name in kills),
        max((each.longest for each in tallies), default=0.0),
    )


def _summary(known: Figures) -> str:
    times, violations, calls, kills, longest = _counted(known)
    few = sum(known.matrix.get(name, Tally()).times < 100 for name in LINES)
    recorded = "，每一則都先有紀錄" if times and not violations else ""
    lines = [
        f"故障演練 {len(LINES)} 種，共 {times:,} 次，違反不變條件 {violations} 次；"
        f"其間模型收到 {calls:,} 則請求{recorded}。",
        f"閘道行程被強制終止 {kills:,} 次，未記錄的呼叫 0 次。恢復服務最久 {longest:g} 秒。"
        if not violations
        else f"閘道行程被強制終止 {kills:,} 次。恢復服務最久 {longest:g} 秒。",
        f"每種目標 100 次，尚有 {few} 種未達，次數見下表。" if few else "每種都達到 100 次。",
        "",
        f"{len(LINES)} faults, {times:,} rounds, {violations} with a violation; the model got "
        f"{calls:,} requests meanwhile. Processes of the gateway killed {kills:,} times. "
        f"Longest time to return {longest:g} s. "
        + (f"{few} lines have not reached their 100 rounds yet." if few else ""),
    ]
    return "\n".join(lines) + "\n"


def _matrix(known: Figures) -> str:
    rows = [
        "| fault | 故障 | times | violations | calls of the model | not served meanwhile "
        "| longest return (s) | allowed (s) | last run |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, line in LINES.items():
        tally = known.matrix.get(name, Tally())
        last = f"{tally.last} `{tally.commit}`" if tally.times else "never"
        rows.append(
            f"| **{name}**: {line.en} | {line.zh} | {tally.times} | {tally.violations} "
            f"| {tally.calls:,} | {tally.unserved:,} | {tally.longest:.1f} "
            f"| {line.back_seconds:g} | {last} |"
        )
    rows += ["", f"Machine: {known.machine}."]
    open_ones = {name: known.matrix[name].examples for name in LINES if name in known.matrix}
    for name, examples in open_ones.items():
        rows += [f"- {name}: {each}" for each in _cut(examples)]
    return "\n".join(rows) + "\n"


def _cut(examples: Sequence[str]) -> list[str]:
    return [each.replace("|", "/").replace("\n", " ")[:300] for each in examples]


def _soak(soak: Soaked) -> str:
    if not soak.requests:
        return "Not run yet.\n"
    verdict = "nothing amiss" if not soak.violations else "; ".join(soak.violations)
    return (
        f"Last run {soak.last} `{soak.commit}`: {soak.minutes:g} minutes at {soak.rate:.0f} "
        f"requests a second ({soak.load}), {soak.requests:,} requests, {soak.failed} not served; "
        f"{verdict}.\n\n"
        "| | first tenth | last tenth | slope |\n|---|---:|---:|---:|\n"
        f"| memory of all processes (MiB) | {soak.rss_mib[0]:.0f} | {soak.rss_mib[1]:.0f} "
        f"| {soak.rss_slope:+.2f} % an hour |\n"
        f"| open descriptors | {soak.fds[0]} | {soak.fds[1]} | {soak.fds_slope:+.2f} an hour |\n"
        f"| p50 (ms) | {soak.p50_ms[0]:.1f} | {soak.p50_ms[1]:.1f} | |\n"
        f"| p99 (ms) | {soak.p99_ms[0]:.1f} | {soak.p99_ms[1]:.1f} "
        f"| {soak.p99_slope:+.1f} % an hour |\n"
    )
