"""The holding window: text of an answer is released only after it was inspected with what follows.

One window for each field of each choice (content, refusal, reasoning, the arguments of each tool
call). Text comes in pieces of any size. Held back is a tail that could still be the beginning of a
finding: what follows the last end of a sentence, a number or word that runs on, an open bracket of
a pseudonym; at most `TAIL` code points, or `RUN` if they are one unbroken run, such as a key. What
was released stays in front as context for at least `CONTEXT` code points, so values cut over pieces
and the words beside them are seen. Finding and judging are the caller's.

Source: reliability.md 2.2 (a window of 64 finds 2,000 of 2,000), G9; design.md (a stopped output).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from shenyong.inspection.finding import Finding
from shenyong.wording import UnknownKeyError
from shenyong.wording import text as wording

TAIL: Final = 64
"""Code points: the longest tail that is held back, a single unbroken run apart."""
CONTEXT: Final = 64
"""Code points of released text that are inspected again in front of new text."""
RUN: Final = 1024
"""Code points: the longest unbroken run (base64, a token) that is held back or kept whole."""
STEP: Final = 40
"""Code points that can be released before the next inspection is worth its cost."""
FLUSH_AFTER_MS: Final = 150
"""Milliseconds of held text after which the shell calls `OutputWindow.flush` (G9)."""

_NEAR = 12  # a number waits for the words after it that explain it (inspection looks 8 ahead)
_NAME = 4  # Han characters that a name may have
_OPEN = 24  # code points of the longest pseudonym, with room for spaces
_NUMERAL = "〇零一二三四五六七八九十百千壹貳參叁肆伍陸柒捌玖拾"
_PLACE = "縣市鄉鎮區村里鄰路街段巷弄號樓室之"
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_LETTER = re.compile(rf"(?![{_NUMERAL}])[{_HAN}]")
_END = re.compile(rf"(?<=[{_HAN}）」』】])(?<![{_NUMERAL}{_PLACE}])[。！？；\n][」』）\n]*")
_CLAUSE = re.compile(r"[，。；：！？、\n]")
_LONG_NUMBER = re.compile(r"[0-9０-９][0-9０-９ \-]{3,}[0-9０-９]")


class Action(StrEnum):
    """What becomes of a finding in an answer."""

    PASS = "pass"  # noqa: S105
    MASK = "mask"
    STOP = "stop"


class Released(msgspec.Struct, frozen=True):
    """What goes out now.

    `findings` are those decided now, with code points of the whole field as it came, and `actions`
    what became of each. After `stopped` nothing more is released. `late` counts code points of
    a masked or stopped finding that had been released before it could be known.
    """

    text: str = ""
    stopped: bool = False
    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    late: int = 0


Inspect = Callable[[str], Sequence[Finding]]
JudgeOutput = Callable[[Sequence[Finding]], Action]
_NOTHING: Final = Released()


# guideline: ey-genai-2023:4
class OutputWindow:
    """Holds back the text of one field until it was inspected. Not safe to share between tasks.

    `inspect` gives the findings of a text, with code points of it. `judge` says what to do with
    findings that overlap each other; where they are stopped, nothing from their start on goes out.
    `hold` is the longest tail, in code points.
    """

    def __init__(self, inspect: Inspect, judge: JudgeOutput, *, hold: int = TAIL) -> None:
        self._inspect, self._judge, self._hold = inspect, judge, hold
        self._context = ""  # released already, as it came
        self._pending = ""
        self._released = 0  # code points of the field as it came
        self._seen = 0  # length of pending when it was last looked at
        self._step = 1
        self.stopped = False

    @property
    def pending(self) -> int:
        """Code points held back."""
        return len(self._pending)

    def feed(self, text: str) -> Released:
        """Take a piece of the answer; what can go out now, often nothing."""
        if self.stopped or not text:
            return _NOTHING
        self._pending += text
        size = len(self._pending)
        if size - self._seen < min(self._step, 16) and not _END.search(text):
            return _NOTHING
        self._seen = size
        cut = _cut(self._context, self._pending, self._hold)
        if cut < self._step:
            return _NOTHING
        return self._release(cut)

    def flush(self) -> Released:
        """Inspect now; all goes out but what looks like the beginning of a value."""
        if self.stopped or not self._pending:
            return _NOTHING
        cut = _least_cut(self._pending, self._hold)
        return self._release(cut) if cut else _NOTHING

    def finish(self) -> Released:
        """The rest, when no more comes."""
        if self.stopped or not self._pending:
            return _NOTHING
        return self._release(len(self._pending), last=True)

    def _release(self, cut: int, *, last: bool = False) -> Released:
        front = len(self._context)
        text = self._context + self._pending
        base = self._released - front
        self._step = STEP
        parts: list[str] = []
        done = front
        cut += front
        decided: list[Finding] = []
        actions: list[Action] = []
        late = 0
        for start, end, found in _clusters(self._inspect(text)):
            if end <= front:
                continue  # decided before
            if start >= cut:
                break
            if end >= cut and not last:
                cut = max(start, front)  # it may go on: decide when its end is seen
                break
            action = self._judge(found)
            decided += [
                msgspec.structs.replace(each, start=each.start + base, end=each.end + base)
                for each in found
            ]
            actions += [action] * len(found)
            if action is Action.PASS:
                continue
            late += max(0, front - start)
            parts.append(text[done : max(start, front)])
            if action is Action.STOP:
                self.stopped = True
                self._context = self._pending = ""
                return Released("".join(parts), True, tuple(decided), tuple(actions), late)
            parts.append(_masked(found))
            done = end
        parts.append(text[done:cut])
        self._pending = text[cut:]
        self._seen = len(self._pending)
        self._released += cut - front
        self._context = text[_context_start(text, cut) : cut]
        return Released("".join(parts), False, tuple(decided), tuple(actions), late)


def _clusters(findings: Sequence[Finding]) -> list[tuple[int, int, list[Finding]]]:
    """Findings that overlap, together, by place."""
    clusters: list[tuple[int, int, list[Finding]]] = []
    for finding in sorted(findings, key=lambda each: (each.start, -each.end)):
        if clusters and finding.start < clusters[-1][1]:
            start, end, found = clusters[-1]
            clusters[-1] = (start, max(end, finding.end), [*found, finding])
        else:
            clusters.append((finding.start, finding.end, [finding]))
    return clusters


def _masked(found: Sequence[Finding]) -> str:
    """What stands in a masked finding's place: 〔已遮蔽：身分證字號〕."""
    widest = max(found, key=lambda each: each.end - each.start)
    try:
        kind = wording(f"kind.{widest.kind}")
    except UnknownKeyError:
        kind = wording("kind.other")
    return wording("output.masked", kind=kind)


