"""The sandbox: documents are read in a process of its own, which may die without harm.

    bytes ──▶ a child that can neither write, nor connect, nor live on ──▶ texts, or why not

Invariants:
    * Bytes from outside meet a parser only in a child (reliability.md 2: parsers are the attack
      surface); what the parent gets back are texts, decoded strictly.
    * A child has bounds of memory, processor time and wall-clock time for each document; one that
      dies or is late is replaced, and its document is refused.
    * Nothing is written to a disk.

What it leaves to others: reading (`shenyong.reading.documents`), and what the texts mean.
"""

from shenyong.sandbox.pool import Bounds, Readers, readers

__all__ = ["Bounds", "Readers", "readers"]
