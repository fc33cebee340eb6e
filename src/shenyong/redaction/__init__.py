"""redaction: personal data out of what leaves, and back into what returns.

Invariants:
    * Redaction replaces what it is told to and never decides; what comes of it is inspected again
      by the caller (guideline.md, readings 4).
    * A value has one pseudonym in a request, wherever it stands, and the same in the next turn of
      the conversation, without anything being stored (docs/adr/0040).
    * Text of the answer is released only after it was inspected together with what followed it, so
      that no part of a finding is released before the finding is known (reliability.md G9).

Pure. What it leaves to others: what must go (`shenyong.decision`), finding it
(`shenyong.inspection`), keeping the map of pseudonyms and the time (`shenyong.gateway`).
"""

from shenyong.redaction.pseudonyms import Style
from shenyong.redaction.redact import Redaction, redact
from shenyong.redaction.restore import Restorer
from shenyong.redaction.settle import Settled, settle
from shenyong.redaction.window import Action, OutputWindow, Released

__all__ = [
    "Action",
    "OutputWindow",
    "Redaction",
    "Released",
    "Restorer",
    "Settled",
    "Style",
    "redact",
    "settle",
]