def _cut(context: str, text: str, hold: int) -> int:
    """How much of `text` can go: up to the last end of a sentence, or all but `hold`."""
    size = len(text)
    cut = max(0, size - hold)
    for end in _END.finditer(context[-1:] + text, cut):
        cut = max(cut, min(size, end.end() - len(context[-1:])))
    for number in _LONG_NUMBER.finditer(text, max(0, cut - 2 * _NEAR)):
        if number.start() >= cut:
            break
        tail = text[number.end() : size]
        if len(tail) < _NEAR and not any(mark in tail for mark in "。！？\n"):
            cut = number.start()
            break
    return _before_run(text, cut, hold)


def _least_cut(text: str, hold: int) -> int:
    """How much can go when time is up: all but the last clause, or the last words of plain ASCII.

    A name, an address or a date with its units has no such mark inside.
    """
    size = len(text)
    cut = low = max(0, size - hold)
    for mark in _CLAUSE.finditer(text, low):
        cut = mark.end()
    if not _LETTER.search(text, cut):
        cut = size
    return _before_run(text, cut, hold)


def _before_run(text: str, cut: int, hold: int) -> int:
    """`cut` moved before the word, number, name or bracket that it would stand in."""
    if cut == 0 or _END.match(text, cut - 1):
        return cut
    low = max(0, cut - hold)
    start = cut
    while start > low and not _LETTER.match(text[start - 1]) and text[start - 1] not in "。！？；":
        start -= 1
    digits = any(char.isdigit() or char in _NUMERAL or ord(char) > 0x7F for char in text[start:cut])
    if start < cut and not digits:  # plain words: the last two can be the beginning of a value
        words = text[start:cut].rsplit(None, 2)
        start = cut - len(text[start:cut]) if len(words) < 3 else text.rindex(words[1], start, cut)
    if start == cut:  # a Han tail: perhaps a name
        while start > max(0, cut - _NAME) and _LETTER.match(text[start - 1]):
            start -= 1
    floor = max(0, start - RUN)
    while start > floor and _unbroken(text[start - 1]) and _unbroken(text[start : start + 1]):
        start -= 1
    bracket = text.rfind("〔", max(0, cut - _OPEN), cut)
    if bracket >= 0 and text.find("〕", bracket, cut) < 0:
        start = min(start, bracket)
    return start


def _unbroken(char: str) -> bool:
    """A character of a token, a key or an encoded run."""
    return char != "" and char.isascii() and not char.isspace()


def _context_start(text: str, cut: int) -> int:
    """Where the context before `cut` starts: no run of it is cut."""
    start = max(0, cut - CONTEXT)
    floor = max(0, start - RUN)
    while start > floor and _unbroken(text[start - 1]) and _unbroken(text[start : start + 1]):
        start -= 1
    return start
