"""The commands: thin shells over the rooms, one module each, imported only when called.

Invariants:
    * Every command has ``--json``, and one of four exit codes (`shenyong.cli.output.Exit`).
    * Words for people come from the catalogues, in the language of the locale.
    * `check` and `redact` need no database, no server and no settings.

Source: design.md (Commands), ux.md 5 and 6. What it leaves to others: everything else.
"""
