"""Documents: a file's bytes in, its texts out, each with the place where it stands.

What it is for: point 4 forbids to give away what an attachment holds as much as what a prompt says.
So every string that a reader of the file could come to see is in a part: body, headers, footers,
notes, comments, tracked changes, hidden text, properties, labels, file names.

Invariants:
    * What a file is, its bytes say, not its name; a file that could be two things is refused.
    * Nothing is fetched, no entity expanded, nothing written; every loop has a bound (`Limits`).
    * What can't be read whole is refused with a reason (`DocumentError`), never read in part.

Source: guideline.md reading 4; domain.md 2.4 and 3.2; reliability.md 2. Pure. What it leaves to
others: a process of its own and limits of time (`sandbox`), and saying what the texts hold.
"""

from __future__ import annotations

from shenyong.reading.documents.document import (
    DEFAULT_LIMITS,
    Document,
    DocumentError,
    Fault,
    Limits,
    Part,
)
from shenyong.reading.documents.formats import read_document, read_outside

__all__ = [
    "DEFAULT_LIMITS",
    "Document",
    "DocumentError",
    "Fault",
    "Limits",
    "Part",
    "read_document",
    "read_outside",
]
