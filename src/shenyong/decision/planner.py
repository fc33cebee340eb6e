"""Remedies: plans in order of preference, and the first that the policies permit.

Send as it is; send redacted, inspected again; send elsewhere; hold for an approver (design.md, four
sentences, 1). When none is permitted, the plan is to refuse, and it says for each plan which rules
stood in its way. Whatever is offered to the person has been asked of the policies first: a remedy
in the list is one that works.

Pure: redacting and inspecting again is the caller's, handed in as a function that gives the facts
of the redacted text.

A key may opt in to being sent elsewhere; without that, another model is offered and never taken in
silence, for the caller named a model and would not learn that another one answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Literal

import msgspec

from shenyong.decision.facts import Decision, Facts, Obstacle
from shenyong.decision.judge import PLANS, Judge
from shenyong.guideline.terms import DataClass, Environment, Verdict

Action = Literal["send", "sendRedacted", "hold", "refuse"]
Reinspect = Callable[[], Facts]
_SEND, _REDACTED, _APPROVED = PLANS

_REMOVABLE = (DataClass.UNRELEASED, DataClass.PERSONAL, DataClass.PERSONAL_SPECIAL)
"""What a person may take out of a text. A level is not taken out: that would be to lower it."""


class Candidate(msgspec.Struct, frozen=True):
    """Another model of the registry that the request could go to, with its environment now."""

    model: str
    environment: Environment
    env_max: DataClass | None
    lineage: frozenset[str] = frozenset()
    country: str = ""


class Remedy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What would help, asked of the policies beforehand: `verdict` is what it leads to.

    ``redact``: replace what must not leave. ``reroute``: send to `model`. ``ask_approver``: a named
    approver decides. ``delete``: take the `classes` (or ``unreadable``) out. ``confirm_question``:
    the official confirms that the request touches nothing of `about`.
    """

    op: Literal["redact", "reroute", "ask_approver", "delete", "confirm_question"]
    verdict: str
    model: str = ""
    classes: tuple[str, ...] = ()
    about: str = ""  # "question" or "production"


class Plan(msgspec.Struct, frozen=True):
    """What to do with a request.

    `model` is where it goes (the candidate's, if the key opted in to rerouting); `redact` says that
    the redacted text goes, or is held. `decision` is the policies' word on the request as it came,
    `final` on what would really go (after redaction, at `model`): the same where nothing changed.
    `remedies` are offered, not carried out, but for ``redact`` where `redact` is set. `obstacles`
    lists every plan that was not permitted, in order. `facts` are those of the request at `model`,
    `left` those after redaction, None where nothing was redacted to find out.
    """

    action: Action
    verdict: Verdict
    model: str
    environment: Environment
    redact: bool
    decision: Decision
    final: Decision
    remedies: tuple[Remedy, ...]
    obstacles: tuple[Obstacle, ...]
    facts: Facts
    left: Facts | None = None


class _Way(msgspec.Struct, frozen=True):
    """How a request could go to one model."""

    facts: Facts
    verdict: Verdict
    redact: bool
    decision: Decision
    final: Decision
    obstacles: tuple[Obstacle, ...]
    left: Facts | None = None


# guideline: ey-genai-2023:4
def plan(
    facts: Facts,
    judge: Judge,
    *,
    reinspect: Reinspect,
    candidates: Sequence[Candidate] = (),
    reroute: bool = False,
) -> Plan:
    """The first permitted plan for a request with `facts`.

    `reinspect` redacts, inspects the redacted text, and gives its facts (for the same model, actor
    and purpose); it is called at most once, and only if redaction is part of a plan. `candidates`
    are tried in the order given; `reroute` says that the key opted in to being sent elsewhere.
    """
    again = _Once(reinspect)
    here = _way(facts, judge, again)
    if here.verdict <= Verdict.REDACT:
        return _plan(here, ())
    elsewhere = [_way(_at(facts, other), judge, again) for other in candidates]
    good = [way for way in elsewhere if way.verdict <= Verdict.REDACT]
    if reroute and good:
        taken = min(good, key=lambda way: way.verdict)  # as it is before redacted; then as listed
        return _plan(taken, here.obstacles, decision=here.decision)
    barred = tuple(
        Obstacle(f"reroute:{way.facts.model}", way.final.rules)
        for way in elsewhere
        if way.verdict >= here.verdict
    )
    return _plan(here, barred, remedies=_remedies(here, elsewhere, judge))


class _Once:
    """Redaction and re-inspection, done once at most."""

    def __init__(self, reinspect: Reinspect) -> None:
        self._reinspect = reinspect
        self._facts: Facts | None = None

    def at(self, facts: Facts) -> Facts:
        """The facts of the redacted text, at the model of `facts`."""
        if self._facts is None:
            self._facts = self._reinspect()
        return msgspec.structs.replace(
            self._facts,
            model=facts.model,
            environment=facts.environment,
            env_max=facts.env_max,
            lineage=facts.lineage,
            country=facts.country,
        )


