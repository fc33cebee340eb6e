"""The doctor on what may be used: agencies, models, confirmations, probes, keys, rules."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from tests.cli.diagnosis.patient import AGENCY, DAY, Patient, Plant, planted

from shenyong.storage.probes import Kept

NOW = time.time_ns() // 1000


def body(patient: Patient, **changes: object) -> None:
    """A confirmation as it stands in the database, changed."""
    patient.execute("UPDATE confirmation SET body = body || %s::jsonb", json.dumps(changes))


def probe(patient: Patient, *, passed: bool, ago: int) -> None:
    patient.execute("INSERT INTO probe_key VALUES ('local/echo', 'k', 10, false)")
    kept = msgspec.msgpack.encode(Kept(b"", 1, () if passed else ("route",)))
    patient.execute(
        "INSERT INTO probe VALUES ('local/echo', %s, %s, %s, %s)",
        NOW - ago, NOW - ago, passed, kept,
    )  # fmt: skip


def rule(patient: Patient) -> None:
    patient.execute(
        "INSERT INTO agency_pack VALUES (%s, 'own', 'permit (principal, action, resource);')",
        AGENCY,
    )


def exception(patient: Patient) -> None:
    told = {"reason": "x", "ciso": "tang", "authority_letter": "x", "expires": NOW - DAY}
    patient.execute("UPDATE model SET exception = %s::jsonb", json.dumps(told))


def emptied(patient: Patient) -> None:
    for table in ("api_key", "confirmation", "model", "use_case", "account", "person", "agency"):
        patient.execute(f"DELETE FROM {table}")


PLANTS: dict[str, Plant] = {
    "registry_broken": lambda it: it.execute("UPDATE agency SET parent = 'nobody'"),
    "agency_none": emptied,
    "model_none": lambda it: it.execute("DELETE FROM confirmation; DELETE FROM model"),
    "use_case_none": lambda it: it.execute("DELETE FROM api_key; DELETE FROM use_case"),
    "key_none": lambda it: it.execute("UPDATE api_key SET revoked = true"),
    "confirmation_none": lambda it: it.execute("DELETE FROM confirmation"),
    "confirmation_other": lambda it: it.execute(
        "UPDATE model SET scope = scope || '{\"stack\": \"vllm 0.12\"}'"),
    "confirmation_ended": lambda it: body(it, valid_from=NOW - 90 * DAY, expires=NOW - DAY),
    "confirmation_ending": lambda it: body(it, expires=NOW + 9 * DAY),
    "probe_none": lambda it: it.setting("registry", "probes", "required"),
    "probe_failed": lambda it: probe(it, passed=False, ago=0),
    "probe_silent": lambda it: probe(it, passed=True, ago=DAY),
    "exception_ended": exception,
    "model_banned": lambda it: it.execute("UPDATE model SET lineage = '[\"qwen\"]'"),
    "model_silent": lambda it: it.execute("UPDATE model SET url = 'http://127.0.0.1:9/v1'"),
    "model_secret_none": lambda it: it.execute("UPDATE model SET secret_env = 'NO_SUCH_KEY'"),
    "api_key_ended": lambda it: it.execute(f"UPDATE api_key SET expires = {NOW - DAY}"),
    "api_key_ending": lambda it: it.execute(f"UPDATE api_key SET expires = {NOW + 9 * DAY}"),
    "key_owner_gone": lambda it: it.execute("UPDATE person SET active = false WHERE id = 'lin'"),
    "key_use_ended": lambda it: it.execute("UPDATE use_case SET active = false"),
    "key_models_banned": lambda it: it.execute(
        "UPDATE model SET banned = true; UPDATE api_key SET models = '[\"local/echo\"]'"),
    "use_review_due": lambda it: it.execute(f"UPDATE use_case SET review_by = {NOW - DAY}"),
    "rule_broken": rule,
}  # fmt: skip


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(patient: Patient, code: str) -> None:
    planted(patient, code, PLANTS[code], "registry", mend=False)


def test_a_model_in_a_cloud_without_https(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is a cloud's; its name leads here for the test."""
    import socket

    real = socket.create_connection
    patient.execute(
        "UPDATE model SET environment = 'E1', url = replace(url, '127.0.0.1', 'cloud.invalid')"
    )
    monkeypatch.setattr(
        socket, "create_connection",
        lambda address, *more: real(("127.0.0.1", address[1]), *more),
    )  # fmt: skip
    assert "model_plain" in patient.codes("registry")


def test_a_well_one(patient: Patient) -> None:
    assert not patient.codes("registry")
