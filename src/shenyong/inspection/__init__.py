"""Inspection: passages in, findings out. Findings are facts; this room never decides.

What it is for: point 4 of the guideline (nothing confidential, personal or unreleased is given to a
generative model), over everything that leaves and everything that comes back.

Invariants:
    * One automaton over each view of each passage; text without a candidate costs one pass.
    * A finding points at code points of the original string, whatever hid the value.
    * ``masked`` never holds more than half of a value; no value stands in errors or logs.
    * Same passages, same findings, in the same order. No clock, no network, no files written.

Source: guideline.md (readings 4 to 7), domain.md 2 and 4. What it leaves to others: decoding and
folding (`shenyong.reading`), replacing (`shenyong.redaction`), judging (`shenyong.decision`).
"""
