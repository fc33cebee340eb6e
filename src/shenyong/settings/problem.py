"""What is wrong with the settings, where, and what was probably meant; as a compiler would say it.

No problem holds a value from the environment or of a secret key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import msgspec

from shenyong.wording import Lang, text


class Problem(msgspec.Struct, frozen=True):
    """One problem.

    `code` names it and its words in the catalogue (``settings.<code>``, filled from `params`).
    `line` and `column` are 1-based, 0 where it is not in the file (then `file` is the name of the
    environment's variable). `length` is in characters. `suggestion` is what was probably meant.
    """

    code: str
    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    params: Mapping[str, object] = {}
    suggestion: str = ""


class SettingsError(ValueError):
    """The settings can't be used; all `problems`, and the file's text to show their places."""

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems, self.source = tuple(problems), source
        places = ", ".join(
            f"{each.file}:{each.line}:{each.column} {each.code}" for each in problems
        )
        super().__init__(places)

    def render(self, lang: Lang = "zh_TW") -> str:
        """All problems for a person."""
        return "\n\n".join(render(problem, self.source, lang) for problem in self.problems)


def render(problem: Problem, source: str, lang: Lang = "zh_TW") -> str:
    """A problem in the manner of rustc: what, where, the line with the place marked, and advice."""
    what = text(f"settings.{problem.code}", lang, **problem.params)
    lines = [f"error[{problem.code}]: {what}"]
    if not problem.line:
        lines.append(f"  --> {problem.file}")
    else:
        number = str(problem.line)
        gutter = " " * len(number)
        lines.append(f"{gutter} --> {problem.file}:{problem.line}:{problem.column}")
        shown = source.splitlines()
        if problem.line <= len(shown):
            row = shown[problem.line - 1].expandtabs(1)
            before = row[: problem.column - 1]
            marked = row[problem.column - 1 :][: problem.length] or " "
            lines.append(f"{gutter} |")
            lines.append(f"{number} | {row}")
            lines.append(f"{gutter} | {' ' * _width(before)}{'^' * _width(marked)}")
    if problem.suggestion:
        lines.append("  = " + text("settings.did_you_mean", lang, suggestion=problem.suggestion))
    lines.append("  = " + text(f"settings.{problem.code}.advice", lang, **problem.params))
    return "\n".join(lines)


def _width(words: str) -> int:
    """Columns on a terminal: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in words)
