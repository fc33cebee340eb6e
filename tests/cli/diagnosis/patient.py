"""An installation that is well, into which a test plants one fault for real."""

from __future__ import annotations

import asyncio
import datetime
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.storage.entries import intent, outcome

from shenyong.cli import doctor
from shenyong.cli.diagnosis import Found
from shenyong.cli.installation import lay, settings_text
from shenyong.gateway.worker import log_key
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose
from shenyong.registry import (
    Agency,
    ApiKey,
    Confirmation,
    Model,
    Person,
    Role,
    Scope,
    UseCase,
    new_key,
    secret_digest,
)
from shenyong.registry.model import origin
from shenyong.storage.checkpointing import Checkpointer
from shenyong.storage.ledger import LedgerWriter
from shenyong.storage.migrate import engine_for
from shenyong.storage.registry import save

AGENCY = "bureau"
SEED = "1f" * 16 + "a0b1c2d3e4f56789" * 2
DIGEST = "2e" * 16 + "a0b1c2d3e4f56789" * 2
PEPPER = "3d" * 16 + "a0b1c2d3e4f56789" * 2
DAY = 86_400 * 1_000_000
KEY = log_key(bytes.fromhex(SEED), AGENCY)


class Patient:
    """An installation in a folder, and its database."""

    def __init__(self, folder: Path, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.dsn, self.monkeypatch = folder, dsn, monkeypatch
        text = settings_text().replace('data_dir = "postgresql"', "")
        text = text.replace("port = 8601", "port = 18601")
        self.file = lay(folder, text)
        for name, key in (("signing", SEED), ("digest", DIGEST), ("pepper", PEPPER)):
            (folder / "keys" / f"{name}.key").write_text(key)
        monkeypatch.setenv("SHENYONG__DATABASE__DSN", dsn)
        monkeypatch.setenv("TZ", "Asia/Taipei")
        time.tzset()

    def setting(self, section: str, key: str, value: object) -> None:
        """Set a value by the environment, as an operator may."""
        self.monkeypatch.setenv(f"SHENYONG__{section}__{key}".upper(), str(value))

    def execute(self, statement: str, *values: object) -> None:
        """Do to the database what somebody might."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement.encode(), values)

    def examined(self, *subjects: str) -> list[Found]:
        """What the doctor says of these subjects."""
        return list(doctor.examined(self.file, subjects))

    def codes(self, *subjects: str) -> dict[str, Found]:
        """The faults and advice found, by their codes."""
        return {each.code: each for each in self.examined(*subjects) if each.code}

    def mended(self, found: Found) -> None:
        """Run the command that the doctor names, as it stands there."""
        subprocess.run(["bash", "-c", found.mend], check=True, cwd=self.folder)


Plant = Callable[[Patient], Any]


def planted(patient: Patient, code: str, plant: Plant, *subjects: str, mend: bool) -> None:
    """The fault isn't there; it is planted; it is found, with a fact or words and a command."""
    assert code not in patient.codes(*subjects), "the patient was well before"
    plant(patient)
    found = patient.codes(*subjects)
    assert code in found, found
    assert found[code].mend, "every fault names the command that mends it"
    assert found[code].says
    assert "look_failed" not in found
    if mend:
        patient.mended(found[code])
        assert code not in patient.codes(*subjects), "the command mends it"


def furnish(dsn: str, model_url: str) -> None:
    """An agency in good order: people, accounts, a model with its confirmation, a key, a log."""
    now = time.time_ns() // 1000
    _, secret = new_key("drafts")
    scope = Scope(origin(model_url), "scripted", "0" * 64, "test/1", "loopback")
    people = (
        Person("hsu", AGENCY, "許", Role.ADMIN, unit="資訊室"),
        Person("huang", AGENCY, "黃", Role.AUDITOR, unit="政風室"),
        Person("tang", AGENCY, "唐", Role.CISO, unit="資訊室"),
        Person("yeh", AGENCY, "葉", Role.DPO, unit="法制科"),
        Person("chen", AGENCY, "陳", Role.SUPERVISOR, unit="一科"),
        Person("lin", AGENCY, "林", Role.OFFICIAL, unit="一科"),
        Person("wu", AGENCY, "吳", Role.OPERATOR, unit="資訊室"),
    )
    model = Model("local/echo", model_url, "scripted", Environment.ONPREM_CONFIRMED, ("gemma",),
                  "TW", scope)  # fmt: skip
    confirmation = Confirmation("c-1", "local/echo", scope, DataClass.RESTRICTED, ("evidence",),
                                "wu", "chen", now - DAY, now + 200 * DAY)  # fmt: skip
    api_key = ApiKey(
        id="drafts", agency=AGENCY, owner="lin", use_case="work", expires=now + 200 * DAY,
        actor=Actor.OFFICIAL_NEED_TO_KNOW,
        secret_digest=secret_digest(secret, bytes.fromhex(PEPPER)),
    )  # fmt: skip
    engine = engine_for(dsn)
    with engine.begin() as connection:
        save(connection, Agency(AGENCY, "局", "Bureau"), *people,
             UseCase("work", AGENCY, "用途", Purpose.GENERAL), model, confirmation,
             api_key)  # fmt: skip
    engine.dispose()
    with psycopg.connect(dsn, autocommit=True) as connection:
        for person in people:
            connection.execute(
                "INSERT INTO account (person, password, totp, failures, locked_until, changed, "
                "disabled) VALUES (%s, 'x', 'x', 0, 0, 0, false)", [person.id],
            )  # fmt: skip
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        connection.execute(
            "INSERT INTO statutes (one, as_of, sha256, laws, body, imported) "
            "VALUES (true, %s, '', 1, '', %s)", [today, now],
        )  # fmt: skip
    asyncio.run(_log(dsn))


async def _log(dsn: str) -> None:
    """Twenty entries, signed after half of them and at the end."""
    writer = LedgerWriter(dsn, started=time.time_ns() // 1000)
    await writer.start({AGENCY: str(KEY.verifying)})
    for _ in range(2):
        for _ in range(5):
            begun = intent(agency=AGENCY)
            index = await writer.append(begun)
            await writer.append(outcome(begun, index))
        await Checkpointer(dsn, {AGENCY: KEY}).once(AGENCY)
    await writer.stop()
