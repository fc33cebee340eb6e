"""What a migration's SQL changes is said without SQL."""

from __future__ import annotations

import pytest

from shenyong.storage.migrate import dry_run, head
from shenyong.storage.migrate_effects import Effect, effects
from shenyong.storage.tables import metadata


@pytest.mark.parametrize(
    ("sql", "code", "name", "column"),
    [
        ("CREATE TABLE a (\n id TEXT)", "table_added", "a", ""),
        ("DROP TABLE a", "table_removed", "a", ""),
        ("ALTER TABLE a ADD COLUMN b TEXT DEFAULT ';'", "column_added", "a", "b"),
        ('ALTER TABLE "a" DROP COLUMN b', "column_removed", "a", "b"),
        ("ALTER TABLE a RENAME TO b", "table_renamed", "a", "b"),
        ("ALTER TABLE a ADD CONSTRAINT c UNIQUE (b)", "table_changed", "a", ""),
        ("CREATE UNIQUE INDEX i ON a (b)", "index_added", "i", "a"),
        ("DROP INDEX i", "index_removed", "i", ""),
        ("UPDATE a SET b = 1", "rows_changed", "a", ""),
        ("CREATE FUNCTION f() RETURNS int AS $$ BEGIN; RETURN 1; END $$", "other", "", ""),
    ],
)
def test_each_form_of_statement(sql: str, code: str, name: str, column: str) -> None:
    (found,) = effects(f"BEGIN;\n-- a word\n{sql};\nSELECT 1;\nCOMMIT;\n")
    assert (found.code, found.column) == (code, column)
    assert not name or found.name == name


def test_the_whole_schema_is_told_and_nothing_of_alembic() -> None:
    found = effects(dry_run())
    added = {each.name for each in found if each.code == "table_added"}
    assert added >= set(metadata.tables) - {"alembic_version"}
    assert not any("alembic" in each.name for each in found)
    assert not any(each.code == "other" for each in found)


def test_from_the_newest_on_there_is_nothing() -> None:
    assert effects(dry_run(head())) == []


def test_an_effect_is_told_once() -> None:
    assert effects("UPDATE a SET b = 1;\nUPDATE a SET c = 1;") == [Effect("rows_changed", "a")]
