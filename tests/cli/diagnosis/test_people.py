"""The doctor on people: somebody is there for each part that is a person's."""

from __future__ import annotations

import time
import uuid

import pytest
from tests.cli.diagnosis.patient import AGENCY, DAY, Patient, Plant, planted

NOW = time.time_ns() // 1000


def gone(role: str) -> Plant:
    return lambda it: it.execute("UPDATE person SET active = false WHERE role = %s", role)


def matter(patient: Patient) -> None:
    patient.execute(
        "INSERT INTO matter VALUES (%s, %s, '一科', '1', 'lin', 'draft', 1, 'k', 's', 0, 0)",
        uuid.uuid4(), AGENCY,
    )  # fmt: skip
    patient.execute("UPDATE person SET active = false WHERE id = 'lin'")


def plea(patient: Patient) -> None:
    patient.execute(
        "INSERT INTO plea VALUES (%s, 'appeal', %s, '一科', %s, 'lin', 'open', 's', %s, 0, '', 0)",
        uuid.uuid4(), AGENCY, uuid.uuid4(), NOW - 9 * DAY,
    )  # fmt: skip


PLANTS: dict[str, Plant] = {
    "role_empty": gone("dpo"),
    "unit_headless": gone("supervisor"),
    "account_none": lambda it: it.execute("DELETE FROM account WHERE person = 'wu'"),
    "account_locked": lambda it: it.execute(
        f"UPDATE account SET locked_until = {NOW // 1_000_000 + 900} WHERE person = 'wu'"),
    "admin_one_factor": lambda it: it.execute("UPDATE account SET totp = NULL"),
    "matter_orphaned": matter,
    "plea_waiting": plea,
}  # fmt: skip


@pytest.mark.point("ey-genai-2023:10")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(patient: Patient, code: str) -> None:
    planted(patient, code, PLANTS[code], "people", mend=False)


@pytest.mark.parametrize("role", ["admin", "auditor", "ciso", "dpo"])
def test_each_role_that_nobody_has_is_named(patient: Patient, role: str) -> None:
    gone(role)(patient)
    found = patient.codes("people")["role_empty"]
    assert found.fact == f"{AGENCY}: {role}"
    assert f"--role {role}" in found.mend
    patient.execute("UPDATE person SET also = %s WHERE id = 'chen'", f'["{role}"]')
    assert "role_empty" not in patient.codes("people"), "a further role counts"


def test_statutes(patient: Patient) -> None:
    assert not patient.codes("content")
    patient.execute("UPDATE statutes SET as_of = '2024-01-01'")
    assert patient.codes("content")["statutes_old"].advice
    patient.execute("DELETE FROM statutes")
    assert patient.codes("content")["statutes_none"].advice
