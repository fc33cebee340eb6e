"""Restoring: the caller gets back what the caller wrote, wherever the chunks were cut.

One pass over the answer. Only what may still become a pseudonym is held back: from an opening
bracket, for at most as many characters as a pseudonym has. Models change what they copy, so other
brackets, spaces, full-width digits and Han numerals are understood too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from shenyong.redaction.json_text import escaped
from shenyong.redaction.pseudonyms import number

_OPEN: Final = frozenset("〔[【（(［﹝")
_CLOSE: Final = frozenset("〕]】）)］﹞")
_SPACE: Final = frozenset(" \u3000\u00a0")
_DIGIT: Final = frozenset("0123456789０１２３４５６７８９〇零一二三四五六七八九十")
_SPACES, _DIGITS = 2, 5
_START: Final = re.compile(r"[〔\[【（(［﹝]")
_START_JSON: Final = re.compile(r"[〔\[【（(［﹝\\]")
_OWN: Final = re.compile(r"〔(.+?)([0-9]+)〕\Z")
_ESCAPE = 6  # \u3014


_TAIL: Final = 2048  # characters of an address that is still recognised as one

# What makes the rest an address that leads elsewhere: // (browsers take a backslash for it too).
_SLASHES: Final = re.compile(r"[/\\]/|/\\|:\\\\")
_SLASHES_JSON: Final = re.compile(r"(?:\\?/){2}")
_ATTRIBUTE: Final = re.compile(r"(?:src|href)\s{0,4}=\s{0,4}\\?([\"'])")
_STOPS: Final = re.compile("[，。、；：！？「」（）]")


class _UndecidedError(Exception):
    """The text ends before it can be told whether a pseudonym stands there."""


class Restorer:
    """Restores pseudonyms in the chunks of one field of an answer.

    `pseudonyms` is pseudonym → original, as `Redaction.pseudonyms` has it. With `json`, the text is
    JSON (tool-call arguments): originals are escaped as in a string literal, and pseudonyms are
    understood where the model wrote them as ``\\uXXXX``.

    In a web address a pseudonym stays: a window that loads an image would carry the caller's data
    to whoever the model, or a text it read, named there.
    """

    def __init__(self, pseudonyms: Mapping[str, str], *, json: bool = False) -> None:
        self._json = json
        self._originals: dict[tuple[str, int], str] = {}
        for pseudonym, original in pseudonyms.items():
            own = _OWN.match(pseudonym)
            if own is None:
                raise ValueError("not a pseudonym of ours")
            self._originals[own[1], int(own[2])] = escaped(original) if json else original
        self._words = tuple({word for word, _ in self._originals})
        self._start = _START_JSON if json else _START
        self._held = ""
        self._tail = ""

    # guideline: ey-genai-2023:4
    def feed(self, text: str) -> str:
        """What can be given out after this chunk."""
        if not self._originals:
            return text
        return self._restore(self._held + text, last=False)

    def finish(self) -> str:
        """What was held back, when no more comes."""
        return self._restore(self._held, last=True)

    def _restore(self, text: str, *, last: bool) -> str:
        said = self._replaced(text, last=last)
        self._tail = (self._tail + text[: len(text) - len(self._held)])[-_TAIL:]
        return said

    def _in_address(self, before: str) -> bool:
        """Whether a web address goes on where this text ends.

        By itself it ends at a space or at a mark of Chinese punctuation, in a link or an image at a
        space, in pointed brackets or an attribute where these end.
        """
        slashes = _SLASHES_JSON if self._json else _SLASHES
        line = (self._tail + before)[-_TAIL:].rpartition("\n")[2]
        pointed = line.rfind("](<")
        if pointed >= 0 and ">" not in line[pointed:]:
            return slashes.search(line, pointed) is not None
        for attribute in _ATTRIBUTE.finditer(line):
            if attribute[1] not in line[attribute.end() :]:
                return slashes.search(line, attribute.end()) is not None
        run = line.split()[-1] if line and not line[-1].isspace() else ""
        if "](" not in run:
            run = _STOPS.split(run)[-1]
        return slashes.search(run) is not None

    def _replaced(self, text: str, *, last: bool) -> str:
        parts: list[str] = []
        done = at = 0
        self._held = ""
        while found := self._start.search(text, at):
            start = found.start()
            try:
                char, after = self._char(text, start)
                restored = self._pseudonym(text, after) if char in _OPEN else None
            except _UndecidedError:
                if not last:
                    self._held = text[start:]
                    parts.append(text[done:start])
                    return "".join(parts)
                at = start + 1
                continue
            if restored is None:
                at = after
                continue
            original, at = restored
            if not self._in_address(text[:start]):
                parts += (text[done:start], original)
                done = at
        parts.append(text[done:])
        return "".join(parts)

    def _char(self, text: str, at: int) -> tuple[str, int]:
        """The character at `at`, escapes undone, and where the next one starts."""
        if at >= len(text):
            raise _UndecidedError
        char = text[at]
        if char != "\\" or not self._json:
            return char, at + 1
        if at + 1 >= len(text):
            raise _UndecidedError
        if text[at + 1] != "u":
            return "\\", at + 2  # another escape: never part of a pseudonym
        digits = text[at + 2 : at + _ESCAPE]
        if len(digits) < _ESCAPE - 2:
            raise _UndecidedError
        try:
            return chr(int(digits, 16)), at + _ESCAPE
        except ValueError:
            return "\\", at + 2

    def _pseudonym(self, text: str, at: int) -> tuple[str, int] | None:
        """The original for the pseudonym whose inside starts at `at`, and where it ends."""
        char, after = self._spaces(text, at)
        words = self._words
        word = ""
        while words:
            words = tuple(each for each in words if each.startswith(word + char))
            if not words:
                return None
            word += char
            at = after
            if word in words:
                longer = self._longer(text, at, words, word)
                if longer is None:
                    break
                char, after = longer
                continue
            char, after = self._char(text, at)
        char, after = self._spaces(text, at)
        digits = ""
        while char in _DIGIT and len(digits) < _DIGITS:
            digits += char
            char, after = self._char(text, after)
        if not digits:
            return None
        for _ in range(_SPACES):
            if char not in _SPACE:
                break
            char, after = self._char(text, after)
        if char not in _CLOSE:
            return None
        original = self._originals.get((word, number(digits)))
        return None if original is None else (original, after)

    def _longer(
        self, text: str, at: int, words: tuple[str, ...], word: str
    ) -> tuple[str, int] | None:
        """The next character if a longer word goes on with it."""
        if len(words) == 1:
            return None
        char, after = self._char(text, at)
        return (char, after) if any(each.startswith(word + char) for each in words) else None

    def _spaces(self, text: str, at: int) -> tuple[str, int]:
        """The first character that is no space, with at most two spaces before it."""
        char, after = self._char(text, at)
        for _ in range(_SPACES):
            if char not in _SPACE:
                break
            char, after = self._char(text, after)
        return char, after