def _way(facts: Facts, judge: Judge, again: _Once) -> _Way:
    """How the request may go to the model of `facts`, redaction and re-inspection included."""
    decision = judge.decide(facts)
    redact = decision.verdict is Verdict.REDACT or (
        decision.verdict is Verdict.APPROVE and _redaction_cures(decision)
    )
    if not redact:
        return _Way(facts, decision.verdict, False, decision, decision, decision.obstacles)
    # The redacted text stands on its own feet: it goes only if the policies let *it* go.
    left = again.at(facts)
    final = judge.decide(left)
    if final.verdict is Verdict.ALLOW:
        return _Way(facts, decision.verdict, True, decision, final, decision.obstacles, left)
    if final.verdict is Verdict.APPROVE and not _redaction_cures(final):
        obstacles = decision.obstacles
        if decision.verdict is Verdict.REDACT:
            obstacles = (*obstacles, Obstacle(_REDACTED, final.rules))
        return _Way(facts, Verdict.APPROVE, True, decision, final, obstacles, left)
    # Redaction left something that must be redacted, or is barred: nothing goes.
    tried = {obstacle.plan for obstacle in decision.obstacles}
    obstacles = (
        *decision.obstacles,
        *(Obstacle(name, final.rules) for name in PLANS if name not in tried),
    )
    return _Way(facts, Verdict.DENY, False, decision, final, obstacles, left)


def _redaction_cures(decision: Decision) -> bool:
    """Whether some rule bars sending as it is and would not bar sending redacted."""
    rules = {obstacle.plan: set(obstacle.rules) for obstacle in decision.obstacles}
    return bool(rules.get(_SEND, set()) - rules.get(_REDACTED, set()))


def _at(facts: Facts, other: Candidate) -> Facts:
    return msgspec.structs.replace(
        facts,
        model=other.model,
        environment=other.environment,
        env_max=other.env_max,
        lineage=other.lineage,
        country=other.country,
    )


def _plan(
    way: _Way,
    barred: Iterable[Obstacle],
    *,
    decision: Decision | None = None,
    remedies: tuple[Remedy, ...] = (),
) -> Plan:
    actions: dict[Verdict, Action] = {
        Verdict.ALLOW: "send",
        Verdict.REDACT: "sendRedacted",
        Verdict.APPROVE: "hold",
        Verdict.DENY: "refuse",
    }
    if way.redact:
        remedies = (Remedy("redact", way.verdict.word), *remedies)
    return Plan(
        action=actions[way.verdict],
        verdict=way.verdict,
        model=way.facts.model,
        environment=way.facts.environment,
        redact=way.redact,
        decision=decision or way.decision,
        final=way.final,
        remedies=remedies,
        obstacles=(*way.obstacles, *barred),
        facts=way.facts,
        left=way.left,
    )


def _remedies(here: _Way, elsewhere: Sequence[_Way], judge: Judge) -> tuple[Remedy, ...]:
    """What would help, in the order in which it is best offered."""
    found: list[Remedy] = []
    for about, confirmed in (
        ("question", msgspec.structs.replace(here.facts, question_confirmed=True)),
        ("production", msgspec.structs.replace(here.facts, production_confirmed=True)),
    ):
        verdict = judge.decide(confirmed).verdict
        if verdict < here.decision.verdict:
            found.append(Remedy("confirm_question", verdict.word, about=about))
    found += [
        Remedy("reroute", way.verdict.word, model=way.facts.model)
        for way in elsewhere
        if way.verdict < here.verdict
    ]
    removal = _removal(here, judge)
    if removal is not None:
        found.append(removal)
    if here.verdict is Verdict.APPROVE:
        found.append(Remedy("ask_approver", Verdict.APPROVE.word))
    return tuple(found)


def _removal(here: _Way, judge: Judge) -> Remedy | None:
    """The fewest things that, taken out by the person, let the rest go, at best as it is."""
    present = [tag for tag in _REMOVABLE if tag in here.facts.data]
    things: list[DataClass | None] = [*present, *([None] if here.facts.unreadable else [])]
    for size in range(1, len(things) + 1):
        best: Remedy | None = None
        for chosen in combinations(things, size):
            left = msgspec.structs.replace(
                here.facts,
                data=here.facts.data - {tag for tag in chosen if tag is not None},
                unreadable=here.facts.unreadable and None not in chosen,
            )
            verdict = judge.decide(left).verdict
            if verdict is Verdict.ALLOW or (verdict is Verdict.REDACT and best is None):
                names = tuple("unreadable" if tag is None else tag.value for tag in chosen)
                best = Remedy("delete", verdict.word, classes=names)
                if verdict is Verdict.ALLOW:
                    break
        if best is not None:
            return best
    return None
