"""Figures of an agency's ledger, and the signs of ways round the rules. Pure.

Counts by point, verdict, unit, model and day; how long from request to confirmed draft; and what an
auditor looks for: keys that many places share, signatures faster than reading, approvals in a ring,
requests that were split or reworded after a refusal. A sign is a reason to look, never a verdict.

Source: the guideline's general statement (accountability), point 1 (efficiency, and its risks).
"""

from __future__ import annotations

# guideline: ey-genai-2023:0
# guideline: ey-genai-2023:1
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

import msgspec

from shenyong.ledger.entry import Admin, Decided, Entry, Intent, Outcome, Step

_TAIPEI = timezone(timedelta(hours=8))
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
NIGHT = (22, 6)
MANY_USERS = 5
"""From how many end users on a key that names one official on it looks shared."""


class Sign(msgspec.Struct, frozen=True):
    """Something to look at: a code (its words are ``audit.sign.<code>``), whom, and how often.

    `entries` are indexes of up to ten entries that show it.
    """

    code: str
    subject: str
    count: int
    entries: tuple[int, ...]


class Survey(msgspec.Struct):
    """Figures of a time. `by_day` has a row a day: verdict → count. Durations in microseconds."""

    requests: int = 0
    verdicts: Counter[str] = msgspec.field(default_factory=Counter)
    points: Counter[str] = msgspec.field(default_factory=Counter)
    units: Counter[str] = msgspec.field(default_factory=Counter)
    models: Counter[str] = msgspec.field(default_factory=Counter)
    uses: Counter[str] = msgspec.field(default_factory=Counter)
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    by_day: dict[str, Counter[str]] = msgspec.field(default_factory=dict)
    steps: Counter[str] = msgspec.field(default_factory=Counter)
    tokens: int = 0
    confirm_us: list[int] = msgspec.field(default_factory=list)
    signs: list[Sign] = msgspec.field(default_factory=list)

    @property
    def median_confirm_us(self) -> int:
        """The median time from a matter's first draft to its confirmation; 0 if there is none."""
        ordered = sorted(self.confirm_us)
        return ordered[len(ordered) // 2] if ordered else 0


class _Signs:
    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[int]] = defaultdict(list)

    def see(self, code: str, subject: str, index: int) -> None:
        self.found[code, subject].append(index)

    def told(self) -> list[Sign]:
        return sorted(
            (
                Sign(code, subject, len(entries), tuple(entries[:10]))
                for (code, subject), entries in self.found.items()
            ),
            key=lambda each: (-each.count, each.code, each.subject),
        )


def survey(
    entries: Iterable[tuple[int, Entry]], units: Mapping[str, str], since: int = 0
) -> Survey:
    """Figures and signs of `entries` (index, entry) from `since` on; `units` by person."""
    told, signs = Survey(), _Signs()
    first: dict[str, int] = {}
    users: dict[str, dict[str, int]] = defaultdict(dict)
    refused: dict[str, tuple[int, int]] = {}
    countersigned: dict[tuple[str, str], list[int]] = defaultdict(list)
    submitted: dict[str, str] = {}
    for index, entry in entries:
        if entry.at < since:
            continue
        if isinstance(entry, Intent | Decided):
            _request(told, entry, units)
            _request_signs(signs, index, entry, users, refused)
        elif isinstance(entry, Outcome):
            told.outcomes[entry.outcome.value] += 1
            told.tokens += entry.tokens_in + entry.tokens_out
        elif isinstance(entry, Step):
            told.steps[entry.action] += 1
            _step(told, entry, first)
            if entry.hasty:
                signs.see("hasty", entry.actor, index)
            if entry.action == "draft.submit":
                submitted[entry.subject] = entry.actor
            elif entry.action == "draft.countersign" and entry.subject in submitted:
                countersigned[submitted[entry.subject], entry.actor].append(index)
        elif isinstance(entry, Admin) and entry.action == "record.unmask":
            signs.see("unmasked", entry.actor, index)
    for (writer, signer), found in countersigned.items():
        back = countersigned.get((signer, writer))
        if back and writer < signer:
            for index in sorted((*found, *back)):
                signs.see("ring", f"{writer}, {signer}", index)
    for key, seen in users.items():
        if len(seen) >= MANY_USERS:
            for index in seen.values():
                signs.see("shared_key", key, index)
    told.signs = signs.told()
    return told


def _request(told: Survey, entry: Intent | Decided, units: Mapping[str, str]) -> None:
    told.requests += 1
    told.verdicts[entry.verdict] += 1
    told.points.update(entry.points)
    told.units[units.get(entry.owner, "")] += 1
    told.models[entry.model] += 1
    told.uses[entry.use_case] += 1
    told.kinds.update(entry.kinds)
    when = datetime.fromtimestamp(entry.at / 1e6, _TAIPEI)
    told.by_day.setdefault(f"{when:%Y-%m-%d}", Counter())[entry.verdict] += 1


def _request_signs(
    signs: _Signs,
    index: int,
    entry: Intent | Decided,
    users: dict[str, dict[str, int]],
    refused: dict[str, tuple[int, int]],
) -> None:
    hour = datetime.fromtimestamp(entry.at / 1e6, _TAIPEI).hour
    person = entry.actor.startswith("official")
    if person and (hour >= NIGHT[0] or hour < NIGHT[1]):
        signs.see("night", entry.owner, index)
    if person and entry.user:
        users[entry.key].setdefault(entry.user, index)
    if isinstance(entry, Decided) and entry.verdict == "deny":
        refused[entry.owner] = (entry.at, entry.size)
    elif isinstance(entry, Intent) and entry.owner in refused:
        at, size = refused[entry.owner]
        # The same size within five minutes, and nothing found any more: reworded, perhaps.
        if entry.at - at < 5 * _MINUTE and size == entry.size and not entry.kinds:
            signs.see("reworded", entry.owner, index)
            del refused[entry.owner]
    if isinstance(entry, Intent) and entry.environment == "E0":
        signs.see("unregistered", entry.owner, index)


def _step(told: Survey, entry: Step, first: dict[str, int]) -> None:
    first.setdefault(entry.subject, entry.at)
    if entry.action in ("draft.confirm", "draft.countersign"):
        told.confirm_us.append(entry.at - first[entry.subject])
