"""Disclosure: levels, wording, marks in documents, release, `verify`, and the public register.

confirmed text ──▶ sheet ──▶ ODT · DOCX · PDF/A ──▶ what each shows ──▶ statement (DSSE, in-toto)
                                     ▲── confirmation + the ledger's proof inside ◀──┘

Pure: bytes in, bytes out. Point 6 of the guideline, and the proof of point 5.
"""

from __future__ import annotations

from shenyong.disclosure.docx import make_docx
from shenyong.disclosure.levels import Facts, Level, WordingError, notice, suggested
from shenyong.disclosure.numbers import new_number, tidy
from shenyong.disclosure.odt import odt
from shenyong.disclosure.pdf import NoFontError, pdf
from shenyong.disclosure.record import Record, as_csv, as_json, as_ods, harmless
from shenyong.disclosure.sheet import Sheet, lines_of
from shenyong.disclosure.statement import (
    Bundle,
    Confirmation,
    Signed,
    StatementError,
    payload_digest,
    signed,
    statement,
)
from shenyong.disclosure.verify import Result, Verdict, claimed_by, verify, verify_seen
from shenyong.disclosure.visible import Seen, UnreadableError, from_document, seen, sidecar

__all__ = [
    "Bundle",
    "Confirmation",
    "Facts",
    "Level",
    "NoFontError",
    "Record",
    "Result",
    "Seen",
    "Sheet",
    "Signed",
    "StatementError",
    "UnreadableError",
    "Verdict",
    "WordingError",
    "as_csv",
    "as_json",
    "as_ods",
    "claimed_by",
    "from_document",
    "harmless",
    "lines_of",
    "make_docx",
    "new_number",
    "notice",
    "odt",
    "payload_digest",
    "pdf",
    "seen",
    "sidecar",
    "signed",
    "statement",
    "suggested",
    "tidy",
    "verify",
    "verify_seen",
]
