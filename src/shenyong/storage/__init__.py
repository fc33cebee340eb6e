"""PostgreSQL: the one database, embedded from a wheel or reached by its address.

What it is for: keeping the registry, the ledger and what a conversation needs for a while.

Invariants:
    * Durable means committed with ``fsync`` and ``synchronous_commit`` on; a server that has either
      off is refused.
    * The ledger only grows: no statement here updates or deletes an entry.
    * If the ledger can't be written, the caller is told, and nothing is tried again in silence.

What it leaves to others: what the values mean (`registry`, `ledger`).
"""
