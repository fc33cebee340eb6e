"""What the path may look at: values only, replaced as a whole when something changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from shenyong.decision import Judge, gather
from shenyong.decision.facts import Decision, Facts, setting_of
from shenyong.gateway.consider import Inspect
from shenyong.guideline.terms import DataClass, Verdict
from shenyong.inspection.finding import Finding
from shenyong.inspection.register import Register
from shenyong.ledger import Digester
from shenyong.protocols.strict_json import Limits
from shenyong.reading.passage import Source
from shenyong.redaction import Action, Style
from shenyong.registry import Registry


class World(msgspec.Struct, frozen=True):
    """One version of everything that a decision depends on.

    `judges` and `digesters` are by agency. `inspector` is its version with a digest of its rules;
    `worker` the number of the writing worker; `link_base` scheme and host of our pages, or empty.
    `inspect` remembers what was found in a text; `inspect_output`, for pieces of answers that are
    never seen again, need not (it is `inspect` where it is None). `registers` are by agency.
    """

    registry: Registry
    inspect: Inspect
    judges: Mapping[str, Judge]
    digesters: Mapping[str, Digester]
    pepper: bytes
    limits: Limits
    style: Style
    inspector: str
    worker: str
    link_base: str = ""
    inspect_output: Inspect | None = None
    registers: Mapping[str, Register] = {}


_SPOKEN = frozenset({"question_personal", "question_confidential", "produce_classified"})


def asks(finding: Finding) -> bool:
    """Whether a finding is of a question or of an order, so that a person's word may clear it."""
    return finding.kind in _SPOKEN


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
# guideline: ey-genai-2023:5
class OutputJudge:
    """Judges what a model says, by the policies that judged the request.

    The same words on their way out would be masked or stopped, so they are on their way back:
    personal data that the environment may not have are masked, a marking or a secret stops the
    answer. What the model says *about* questions is no question, and a draft that it wrote is not
    an unreleased paper of the agency (D1), so neither counts here.

    It remembers what it saw: `findings`, the strictest `decision`, and whether it `masked`.
    """

    def __init__(self, inspect: Inspect, judge: Judge, facts: Facts) -> None:
        self._inspect = inspect
        self._judge = judge
        self._facts = facts
        self.findings: list[Finding] = []
        self.decision: Decision | None = None
        self.masked = False

    def inspect(self, text: str) -> tuple[Finding, ...]:
        """The findings of a text of the answer that count."""
        found = self._inspect((Source("output", text, role="assistant"),))
        if not found:
            return ()
        return tuple(
            each
            for each in found
            if not asks(each)
            and each.data_class is not DataClass.UNRELEASED
            and (each.data_class not in (None, DataClass.PUBLIC) or each.kind == "encoded")
        )

    def act(self, findings: Sequence[Finding]) -> Action:
        """What becomes of these findings."""
        facts = self._facts
        decision = self._judge.decide(
            gather(
                findings,
                purpose=facts.purpose,
                actor=facts.actor,
                environment=facts.environment,
                env_max=facts.env_max,
                model=facts.model,
                use_case=facts.use_case,
                setting=setting_of(facts),
            )
        )
        self.findings += findings
        if self.decision is None or decision.verdict > self.decision.verdict:
            self.decision = decision
        if decision.verdict is Verdict.ALLOW:
            return Action.PASS
        if decision.verdict is Verdict.REDACT:
            self.masked = True
            return Action.MASK
        return Action.STOP
