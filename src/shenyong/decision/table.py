"""Decision tables: a conformance suite for a pack, compared row by row.

Format (JSON): ``{"columns": […], "rows": [[…], …]}`` with the columns `COLUMNS`. Data and
environments are written as a code, ``_``, and a word (``D2_personal``); ``-`` stands for no
confirmation. Source: domain.md 8.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shenyong.decision.facts import Facts
from shenyong.decision.judge import Judge
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose, Verdict

COLUMNS = ("purpose", "data", "env", "env_max", "actor", "decision", "cites")


class TableError(ValueError):
    """A table that cannot be read: which row (1-based; 0 for the file), and why."""

    def __init__(self, row: int, problem: str) -> None:
        self.row, self.problem = row, problem
        super().__init__(f"row {row}: {problem}" if row else problem)


class Row(msgspec.Struct, frozen=True):
    """One row: the facts, the verdict expected of them, and what it cites. `number` is 1-based."""

    number: int
    facts: Facts
    verdict: Verdict
    cites: tuple[str, ...]


class Disagreement(msgspec.Struct, frozen=True):
    """A row on which the table and the policies differ."""

    row: Row
    verdict: Verdict
    cites: tuple[str, ...]
    rules: tuple[str, ...]


class TableReport(msgspec.Struct, frozen=True):
    """How far policies and table agree.

    `agree` counts rows with the same verdict, `cites_agree` those with the same citations too (as
    sets). `disagree` lists the rows that differ in the verdict, `cites_disagree` those that differ
    in the citations only.
    """

    rows: int
    agree: int
    cites_agree: int
    disagree: tuple[Disagreement, ...]
    cites_disagree: tuple[Disagreement, ...]


class _File(msgspec.Struct):
    columns: tuple[str, ...]
    rows: list[tuple[str, str, str, str, str, str, tuple[str, ...]]]


def read_table(content: bytes) -> tuple[Row, ...]:
    """The rows of a table file.

    Raises:
        TableError: not JSON of that format, an unknown column, word or code.
    """
    try:
        file = msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError as error:
        raise TableError(0, f"not a decision table: {error}") from error
    if file.columns != COLUMNS:
        raise TableError(0, f"columns are {', '.join(file.columns)}; expected {', '.join(COLUMNS)}")
    verdicts = {verdict.word: verdict for verdict in Verdict}
    rows = []
    for number, (purpose, data, env, env_max, actor, decision, cites) in enumerate(file.rows, 1):
        try:
            facts = Facts(
                purpose=Purpose(purpose),
                data=frozenset({DataClass(_code(data))}) - {DataClass.PUBLIC},
                environment=Environment(_code(env)),
                env_max=None if env_max == "-" else DataClass(_code(env_max)),
                actor=Actor(actor),
            )
            rows.append(Row(number, facts, verdicts[decision], cites))
        except (ValueError, KeyError) as error:
            raise TableError(number, f"unknown word: {error}") from error
    return tuple(rows)


def check_table(rows: Iterable[Row], judge: Judge) -> TableReport:
    """Compare every row with what `judge` decides."""
    rows = tuple(rows)
    disagree: list[Disagreement] = []
    cites_disagree: list[Disagreement] = []
    for row in rows:
        found = judge.decide(row.facts)
        if found.verdict is not row.verdict:
            disagree.append(Disagreement(row, found.verdict, found.cites, found.rules))
        elif set(found.cites) != set(row.cites):
            cites_disagree.append(Disagreement(row, found.verdict, found.cites, found.rules))
    agree = len(rows) - len(disagree)
    return TableReport(
        rows=len(rows),
        agree=agree,
        cites_agree=agree - len(cites_disagree),
        disagree=tuple(disagree),
        cites_disagree=tuple(cites_disagree),
    )


def _code(word: str) -> str:
    return word.partition("_")[0]
