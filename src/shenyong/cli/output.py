"""What commands print and how they end."""

from __future__ import annotations

import sys
from enum import IntEnum

import msgspec

STANDARD_INPUT = "\0-"
"""What ``-`` is called between `main` and the commands; no argument of a shell holds a NUL."""


class Exit(IntEnum):
    """The exit codes (design.md, Contracts)."""

    FINE = 0
    FOUND = 1  # findings, or refused
    USAGE = 2  # wrong usage or settings
    UNAVAILABLE = 3  # the database, a port or a file is not there


class Unavailable(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """Something that the command needs is not there. The message is for the person."""


class Misused(Exception):  # noqa: N818
    """The command was called wrongly. The message is for the person."""


def print_json(value: object) -> None:
    """One JSON document in one line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def tell(words: str) -> None:
    """A line for the person, on the standard output."""
    sys.stdout.write(words + "\n")


def warn(words: str) -> None:
    """A line for the person, on the standard error stream."""
    sys.stderr.write(words + "\n")
