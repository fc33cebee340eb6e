"""What `shenyong doctor` looks at, by subject. A fault is one small function.

    place ──▶ a function ──▶ nothing, or the fault: its code, the fact it is known by, what mends it

Invariants:
    * A function looks and changes nothing; whoever runs the doctor twice finds the same.
    * Every code has words ``cli.doctor.fault.<code>`` in both languages and names a command.
    * What must be mended is a *fault*; what works and could be better is *advice*.
    * No fact holds a secret or what anybody wrote.

Subjects come in three rings: those of the machine need nothing; then those that need the settings;
then those that need the database. Where a ring is missing, the ones within it are not looked at,
and the fault that keeps us out is said.
"""

from __future__ import annotations

from shenyong.cli.diagnosis.found import Fault, Found, Place

__all__ = ["Fault", "Found", "Place"]
