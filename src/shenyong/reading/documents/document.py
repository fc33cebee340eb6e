"""What a document is here: parts with their places, limits, and why one can't be read."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """Why a document is refused; the value is the code, its words are ``document.<code>``."""

    UNKNOWN_FORMAT = "unknown_format"
    NOT_TEXT = "not_text"  # bytes that are no text in an encoding that we know
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    POLYGLOT = "polyglot"  # could be read as two different things
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    TOO_MANY = "too_many"  # members, pages, parts or cells
    ENTITIES = "entities"  # XML that declares entities to be expanded
    UNSAFE_NAME = "unsafe_name"  # a member that would leave its folder
    NEEDS_OCR = "needs_ocr"  # a picture or a scanned page whose words we don't have
    TIMEOUT = "timeout"


class DocumentError(ValueError):
    """A document that can't be read. `place` is the member or page at fault, at most 80 characters.

    Neither `fault` nor `place` holds text of the document but a member's name.
    """

    def __init__(self, fault: Fault, place: str = "") -> None:
        self.fault = fault
        self.place = "".join(char for char in place if char.isprintable())[:80]
        super().__init__(f"{fault.value} {self.place}".strip())


class Limits(msgspec.Struct, frozen=True):
    """How much is read. Sizes in bytes, `characters` in code points of all parts."""

    file: int = 64 * 1024 * 1024
    expanded: int = 256 * 1024 * 1024  # of all members of all archives
    members: int = 5_000
    depth: int = 4  # archives in archives
    ratio: int = 400  # expanded to packed, of one member beyond a megabyte
    parts: int = 20_000
    pages: int = 3_000
    characters: int = 20_000_000
    pictures: int = 0  # whose text is recognised; with 0 a picture is refused with NEEDS_OCR


DEFAULT_LIMITS = Limits()


class Part(msgspec.Struct, frozen=True):
    """A text of the document, and where it stands: ``body``, ``sheet[人員]``, ``page[4]``."""

    path: str
    text: str


class Document(msgspec.Struct, frozen=True):
    """A document that was read whole."""

    format: str
    parts: tuple[Part, ...]


class Budget:
    """The limits as they are spent, over a file and all that is in it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._expanded = limits.expanded
        self._members = limits.members
        self._parts = limits.parts
        self._characters = limits.characters
        self._pictures = limits.pictures

    def expand(self, size: int, place: str) -> None:
        """Account for bytes that came out of an archive."""
        self._expanded -= size
        if self._expanded < 0:
            raise DocumentError(Fault.TOO_LARGE, place)

    def member(self, place: str) -> None:
        """Account for one member of an archive."""
        self._members -= 1
        if self._members < 0:
            raise DocumentError(Fault.TOO_MANY, place)

    def picture(self, place: str) -> None:
        """Account for a picture or page whose text is recognised."""
        if self.limits.pictures == 0:
            raise DocumentError(Fault.NEEDS_OCR, place)
        self._pictures -= 1
        if self._pictures < 0:
            raise DocumentError(Fault.TOO_MANY, place)

    def part(self, path: str, text: str) -> Part:
        """A part, accounted for."""
        self._parts -= 1
        if self._parts < 0:
            raise DocumentError(Fault.TOO_MANY, path)
        self._characters -= len(text)
        if self._characters < 0:
            raise DocumentError(Fault.TOO_LARGE, path)
        return Part(path, text)
