"""What stands near a number: the words before and after it, and the head of its column.

domain.md 4.2: nine identifiers are reported only where their surroundings say what they are. The
nearest words count: up to `BEFORE` characters before and `AFTER` after, within the sentence, or
the head of the same column of a table (tab, pipe or comma).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

BEFORE = 20
AFTER = 8
_STOP = re.compile(r"[。;；!?！？]|\n\s*\n")
_END = re.compile(r"[。;；!?！？\n]")
_PSEUDONYM = re.compile("〔[^〔〕\n]{1,12}〕")
_MARKS = ("\t", "|", ",")
_HEAD = 16  # characters of the longest head of a column
_ROW = 2000  # characters of the longest row
_CELL = 48  # characters of the longest cell: prose has commas, too


def _blotted(piece: str) -> str:
    """Without our own pseudonyms: 〔護照1〕 must not say what the number beside it is."""
    return _PSEUDONYM.sub("", piece) if "〔" in piece else piece


def windows(
    ends: Iterable[int], reach: tuple[int, int], length: int, more: Iterable[tuple[int, int]] = ()
) -> list[tuple[int, int]]:
    """Disjoint ranges within `reach` before and after each of `ends`, and `more`, in order."""
    back, ahead = reach
    wanted = [(max(0, end - back), min(length, end + ahead)) for end in ends]
    wanted.extend(more)
    merged: list[tuple[int, int]] = []
    for low, high in sorted(wanted):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


class Surroundings:
    """The neighbourhoods within one text; rows of tables are walked once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tops: dict[tuple[int, str], int] = {}

    def before(self, start: int, reach: int = BEFORE) -> str:
        """The words before `start`, back to the sentence's beginning."""
        piece = _blotted(self.text[max(0, start - reach) : start])
        cut = 0
        for stop in _STOP.finditer(piece):
            cut = stop.end()
        return piece[cut:]

    def after(self, end: int, reach: int = AFTER) -> str:
        """The words after `end` on the same line, up to the sentence's end."""
        piece = self.text[end : end + reach]
        piece = _blotted(piece)
        stop = _END.search(piece)
        return piece[: stop.start()] if stop else piece

    def beside(self, start: int, end: int, words: re.Pattern[str]) -> bool:
        """Whether `words` stand before or after ``start..end``."""
        return bool(words.search(self.before(start)) or words.search(self.after(end)))

    def near(self, start: int, end: int, words: re.Pattern[str]) -> bool:
        """Whether `words` stand beside ``start..end`` or at the head of its column."""
        return self.beside(start, end, words) or bool(words.search(self.column_head(start)))

    def column_head(self, start: int) -> str:
        """The topmost cell of the column in which `start` stands, or ``""`` outside a table."""
        low, high = self._line(start)
        mark = self._mark(low, high)
        if not mark:
            return ""
        top = self._top(low, mark)
        if top == low:
            return ""
        left = self.text.rfind(mark, low, start) + 1
        right = self.text.find(mark, start, high)
        if (right if right >= 0 else high) - (left or low) > _CELL:
            return ""
        column = self.text.count(mark, low, start)
        cells = self.text[top : self._line(top)[1]].split(mark)
        if len(cells) <= column or len(cells[column].strip()) > _HEAD:
            return ""
        return cells[column]

    def column_cells(self, position: int) -> Iterator[tuple[int, int]]:
        """The cells below the head of a column, in which `position` stands."""
        low, high = self._line(position)
        mark = self._mark(low, high)
        if not mark or self._top(low, mark) != low:
            return
        column = self.text.count(mark, low, position)
        while high < len(self.text):
            low, high = self._line(high + 1)
            cells = self.text[low:high].split(mark)
            if len(cells) <= column:
                return
            start = low + sum(len(cell) + 1 for cell in cells[:column])
            if len(cells[column]) <= _CELL:
                yield start, start + len(cells[column])

    def _line(self, position: int) -> tuple[int, int]:
        """The line around `position`, as far as a row can be long."""
        low, high = max(0, position - _ROW), min(len(self.text), position + _ROW)
        start = self.text.rfind("\n", low, position) + 1
        end = self.text.find("\n", position, high)
        return start or low, high if end < 0 else end

    def _mark(self, low: int, high: int) -> str:
        if high - low >= _ROW:
            return ""
        return next((mark for mark in _MARKS if self.text.find(mark, low, high) >= 0), "")

    def _top(self, low: int, mark: str) -> int:
        """Where the topmost row begins of the rows above `low` that hold `mark`."""
        walked = []
        row = low
        while (row, mark) not in self._tops:
            walked.append(row)
            if row == 0:
                break
            above = self._line(row - 1)
            if self.text.find(mark, *above) < 0:
                break
            row = above[0]
        top = self._tops.get((row, mark), row)
        for each in walked:
            self._tops[each, mark] = top
        return top
