"""The lines, one module for each kind of fault."""

from faults.lines import changes, clock, database, exhausted, killing, model, network, writers

__all__ = ["changes", "clock", "database", "exhausted", "killing", "model", "network", "writers"]
