"""Forms as data: what a record asks, and whether an answer is one.

A form's words are ``gov.<kind>.<field>`` in the catalogues, those of a choice
``gov.<kind>.<field>.<choice>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

Sort = Literal[
    "line", "text", "choice", "choices", "day", "number", "person", "model", "use", "case", "file"
]
Values = dict[str, str | list[str]]
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400_000_000


class Field(msgspec.Struct, frozen=True):
    """A question of a form.

    `sort` ``line`` is one line, ``text`` several; ``person``, ``model`` and ``use`` name one of the
    agency's; ``case`` a matter by its number; ``file`` is the text of a file that is handed in. A
    `masked` answer is personal: it is shown masked, and unmasking it is recorded. `low` and `high`
    bound a number. What is not `asked` is found out by the program and kept with the answers;
    nobody can put it into a form.
    """

    name: str
    sort: Sort = "line"
    required: bool = True
    choices: tuple[str, ...] = ()
    masked: bool = False
    low: int = 0
    high: int = 1_000_000_000
    pattern: str = ""
    asked: bool = True

    @property
    def most(self) -> int:
        """How many characters an answer may have."""
        return 200_000 if self.sort in ("text", "file") else 300


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with an answer; its words are ``gov.problem.<code>``."""

    field: str
    code: str


class Known(msgspec.Struct, frozen=True):
    """What there is to name: ids of the agency's people, models and uses."""

    people: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()


def read_form(
    fields: Iterable[Field], given: Mapping[str, list[str]], known: Known
) -> tuple[Values, tuple[Problem, ...]]:
    """The answers, tidied, and what is wrong with them. Nothing typed is thrown away."""
    values: Values = {}
    problems: list[Problem] = []
    for field in (each for each in fields if each.asked):
        told = [each.replace("\r\n", "\n").rstrip() for each in given.get(field.name, [])]
        # A text keeps its first lines as they are: errors name lines.
        whole = field.sort in ("text", "file")
        answers = [each if whole else each.strip() for each in told if each.strip()]
        values[field.name] = answers if field.sort == "choices" else (answers or [""])[0]
        if not answers:
            if field.required:
                problems.append(Problem(field.name, "missing"))
            continue
        code = next((code for each in answers if (code := _wrong(field, each, known))), "")
        if code:
            problems.append(Problem(field.name, code))
    return values, tuple(problems)


def _wrong(field: Field, answer: str, known: Known) -> str:
    if len(answer) > field.most or (field.sort not in ("text", "file") and "\n" in answer):
        return "too_long"
    if any(ord(each) < 32 and each not in "\n\t" for each in answer):
        return "control"
    if field.pattern and not re.fullmatch(field.pattern, answer):
        return "pattern"
    checks = {
        "choice": lambda: answer in field.choices,
        "choices": lambda: answer in field.choices,
        "day": lambda: day(answer) is not None,
        "number": lambda: (
            answer.isascii() and answer.isdigit() and field.low <= int(answer) <= field.high
        ),
        "person": lambda: answer in known.people,
        "model": lambda: answer in known.models,
        "use": lambda: answer in known.uses,
    }
    check = checks.get(field.sort)
    return field.sort if check is not None and not check() else ""


def day(answer: str) -> date | None:
    """An ISO day, or one of the 民國 era as 115-11-24 or 115/11/24; None if it is no day."""
    parts = re.fullmatch(r"(\d{2,4})[-/.](\d{1,2})[-/.](\d{1,2})", answer)
    if parts is None:
        return None
    year = int(parts[1])
    try:
        return date(year + 1911 if year < 1000 else year, int(parts[2]), int(parts[3]))
    except ValueError:
        return None


def midnight(when: date) -> int:
    """The beginning of a day in Taipei, UTC in microseconds."""
    return (when.toordinal() - _EPOCH) * _DAY - _DAY // 3


def text(values: Mapping[str, str | list[str]], name: str) -> str:
    """An answer as one text; "" if there is none."""
    value = values.get(name, "")
    return value if isinstance(value, str) else "、".join(value)


def many(values: Mapping[str, str | list[str]], name: str) -> tuple[str, ...]:
    """An answer as several: choices as they are, a text by its lines."""
    value = values.get(name, "")
    if isinstance(value, str):
        return tuple(each.strip() for each in value.splitlines() if each.strip())
    return tuple(value)
