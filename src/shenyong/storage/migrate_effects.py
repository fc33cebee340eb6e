"""What a migration's SQL changes, in words that need no SQL. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_NAME = r'"?([A-Za-z_][A-Za-z0-9_]*)"?'
_FORMS = (
    ("table_added", rf"CREATE TABLE (?:IF NOT EXISTS )?{_NAME}"),
    ("table_removed", rf"DROP TABLE (?:IF EXISTS )?{_NAME}"),
    ("column_added", rf"ALTER TABLE (?:ONLY )?{_NAME} ADD COLUMN (?:IF NOT EXISTS )?{_NAME}"),
    ("column_removed", rf"ALTER TABLE (?:ONLY )?{_NAME} DROP COLUMN (?:IF EXISTS )?{_NAME}"),
    ("table_renamed", rf"ALTER TABLE (?:ONLY )?{_NAME} RENAME TO {_NAME}"),
    ("table_changed", rf"ALTER TABLE (?:ONLY )?{_NAME}"),
    ("index_added", rf"CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?{_NAME} ON {_NAME}"),
    ("index_removed", rf"DROP INDEX (?:IF EXISTS )?{_NAME}"),
    ("rows_changed", rf"(?:INSERT INTO|UPDATE|DELETE FROM) {_NAME}"),
)
_FORM = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _FORMS)
_OWN = "alembic_version"
_SILENT = re.compile(r"(BEGIN|COMMIT|SET|SELECT)\b", re.IGNORECASE)


class Effect(msgspec.Struct, frozen=True):
    """One change: one of the codes above, or ``other``; of which table or index, which column."""

    code: str
    name: str
    column: str = ""


def effects(sql: str) -> list[Effect]:
    """What the statements change, in their order, each once."""
    return list(dict.fromkeys(_effects(sql)))


def _effects(sql: str) -> Iterator[Effect]:
    for statement in _statements(sql):
        for code, form in _FORM:
            found = form.match(statement)
            if found is None:
                continue
            names = [each for each in found.groups() if each]
            if names[0] != _OWN:
                yield Effect(code, *names[:2])
            break
        else:
            if not _SILENT.match(statement):
                yield Effect("other", statement.split("\n", 1)[0][:60])


def _statements(sql: str) -> Iterator[str]:
    """The statements without comments; a body between ``$$`` is part of its statement."""
    plain = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
    for statement in re.split(r";[ \t]*(?:\n|$)(?=(?:[^$]*\$\$[^$]*\$\$)*[^$]*$)", plain):
        if statement.strip():
            yield re.sub(r"[ \t]+", " ", statement.strip())
