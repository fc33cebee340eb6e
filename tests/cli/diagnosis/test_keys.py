"""The doctor on the keys."""

from __future__ import annotations

import os

import pytest
from tests.cli.diagnosis.patient import Patient, Plant, planted


def key(patient: Patient, name: str = "signing"):  # type: ignore[no-untyped-def]
    return patient.folder / "keys" / f"{name}.key"


def oidc(patient: Patient, mode: int | None) -> None:
    patient.setting("oidc", "issuer", "https://127.0.0.1:1")
    file = patient.folder / "keys/oidc"
    patient.setting("oidc", "client_secret_file", file)
    if mode is not None:
        file.write_text("s3cret")
        file.chmod(mode)


def recipient(patient: Patient) -> None:
    file = patient.folder / "backup.pub.pem"
    file.write_text("-----BEGIN PUBLIC KEY-----\n")
    patient.setting("backup", "recipient_file", file)


PLANTS: dict[str, tuple[Plant, bool]] = {
    "key_missing": (lambda it: key(it).unlink(), False),
    "key_bad": (lambda it: key(it).write_text("deadbeef"), False),
    "key_open": (lambda it: key(it, "digest").chmod(0o644), True),
    "key_writable": (lambda it: key(it, "pepper").chmod(0o660), True),
    "key_folder_open": (lambda it: key(it).parent.chmod(0o755), True),
    "key_foreign": (lambda it: os.chown(key(it), 12345, 12345), True),
    "key_weak": (lambda it: key(it).write_text("00" * 32), True),
    "key_same": (lambda it: key(it).write_text(key(it, "digest").read_text()), True),
    "secret_open": (lambda it: oidc(it, 0o604), True),
    "secret_missing": (lambda it: oidc(it, None), False),
    "recipient_bad": (recipient, False),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")
@pytest.mark.parametrize("code", PLANTS)
def test_planted(shell: Patient, code: str) -> None:
    plant, mend = PLANTS[code]
    planted(shell, code, plant, "keys", mend=mend)


def test_garbled_keys_are_told_apart_from_missing_ones(shell: Patient) -> None:
    key(shell).write_text("zz" * 32)
    key(shell, "digest").write_bytes(b"\xff\xfe")
    key(shell, "pepper").unlink()
    found = [(each.code, each.says) for each in shell.examined("keys")]
    assert [code for code, _ in found] == ["key_bad", "key_missing", "key_missing"]


def test_no_key_is_repeated(shell: Patient) -> None:
    value = key(shell).read_text()
    key(shell).chmod(0o644)
    key(shell, "digest").write_text(value[:60])
    for each in shell.examined("keys"):
        assert value[:16] not in f"{each.says}{each.fact}{each.mend}"
