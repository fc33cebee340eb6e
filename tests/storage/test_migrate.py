"""Migrations, up and down, against a real PostgreSQL; and a schema that is newer is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from shenyong.storage import migrate as module
from shenyong.storage.migrate import SchemaError, check, dry_run, engine_for, head, migrate
from shenyong.storage.tables import metadata


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
    return {str(row[0]) for row in rows}


def test_up_again_and_down(new_database: Callable[..., str]) -> None:
    dsn = new_database(empty=True)
    assert migrate(dsn) == (None, head())
    assert migrate(dsn) == (head(), head())
    assert tables(dsn) >= set(metadata.tables)
    engine = engine_for(dsn)
    with engine.begin() as connection:
        check(connection)
        config = module.config_of()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
    assert tables(dsn) == {"alembic_version"}
    assert migrate(dsn) == (None, head())


def test_the_migrations_make_the_tables_that_the_code_uses(dsn: str) -> None:
    engine = engine_for(dsn)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_dry_run_prints_the_same_schema_and_changes_nothing(
    new_database: Callable[..., str],
) -> None:
    dsn = new_database(empty=True)
    sql = dry_run()
    assert tables(dsn) == set()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.encode())
    assert tables(dsn) == {*metadata.tables, "alembic_version"}
    engine = engine_for(dsn)
    with engine.connect() as connection:
        check(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_an_empty_database_is_not_used_before_it_is_migrated(
    new_database: Callable[..., str],
) -> None:
    engine = engine_for(new_database(empty=True))
    with engine.connect() as connection, pytest.raises(SchemaError, match="shenyong migrate"):
        check(connection)
    engine.dispose()


def test_a_newer_schema_is_refused_and_left_alone(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    engine = engine_for(dsn)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with engine.connect() as connection, pytest.raises(SchemaError, match="newer"):
        check(connection)
    with pytest.raises(SchemaError, match="newer"):
        migrate(dsn)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert found == "9999"
    engine.dispose()


def test_two_at_once_migrate_once(new_database: Callable[..., str]) -> None:
    dsn = new_database(empty=True)
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(migrate, [dsn, dsn, dsn]))
    assert sorted(results, key=str) == sorted([(None, head()), *[(head(), head())] * 2], key=str)
