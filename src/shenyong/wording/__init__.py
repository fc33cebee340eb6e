"""The words that people see: zh-TW first, English second, each from a catalogue.

Invariants:
    * A key that a catalogue doesn't have is an error, never an empty string or the key itself.
    * Both catalogues have the same keys and each entry the same placeholders (tested).

Source: ux.md 2.1 (Taiwan's conventions), style.md. What it leaves to others: what to say and when.
"""

from shenyong.wording.catalogue import Lang, UnknownKeyError, both, keys, text

__all__ = ["Lang", "UnknownKeyError", "both", "keys", "text"]
