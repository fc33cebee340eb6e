"""Examples of an agency's rules: facts and the verdict that its author expects (unit tests).

A line is ``data=D2 env=E1 purpose=general actor=official_need_to_know expect=redact``; what is
left out is as ordinary as can be. A line that begins with ``#`` is a remark.
"""

from __future__ import annotations

import msgspec

from shenyong.decision.facts import Facts
from shenyong.decision.judge import Judge
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose, Verdict


class ExampleError(ValueError):
    """A line that is no example: its number and what is wrong, as ``gov.example.<code>``."""

    def __init__(self, line: int, code: str, word: str = "") -> None:
        super().__init__(f"line {line}: {code}")
        self.line, self.code, self.word = line, code, word


class Example(msgspec.Struct, frozen=True):
    """One of them; `line` is its number in the text, 1-based."""

    line: int
    facts: Facts
    expect: Verdict


class Failed(msgspec.Struct, frozen=True):
    """An example that came out otherwise."""

    example: Example
    verdict: Verdict


def read(text: str) -> tuple[Example, ...]:
    """The examples of a text. Raises ExampleError."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(_example(number, line))
    return tuple(found)


def run(examples: tuple[Example, ...], judge: Judge) -> tuple[Failed, ...]:
    """Those that come out otherwise than expected."""
    verdicts = [(each, judge.decide(each.facts).verdict) for each in examples]
    return tuple(Failed(each, found) for each, found in verdicts if found is not each.expect)


def _example(number: int, line: str) -> Example:
    said: dict[str, str] = {}
    for word in line.split():
        name, equals, value = word.partition("=")
        if not equals or not value or name in said:
            raise ExampleError(number, "word", word)
        said[name] = value
    expect = {each.word: each for each in Verdict}.get(said.pop("expect", ""))
    if expect is None:
        raise ExampleError(number, "expect")
    try:
        facts = _facts(said)
    except (ValueError, KeyError) as error:
        raise ExampleError(number, "value", str(error.args[0])[:60]) from None
    return Example(number, facts, expect)


def _facts(said: dict[str, str]) -> Facts:
    environment = Environment(said.pop("env", "E1"))
    covered = said.pop("env_max", "")
    classes = [each for each in said.pop("data", "").split("+") if each and each != "D0"]
    facts = Facts(
        purpose=Purpose(said.pop("purpose", "general")),
        data=frozenset(map(DataClass, classes)),
        environment=environment,
        env_max=DataClass(covered) if covered else None,
        actor=Actor(said.pop("actor", "official_need_to_know")),
        question_personal=Likelihood(said.pop("question_personal", "none")),
        question_confidential=Likelihood(said.pop("question_confidential", "none")),
        kinds=frozenset(filter(None, said.pop("kinds", "").split("+"))),
        model=said.pop("model", ""),
        use_case=said.pop("use", ""),
        unit=said.pop("unit", ""),
        hour=int(said.pop("hour", "10")),
        weekday=int(said.pop("weekday", "3")),
        trained=said.pop("trained", "yes") == "yes",
        lineage=frozenset(filter(None, said.pop("lineage", "").split("+"))),
        country=said.pop("country", ""),
    )
    if said:
        raise ValueError(next(iter(said)))
    return facts
