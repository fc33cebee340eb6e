"""The doctor on PostgreSQL: what it could lose, what it lacks, and whose schema it has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted

from shenyong.storage.postgres_tools import environment, program
from shenyong.storage.server import EmbeddedServer


def name(patient: Patient) -> str:
    return patient.dsn.partition("?")[0].rpartition("/")[2]


def as_role(patient: Patient, *grants: str) -> None:
    """The gateway signs in as a role with few rights."""
    role = f"few_{name(patient)}"
    patient.execute(f"CREATE ROLE {role} LOGIN")
    for grant in grants:
        patient.execute(grant.format(role=role))
    patient.setting("database", "dsn", patient.dsn.replace("postgres:", f"{role}:", 1)
                    .replace("postgres@", f"{role}@", 1))  # fmt: skip


def database_set(patient: Patient, line: str) -> None:
    patient.execute(f"ALTER DATABASE {name(patient)} SET {line}")


def shifted(patient: Patient) -> None:
    """This machine's clock is an hour behind, to whoever asks it."""
    import time

    real = time.time
    patient.monkeypatch.setattr(time, "time", lambda: real() - 3600)


def half_index(patient: Patient) -> None:
    patient.execute("CREATE INDEX half ON person (title)")
    patient.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half'::regclass")


PLANTS: dict[str, tuple[str, Plant]] = {
    "durability_off": ("database", lambda it: database_set(it, "synchronous_commit = off")),
    "database_read_only": ("database",
                           lambda it: database_set(it, "default_transaction_read_only = on")),
    "connections_few": ("database", lambda it: it.setting("server", "workers", 200)),
    "clock_differs": ("database", shifted),
    "schema_none": ("schema", lambda it: it.execute("DROP TABLE alembic_version")),
    "schema_old": ("schema",
                   lambda it: it.execute("UPDATE alembic_version SET version_num = '0003'")),
    "schema_newer": ("schema",
                     lambda it: it.execute("UPDATE alembic_version SET version_num = '9999'")),
    "schema_differs": ("tables", lambda it: it.execute("ALTER TABLE key_use DROP COLUMN tokens")),
    "index_invalid": ("tables", half_index),
    "rights_missing": ("tables", lambda it: as_role(
        it, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")),
}  # fmt: skip


@pytest.mark.parametrize("code", PLANTS)
def test_planted(patient: Patient, code: str) -> None:
    subject, plant = PLANTS[code]
    planted(patient, code, plant, subject, mend=False)


def test_a_superuser_is_advised_against(patient: Patient) -> None:
    found = patient.codes("database")["role_superuser"]
    assert found.advice
    assert found.fine


def test_another_encoding(patient: Patient, pg: EmbeddedServer) -> None:
    with psycopg.connect(pg.dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE old_encoding ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' "
            "TEMPLATE template0"
        )
    patient.setting("database", "dsn", pg.dsn.replace("/postgres?", "/old_encoding?"))
    assert "database_encoding" in patient.codes("database")


def test_a_forgotten_transaction_is_advised_against(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shenyong.cli.diagnosis import database

    monkeypatch.setattr(database, "_IDLE", database._IDLE.replace("10 minutes", "0 seconds"))
    with psycopg.connect(patient.dsn) as idle:
        idle.execute("SELECT 1")
        assert "transaction_forgotten" in patient.codes("database")
    assert "transaction_forgotten" not in patient.codes("database")


def test_an_older_server_is_told_to_be_untested(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shenyong.cli.diagnosis import database

    monkeypatch.setattr(database, "_TESTED", 19)
    assert patient.codes("database")["server_untested"].advice


def test_a_standby(patient: Patient, pg: EmbeddedServer) -> None:
    """A real one: copied by pg_basebackup and started to follow."""
    folder = Path(tempfile.mkdtemp(prefix="sy-", dir="/tmp"))
    folder.chmod(0o755)
    copy = folder / "pg"
    owner = (pg.folder / "PG_VERSION").stat()
    subprocess.run(
        [program("pg_basebackup"), "-D", copy, "-R", "-c", "fast"], check=True,
        env=environment(pg.dsn),
    )  # fmt: skip
    for each in [copy, *copy.rglob("*")]:
        os.chown(each, owner.st_uid, owner.st_gid)
    control = [program("pg_ctl"), "-D", copy, "-w", "-l", copy / "log"]
    subprocess.run([*control, "-o", f"-h '' -k {copy} -p 5999", "start"], check=True,
                   user=owner.st_uid, stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        patient.setting("database", "dsn", f"postgresql://postgres@/postgres?host={copy}&port=5999")
        found = patient.codes("database")
        assert "database_standby" in found, found
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, user=owner.st_uid,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


def test_what_the_doctor_may_not_do(patient: Patient) -> None:
    """It only looks: its own line to the database takes no writes."""
    from shenyong.cli.diagnosis import Place
    from shenyong.settings import load

    at = Place(load(patient.file).settings, patient.file)
    at.dsn = patient.dsn
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        at.connection.execute("DELETE FROM agency")
    at.close()


def test_a_new_database(patient: Patient, new_database: Callable[..., str]) -> None:
    patient.setting("database", "dsn", new_database(empty=True))
    assert "schema_none" in patient.codes("schema")
