"""Protocols: what clients and models' servers say, as typed values, and back as bytes.

Invariants:
    * A body is parsed once and strictly (`strict_json`), and what is sent is written anew from what
      was inspected (`openai_chat`, `openai_answer`); nothing is passed through (ADR 0030).
    * A refusal names the point, the place and a remedy, and never the value (`refusal`, ADR 0031).
    * A failure is no refusal: other codes, other statuses (`failure`).

Source: ux.md 3, reliability.md 0.1-0.2 and 2.3-2.4; points 3 and 4 of the guideline.
What it leaves to others: sockets, time, who asks, deciding, and the ledger.
"""
