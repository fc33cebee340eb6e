"""Settings: one file, `shenyong.toml`, as typed values, with each value's origin.

What it is for: `parse` turns the file's text and the environment's variables
(``SHENYONG__SECTION__KEY``) into `Settings`, or into problems that say file, line, column, what is
wrong and what was probably meant. `load` reads the file first; `secret` and `key` read a secret.

Invariants:
    * Nothing unknown is passed over: a misspelt key is an error, never a default in silence.
    * All problems are told at once, and no message holds a secret's value.
    * Secrets come from the environment or from files of their own, never from `shenyong.toml`.

Source: design.md (Configuration), ux.md 5. Pure but for `load`,
`secret` and `key`, which read files.
"""

from shenyong.settings.load import key, load, secret
from shenyong.settings.parse import Parsed, parse
from shenyong.settings.problem import Problem, SettingsError, render
from shenyong.settings.sections import Oidc, Settings

__all__ = [
    "Oidc",
    "Parsed",
    "Problem",
    "Settings",
    "SettingsError",
    "key",
    "load",
    "parse",
    "render",
    "secret",
]
