"""One version back: what would be lost is counted first, and the ledger is never lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from tests.storage.logs import execute

from shenyong.storage.ledger import WORKER_LOCK
from shenyong.storage.migrate import NewerSchemaError, head, migrate
from shenyong.storage.migrate_back import BackError, Loss, back, way_back

_MIGRATE = "import sys; from shenyong.storage.migrate import migrate; migrate(sys.argv[1])"
_BACK = "import sys; from shenyong.storage.migrate_back import back; back(sys.argv[1])"


def revision(dsn: str) -> str:
    return str(execute(dsn, "SELECT version_num FROM alembic_version")[0][0])


def down_to(dsn: str, wanted: str) -> None:
    while revision(dsn) != wanted:
        back(dsn)


def test_an_empty_database_goes_back_step_by_step_and_up_again(
    new_database: Callable[..., str],
) -> None:
    dsn = new_database()
    down_to(dsn, "0001")
    with pytest.raises(BackError, match="nothing"):
        back(dsn)  # nothing is before the first
    assert revision(dsn) == "0001"
    assert migrate(dsn) == ("0001", head())


def test_rows_and_values_that_would_be_lost_are_counted_and_kept(
    new_database: Callable[..., str],
) -> None:
    dsn = new_database()
    down_to(dsn, "0005")
    execute(dsn, "INSERT INTO key_use VALUES ('k', '2026-11', 1, 1), ('l', '2026-11', 1, 1)")
    execute(
        dsn,
        "INSERT INTO agency (id, name_zh, name_en, applicability, parent) "
        "VALUES ('up', '上', 'Up', 'mandatory', ''), ('a', '甲', 'A', 'mandatory', 'up')",
    )
    wanted = {Loss("key_use", 2), Loss("agency", 1, "parent")}
    assert set(way_back(dsn).losses) == wanted
    with pytest.raises(BackError, match="loss") as refused:
        back(dsn)
    assert set(refused.value.losses) == wanted
    assert revision(dsn) == "0005"
    assert execute(dsn, "SELECT count(*) FROM key_use") == [(2,)]
    assert back(dsn, lose=True).after == "0004"
    assert revision(dsn) == "0004"


def test_entries_of_the_ledger_are_never_lost(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    execute(dsn, "INSERT INTO ledger_head VALUES ('a', 0, 0, 'k')")
    down_to(dsn, "0001")
    execute(dsn, "INSERT INTO ledger_head VALUES ('b', 0, 0, 'k')")
    losses = way_back_of_first(dsn)
    assert Loss("ledger_head", 2) in losses
    assert execute(dsn, "SELECT count(*) FROM ledger_head") == [(2,)]


def way_back_of_first(dsn: str) -> tuple[Loss, ...]:
    """The first migration's way back, as if there were one before it."""
    from sqlalchemy import text as sql

    from shenyong.storage import migrate_back
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.migrate_effects import Effect

    engine = engine_for(dsn)
    with engine.connect() as connection:
        connection.execute(sql("SELECT 1"))
        found = tuple(migrate_back._losses(connection, [Effect("table_removed", "ledger_head")]))
    engine.dispose()
    assert {each.table for each in found} <= migrate_back.NEVER
    return found


def test_not_under_a_running_gateway(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as gateway:
        gateway.execute("SELECT pg_advisory_lock(%s, 7)", [WORKER_LOCK])
        with pytest.raises(BackError, match="gateway"):
            back(dsn)
        assert revision(dsn) == head()


def test_a_newer_schema_is_left_to_the_newer_program(new_database: Callable[..., str]) -> None:
    dsn = new_database()
    execute(dsn, "UPDATE alembic_version SET version_num = '9999'")
    for wrong in (back, way_back):
        with pytest.raises(NewerSchemaError):
            wrong(dsn)


@contextlib.contextmanager
def held(dsn: str, table: str) -> Iterator[None]:
    """Somebody reads a table for long: a migration that changes it has to wait, half done."""
    with psycopg.connect(dsn) as reader:
        reader.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE".encode())
        yield


def waiting(dsn: str) -> int:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
    )
    return int(str(execute(dsn, query)[0][0]))


def backends(dsn: str) -> int:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    return int(str(execute(dsn, query)[0][0]))


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("code", "start"), [(_MIGRATE, "0004"), (_BACK, "0005")])
def test_killed_half_way_nothing_was_changed_and_the_next_run_does_it(
    new_database: Callable[..., str], code: str, start: str
) -> None:
    dsn = new_database()
    down_to(dsn, start)
    table = "use_case"  # changed in the middle of that migration, after others
    with held(dsn, table):
        process = subprocess.Popen([sys.executable, "-c", code, dsn])
        until(lambda: waiting(dsn) == 1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    until(lambda: backends(dsn) == 0)  # the server has seen that its client is gone
    assert revision(dsn) == start
    there = execute(dsn, "SELECT to_regclass('delegation') IS NOT NULL")
    columns = execute(
        dsn,
        "SELECT count(*) FROM information_schema.columns "
        "WHERE table_name = 'agency' AND column_name = 'parent'",
    )
    assert (there, columns) == ([(start == "0005",)], [(int(start == "0005"),)])
    if code == _MIGRATE:
        assert migrate(dsn) == (start, head())
    else:
        assert back(dsn).after == "0004"
